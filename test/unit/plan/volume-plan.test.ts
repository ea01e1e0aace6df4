import t from 'tap';
import type { ImageSight, VolumeSight } from '../../../lib/model/volume-sight.js';
import type { VolumeStep } from '../../../lib/model/volume-step.js';
import { volumesOf } from '../../../lib/plan/disk-xml.js';
import { planVolumes } from '../../../lib/plan/volume-plan.js';
import { madeBy, madeFor } from '../../../lib/plan/volume-removal.js';
import { placeText } from '../../../lib/storage/place-text.js';
import { topologyOf } from './hosts.js';

const PLACE = '/srv/pool/plans-web-0.qcow2';
const BASE = '/srv/images/base.qcow2';
const MARK = { topology: 'plans', vm: 'web', index: 0 };
const THERE = {
  ...{ kind: 'there', format: 'qcow2', sizeBytes: 4 * 2 ** 30, allocatedBytes: 2 ** 20 },
  ...{ backing: null, hasDataFile: false },
} as const satisfies ImageSight;

const topology = topologyOf(
  ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool/}}\nnetworks:\n'],
  ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
);

const NEW = { isDefined: () => false, baseOf: () => BASE, others: [] };

function planned(sight: Partial<VolumeSight>, isDefined = false) {
  const volumes = [{ place: PLACE, image: THERE, mark: MARK, freeBytes: null, ...sight }];
  return planVolumes(topology, { host: 'host-a', volumes }, { ...NEW, isDefined: () => isDefined });
}

t.test('each disk has one place, the same whoever asks', async (t) => {
  const [web] = topology.vms;
  if (web === undefined) throw new Error('no VM');
  t.strictSame(
    volumesOf(topology, web).map(({ place }) => placeText(place)),
    [PLACE],
  );
});

t.test('one that is not there is made, of its image', async (t) => {
  const { changes, steps } = planned({ image: { kind: 'absent' }, mark: null });
  t.match(changes, [{ host: 'host-a', kind: 'disk', name: PLACE, action: 'create' }]);
  t.strictSame(steps, [
    {
      place: PLACE,
      format: 'qcow2',
      sizeBytes: 4 * 2 ** 30,
      base: BASE,
      mark: MARK,
    },
  ]);
});

t.test('one that is there is left alone, also where the file now says another size or format', async (t) => {
  t.strictSame(planned({}), { changes: [], steps: [], warnings: [] });
  const other = planned({ image: { ...THERE, format: 'raw', sizeBytes: 2 * 2 ** 30 } });
  t.strictSame(other.steps, []);
  t.match(other.warnings, [
    /is raw, and the file says qcow2: it is left as it is/,
    /2 GiB.*4 GiB: it is left as it is/,
  ]);
});

t.test('a VM that is defined and whose disk is gone gets no empty one', async (t) => {
  t.throws(() => planned({ image: { kind: 'absent' }, mark: null }, true), { code: 'HOST_UNFIT', message: /is gone/ });
});

t.test('what somebody else has made there is not taken, whoever it was', async (t) => {
  t.throws(() => planned({ mark: null }), { code: 'CLASH', message: /vxmig has not made it/ });
  t.throws(() => planned({ mark: { ...MARK, topology: 'other' } }), { code: 'CLASH', message: /of web of other/ });
  t.throws(() => planned({ mark: { ...MARK, index: 1 } }), { code: 'CLASH', message: /disk 2 of web of plans/ });
});

t.test('one that cannot be read is no absent one', async (t) => {
  t.throws(() => planned({ image: { kind: 'silent', why: 'Stale file handle' } }), {
    code: 'HOST_UNFIT',
    message: /Stale file handle/,
  });
});

t.test('of what is to be removed each image is the affair of one host, and others keep theirs', async (t) => {
  const seen = (mark: VolumeSight['mark']) => [{ place: PLACE, image: THERE, mark, freeBytes: null }];
  const hosts = ['host-a', 'host-b'].map((host) => ({ host, volumes: seen(MARK) }));
  t.strictSame(
    [...madeFor(topology, hosts)],
    [
      ['host-a', [{ place: PLACE, mark: MARK }]],
      ['host-b', []],
    ],
  );
  for (const mark of [null, { ...MARK, topology: 'other' }])
    t.strictSame([...madeFor(topology, [{ host: 'host-a', volumes: seen(mark) }])], [['host-a', []]]);
});

t.test('an apply that did not come to its end takes back what it has made, and nothing that was there', async (t) => {
  const now = { host: 'host-a', volumes: [{ place: PLACE, image: THERE, mark: MARK, freeBytes: null }] };
  const { steps } = planned({ image: { kind: 'absent' }, mark: null });
  t.strictSame(madeBy({ volumes: steps }, 'plans', now), [{ place: PLACE, mark: MARK }]);
  t.strictSame(madeBy({ volumes: [] }, 'plans', now), []);
});

t.test(
  'on a server that no host mounts an image is made as well, and an apply that fails cannot remove it',
  async (t) => {
    const nfs = topologyOf(
      ['networks:\n', 'storage: {pool: {kind: nfs, server: 198.18.9.10, export: /srv/vms/}}\nnetworks:\n'],
      ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
    );
    const place = 'nfs://198.18.9.10/srv/vms/plans-web-0.qcow2';
    const sight = (image: ImageSight, mark: VolumeSight['mark']) => ({
      host: 'host-a',
      volumes: [{ place, image, mark, freeBytes: null }],
    });
    const { steps } = planVolumes(nfs, sight({ kind: 'absent' }, null), NEW);
    t.match(steps, [{ place, mark: MARK }]);
    const now = sight(THERE, MARK);
    t.strictSame(madeBy({ volumes: steps as VolumeStep[] }, 'plans', now), []);
    t.match(madeFor(nfs, [now]).get('host-a'), [{ place }]);
    t.throws(() => planVolumes(nfs, sight(THERE, null), NEW), { code: 'CLASH' });
    t.throws(() => planVolumes(nfs, sight({ kind: 'half-made' }, null), NEW), {
      code: 'HOST_UNFIT',
      message: /disk 1 of web is half made/,
      hint: /on the server 198\.18\.9\.10: `rm -- \/srv\/vms\/plans-web-0\.qcow2 \/srv\/vms\/plans-web-0\.qcow2\.v/,
    });
    t.throws(() => planVolumes(nfs, sight({ kind: 'undriven', driver: 'nfs' }, null), NEW), {
      code: 'HOST_UNFIT',
      message: /QEMU on host-a has no driver for nfs, which disk 1 of web needs/,
      hint: /Nothing was changed\. `apt-get install qemu-block-extra` on host-a/,
    });
  },
);
