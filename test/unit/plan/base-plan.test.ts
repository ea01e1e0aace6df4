import t from 'tap';
import type { BaseSight } from '../../../lib/model/base-image.js';
import type { Vm } from '../../../lib/model/topology.js';
import type { VolumeSight } from '../../../lib/model/volume-sight.js';
import {
  basePath,
  DEBIAN_IMAGE,
  type FoundBase,
  planUploads,
  uploadPath,
  wantedBases,
} from '../../../lib/plan/base-plan.js';
import { topologyOf } from './hosts.js';

const PLACE = '/srv/pool/plans-web-0.qcow2';
const DIGEST = 'a'.repeat(64);
const THERE: BaseSight = { kind: 'there', format: 'qcow2', sizeBytes: 4 * 2 ** 30, fileBytes: 3 * 2 ** 20 };
const ABSENT: BaseSight = { kind: 'absent' };

const topology = topologyOf(
  ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool/}}\nnetworks:\n'],
  ['image: micro', 'image: /srv/images/base.qcow2\n    upload: true\n    disks: [{size: 4GiB}]'],
);
const [web] = topology.vms as [Vm];

const base = (change: Partial<FoundBase>): FoundBase => ({
  host: 'host-a',
  path: uploadPath(DIGEST, 'qcow2'),
  sight: ABSENT,
  here: { path: '/home/me/base.qcow2', sight: THERE, digest: DIGEST },
  ...change,
});
const pathOf = (change: Partial<FoundBase>) => basePath(web, new Map([['web', base(change)]]));
const uploadsOf = (change: Partial<FoundBase>) => {
  const step = { place: PLACE, format: 'qcow2', sizeBytes: null, base: base(change).path } as const;
  const mark = { topology: 'plans', vm: 'web', index: 0 };
  return planUploads('host-a', [{ ...step, mark }], new Map([['web', base(change)]]));
};

t.test('an image is looked for only where a disk has to be made', async (t) => {
  const wanted = (image: VolumeSight['image']) =>
    wantedBases(topology, [{ host: 'host-a', volumes: [{ place: PLACE, image, mark: null, freeBytes: null }] }]);
  t.match(wanted({ kind: 'absent' }), [{ image: { kind: 'upload', path: '/srv/images/base.qcow2' } }]);
  t.strictSame(
    wanted({ kind: 'there', format: 'qcow2', sizeBytes: 1, backing: null, allocatedBytes: 1, hasDataFile: false }),
    [],
  );
  t.strictSame(wantedBases(topologyOf(), [{ host: 'host-a', volumes: [] }]), [], 'the lab’s own guest has none');
});

t.test('what the host has not is sent there, and named by what is in it', async (t) => {
  const place = `/var/lib/vxmig/images/uploads/${DIGEST}.qcow2`;
  t.equal(pathOf({}), place);
  const { uploads, changes } = uploadsOf({});
  t.strictSame(uploads, [{ source: '/home/me/base.qcow2', place, digest: DIGEST, fileBytes: 3 * 2 ** 20 }]);
  t.match(changes, [{ host: 'host-a', kind: 'image', name: place, action: 'create', why: /3 MiB .*base\.qcow2/ }]);
  t.strictSame(uploadsOf({ sight: THERE }).uploads, [], 'once');
  t.strictSame(planUploads('host-b', [], new Map([['web', base({})]])).uploads, []);
});

t.test('what cannot be taken is told with the way out, before anything is touched', async (t) => {
  type Told = Record<'code' | 'message' | 'hint', string | RegExp>;
  const refused = (change: Partial<FoundBase>, error: Partial<Told>) => t.throws(() => pathOf(change), error as Told);
  const here = { path: '/home/me/base.qcow2', sight: ABSENT, digest: '' };
  refused({ here }, { code: 'NOT_FOUND', message: /web is not here: \/home\/me\/base\.qcow2/ });
  refused(
    { path: '/srv/base.qcow2', here: null },
    { code: 'HOST_UNFIT', message: /not on host-a: \/srv\/base\.qcow2/, hint: /`upload: true`/ },
  );
  refused({ path: DEBIAN_IMAGE, here: null }, { code: 'HOST_UNFIT', hint: /`vxmig image debian`/ });
  const bad: BaseSight = { kind: 'refused', why: 'it lies on another image (backing file)' };
  refused({ path: '/srv/b', sight: bad, here: null }, { message: /\/srv\/b on host-a, is not taken: it lies on/ });
  refused({ here: { ...here, sight: bad } }, { message: /base\.qcow2 here, is not taken/, hint: /qemu-img convert/ });
  refused({ sight: { ...THERE, sizeBytes: 5 * 2 ** 30 } }, { message: /4 GiB, and its image has 5 GiB/ });
});
