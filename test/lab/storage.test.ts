import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { legacyDomain } from './micro-domain.js';
import { shareDirectory } from './shared-directory.js';

const DISK_BYTES = 4 * 2 ** 20;

const file = (path: string) =>
  `<disk type='file'><driver name='qemu' type='raw'/><source file='${path}'/><target dev='sda' bus='scsi'/></disk>`;
const drive = (path: string) =>
  `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${path}'/><target dev='hdc' ` +
  "bus='ide'/></disk>";
const nbd = (address: string) =>
  "<disk type='network'><driver name='qemu' type='raw'/><source protocol='nbd' name='shop'><host " +
  `name='${address}' port='10809'/></source><target dev='sdb' bus='scsi'/></disk>`;

const QEMU_PATH = '/usr/bin/qemu-system-x86_64';
/** It answers libvirt's questions and starts nothing. */
const REFUSES = `
cp ${QEMU_PATH} /tmp/qemu.real
cat >/tmp/qemu <<'SH'
#!/bin/sh
case "$*" in *guest=legacy*) echo 'no such machine here' >&2; exit 1 ;; esac
exec /tmp/qemu.real "$@"
SH
chmod 755 /tmp/qemu /tmp/qemu.real
mount --bind /tmp/qemu ${QEMU_PATH}
`;

/** What libvirt keeps of a snapshot, without one being made. */
const SNAPSHOT = `
{
  echo '<domainsnapshot><name>before</name><state>shutoff</state><creationTime>1</creationTime>'
  virsh dumpxml --inactive legacy
  echo '</domainsnapshot>'
} >/tmp/snapshot.xml
virsh snapshot-create legacy /tmp/snapshot.xml --redefine
`;

/** The server of QEMU's own monitor: nothing else has to be installed. */
const SERVE = (address: string) => `
head -c ${DISK_BYTES} /dev/zero >/srv/nbd.img
mkfifo /srv/monitor
sh -c 'exec 3<>/srv/monitor; exec qemu-system-x86_64 -machine none -nodefaults -display none -monitor stdio \\
  -drive file=/srv/nbd.img,format=raw,if=none,id=shop <&3 >/srv/monitor.log 2>&1' >/dev/null 2>&1 &
echo 'nbd_server_start -a -w ${address}:10809' >/srv/monitor
until ss -Hltn 'sport = :10809' | grep -q .; do sleep 0.1; done
`;

