import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import type { ImageSight, VolumeMark, VolumeSight } from '../../../lib/model/volume-sight.js';
import { judgeCopies } from '../../../lib/plan/disk-copies.js';
import { diskParts } from '../../../lib/plan/disk-parts.js';
import { notShared } from '../../../lib/plan/move-obstacle.js';
import { wantedCopies } from '../../../lib/plan/wanted-copies.js';
import { topologyOf } from './hosts.js';

const MIB = 2 ** 20;
const MOVE = { vm: 'web', shellDomain: 'web', from: 'host-a', to: 'host-b' };
const PATH = '/srv/own/plans-web-0.qcow2';
const OWN: VolumeMark = { topology: 'plans', vm: 'web', index: 0 };
const ARRIVING: VolumeMark = { ...OWN, from: 'host-a' };

const topology = topologyOf(
  ['networks:\n', 'storage: {own: {kind: local, path: /srv/own}}\nnetworks:\n'],
  ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
);
const definition = (below = '', format = 'qcow2') =>
  DomainDefinition.parse(`<domain><devices><disk type='file' device='disk'>
    <driver name='qemu' type='${format}'/><source file='${PATH}'/>${below}
    <target dev='vda' bus='virtio'/><alias name='virtio-disk0'/></disk></devices></domain>`);
const BASE = "<backingStore type='file'><format type='raw'/><source file='/srv/base'/></backingStore>";

/** What is wanted of a VM whose disks the destination does not see. */
function wanted({ below = '', copyStorage = null as 'all' | 'inc' | null, kind = 'local', format = 'qcow2' } = {}) {
  const of = kind === 'local' ? topology : { ...topology, storage: [{ ...topology.storage[0], kind }] as never };
  const [vm] = of.vms;
  if (vm === undefined) throw new Error('no VM');
  const parts = diskParts(definition(below, format));
  const asked = { ...vm, migration: { ...vm.migration, copyStorage } };
  return wantedCopies(
    { topology: of, vm: asked, from: 'host-a', definition: definition(below, format) },
    parts,
    parts.map((part) => notShared(MOVE, part, 'is not there')),
  );
}

const image = (change: Partial<Extract<ImageSight, { kind: 'there' }>> = {}): ImageSight => ({
  ...{ kind: 'there', format: 'qcow2', sizeBytes: 4096 * MIB, allocatedBytes: 400 * MIB },
  ...{ backing: null, hasDataFile: false, ...change },
});
const ABSENT: ImageSight = { kind: 'absent' };
const volume = (seen: ImageSight, mark: VolumeMark | null = null, freeBytes: number | null = null): VolumeSight => ({
  ...{ place: PATH, image: seen, mark, freeBytes },
});

interface Given {
  readonly here?: VolumeSight;
  readonly there?: VolumeSight;
  readonly of?: ReturnType<typeof wanted>;
  readonly same?: readonly string[];
}

function judged({ here = volume(image(), OWN), there = volume(ABSENT), of = wanted(), same = [] }: Given) {
  const baseBytes = new Map([['/srv/base', 300 * MIB]]);
  return judgeCopies(MOVE, of, { source: [here], destination: [there], baseBytes, sameBases: new Set(same) });
}

t.test('what goes along by its storage, and what only on request', async (t) => {
  t.match(wanted(), [{ target: 'vda', path: PATH, how: 'either', job: 'drive-virtio-disk0', own: OWN }]);
  t.same(wanted({ kind: 'shared' }), [], 'a directory that should be shared, and is not, is a mistake');
  t.match(wanted({ kind: 'shared', copyStorage: 'all' }), [{ how: 'all' }]);
});

t.test('an image of vxmig’s is copied, and is then marked as there', async (t) => {
  const { copies, obstacles, parts } = judged({});
  t.same(obstacles, []);
  t.same([...parts], [0]);
  t.match(copies, [
    {
      ...{ target: 'vda', format: 'qcow2', sizeBytes: 4096 * MIB, neededBytes: 464 * MIB, base: null },
      ...{ arriving: ARRIVING, replaces: [ARRIVING], own: { before: OWN, after: OWN } },
    },
  ]);
  t.match(judged({ here: volume(image()) }).copies, [{ own: null }], 'one without a mark is somebody’s, and stays');
});

