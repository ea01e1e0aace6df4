import t from 'tap';
import type { VolumeMark } from '../../../lib/model/volume-sight.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { plannedMigrations } from '../../../lib/plan/planned-migrations.js';
import { topologyOf } from './hosts.js';

const OWN: VolumeMark = { topology: 'plans', vm: 'web', index: 0 };
const MOVED: VolumeMark = { ...OWN, from: 'host-a' };
const topologyWith = (kind: string) =>
  topologyOf(
    ['networks:\n', `storage: {own: {kind: ${kind}, path: /srv/own}}\nnetworks:\n`],
    ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
  );

/** Where the VM is defined, and is off; and whose image each host has. */
function hosts(defined: readonly string[], marks: Readonly<Record<string, VolumeMark>>): ObservedHost[] {
  return ['host-a', 'host-b'].map((host) => ({
    host,
    volumes: [
      {
        place: '/srv/own/plans-web-0.qcow2',
        image: { kind: marks[host] === undefined ? 'absent' : 'there' },
        mark: marks[host] ?? null,
      },
    ],
    domains: defined.includes(host)
      ? [{ name: 'web', state: 'shut off', owner: { topology: 'plans', vm: 'web' }, xml: '<domain/>' }]
      : [],
  })) as unknown as ObservedHost[];
}

t.test('a VM that has ended is started where its disks have come to, and moves from there', async (t) => {
  const both = { 'host-a': OWN, 'host-b': MOVED };
  t.match(plannedMigrations(topologyWith('local'), hosts(['host-b'], both)), [
    { vm: 'web', from: 'host-b', to: 'host-a', why: /^its disks are on host-b, where it is started/ },
  ]);
  t.same(plannedMigrations(topologyWith('local'), hosts(['host-a'], both)), [], 'it is where it is to be');
  t.same(plannedMigrations(topologyWith('local'), hosts(['host-b'], { 'host-a': OWN })), [], 'its image is gone');
  t.same(plannedMigrations(topologyWith('shared'), hosts(['host-b'], both)), [], 'each host has its disks');
});

t.test('where two hosts have its definition nobody says which image is the newer', async (t) => {
  const found = hosts(['host-a', 'host-b'], { 'host-a': OWN, 'host-b': MOVED });
  t.throws(() => plannedMigrations(topologyWith('local'), found), {
    code: 'HOST_UNFIT',
    message: /web is off, and is defined on host-a and host-b/,
    hint: /virsh undefine --keep-nvram --domain web/,
  });
});
