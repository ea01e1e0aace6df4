import t from 'tap';
import { type MountPoint, type MountSight, NO_MOUNTS } from '../../../lib/model/mount.js';
import type { ImageSight } from '../../../lib/model/volume-sight.js';
import { volumesOf } from '../../../lib/plan/disk-xml.js';
import { planMounts } from '../../../lib/plan/mount-plan.js';
import { planVolumes } from '../../../lib/plan/volume-plan.js';
import { placeText } from '../../../lib/storage/place-text.js';
import { appliedHosts, freshHosts, planned, topologyOf } from './hosts.js';

const topology = (storage: string) =>
  topologyOf(
    ['networks:\n', `storage: {pool: {kind: nfs, server: nas, export: /srv/vms/, ${storage}}}\nnetworks:\n`],
    ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
  );
const MOUNTED = topology('client: kernel, path: /srv/pool');
const PLACE = '/srv/pool/plans-web-0.qcow2';
const STEP = {
  ...{ topology: 'plans', storage: 'pool', source: 'nas:/srv/vms', path: '/srv/pool', options: 'hard,vers=4.2' },
};
const POINT: MountPoint = { id: '77', path: '/srv/pool', type: 'nfs4', source: 'nas:/srv/vms', options: ['rw'] };
const OWN = { storage: 'pool', id: '77', path: '/srv/pool' };
const ABLE = { ...NO_MOUNTS, hasClient: true, hasHelper: true };

const plan = (mounts: Partial<MountSight>, file = MOUNTED, domains = appliedHosts(topologyOf())[0]?.domains ?? []) =>
  planMounts(file, { host: 'host-a', mounts: { ...ABLE, ...mounts }, domains });

t.test(
  'with `client: kernel` a disk is a file below the mount, on every host the same; else a server asked by QEMU',
  async (t) => {
    const placeOf = (file: typeof MOUNTED) =>
      file.vms.flatMap((vm) => volumesOf(file, vm).map(({ place }) => placeText(place)));
    t.strictSame(placeOf(MOUNTED), [PLACE]);
    const asked = topology('path: /srv/pool');
    t.strictSame(placeOf(asked), ['nfs://nas/srv/vms/plans-web-0.qcow2']);
    t.strictSame(plan({}, asked).mounts, [], 'a path alone mounts nothing');
    t.match(planned(asked, freshHosts(asked)).warnings, [
      /nothing is mounted at \/srv\/pool.*`client: kernel` mounts it/,
    ]);
  },
);

t.test('what is not mounted is mounted; what is mounted already is taken, whoever did it', async (t) => {
  t.match(plan({}), { mounts: [STEP], changes: [{ kind: 'mount', name: '/srv/pool', action: 'create' }] });
  const nothing = { mounts: [], unmounts: [], changes: [] };
  t.match(plan({ points: [POINT], marks: [OWN] }), nothing);
  t.match(plan({ points: [{ ...POINT, source: 'nas:/srv/vms/' }], hasClient: false }), nothing, 'somebody else did it');
  t.match(plan({ points: [POINT], others: ['/srv/pool'] }).mounts, [STEP], 'another topology’s is noted as needed');
});

t.test('a place that is taken, and a host that cannot, are refused before anything is touched', async (t) => {
  const below = { ...POINT, source: 'nas:/srv/vms/below' };
  for (const points of [
    [below],
    [{ ...POINT, type: 'ext4', source: '/dev/sdb' }],
    [POINT, { ...POINT, type: 'tmpfs' }],
  ])
    t.throws(() => plan({ points }), { code: 'CLASH', hint: /^Nothing was changed/ });
  t.throws(() => plan({ filled: ['/srv/pool'] }), { code: 'CLASH', message: /there is something in that directory/ });
  const unable = (mounts: Partial<MountSight>, message: RegExp, hint: RegExp) =>
    t.throws(() => plan(mounts), { code: 'HOST_UNFIT', message, hint });
  unable(
    { hasClient: false },
    /the kernel of host-a has no NFS client/,
    /^Nothing was changed.*leave `client: kernel`/,
  );
  unable({ hasHelper: false }, /host-a has no mount\.nfs/, /`apt-get install nfs-common` on host-a/);
  unable({ points: [{ ...POINT, options: ['rw', 'soft'] }] }, /with the option soft/, /umount/);
});

t.test('what vxmig has mounted goes when no VM of anybody needs it', async (t) => {
  const without = topologyOf();
  t.match(plan({ points: [POINT], marks: [OWN] }, without), {
    unmounts: [{ topology: 'plans', storage: 'pool', path: '/srv/pool' }],
    changes: [{ kind: 'mount', action: 'delete' }],
  });
  t.strictSame(plan({ points: [POINT] }, without).unmounts, [], 'what others have mounted is theirs');
  const [domain] = appliedHosts(topologyOf())[0]?.domains ?? [];
  if (domain === undefined) throw new Error('no domain');
  const disk = "<disk type='file' device='disk'><source file='/srv/pool/x'/><target dev='vda'/></disk>";
  const xml = `<domain><devices>${disk}</devices></domain>`;
  const foreign = { ...domain, name: 'other', owner: null, xml };
  t.strictSame(
    plan({ points: [POINT], marks: [OWN] }, without, [foreign]).unmounts,
    [],
    'one of others has a disk there',
  );
});

t.test('of an image on what is not mounted yet nothing is said to be lost, nor taken for absent', async (t) => {
  const sight = (image: ImageSight, host = 'host-a') => ({
    host,
    volumes: [{ place: PLACE, image, mark: null, freeBytes: null }],
  });
  const volumes = (isDefined: boolean) =>
    planVolumes(MOUNTED, sight({ kind: 'unmounted' }), { isDefined: () => isDefined, baseOf: () => '/b', others: [] });
  t.match(volumes(false).changes, [{ kind: 'disk', why: /when its storage is mounted/ }]);
  t.match(volumes(true), { changes: [], steps: [] });
});