await onLab('two-subnets', async (t, lab) => {
  await lab.edit((text) =>
    text.replace(/^( *)image: micro.*$/m, '$1domain: legacy').replace('memory: 128MiB', 'memory: 2GiB'),
  );
  const digest = async (host: string, path: string) => (await lab.on(host, 'sha256sum', path)).split(' ')[0];
  const address = lab.topology.hosts.find(({ name }) => name === 'host-c')?.addresses[0] ?? '';
  const begin = async (disks: string) => {
    await lab.shell(
      'host-a',
      `cat >/tmp/legacy.xml <<'XML'\n${legacyDomain(disks)}\nXML\nvirsh define --validate /tmp/legacy.xml`,
    );
    await lab.apply();
  };
  const end = async (host: string) => lab.shell(host, 'virsh destroy legacy; virsh undefine legacy');
  const refused = async (t: Test, message: RegExp, hint: RegExp, code = 'DISK_NOT_SHARED') => {
    const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
    t.equal(exitCode, 1);
    t.match(document, { outcome: 'rolled-back', error: { code, message, hint } });
    const stages = document.stages.map(({ stage }: Document) => stage);
    t.same(stages, ['check', 'negotiate'], 'nothing was reserved');
    t.match(await lab.on('host-a', 'virsh', 'domstate', 'legacy'), /^running/);
    t.notMatch(await lab.on('host-b', 'virsh', 'list', '--all', '--name'), /legacy/);
    await leavesNothing(t, lab);
  };
  await lab.on('host-c', 'mkdir', '-p', '/srv');
  for (const host of ['host-a', 'host-b']) await lab.on(host, 'mkdir', '-p', '/srv/vms');

  await t.test('a blank file of the same path on the other host: refused, and both are as they were', async (t) => {
    await lab.shell('host-a', `head -c ${DISK_BYTES} /dev/urandom >/srv/vms/disk`);
    await lab.shell('host-b', `head -c ${DISK_BYTES} /dev/zero >/srv/vms/disk`);
    await begin(file('/srv/vms/disk'));
    const before = [await digest('host-a', '/srv/vms/disk'), await digest('host-b', '/srv/vms/disk')];
    await refused(t, /sda of web \(\/srv\/vms\/disk\) is another file on host-b/, /virsh blockcopy legacy sda/);

    const { changes, warnings } = await moved(lab, () => lab.succeed('plan', lab.file));
    t.match(changes, [{ action: 'migrate', why: /it cannot be made: .*sda.*another file/ }]);
    t.ok(
      warnings.some((text: string) => /2 GiB.*160 MiB/.test(text)),
      'the file’s memory is not the domain’s',
    );
    t.ok(warnings.some((text: string) => /sda/.test(text)));
    t.match(await moved(lab, () => lab.run('apply', lab.file)), {
      exitCode: 1,
      document: { error: { code: 'DISK_NOT_SHARED' } },
    });

    const { checks } = (await lab.run('doctor', lab.file)).document;
    const check = (name: string) => checks.find((one: Document) => one.name === name);
    t.match(check('moves of web'), {
      ok: false,
      seen: /not to host-b: storage: sda of web.*not to host-c: storage: /,
      hint: /blockcopy/,
    });
    t.match(check('host-b: free memory'), { expected: /^224 MiB/ });
    t.match(check('host-a: free memory'), { expected: /every VM of the file runs here/ });
    t.match(check('memory and CPUs of web'), { ok: true, seen: /2 GiB.*160 MiB/ });
    t.match(check('domain of web'), { ok: true, seen: 'running on host-a' });
    t.same([await digest('host-a', '/srv/vms/disk'), await digest('host-b', '/srv/vms/disk')], before);
    await leavesNothing(t, lab);
    await end('host-a');
  });

  await t.test(
    'a CD-ROM that only the old host has, a snapshot, ports that a firewall drops: each is named before',
    async (t) => {
      await lab.shell('host-a', 'head -c 400000 /dev/urandom >/srv/vms/setup.iso');
      await begin(drive('/srv/vms/setup.iso'));
      await refused(
        t,
        /hdc of web.*is not there on host-b: No such file/,
        /Copy it to host-b.*virsh change-media legacy hdc --eject --live --config/,
      );
      await lab.shell('host-b', 'head -c 400000 /dev/zero >/srv/vms/setup.iso');
      await refused(t, /hdc of web.*another content/, /Copy it/);
      await lab.on('host-a', 'virsh', 'change-media', 'legacy', 'hdc', '--eject', '--live', '--config');

      await lab.shell('host-a', SNAPSHOT);
      await refused(t, /a snapshot of web \(before\)/, /virsh snapshot-delete legacy NAME --metadata/, 'HOST_UNFIT');
      await lab.on('host-a', 'virsh', 'snapshot-delete', 'legacy', 'before', '--metadata');

      const wall = 'table inet fw { chain in { type filter hook input priority 0; tcp dport 49152-49215 drop; }; }';
      await lab.on('host-b', 'nft', wall);
      await refused(
        t,
        /host-a does not get through to TCP port 49152 of host-b.*no answer/,
        /Open TCP 49152 to 49215/,
        'HOST_UNFIT',
      );
      await lab.on('host-b', 'nft', 'delete table inet fw');

      // Peer to peer, libvirt on the old host tells of the new one's error in every second case; its logs have it in
      // each.
      await lab.shell('host-b', REFUSES);
      for (const attempt of [1, 2, 3]) {
        const { document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
        t.match(
          document.error,
          { code: 'MIGRATION_ROLLED_BACK', message: /no such machine here/ },
          `attempt ${attempt}`,
        );
      }
      await lab.on('host-b', 'umount', QEMU_PATH);
      await end('host-a');
    },
  );

  await t.test('on storage that both see, by a directory and by NBD, it moves with what it has written', async (t) => {
    await shareDirectory(lab, 'host-a', 'host-b', '/srv/shared');
    await lab.shell('host-a', `head -c ${DISK_BYTES} /dev/zero >/srv/shared/disk`);
    await lab.shell('host-c', SERVE(address));
    t.teardown(() => lab.shell('host-c', 'echo quit >/srv/monitor').catch(() => ''));
    await begin(`${file('/srv/shared/disk')}${nbd(address)}`);
    await write(lab, 'host-a', '-P 0x5a 0 64k');
    isMigrated(t, await lab.migrate('web', 'host-b'), { vm: 'web', from: 'host-a', to: 'host-b' });
    await write(lab, 'host-b', '-P 0x3c 64k 64k');
    const digests = await Promise.all([digest('host-a', '/srv/shared/disk'), digest('host-c', '/srv/nbd.img')]);
    const expected = await lab.shell(
      'host-a',
      `{ head -c 65536 /dev/zero | tr '\\0' Z; head -c 65536 /dev/zero | tr '\\0' '<'; head -c ` +
        `${DISK_BYTES - 131_072} /dev/zero; } | sha256sum`,
    );
    t.same(digests, [expected.split(' ')[0], expected.split(' ')[0]]);

    await lab.shell(
      'host-c',
      "nft 'table inet fw { chain in { type filter hook input priority 0; tcp dport 10809 ip saddr " +
        "198.18.1.0/24 drop; }; }'",
    );
    const { document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-a');
    t.match(document.error, {
      code: 'DISK_NOT_SHARED',
      message: /sdb of web.*10809.*does not answer host-a: no answer/,
    });
    await lab.on('host-c', 'nft', 'delete table inet fw');
  });

  await t.test('off on another host than the file says: it is not made a second time', async (t) => {
    await lab.on('host-b', 'virsh', 'destroy', 'legacy');
    const { exitCode, document } = await lab.run('apply', lab.file);
    t.equal(exitCode, 1);
    t.match(document.error, {
      code: 'HOST_UNFIT',
      message: /legacy is shut off on host-b, and the topology says host-a/,
    });
    t.notMatch(await lab.on('host-a', 'virsh', 'list', '--all', '--name'), /legacy/);
  });
});

/** While the file says that the VM shall go to host-b. */
async function moved<Answer>(lab: TestLab, ask: () => Promise<Answer>): Promise<Answer> {
  // The one line with a comment behind it.
  const change = (from: string, to: string) =>
    lab.edit((text) => text.replace(new RegExp(`host: ${from}( +#)`), `host: ${to}$1`));
  await change('host-a', 'host-b');
  try {
    return await ask();
  } finally {
    await change('host-b', 'host-a');
  }
}

/**
 * By QEMU itself, as if the guest did: to both disks of the VM that runs. It prints nothing that virsh would hand on.
 */
async function write(lab: TestLab, host: string, command: string): Promise<void> {
  for (const disk of ['scsi0-0-0-0', 'scsi0-0-0-1']) {
    await lab.on(host, 'virsh', 'qemu-monitor-command', 'legacy', '--hmp', `qemu-io -d ${disk} "write ${command}"`);
  }
}

async function leavesNothing(t: Test, lab: TestLab): Promise<void> {
  for (const host of ['host-a', 'host-b']) {
    t.equal(await lab.shell(host, 'find /srv -name ".vxmig-*"'), '', `no token is left on ${host}`);
  }
}
