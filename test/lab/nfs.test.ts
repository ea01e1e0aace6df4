import { readFile, writeFile } from 'node:fs/promises';
import { isMigrated } from './documents.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { nfsDomain } from './micro-domain.js';

const URI = 'nfs://198.18.9.10/srv/vms';
const MARK = '{"topology":"shop","vm":"web","index":0}\n';
/** Debian's, of its QEMU. */
const MODULES = '/usr/lib/x86_64-linux-gnu/qemu';
const BYTES = 4 * 2 ** 20;

const script = (name: string) => readFile(new URL(`../../../lib/host/${name}.sh`, import.meta.url), 'utf8');

await onLab(
  'thesis-nfs',
  async (t, lab) => {
    const server = lab.topology.storage[0]?.name === 'pool' ? 'nfs-pool' : '';
    const names = ['image-format', 'nfs-look', 'make-nfs-volume', 'volume-sight'];
    const [format, look, nfs, lookAt] = await Promise.all(names.map(script));
    const [make, sight] = [[format, look, nfs].join('\n'), `${look}\n${lookAt}`];
    /** As on a host, whose shell reads the script. */
    const run = (text: string, ...args: string[]) => lab.on('host-a', 'sh', '-c', text, 'sh', ...args);
    const made = (file: string, base = '') =>
      run(make, `${URI}/${file}`, 'raw', base === '' ? `${BYTES}` : '0', base, MARK);
    const seen = (file: string) => run(sight, '', `${URI}/${file}`);
    const digest = async (file: string) => (await lab.on(server, 'sha256sum', `/srv/vms/${file}`)).split(' ')[0];

    await t.test('the server is a machine of the lab, and status shows it', async (t) => {
      const status = await lab.succeed('lab', 'status', lab.file);
      t.match(status.storageServers, [
        { name: 'nfs-pool', alive: true, addresses: ['198.18.9.10'], exports: ['/srv/vms'] },
      ]);
      t.ok(status.healthy);
    });

    await t.test('a host whose QEMU has no NFS driver is refused before anything is touched', async (t) => {
      await lab.on('host-a', 'mount', '-t', 'tmpfs', 'none', MODULES);
      const file = await withDisk(lab);
      const { exitCode, document } = await lab.run('apply', file);
      t.equal(exitCode, 1);
      t.match(document.error, {
        code: 'HOST_UNFIT',
        message: /QEMU on host-a has no driver for nfs, which disk 1 of web needs/,
        hint: /Nothing was changed\. `apt-get install qemu-block-extra` on host-a/,
      });
      t.notMatch(await lab.on('host-a', 'ovs-vsctl', 'list-br'), /br-blue/);
      await lab.on('host-a', 'umount', MODULES);
    });

    await t.test('what no host may or can mount is refused before anything is touched', async (t) => {
      const refused = async () => {
        const file = await withDisk(lab, 'client: kernel, path: /srv/pool');
        const { exitCode, document } = await lab.run('apply', file);
        t.equal(exitCode, 1);
        return document.error;
      };
      await lab.shell('host-a', 'mkdir -p /srv/pool && echo precious >/srv/pool/file');
      t.match(await refused(), { code: 'CLASH', message: /at \/srv\/pool on host-a, and there is something in that/ });
      t.equal(await lab.on('host-a', 'cat', '/srv/pool/file'), 'precious');
      await lab.on('host-a', 'mount', '-t', 'tmpfs', 'other', '/srv/pool');
      t.match(await refused(), { code: 'CLASH', message: /at \/srv\/pool on host-a, and other \(tmpfs\) is mounted/ });
      await lab.shell('host-a', 'umount /srv/pool && rm -r /srv/pool');
      const CLIENT = 'grep -qw nfs /proc/filesystems || modprobe -n -q nfs && echo yes || true';
      if ((await lab.shell('host-a', CLIENT)) === 'yes') return;
      t.match(await refused(), {
        code: 'HOST_UNFIT',
        message: /`client: kernel`, and the kernel of host-a has no NFS client.*kernel of host-b/,
        hint: /^Nothing was changed.*leave `client: kernel` out of the file/,
      });
      t.notMatch(await lab.on('host-a', 'ovs-vsctl', 'list-br'), /br-blue/);
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
      t.match(await seen('half.raw'), /^half=$/m);
      await t.rejects(made('half.raw'), /half.raw is there already/);
      t.equal(await digest('half.raw'), before);
      await lab.shell(server, ': >/srv/vms/half.raw');
      t.match(await seen('half.raw'), /^absent=$/m, 'in an empty one is nothing that could be lost');
      await made('half.raw');
      t.match(await seen('half.raw'), /^mark=\{"topology":"shop"/m, 'and it is begun anew');
      t.match(await run(sight, '', 'nfs://198.18.9.10/srv/other/a.raw'), /^silence=.*Failed to mount/m);
    });

    await t.test('it moves with what it has written, also while the server stands still', async (t) => {
      const definition = nfsDomain('/srv/vms/shop-web-0.raw');
      await lab.shell(
        'host-a',
        `cat >/tmp/legacy.xml <<'XML'\n${definition}\nXML\nvirsh define --validate /tmp/legacy.xml`,
      );
      await lab.apply();
      await write(lab, 'host-a', '-P 0x5a 0 64k');
      await lab.on('host-b', 'mount', '-t', 'tmpfs', 'none', MODULES);
      const { document: refused } = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
      t.match(refused.error, {
        code: 'HOST_UNFIT',
        message: /QEMU on host-b has no driver for it/,
        hint: /On host-b: `apt-get install qemu-block-extra`/,
      });
      await lab.on('host-b', 'umount', MODULES);
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
      // The server finds it when it starts.
      await lab.shell(server, 'mkdir /srv/vms/small; mount -t tmpfs -o size=4m tmpfs /srv/vms/small');
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

    await t.test('where there is no room, nothing is begun; where that is seen too late, it is given up', async (t) => {
      await lab.shell('host-a', 'head -c 8388608 /dev/urandom >/var/tmp/base.raw');
      const place = `small/of-base.raw`;
      await t.rejects(made(place, '/var/tmp/base.raw'), /no room: 8388608 bytes are needed.*and 4194304 are free/);
      t.equal(await lab.on(server, 'ls', '/srv/vms/small'), '', 'nothing was begun');
      await lab.on('host-a', 'mount', '--bind', '/bin/false', '/usr/bin/nfs-ls');
      await t.rejects(
        made(place, '/var/tmp/base.raw'),
        /NFS3ERR_NOSPC.*fix: Make room there.*is left on the server 198\.18\.9\.10, empty.*`rm -- \/srv/s,
      );
      t.equal(await lab.on(server, 'stat', '-c', '%s', '/srv/vms/small/of-base.raw'), '0');
      await lab.on(server, 'mount', '-o', 'remount,size=32m', '/srv/vms/small');
      await made(place, '/var/tmp/base.raw');
      t.equal(await digest(place), (await lab.on('host-a', 'sha256sum', '/var/tmp/base.raw')).split(' ')[0]);
    });
  },
  (text) =>
    text
      .replace(/^ *image: debian.*\n/m, '    domain: legacy\n')
      .replace('memory: 512MiB', 'memory: 160MiB')
      .replace(/^ *disks:\n.*\n/m, ''),
);

/** A file beside the lab's, whose VM vxmig makes itself, with a disk on the server. */
async function withDisk(lab: TestLab, keys = ''): Promise<string> {
  await lab.on('host-a', 'truncate', '-s', '1M', '/var/tmp/base.raw');
  const file = lab.file.replace('.yaml', '-disk.yaml');
  const image = 'image: /var/tmp/base.raw\n    disks: [{storage: pool, size: 4MiB, format: raw}]';
  const text = (await readFile(lab.file, 'utf8')).replace('domain: legacy', image);
  await writeFile(file, keys === '' ? text : text.replace('export: /srv/vms', `$&, ${keys}`));
  return file;
}

/** By QEMU itself, as if the guest did; written out, as a guest's fsync does. */
async function write(lab: TestLab, host: string, command: string): Promise<void> {
  for (const one of [`write ${command}`, 'flush']) {
    await lab.on(host, 'virsh', 'qemu-monitor-command', 'legacy', '--hmp', `qemu-io -d scsi0-0-0-0 "${one}"`);
  }
}
