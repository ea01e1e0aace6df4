import t from 'tap';
import type { VmSight } from '../../../lib/compute/driver.js';
import { check } from '../../../lib/migration/check.js';
import type { Outlook } from '../../../lib/migration/migration.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { topologyOf } from '../plan/hosts.js';
import { OUTLOOK, partsOf, runOf, sight } from './run.js';

const TOPOLOGY = topologyOf(['probes:\n  - {from: host-c, to: web}\n', 'probes: []\n']);

/** web on host-a, seen like that, with that outlook on host-b. */
function checking(seen: Partial<VmSight>, outlook: Partial<Outlook>) {
  const hosts = TOPOLOGY.hosts.map(({ name }) =>
    partsOf(name, {
      vms: {
        look: async () => (name === 'host-a' ? sight(seen) : null),
        availableMemoryBytes: async () => 2 ** 30,
        macRival: async () => null,
      },
      observer: { measureClock: async () => ({ offsetMs: 0, errorMs: 1 }) },
    }),
  );
  const lookAhead = async () => ({ ...OUTLOOK, ...outlook });
  return runOf({ topology: TOPOLOGY, hosts, run: { lookAhead } });
}

t.test('what comes along, and not as it was, is told once it is seen that the VM can move', async (t) => {
  const { run, warnings } = checking({}, { remarks: ['its connections end'] });
  await check(run);
  t.strictSame(warnings(), ['its connections end']);
});

t.test('what keeps the VM and what is in its way are told together', async (t) => {
  const obstacle = new VxmigError('HOST_UNFIT', 'web cannot move to host-b: a snapshot', { hint: 'Forget it.' });
  const paused = { state: 'paused', reason: 'user' };
  const both = checking(paused, { obstacle, storage: null, remarks: ['its connections end'] });
  await t.rejects(check(both.run), {
    code: 'HOST_UNFIT',
    message: /^web is paused on host-a \(by its user\).*; web cannot move to host-b: a snapshot$/,
    hint: /virsh resume.*Forget it\.$/,
  });
  t.strictSame(both.warnings(), [], 'nobody is told of what then does not happen');
  await t.rejects(check(checking(paused, {}).run), { message: /is paused on host-a.* like that$/ });
  await t.rejects(check(checking({}, { obstacle, storage: null }).run), { message: obstacle.message });
});
