import t from 'tap';
import type { Eyes } from '../../../lib/grade/eyes.js';
import { faultOf, isFound } from '../../../lib/grade/find-text.js';
import { KIND_NAMES, KINDS } from '../../../lib/grade/kinds.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE, sampleWith } from '../topology/sample.js';

const TOPOLOGY = parseTopology(SAMPLE, 'sample.yaml');
/** In which db has an address that nobody else has. */
const DISTINCT = parseTopology(
  sampleWith('00:02", address: 10.9.0.1/24', '00:02", address: 10.9.0.7/24'),
  'sample.yaml',
);

/** What the hosts would answer: only verdicts are tested here. */
function seeing(answers: Partial<Eyes>, topology = TOPOLOGY) {
  return { submission: topology, reference: topology, eyes: answers as Eyes, negative: false };
}

/** Whether each fact holds. */
async function verdicts(
  sight:
    | Promise<{ readonly facts: readonly { readonly holds: boolean | null }[] }>
    | { readonly facts: readonly { readonly holds: boolean | null }[] },
) {
  return (await sight).facts.map(({ holds }) => holds);
}

t.test('every kind says how its answer is the same each time', async (t) => {
  for (const name of KIND_NAMES) t.ok(KINDS[name].steadiness.length > 20, name);
});

t.test('silence is isolation only where the witness answers', async (t) => {
  const { look } = KINDS.isolated;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const wanted = { from: 'host-b', to: 'db', witness: 'web' };
  const answering = (...vms: readonly string[]) =>
    seeing(
      {
        ping: async ({ to, count }) => [{ address: '10.9.0.1', sent: count, received: vms.includes(to) ? count : 0 }],
      },
      DISTINCT,
    );
  t.strictSame(await verdicts(look.see(wanted, answering('web'))), [true, true]);
  t.strictSame(await verdicts(look.see(wanted, answering('web', 'db'))), [true, false]);
  t.strictSame(await verdicts(look.see(wanted, answering())), [null, true], 'nobody answers: nothing is proven');
  const lone = { from: 'web', to: 'db', witness: 'db' };
  t.strictSame(await verdicts(look.see(lone, answering('db'))), [null], 'whom it cannot meet is no witness');
  await t.rejects(look.see(wanted, seeing({})), /web has an address of VM db/, 'who would answer in its place');
});

t.test('tunnels are those that the reference’s mesh has, with its VNI and far ends', async (t) => {
  const { look } = KINDS.tunnel;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const bridges = (vni: number, remoteOfA: string) =>
    seeing({
      bridge: async (host) => ({
        name: 'br',
        vms: [],
        tunnels: [{ port: 'vx', vni, remote: host === 'host-a' ? remoteOfA : '198.18.1.10' }],
      }),
    });
  t.strictSame(await verdicts(look.see({ network: 'blue' }, bridges(5001, '198.18.2.10'))), [true, true]);
  t.strictSame(await verdicts(look.see({ network: 'blue' }, bridges(5001, '198.18.2.99'))), [false, true]);
  t.strictSame(await verdicts(look.see({ network: 'blue' }, bridges(5002, '198.18.2.10'))), [false, false]);
  t.strictSame(await verdicts(look.see({ network: 'blue' }, seeing({ bridge: async () => null }))), [null, null]);
});

t.test('to leave a host out leaves nothing out of what is asked of every host', async (t) => {
  const submission = { ...TOPOLOGY, hosts: TOPOLOGY.hosts.slice(0, 1) };
  const bridge = { name: 'br', vms: ['web'], tunnels: [] };
  const scene = { ...seeing({ bridge: async () => bridge, placeOf: async () => 'host-a' }), submission };
  const [bridges, tables] = [KINDS.bridge.look, KINDS.fdb.look];
  if (bridges.at !== 'hosts' || tables.at !== 'hosts') return t.fail('they need hosts');
  t.strictSame(await verdicts(bridges.see({ network: 'blue' }, scene)), [null, true]);
  t.strictSame(await verdicts(tables.see({ network: 'blue', vm: 'web' }, scene)), [null, true]);
  t.strictSame(await verdicts(bridges.see({ network: 'blue' }, { ...scene, reference: null })), [true]);
  t.strictSame(await verdicts(bridges.see({ network: 'blue', on: 'host-b' }, scene)), [null]);
});

t.test('a VM without a NIC in the network has no port there, and that is an answer', async (t) => {
  const { look } = KINDS.port;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const scene = seeing({ bridge: async () => ({ name: 'br', vms: ['web'], tunnels: [] }) });
  t.strictSame(await verdicts(look.see({ vm: 'web' }, scene)), [true]);
  t.strictSame(await verdicts(look.see({ vm: 'web', network: 'green' }, scene)), [null]);
});

t.test('a command that did not end as it should has said nothing, for its negation neither', async (t) => {
  const { look } = KINDS.command;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const wanted = { on: 'host-a', run: ['ip', 'link'], matches: '^br-blue' };
  const printing = (stdout: string, exit: number | null) => seeing({ run: async () => ({ stdout, exit }) });
  t.strictSame(await verdicts(look.see(wanted, printing('lo\nbr-blue up', 0))), [true]);
  t.strictSame(await verdicts(look.see(wanted, printing('lo', 0))), [false]);
  t.strictSame(await verdicts(look.see(wanted, printing('br-blue', 1))), [null]);
  t.strictSame(await verdicts(look.see(wanted, printing('br-blue', null))), [null]);
});

t.test('what the student’s topology lacks is a fact that holds for nobody', async (t) => {
  const { look } = KINDS.reach;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  t.strictSame(await verdicts(look.see({ from: 'host-b', to: 'mail' }, seeing({}))), [null]);
});

t.test('a text that lets a pattern backtrack without end is given up, and nothing is known', async (t) => {
  t.equal(faultOf('(a'), '/(a/mu: Unterminated group');
  t.equal(faultOf('^(\\w+\\s?)*$'), null);
  t.equal(isFound('^second$', 'first\nsecond\n'), true);
  t.throws(() => isFound('^(\\w+\\s?)*$', `${'a'.repeat(60)}!`), /took more than/);
  t.equal(isFound('end$', `${'x'.repeat(70_000)}end`), false, 'beyond 64 KiB nothing is looked at');
});
