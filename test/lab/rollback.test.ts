import type { Test } from 'tap';
import { ARRIVING_NAMESPACE } from '../../lib/model/domain-marks.js';
import { tapName } from '../../lib/model/names.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { holding, holdings } from './host-state.js';
import { isWhole, openStream } from './tcp-watch.js';

/** So slow that a 128 MiB guest takes ten seconds and more: there is time to break things in. */
const SLOWLY = ['--bandwidth', '8MiB'];

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const page = (path: string) => lab.page('host-c', 'blue', `http://10.9.0.1${path}`);
  await page('/cgi-bin/pattern?size=16');

  await t.test('a timeout during the copy rolls back', async (t) => {
    const stream = await openStream(t, lab, 'host-c', 'blue', '10.9.0.1');
    const { exitCode, document } = await lab.run(
      'migrate',
      lab.file,
      'web',
      '--to',
      'host-b',
      '--timeout',
      '1s',
      ...SLOWLY,
    );
    isWhole(t, await stream.end(), 'TCP');
    t.equal(exitCode, 1);
    isRolledBack(t, document);
    // On a machine that has much to do nothing may have been sent by then.
    t.match(document.error.message, /did not (end|begin) within/);
    const stages = document.stages.map((stage: Document) => stage.stage);
    t.same(stages, ['check', 'negotiate', 'reserve', 'copy', 'undo copy', 'undo reserve']);
    await isUntouched(t, lab);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    await t.test(`${signal} during the copy rolls back`, async (t) => {
      const command = await copying(lab);
      command.kill(signal);
      const { exitCode, stdout } = await command.ended();
      t.equal(exitCode, 130);
      isRolledBack(t, JSON.parse(String(stdout)));
      await isUntouched(t, lab);
    });
  }

  await t.test('QEMU at the destination dies during the copy: rolled back', async (t) => {
    const command = await copying(lab);
    await lab.shell('host-b', 'kill -KILL $(pgrep -x qemu-system-x86)');
    const { exitCode, stdout } = await command.ended();
    t.equal(exitCode, 1);
    isRolledBack(t, JSON.parse(String(stdout)));
    await isUntouched(t, lab);
  });

  await t.test(
    'libvirtd at the destination dies during the copy: the VM stays, and the message says where',
    async (t) => {
      const command = await copying(lab);
      await lab.shell('host-b', 'kill -KILL $(pgrep -x libvirtd)');
      const { exitCode, stdout } = await command.ended();
      const document = JSON.parse(String(stdout));
      t.equal(exitCode, 1);
      t.equal(document.ok, false);
      t.match(document.outcome, /^(rolled-back|failed)$/);
      t.match(document.error, { code: /^MIGRATION_/, message: /./, hint: /./ });
      t.match(await lab.on('host-a', 'virsh', 'domstate', 'web'), /^running/);
      t.match(await page('/cgi-bin/check'), /^intact\n/);
      // `lab up` is what starts a daemon here; libvirtd then ends the incoming half by itself, and apply clears the
      // rest.
      await lab.succeed('lab', 'up', lab.file);
      await lab.apply();
      await isUntouched(t, lab);
    },
  );

  await t.test('a foreign domain of that name at the destination: refused before anything is changed', async (t) => {
    const xml = '<domain type="qemu"><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>';
    await lab.shell('host-b', `echo '${xml}' >/tmp/foreign.xml; virsh define /tmp/foreign.xml`);
    const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
    t.equal(exitCode, 1);
    t.match(document, { ok: false, error: { code: 'CLASH', message: /web.*host-b|host-b.*web/, hint: /./ } });
    t.match(await lab.on('host-b', 'virsh', 'list', '--all', '--name'), /^web$/m, 'the foreign domain was left alone');
    await lab.on('host-b', 'virsh', 'undefine', 'web');
    await isUntouched(t, lab);
  });

  await t.test(
    'a foreign VM with the same MAC runs at the destination: refused before anything is changed',
    async (t) => {
      const nic = "<devices><interface type='user'><mac address='52:54:00:09:00:01'/></interface></devices>";
      const xml = `<domain type='qemu'><name>copy</name><memory>65536</memory><os><type>hvm</type></os>${nic}</domain>`;
      await lab.shell('host-b', `echo "${xml}" >/tmp/foreign.xml; virsh create --paused /tmp/foreign.xml`);
      const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
      t.equal(exitCode, 1);
      t.match(document, {
        ok: false,
        error: { code: 'CLASH', message: /host-b runs a domain copy with a MAC of web/ },
      });
      await lab.on('host-b', 'virsh', 'destroy', 'copy');
      await isUntouched(t, lab);
    },
  );

  await t.test('a destination without that much memory: refused before anything is changed', async (t) => {
    const meminfo = '/tmp/meminfo';
    await lab.shell('host-b', `sed 's/^MemAvailable:.*/MemAvailable: 65536 kB/' /proc/meminfo >${meminfo}`);
    await lab.on('host-b', 'mount', '--bind', meminfo, '/proc/meminfo');
    const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
    await lab.on('host-b', 'umount', '/proc/meminfo');
    t.equal(exitCode, 1);
    t.match(document, { ok: false, error: { code: 'HOST_UNFIT', message: /64 MiB.*128 MiB/ } });
    await isUntouched(t, lab);
  });

  await t.test(
    'a paused copy that a broken migration left: migrate says so, apply removes it, and the VM runs on',
    async (t) => {
      const xml = await lab.on('host-a', 'virsh', 'dumpxml', '--migratable', 'web');
      const tap = tapName(lab.name, 'web', 0);
      await lab.shell(
        'host-b',
        `cat >/tmp/copy.xml <<'XML'\n${xml}\nXML\n` +
          `ip tuntap add ${tap} mode tap; virsh define /tmp/copy.xml; virsh start --paused web`,
      );
      t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-b'), {
        exitCode: 1,
        document: { error: { code: 'CLASH', message: /paused/, hint: /vxmig apply/ } },
      });
      await lab.on('host-b', 'ip', 'link', 'delete', tap);
      t.match((await lab.succeed('plan', lab.file)).changes, [{ host: 'host-b', kind: 'vm', action: 'delete' }]);
      await lab.apply();
      await isUntouched(t, lab);
    },
  );

  await t.test(
    'a VM that is paused where a migration left it: apply wakes it, and brings it to where it belongs',
    async (t) => {
      await lab.migrate('web', 'host-b');
      await lab.on('host-b', 'virsh', 'suspend', 'web');
      // Else it would be somebody's who has paused it.
      const mark = ['--uri', ARRIVING_NAMESPACE, '--key', 'vxmig', '--set', '<arriving/>'];
      await lab.on('host-b', 'virsh', 'metadata', 'web', '--live', ...mark);
      t.match((await lab.apply()).migrations, [{ from: 'host-b', to: 'host-a', outcome: 'migrated' }]);
      await isUntouched(t, lab);
    },
  );

  await t.test('after all that the VM still migrates, with the memory it had', async (t) => {
    await slowOnce(lab, 'host-a');
    const document = await lab.migrate('web', 'host-b');
    t.equal(document.outcome, 'migrated');
    t.match(
      document.certificate.arming,
      [{ inTime: false }, { inTime: true }],
      'and a redirect that was late at first',
    );
    t.match(await page('/cgi-bin/check'), /^intact\n/);
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
  });

  /** The VM runs once, where it was, and the destination has nothing left of the attempt. */
  async function isUntouched(t: Test, lab: TestLab): Promise<void> {
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    t.same((await lab.succeed('plan', lab.file)).changes, []);
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  }
});

