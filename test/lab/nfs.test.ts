import { readFile } from 'node:fs/promises';
import { isMigrated } from './documents.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { nfsDomain } from './micro-domain.js';

const URI = 'nfs://198.18.9.10/srv/vms';
const MARK = '{"topology":"shop","vm":"web","index":0}\n';
const BYTES = 4 * 2 ** 20;

const script = (name: string) => readFile(new URL(`../../../lib/host/${name}.sh`, import.meta.url), 'utf8');

await onLab(
  'thesis-nfs',
  async (t, lab) => {
    const server = lab.topology.storage[0]?.name === 'pool' ? 'nfs-pool' : '';
    const [format, nfs, sight] = await Promise.all(['image-format', 'make-nfs-volume', 'volume-sight'].map(script));
    const make = `${format}\n${nfs}`;
    /** As on a host, whose shell reads the script. */
    const run = (text: string, ...args: string[]) => lab.on('host-a', 'sh', '-c', text, 'sh', ...args);
    const made = (file: string, base = '') =>
      run(make, `${URI}/${file}`, 'raw', base === '' ? `${BYTES}` : '0', base, MARK);
    const seen = (file: string) => run(sight ?? '', '', `${URI}/${file}`);
    const digest = async (file: string) => (await lab.on(server, 'sha256sum', `/srv/vms/${file}`)).split(' ')[0];

    await t.test('the server is a machine of the lab, and status shows it', async (t) => {
      const status = await lab.succeed('lab', 'status', lab.file);
      t.match(status.storageServers, [
        { name: 'nfs-pool', alive: true, addresses: ['198.18.9.10'], exports: ['/srv/vms'] },
      ]);
      t.ok(status.healthy);
    });

    await t.test('an image is made whole, with its mark; what is there is never touched', async (t) => {
      t.match(await seen('shop-web-0.raw'), /^absent=$/m);
      await made('shop-web-0.raw');
      const whole = await seen('shop-web-0.raw');
      t.match(whole, /^mark=\{"topology":"shop","vm":"web","index":0\} ?$/m);
      t.match(whole, /"virtual-size": 4194304/);

      await lab.shell(server, 'echo precious >/srv/vms/foreign.raw; echo mine >/srv/vms/marked.raw.vxmig');
      await t.rejects(made('foreign.raw'), /foreign.raw is there already/);
      await t.rejects(made('marked.raw'), /marked.raw.vxmig is there already/);
      t.equal(await lab.on(server, 'cat', '/srv/vms/foreign.raw', '/srv/vms/marked.raw.vxmig'), 'precious\nmine');
      t.equal(await lab.shell(server, 'ls /srv/vms | grep -c marked.raw'), '1', 'no image beside it');
    });

    await t.test('a half-made one is named, and neither taken nor made over', async (t) => {
      // As where it was killed: the directory is full at that point.
      await lab.shell(
        server,
        `printf '{"making":"1"}' >/srv/vms/half.raw.vxmig; head -c 5000 /dev/urandom >/srv/vms/half.raw`,
      );
      const before = await digest('half.raw');
      t.match(await seen('half.raw'), /^silence=.*half made.*half.raw.vxmig on the server$/m);
      await t.rejects(made('half.raw'), /half.raw is there already/);
      t.equal(await digest('half.raw'), before);
      await lab.on(server, 'rm', '/srv/vms/half.raw');
      await made('half.raw');
      t.match(await seen('half.raw'), /^mark=\{"topology":"shop"/m, 'with the image gone it is begun anew');
      t.match(await run(sight ?? '', '', 'nfs://198.18.9.10/srv/other/a.raw'), /^silence=.*Failed to mount/m);
    });

    await t.test('it moves with what it has written, also while the server stands still', async (t) => {
      await lab.shell(
        'host-a',
        `cat >/tmp/legacy.xml <<'XML'\n${nfsDomain('/srv/vms/shop-web-0.raw')}\nXML\nvirsh define --validate /tmp/legacy.xml`,
      );
      await lab.apply();
      await write(lab, 'host-a', '-P 0x5a 0 64k');
      const moving = lab.start('--json', 'migrate', lab.file, 'web', '--to', 'host-b');
      await lab.shell(server, 'pkill -STOP -x ganesha.nfsd; sleep 2; pkill -CONT -x ganesha.nfsd');
      const { stdout } = await moving;
      isMigrated(t, JSON.parse(stdout), { vm: 'web', from: 'host-a', to: 'host-b' });
      await write(lab, 'host-b', '-P 0x3c 64k 64k');
      const expected = await lab.shell(
        server,
        `{ head -c 65536 /dev/zero | tr '\\0' Z; head -c 65536 /dev/zero | tr '\\0' '<'; head -c ` +
          `${BYTES - 131_072} /dev/zero; } | sha256sum`,
      );
      t.equal(await digest('shop-web-0.raw'), expected.split(' ')[0]);
    });

    await t.test('with the server gone it stays where it is, and the message names it', async (t) => {
      await lab.on(server, 'pkill', '-KILL', '-x', 'ganesha.nfsd');
      const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', 'host-a');
      t.equal(exitCode, 1);
      t.match(document, {
        outcome: 'rolled-back',
        error: { code: 'DISK_NOT_SHARED', message: /sda of web.*198\.18\.9\.10:2049.*does not answer host-a/ },
      });
      t.match(await lab.on('host-b', 'virsh', 'list', '--name'), /legacy/);
      t.notMatch(await lab.on('host-a', 'virsh', 'list', '--all', '--name'), /legacy/);

      await lab.succeed('lab', 'up', lab.file);
      isMigrated(t, await lab.migrate('web', 'host-a'), { vm: 'web', from: 'host-b', to: 'host-a' });
      const { storageServers } = (await lab.succeed('lab', 'status', lab.file)) as Document;
      t.match(storageServers[0].daemons, [{ answers: true }, { answers: true }], 'lab up has started it again');
    });
  },
  (text) =>
    text
      .replace(/^ *image: debian.*\n/m, '    domain: legacy\n')
      .replace('memory: 512MiB', 'memory: 160MiB')
      .replace(/^ *disks:\n.*\n/m, ''),
);

/** By QEMU itself, as if the guest did; written out, as a guest's fsync does. */
async function write(lab: TestLab, host: string, command: string): Promise<void> {
  for (const one of [`write ${command}`, 'flush']) {
    await lab.on(host, 'virsh', 'qemu-monitor-command', 'legacy', '--hmp', `qemu-io -d scsi0-0-0-0 "${one}"`);
  }
}
