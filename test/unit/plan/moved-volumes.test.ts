import t from 'tap';
import type { VolumeMark } from '../../../lib/model/volume-sight.js';
import { movedVolumes } from '../../../lib/plan/moved-volumes.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { planVolumes } from '../../../lib/plan/volume-plan.js';
import { topologyOf } from './hosts.js';

const PLACE = '/srv/own/plans-web-0.qcow2';
const OWN: VolumeMark = { topology: 'plans', vm: 'web', index: 0 };
const topology = topologyOf(
  ['networks:\n', 'storage: {own: {kind: local, path: /srv/own}}\nnetworks:\n'],
  ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
);

const IMAGE = {
  ...{ kind: 'there', format: 'qcow2', sizeBytes: 4 * 2 ** 30, allocatedBytes: 1 },
  ...{ backing: null, hasDataFile: false },
} as const;

/** By host: the mark of the image there; null: there is none. `home`: where the VM is defined. */
function hosts(marks: Readonly<Record<string, VolumeMark | null>>, home: readonly string[]): ObservedHost[] {
  return Object.entries(marks).map(([host, mark]) => ({
    host,
    volumes: [{ place: PLACE, image: mark === null ? { kind: 'absent' } : IMAGE, mark, freeBytes: null }],
    domains: home.includes(host) ? [{ name: 'web', owner: { topology: 'plans', vm: 'web' }, xml: '<domain/>' }] : [],
  })) as unknown as ObservedHost[];
}

const tidied = (marks: Record<string, VolumeMark | null>, home: readonly string[]) =>
  movedVolumes(topology, hosts(marks, home)).map(({ host, keep, remove }) => [host, keep.length, remove.length]);
const from = (host: string): VolumeMark => ({ ...OWN, from: host });

t.test('of two images that one goes which the VM is not at', async (t) => {
  t.same(
    tidied({ 'host-a': OWN, 'host-b': from('host-a') }, ['host-a']),
    [
      ['host-a', 0, 0],
      ['host-b', 0, 1],
    ],
    'unfinished',
  );
  t.same(
    tidied({ 'host-a': OWN, 'host-b': from('host-a') }, ['host-b']),
    [
      ['host-a', 0, 1],
      ['host-b', 1, 0],
    ],
    'left behind',
  );
});

t.test('nothing is touched where it is not clear whose the image is', async (t) => {
  const nothing = [
    ['host-a', 0, 0],
    ['host-b', 0, 0],
  ];
  t.same(tidied({ 'host-a': OWN, 'host-b': OWN }, ['host-a']), nothing, 'two whole ones');
  t.same(tidied({ 'host-a': OWN, 'host-b': from('host-a') }, []), nothing, 'the VM is not defined');
  t.same(tidied({ 'host-a': OWN, 'host-b': from('host-a') }, ['host-a', 'host-b']), nothing, 'at both');
  t.same(tidied({ 'host-a': null, 'host-b': from('host-a') }, ['host-a']), nothing, 'the VM’s own image is gone');
  t.same(tidied({ 'host-a': OWN, 'host-b': from('host-c') }, ['host-a']), nothing, 'copied from elsewhere');
  t.same(tidied({ 'host-a': OWN, 'host-b': { ...from('host-a'), vm: 'db' } }, ['host-a']), nothing, 'another VM’s');
});

t.test('no second image is made where another host has the VM’s', async (t) => {
  const plan = (mark: VolumeMark) => {
    const [here, there] = hosts({ 'host-a': null, 'host-b': mark }, []);
    if (here === undefined || there === undefined) throw new Error('two');
    return planVolumes(topology, here, { isDefined: () => false, baseOf: () => '/base', others: [here, there] });
  };
  t.throws(() => plan(OWN), {
    code: 'HOST_UNFIT',
    message: /disk 1 of web is on host-b, and the file says host-a/,
    hint: /host: host-b/,
  });
  t.throws(() => plan(from('host-a')), { message: /a copy on its way from host-a/ });
  t.match(plan({ ...OWN, vm: 'db' }).changes, [{ action: 'create' }]);
});
