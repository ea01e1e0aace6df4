import t from 'tap';
import type { VmSight } from '../../../lib/compute/driver.js';
import { check } from '../../../lib/migration/check.js';
import type { Outlook } from '../../../lib/migration/migration.js';
import { Negotiation } from '../../../lib/migration/negotiate.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { answerRequest } from '../../../lib/negotiate/exchange.js';
import { outlook } from '../negotiate/ends.js';
import { topologyOf } from '../plan/hosts.js';
import { partsOf, runOf, sight } from './run.js';

const TOPOLOGY = topologyOf(['probes:\n  - {from: host-c, to: web}\n', 'probes: []\n']);

/** web on host-a, seen like that, with that outlook on host-b. */
function checking(seen: Partial<VmSight>, changes: Partial<Outlook>) {
  const hosts = TOPOLOGY.hosts.map(({ name }) =>
    partsOf(name, {
      vms: {
        look: async () => (name === 'host-a' ? sight(seen) : null),
        macRival: async () => null,
      },
      observer: { measureClock: async () => ({ offsetMs: 0, errorMs: 1 }) },
    }),
  );
  const lookAhead = async () => outlook(changes);
  const { run, warnings } = runOf({ topology: TOPOLOGY, hosts, run: { lookAhead } });
  /** As a migration begins. */
  const begin = async () => {
    const negotiation = new Negotiation(run);
    await check(run, () => negotiation.foreseen());
    await negotiation.make();
  };
  return { begin, warnings };
}

t.test('what comes along, and not as it was, is told once it is seen that the VM can move', async (t) => {
  const { begin, warnings } = checking({}, { remarks: ['its connections end'] });
  await begin();
  t.strictSame(warnings(), ['its connections end']);
});

t.test('what keeps the VM and what is in its way are told together', async (t) => {
  const obstacle = new VxmigError('HOST_UNFIT', 'web cannot move to host-b: a snapshot', { hint: 'Forget it.' });
  const { request, offers } = outlook();
  const kept = { code: 'HOST_UNFIT', feature: 'snapshot', host: 'host-a', wanted: '', has: '' } as const;
  const answer = answerRequest(request, offers, [{ ...kept, why: 'a snapshot', fix: 'Forget it.' }]);
  const refused = { obstacle, answer, storage: null, remarks: ['its connections end'] };
  const paused = { state: 'paused', reason: 'user' };
  const both = checking(paused, refused);
  await t.rejects(both.begin(), {
    code: 'HOST_UNFIT',
    message: /^web is paused on host-a \(by its user\).*; web cannot move to host-b: a snapshot$/,
    hint: /virsh resume.*Forget it\.$/,
  });
  t.strictSame(both.warnings(), [], 'nobody is told of what then does not happen');
  await t.rejects(checking(paused, {}).begin(), { message: /is paused on host-a.* like that$/ });
  const late = checking({}, refused);
  await t.rejects(late.begin(), { message: 'web cannot move to host-b: snapshot: a snapshot' });
  t.strictSame(late.warnings(), []);
});

t.test('a look that fails hides nothing of what keeps the VM', async (t) => {
  const hosts = TOPOLOGY.hosts.map(({ name }) =>
    partsOf(name, {
      vms: { look: async () => (name === 'host-a' ? sight({ state: 'paused' }) : null), macRival: async () => null },
      observer: { measureClock: async () => ({ offsetMs: 0, errorMs: 1 }) },
    }),
  );
  const lookAhead = async () => {
    throw new VxmigError('SSH_CONNECT', 'host-b does not answer');
  };
  const { run } = runOf({ topology: TOPOLOGY, hosts, run: { lookAhead } });
  const negotiation = new Negotiation(run);
  await t.rejects(
    check(run, () => negotiation.foreseen()),
    { code: 'HOST_UNFIT', message: /is paused on host-a/ },
  );
});
