import { access, writeFile } from 'node:fs/promises';
import { type Document, onLab } from './harness.js';

const POOL = '/srv/pool';
const HOSTS = ['host-a', 'host-b', 'host-c'];
const FIRMWARE = '/usr/share/qemu/firmware';
/** The guest need not boot: what is looked at is what lies around it. */
const IMAGE = Buffer.alloc(4 * 2 ** 20, 'vxmig');

const DISKS = `image: ./base.raw
    upload: true
    disks:
      - {size: 8MiB}
      - {size: 4MiB, format: raw, bus: sata}`;

/** A second one does not start while the first one still ends. */
const ENDED = 'pkill -x libvirtd; while pgrep -x libvirtd >/dev/null; do sleep 0.1; done';

await onLab(
  'two-subnets',
  async (t, lab) => {
    const [first, second] = ['0.qcow2', '1.raw'].map((end) => `${POOL}/${lab.name}-web-${end}`) as [string, string];
    const inPool = async () => (await lab.shell('host-c', `ls ${POOL}`)).split('\n').filter((name) => name !== '');
    const refused = async (code: string, message: RegExp) => {
      const { exitCode, document } = await lab.run('apply', lab.file);
      t.equal(exitCode, 1);
      t.match(document.error, { code, message });
      t.notMatch(await lab.on('host-a', 'virsh', 'list', '--all', '--name'), /web/);
    };
    await writeFile(`${lab.file.replace(/[^/]*$/, '')}base.raw`, IMAGE);

    await t.test('what is in the way is refused, and an apply that fails takes back what it has made', async (t) => {
      await lab.shell('host-b', `echo 'the only copy' >${second}`);
      await refused('CLASH', /1\.raw is there already on host-a.*vxmig has not made it/);
      t.equal(await lab.shell('host-a', `cat ${second}`), 'the only copy');
      t.equal(await lab.shell('host-a', 'ls /var/lib/vxmig/images/uploads'), '', 'nothing was sent');
      await lab.shell('host-b', `mv ${second} ${POOL}/others`);

      await lab.edit((text) => text.replace('image: ./', 'machine: pc-q35-99.0\n    image: ./'));
      await refused('COMMAND_FAILED', /pc-q35-99\.0.*What apply had changed was undone/s);
      t.same(await inPool(), ['others']);
      for (const host of HOSTS) t.equal(await lab.shell(host, 'find /var/lib/vxmig/seeds -type f'), '', host);
      await lab.edit((text) => text.replace(/ *machine: .*\n/, ''));
    });

    await t.test('an image is sent, disks begin with it, and a second apply finds nothing to do', async (t) => {
      const { changes } = await lab.apply();
      const made = changes.filter(({ kind }: Document) => ['image', 'disk', 'seed', 'vm'].includes(kind));
      t.same(
        made.map(({ host, kind, action }: Document) => `${host} ${kind} ${action}`),
        // It was sent by the apply that failed.
        ['seed', 'disk', 'disk', 'vm']
          .map((kind) => `host-a ${kind} create`)
          .concat('host-b seed create', 'host-c seed create'),
      );
      t.match(
        await lab.shell('host-a', 'stat -c "%a %n" /var/lib/vxmig/images/uploads/*'),
        /^600 \S+\/[0-9a-f]{64}\.raw$/,
      );
      t.equal(await lab.shell('host-b', 'ls /var/lib/vxmig/images/uploads'), '');
      const whole = `qemu-img convert -U -f qcow2 -O raw ${first} /tmp/0.raw && head -c ${IMAGE.length} /tmp/0.raw`;
      t.equal(await lab.shell('host-b', `${whole} | tr -d vxmig | wc -c`), '0', 'it begins with the image');
      const media = await Promise.all(HOSTS.map((host) => lab.shell(host, 'sha256sum /var/lib/vxmig/seeds/*/web.iso')));
      t.equal(new Set(media).size, 1, 'the medium is the same everywhere');
      t.same((await lab.apply()).changes, []);
    });

    await t.test('it moves with its disks, which both hosts see', async (t) => {
      t.match(await lab.migrate('web', 'host-b', '--write'), { ok: true, outcome: 'migrated' });
      const xml = await lab.on('host-b', 'virsh', 'dumpxml', 'web');
      for (const place of [first, second]) t.ok(xml.includes(`<source file='${place}'`), place);
      t.notMatch(await lab.on('host-a', 'virsh', 'list', '--all', '--name'), /web/);
      t.same((await lab.apply()).changes, []);
    });

    await t.test('an image that is gone gets no empty one in its place', async (t) => {
      await lab.shell('host-b', `virsh destroy web; mv ${second} ${POOL}/away`);
      const { exitCode, document } = await lab.run('apply', lab.file);
      t.equal(exitCode, 1);
      t.match(document.error, { code: 'HOST_UNFIT', message: /disk 2 of web is gone/, hint: /bring the image back/ });
      t.notOk((await inPool()).includes(second.replace(/.*\//, '')));
      await lab.shell('host-b', `mv ${POOL}/away ${second}`);
    });

    await t.test(
      'disks stay when their VM goes, and are taken again; --disks removes them, and no others',
      async (t) => {
        const files = await inPool();
        const vm = /^vms:\n( .*\n)*/m;
        let left = '';
        await lab.edit((text) => {
          left = vm.exec(text)?.[0] ?? '';
          return text.replace(vm, '');
        });
        const { warnings } = await lab.succeed('plan', lab.file);
        t.match(warnings, [/web goes from host-b; its disks stay: .*0\.qcow2, .*1\.raw/]);
        await lab.apply();
        t.same(await inPool(), files);
        t.notMatch(await lab.on('host-b', 'virsh', 'list', '--all', '--name'), /web/);
        for (const host of HOSTS) t.equal(await lab.shell(host, 'find /var/lib/vxmig/seeds -type f'), '', host);
        await lab.edit((text) => `${text}\n${left}`);
        t.match(
          (await lab.apply()).changes.map(({ kind }: Document) => kind),
          ['seed'],
        );

        await lab.on('host-b', 'virsh', 'destroy', 'web');
        t.same((await lab.succeed('destroy', lab.file, '--yes')).kept, [first, second]);
        t.same(await inPool(), files);
        const { changes } = await lab.succeed('destroy', lab.file, '--yes', '--disks');
        t.same(
          changes.map(({ kind, name, action }: Document) => [kind, name, action]),
          [
            ['disk', first, 'delete'],
            ['disk', second, 'delete'],
          ],
        );
        t.same(await inPool(), ['others']);
      },
    );

    const without = await access(FIRMWARE).then(
      () => false as const,
      () => 'ovmf is not installed',
    );
    await t.test('a UEFI’s variables move along, and go with the VM', { skip: without }, async (t) => {
      await lab.edit((text) => text.replace('image: ./', 'firmware: uefi\n    image: ./'));
      await lab.on('host-b', 'mount', '-t', 'tmpfs', 'none', FIRMWARE);
      await lab.shell('host-b', ENDED);
      await lab.succeed('lab', 'up', lab.file);
      const { exitCode, document } = await lab.run('apply', lab.file);
      t.equal(exitCode, 1);
      t.match(document.error, {
        code: 'HOST_UNFIT',
        message: /`firmware: uefi`.*host-b/,
        hint: /apt-get install ovmf/,
      });
      await lab.on('host-b', 'umount', FIRMWARE);
      await lab.shell('host-b', ENDED);
      await lab.succeed('lab', 'up', lab.file);
      await lab.apply();
      t.match(await lab.migrate('web', 'host-a'), { ok: true, outcome: 'migrated' });
      for (const host of ['host-a', 'host-b'])
        t.match(await lab.shell(host, 'find /var/lib -name "*.nvram" -size +0'), /web\.nvram/, host);
      await lab.on('host-a', 'virsh', 'destroy', 'web');
      await lab.succeed('destroy', lab.file, '--yes', '--disks');
      for (const host of HOSTS)
        t.equal(await lab.shell(host, 'find /var/lib/vxmig/seeds /var/lib/libvirt/qemu/nvram -type f'), '', host);
    });
  },
  (text) =>
    text
      .replace(/^probes:[\s\S]*/m, '')
      .replace(/^networks:/m, `storage:\n  pool: {kind: shared, path: ${POOL}}\n\nnetworks:`)
      .replace(/image: micro.*/, DISKS),
);