/** The first flows of a redirect that a host gets take it as long as on a machine that has far too much to do. */
async function slowOnce(lab: TestLab, host: string): Promise<void> {
  const slow = `#!/bin/sh
case " $* " in
*" add-flows "*) ;;
*) exec /run/fast-ofctl "$@" ;;
esac
flows=$(cat)
case $flows in
"add "*hard_timeout=1*) mkdir /run/was-slow 2>/dev/null && sleep 0.8 ;;
esac
printf '%s\\n' "$flows" | exec /run/fast-ofctl "$@"
`;
  const install =
    'cp "$(command -v ovs-ofctl)" /run/fast-ofctl; printf %s "$1" >/run/slow-ofctl; chmod 755 /run/slow-ofctl';
  await lab.on(host, 'sh', '-c', `${install}; mount --bind /run/slow-ofctl "$(command -v ovs-ofctl)"`, 'sh', slow);
}

/** A migration in the middle of its copy. */
async function copying(lab: TestLab) {
  const command = lab.start('--json', 'migrate', lab.file, 'web', '--to', 'host-b', ...SLOWLY);
  const progress = new Promise<boolean>((resolve) => {
    let said = '';
    command.stderr.on('data', (chunk) => {
      said += String(chunk);
      if (/ left.*, pass 1/.test(said)) resolve(true);
    });
    command.stderr.once('end', () => resolve(false));
  });
  if (!(await progress)) throw new Error(`the copy was never seen: ${(await command).stdout}`);
  // In an object: a promise that is returned from here would be waited for.
  return { kill: (signal: NodeJS.Signals) => command.kill(signal), ended: () => command };
}

function isRolledBack(t: Test, document: Document): void {
  t.match(document, { ok: false, vm: 'web', from: 'host-a', to: 'host-b', outcome: 'rolled-back' });
  t.match(document.error, { code: String, message: /./, hint: /./ });
}