t.test('nothing at the destination is overwritten but what a cut-off copy has left', async (t) => {
  const refusal = (mark: VolumeMark | null) => judged({ there: volume(image(), mark) }).obstacles[0]?.why;
  t.match(refusal(null), /is there already, and vxmig has not made it/);
  t.match(refusal(OWN), /is there already, and it is disk 1 of web of plans/);
  t.match(refusal({ ...ARRIVING, from: 'host-c' }), /on its way from host-c/);
  t.match(refusal({ ...ARRIVING, vm: 'db' }), /disk 1 of db/);
  t.match(judged({ there: volume({ kind: 'silent', why: 'no' }) }).obstacles, [{ why: /cannot be read: no/ }]);
  t.same(refusal(ARRIVING), undefined);
  // It came from there, and that was not tidied yet.
  const back = judged({ here: volume(image(), { ...OWN, from: 'host-b' }), there: volume(image(), OWN) });
  t.match(back, {
    obstacles: [],
    copies: [{ replaces: [ARRIVING, OWN], own: { before: { from: 'host-b' }, after: OWN } }],
  });
});

t.test('what cannot be copied is named', async (t) => {
  const why = (here: VolumeSight) => judged({ here }).obstacles[0]?.why;
  t.match(why(volume(ABSENT)), /cannot be copied from host-a: it is not there/);
  t.match(judged({ of: wanted({ format: 'vmdk' }) }).obstacles, [{ why: /is vmdk on host-a/ }]);
  const liar = { here: volume(image({ format: 'qcow2' }), OWN), of: wanted({ format: 'raw' }) };
  t.match(judged(liar).copies, [{ format: 'raw' }], 'a guest can write what it likes to its raw disk');
  t.match(why(volume(image({ hasDataFile: true }))), /keeps its data in another file/);
  t.match(judged({ there: volume(ABSENT, null, 463 * MIB) }).obstacles, [
    { why: /host-b has no room for vda of web: 464 MiB are needed in \/srv\/own, and 463 MiB are free/ },
  ]);
});

t.test('a base that both hosts have is not copied; one that differs is, or refused', async (t) => {
  const here = volume(image({ backing: { path: '/srv/base', format: 'raw' } }), OWN);
  const given = { here, of: wanted({ below: BASE }) };
  t.match(judged({ ...given, same: ['/srv/base'] }).copies, [
    { base: { path: '/srv/base', format: 'raw' }, neededBytes: 464 * MIB },
  ]);
  t.match(judged(given).copies, [{ base: null, neededBytes: 764 * MIB }], 'all of it, then');
  t.same([...judged(given).parts], [0, 1], 'nobody complains of the base any more');
  const all = { here, of: wanted({ below: BASE, copyStorage: 'all' }), same: ['/srv/base'] };
  t.match(judged(all).copies, [{ base: null }]);
  const inc = { here, of: wanted({ below: BASE, copyStorage: 'inc' }) };
  t.match(judged(inc).obstacles, [{ why: /lies on \/srv\/base, which host-b does not have as host-a has it/ }]);
  const [one] = wanted({ below: BASE });
  if (one === undefined) throw new Error('none');
  const other = { ...one, part: 2, target: 'vdb', bases: [{ part: 3, path: '/srv/other', isProven: false }] };
  const both = judgeCopies(MOVE, [one, other], {
    ...{ source: [here, here], destination: [volume(ABSENT), volume(ABSENT)] },
    ...{ baseBytes: new Map(), sameBases: new Set(['/srv/base']) },
  });
  t.match(both.copies, [{ base: null }, { base: null }], 'libvirt copies all of them in one way');
  const unsaid = volume(image({ backing: { path: '/srv/base', format: null } }), OWN);
  t.match(judged({ ...given, here: unsaid, same: ['/srv/base'] }).obstacles, [{ why: /in which format its base is/ }]);
});
