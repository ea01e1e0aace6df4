import { contents, MIB } from './copied-disks.js';
import { caseName } from './fault-cases.js';
import { chosen, leftovers, moveThrough, placesOf } from './fault-run.js';
import { onLab } from './harness.js';
import { holding, holdings } from './host-state.js';
import { nfsDomain } from './micro-domain.js';
import { COPY_FAULTS, NFS_FAULTS } from './storage-fault-cases.js';

const USUAL = [
  'vxmig is killed: disks in sync',
  'vxmig is killed: STOP',
  'vxmig is killed: before release',
  'vxmig is interrupted: copying',
  'QEMU dies at the destination: copying',
  'the underlay is cut for good: disks in sync',
];

/** The guest boots nothing: its disks are what is looked at. */
const DISKS = `    memory: 64MiB
    image: /srv/images/box
    disks:
      - {size: 16MiB, storage: own}
      - {size: 8MiB, storage: own, format: raw}
`;
/** Slow enough for a fault to come in the middle. */
const SLOWLY = ['--bandwidth', '4MiB'];

const copies = chosen(COPY_FAULTS, USUAL);
if (copies.length > 0) {
  await onLab(
    'two-subnets',
    async (t, lab) => {
      await lab.shell('host-a', `mkdir -p /srv/images; head -c ${12 * MIB} /dev/urandom >/srv/images/box`);
      await lab.shell('host-b', 'mkdir -p /srv/own; mount -t tmpfs -o size=200m tmpfs /srv/own');
      await lab.apply();
      const before = await contents(lab, 'host-a');
      for (const each of copies) {
        await t.test(caseName(each), async (t) => {
          // An earlier case that failed must not fail this one.
          await lab.shell('router', 'nft delete table ip cut 2>/dev/null || true');
          await lab.succeed('lab', 'up', lab.file);
          await lab.apply();
          const { home, lost, held } = await moveThrough(t, lab, each, { work: 'copy', options: SLOWLY });
          if (lost) t.match(each.fault.name, /QEMU/, 'only with its QEMU the VM is gone');
          if (home !== null) t.same(await contents(lab, home), before, 'its images are whole where it runs');
          await lab.apply();
          t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'one apply fixes all');
          t.same((await lab.succeed('plan', lab.file)).changes, []);
          t.same(await contents(lab, 'host-a'), before, 'its images are whole');
          t.equal(await lab.on('host-b', 'ls', '-A', '/srv/own'), '', 'no image is left at the other host');
          t.same(await leftovers(lab), []);
          held();
        });
      }
      // It would not hear its power button.
      await lab.on('host-a', 'virsh', 'destroy', 'web');
    },
    (text) =>
      text
        .replace(/^ *memory: 128MiB\n/m, '')
        .replace(/^ *image: micro.*\n/m, DISKS)
        .replace('\nnetworks:', '\nstorage:\n  own: {kind: local, path: /srv/own}\n\nnetworks:')
        .replace(/^probes:[\s\S]*/m, ''),
  );
}

const ofServer = chosen(NFS_FAULTS, []);
if (ofServer.length > 0) {
  await onLab(
    'thesis-nfs',
    async (t, lab) => {
      const content = () => lab.shell('nfs-pool', 'sha256sum </srv/vms/web.raw');
      const page = (path: string) => lab.page('outside', 'blue', `http://10.9.0.1${path}`);
      await lab.shell('nfs-pool', `head -c ${4 * MIB} /dev/urandom >/srv/vms/web.raw`);
      await lab.shell(
        'host-a',
        `cat >/tmp/legacy.xml <<'XML'\n${nfsDomain('/srv/vms/web.raw')}\nXML\nvirsh define --validate /tmp/legacy.xml`,
      );
      await lab.apply();
      await page('/cgi-bin/pattern?size=8');
      const before = await content();
      for (const each of ofServer) {
        await t.test(caseName(each), async (t) => {
          await lab.succeed('lab', 'up', lab.file);
          await lab.apply();
          const { lost, held } = await moveThrough(t, lab, each, { work: 'nfs' });
          t.notOk(lost, 'it is there');
          await lab.apply();
          t.same(await placesOf(lab, 'running'), ['host-a'], 'one apply fixes all');
          t.same((await lab.succeed('plan', lab.file)).changes, []);
          t.match(await page('/cgi-bin/check'), /^intact\n/);
          t.equal(await content(), before, 'the image is whole');
          t.same(await leftovers(lab), []);
          held();
        });
      }
    },
    (text) =>
      text
        .replace(/^ *image: debian.*\n/m, '    domain: legacy\n')
        .replace('memory: 512MiB', 'memory: 160MiB')
        .replace(/^ *disks:\n.*\n/m, ''),
  );
}
