import type { Test } from 'tap';
import { BASE_BYTES, contents, MAKE, MIB, movedWhileWritten, write } from './copied-disks.js';
import { type Document, onLab } from './harness.js';

/** The guest of `box` boots nothing: its disk is what is looked at. */
const BOX = `  box:
    host: host-a
    memory: 64MiB
    image: /srv/images/box
    disks:
      - {size: 16MiB, storage: own}
      - {size: 8MiB, storage: own, format: raw}
    nics:
      - {network: blue, mac: "52:54:00:09:00:02"}

probes:`;

const ALL = ['--copy-storage', 'all'] as const;
const INC = ['--copy-storage', 'inc'] as const;

await onLab(
  'two-subnets',
  async (t, lab) => {
    await lab.shell('host-a', MAKE);
    await lab.apply();
    const migrate = (to: string, ...options: readonly string[]) =>
      lab.run('migrate', lab.file, 'web', '--to', to, ...options);
    const refused = async (t: Test, message: RegExp, hint: RegExp, ...options: readonly string[]) => {
      const { exitCode, document } = await migrate('host-b', ...options);
      t.equal(exitCode, 1);
      t.match(document, { outcome: 'rolled-back', error: { message, hint } });
      t.match(await lab.on('host-a', 'virsh', 'domstate', 'legacy'), /^running/);
    };

    await t.test('what nobody has asked to copy is refused, and so is what would overwrite or not fit', async (t) => {
      await refused(t, /sda of web \(\/srv\/vms\/a\) is not there on host-b/, /--copy-storage all/);
      await refused(
        t,
        /sdb of web.*lies on \/srv\/base\/base, which host-b does not have/,
        /--copy-storage all/,
        ...INC,
      );
      await lab.shell(
        'host-b',
        `mkdir -p /srv/base /srv/vms; head -c ${BASE_BYTES} /dev/zero >/srv/base/base
         printf x | dd of=/srv/base/base bs=1 seek=${40 * MIB} conv=notrunc status=none`,
      );
      await refused(t, /sdb of web.*which host-b does not have as host-a has it/, /Copy that to host-b/, ...INC);
      await lab.shell('host-b', `printf '\\0' | dd of=/srv/base/base bs=1 seek=${40 * MIB} conv=notrunc status=none`);

      await lab.shell('host-b', 'echo precious >/srv/vms/a');
      await refused(
        t,
        /sda of web cannot be copied to host-b: \/srv\/vms\/a is there already, and vxmig has not made it/,
        /move it away/,
        ...INC,
      );
      t.match(await lab.on('host-b', 'cat', '/srv/vms/a'), /^precious$/m);
      await lab.on('host-b', 'rm', '/srv/vms/a');

      await lab.shell('host-b', 'mount -t tmpfs -o size=16m tmpfs /srv/vms');
      await refused(t, /host-b has no room for sda and sdb of web: .* are needed in \/srv\/vms/, /Make room/, ...INC);
      await lab.on('host-b', 'umount', '/srv/vms');
      t.equal(await lab.on('host-b', 'ls', '/srv/vms'), '', 'nothing is left');
    });

    await t.test('no room any more in the middle of the copy: back, and nothing is left there', async (t) => {
      await lab.shell(
        'host-b',
        `mount -t tmpfs -o size=300m tmpfs /srv/vms; head -c ${60 * MIB} /dev/zero >/srv/vms/other`,
      );
      const filled = lab.shell(
        'host-b',
        'until [ -e /srv/vms/b ]; do sleep 0.05; done; dd if=/dev/zero of=/srv/vms/filler bs=64k status=none || true',
      );
      // More than there is room for then.
      await write(lab, 'host-a', 'scsi0-0-0-1', '-P 0x11 0 32M');
      const { document } = await migrate('host-b', ...ALL, '--bandwidth', '4MiB');
      await filled;
      t.match(document, {
        outcome: 'rolled-back',
        error: { code: 'MIGRATION_ROLLED_BACK', message: /No space|space/ },
      });
      t.match(await lab.on('host-a', 'virsh', 'domstate', 'legacy'), /^running/);
      t.same((await lab.on('host-b', 'ls', '-A', '/srv/vms')).split('\n').sort(), ['filler', 'other']);
      await lab.on('host-b', 'umount', '/srv/vms');
    });

    await t.test('with what is written meanwhile, over a base and into one image, there and back', async (t) => {
      const first = await movedWhileWritten(t, lab, 'host-a', 'host-b', 'inc');
      t.match(
        await lab.shell('host-b', 'qemu-img info -U --output=json /srv/vms/b'),
        /"full-backing-filename": "\/srv\/base\/base"/,
      );
      t.match(first.disks, [
        { target: 'sda', copied: 'all' },
        { target: 'sdb', copied: 'inc' },
      ]);
      t.ok(
        first.disks.every(({ bytes, durationMs }: Document) => bytes >= 4 * MIB && durationMs >= 0),
        'measured',
      );
      t.equal(
        await lab.on('host-b', 'find', '/srv/vms', '-name', '*.vxmig'),
        '',
        'it is as if its owner had copied it',
      );

      const { document } = await migrate('host-a', ...ALL);
      t.match(document.error, { message: /\/srv\/vms\/a is there already/ }, 'what was left there is somebody’s');
      await lab.shell('host-a', 'rm /srv/vms/a /srv/vms/b');
      await movedWhileWritten(t, lab, 'host-b', 'host-a', 'all');
      t.notMatch(await lab.shell('host-a', 'qemu-img info -U --output=json /srv/vms/b'), /backing/);
    });

    await t.test('disks of `kind: local` go along by themselves, and are where their VM is', async (t) => {
      await write(lab, 'host-a', 'virtio-disk0', '-P 0x5a 8M 64k', 'box');
      const before = await contents(lab, 'host-a');
      t.match(await lab.migrate('box', 'host-b'), {
        outcome: 'migrated',
        announce: { rarp: 5 },
        convergence: { converged: true },
      });
      t.same(await contents(lab, 'host-b'), before);
      t.equal(await lab.on('host-a', 'ls', '/srv/own'), '', 'the old host has nothing of it any more');
      t.match(
        await lab.on('host-b', 'ls', '/srv/own'),
        /box-0.qcow2\n.*box-0.qcow2.vxmig\n.*box-1.raw\n.*box-1.raw.vxmig/,
      );
      t.same(
        (await lab.apply()).migrations.map(({ outcome }: Document) => outcome),
        ['migrated'],
        'and back, as the file says',
      );
      t.same((await lab.succeed('plan', lab.file)).changes, []);
    });

    await t.test('destroyed with its disks, wherever they are', async (t) => {
      for (const vm of ['legacy', 'box']) await lab.on('host-a', 'virsh', 'destroy', vm);
      await lab.succeed('destroy', lab.file, '--yes', '--disks');
      t.equal(await lab.on('host-a', 'ls', '/srv/own'), '');
      t.match(await lab.on('host-a', 'ls', '/srv/vms'), /^a\nb$/, 'somebody else’s stay');
    });
  },
  (text) =>
    text
      .replace(/^( *)image: micro.*$/m, '$1domain: legacy')
      .replace('memory: 128MiB', 'memory: 160MiB')
      .replace('\nnetworks:', '\nstorage:\n  own: {kind: local, path: /srv/own}\n\nnetworks:')
      .replace('\nprobes:', `\n${BOX}`),
);
