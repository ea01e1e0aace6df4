import t from 'tap';
import type { Eyes, TracedWay } from '../../../lib/grade/eyes.js';
import { faultOf, isFound } from '../../../lib/grade/find-text.js';
import { KIND_NAMES, KINDS } from '../../../lib/grade/kinds.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE, sampleWith } from '../topology/sample.js';

const TOPOLOGY = parseTopology(SAMPLE, 'sample.yaml');
/** In which db has an address that nobody else has. */
const DISTINCT = parseTopology(
  sampleWith('00:02", address: 10.9.0.1/24', '00:02", address: 10.9.0.7/24'),
  'sample.yaml',
);

/** What the hosts would answer: only verdicts are tested here. */
function seeing(answers: Partial<Eyes>, topology = TOPOLOGY, { negative = false } = {}) {
  return { submission: topology, reference: topology, eyes: answers as Eyes, negative };
}

function way(protocol: TracedWay['protocol'], arrivesAt: readonly string[], denied: boolean | null = true): TracedWay {
  return { frame: protocol, protocol, arrivesAt, denied, trouble: '' };
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
        trace: async () => [],
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

t.test('silence is no isolation where anything else would get through', async (t) => {
  const { look } = KINDS.isolated;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const asked: unknown[] = [];
  const scene = (...ways: readonly TracedWay[]) =>
    seeing(
      {
        ping: async ({ to, count }) => [{ address: '10.9.0.1', sent: count, received: to === 'web' ? count : 0 }],
        connect: async ({ to, port, protocol }) => {
          asked.push(`${protocol} ${port}`);
          return [{ address: '10.9.0.1', sent: 1, received: to === 'web' ? 1 : 0 }];
        },
        trace: async ({ traffic }) => ways.filter(({ protocol }) => traffic === null || traffic.protocol === protocol),
      },
      DISTINCT,
    );
  const wanted = { from: 'host-b', to: 'db', witness: 'web' };
  const apart = [way('icmp', []), way('tcp', []), way('udp', [])];
  t.strictSame(await verdicts(look.see(wanted, scene(...apart))), [true, true, true, true, true]);
  const open = scene(way('icmp', []), way('tcp', ['host-b'], false), way('udp', [], false));
  const { facts } = await look.see(wanted, open);
  t.strictSame(
    facts.map(({ holds }) => holds),
    [true, true, true, false, false],
  );
  t.match(facts.map(({ seen }) => seen).slice(3), ['tcp would arrive at host-b', 'the rules let udp through']);
  t.strictSame(await verdicts(look.see({ ...wanted, protocol: 'icmp' }, open)), [true, true, true], 'only pings');
  t.strictSame(await verdicts(look.see({ ...wanted, protocol: 'tcp', port: 80 }, open)), [true, true, false]);
  t.strictSame(asked, ['tcp 80', 'tcp 80'], 'the witness is heard by the same');
});

t.test('to reach is to be answered by the VM itself, by pings or by connections', async (t) => {
  const { look } = KINDS.reach;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const answer = { address: '10.9.0.1', sent: 5, received: 5 };
  const wanted = { from: 'host-b', to: 'web' };
  t.strictSame(await verdicts(look.see(wanted, seeing({ ping: async () => [answer] }))), [true]);
  const doubtful = await look.see(wanted, seeing({ ping: async () => [{ ...answer, doubt: 'not by the VM' }] }));
  t.match(doubtful.facts, [{ holds: false, seen: '5 of 5 answered, but not by the VM' }]);
  const tcp = { ...wanted, protocol: 'tcp', port: 80 } as const;
  t.strictSame(await verdicts(look.see(tcp, seeing({ connect: async () => [answer] }))), [true]);
  t.strictSame(await verdicts(look.see(tcp, seeing({ connect: async () => [{ ...answer, received: 0 }] }))), [false]);
  const traced = seeing({ connect: async () => null, trace: async () => [way('udp', ['host-a'])] });
  t.match((await look.see({ ...wanted, protocol: 'udp', port: 9 }, traced)).facts, [
    { what: /by the switches/, holds: true },
  ]);
});

t.test('a frame is kept back only where none of any kind gets through', async (t) => {
  const { look } = KINDS.trace;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const asked: unknown[] = [];
  const scene = (negative: boolean) =>
    seeing(
      {
        trace: async ({ traffic }) => {
          asked.push(traffic?.protocol ?? 'every kind');
          return traffic === null ? [way('icmp', []), way('tcp', ['host-a'])] : [way('icmp', [])];
        },
      },
      TOPOLOGY,
      { negative },
    );
  const wanted = { from: 'db', to: 'web', network: 'blue' };
  t.strictSame(await verdicts(look.see(wanted, scene(false))), [false]);
  t.strictSame(await verdicts(look.see(wanted, scene(true))), [false, true], 'TCP is not kept back');
  t.strictSame(await verdicts(look.see({ ...wanted, protocol: 'icmp' }, scene(true))), [false]);
  t.strictSame(asked, ['icmp', 'every kind', 'icmp']);
});

t.test(
  'verify’s isolation is that of the reference, too, for verify itself asks for what the student’s file says',
  async (t) => {
    const { look } = KINDS.verify;
    if (look.at !== 'hosts') return t.fail('it needs hosts');
    const withRule = (rule: string) =>
      parseTopology(
        sampleWith('mtu: 1450}', `mtu: 1450${rule === '' ? '' : `, acl: [${rule}]`}}`)
          .replace('network: green', 'network: blue')
          .replace('00:02", address: 10.9.0.1/24', '00:02", address: 10.9.0.7/24'),
        'rules.yaml',
      );
    const reference = withRule('{from: db, to: web, action: deny}');
    const verify: Eyes['verify'] = async () => [
      { name: 'network blue (VNI 5001) is isolated', ok: true, expected: '', seen: '', hint: '' },
    ];
    const seen = async (rule: string, part: 'isolation' | 'all' | 'fdb' = 'isolation') =>
      await look.see({ part }, { ...seeing({ verify }), submission: withRule(rule), reference });
    t.strictSame(await verdicts(seen('{from: 10.9.0.7, to: 10.9.0.1, action: deny}')), [true, true]);
    t.match((await seen('{from: db, to: web, protocol: icmp, action: deny}', 'all')).facts[1], {
      what: 'db is kept from web in network blue',
      holds: false,
      seen: 'the rules let protocol 47, tcp port 9, udp port 9 through',
    });
    t.strictSame(await verdicts(seen('', 'fdb')), [], 'other parts do not ask');
  },
);

t.test('what is in the way of verify fails it, and any other trouble is an error', async (t) => {
  const { look } = KINDS.verify;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const failing = (code: 'CLASH' | 'OVSDB') =>
    look.see(
      { part: 'all' },
      seeing({ verify: async () => Promise.reject(new VxmigError(code, 'a tunnel of its own')) }),
    );
  t.match(await failing('CLASH'), { facts: [{ what: 'the hosts', holds: false, seen: 'a tunnel of its own' }] });
  await t.rejects(failing('OVSDB'), { code: 'OVSDB' });
});

/** A star round host-a of three hosts. */
const STAR = parseTopology(
  sampleWith(
    '{vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}',
    '{vni: 5001, cidr: 10.9.0.0/24, mesh: {hub: host-a}}',
  ).replace('networks:', '  host-c: {underlay: right, address: 198.18.2.11}\nnetworks:'),
  'star.yaml',
);
const VTEPS: Readonly<Record<string, string>> = {
  'host-a': '198.18.1.10',
  'host-b': '198.18.2.10',
  'host-c': '198.18.2.11',
};

function meshed(tunnels: (host: string) => readonly string[], vni = 5001): Partial<Eyes> {
  return {
    bridge: async (host) => ({
      name: 'br',
      vms: [],
      tunnels: tunnels(host).map((to) => ({
        port: `vx-${to}`,
        encapsulation: ENCAPSULATIONS[0],
        vni,
        remote: to === 'flow' ? null : (VTEPS[to] ?? to),
      })),
    }),
  };
}

const asStar = (host: string) => (host === 'host-a' ? ['host-b', 'host-c'] : ['host-a']);
const asMesh = (host: string) => Object.keys(VTEPS).filter((name) => name !== host);

t.test('a star has just its own tunnels, which a mesh has as well', async (t) => {
  const { look } = KINDS.tunnel;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const all = { network: 'blue' };
  t.strictSame(await verdicts(look.see(all, seeing(meshed(asStar), STAR))), [true, true, true, true]);
  const { facts } = await look.see(all, seeing(meshed(asMesh), STAR));
  t.strictSame(
    facts.map(({ holds }) => holds),
    [true, true, true, false, true, false],
  );
  t.match(facts[3], {
    what: 'tunnel of network blue from host-b to host-c',
    expected: 'none: it leads to host-a only',
    seen: 'VNI 5001 to 198.18.2.11',
  });
  t.strictSame(await verdicts(look.see({ ...all, exactly: false }, seeing(meshed(asMesh), STAR))), [
    true,
    true,
    true,
    true,
  ]);
  t.strictSame(await verdicts(look.see({ ...all, from: 'host-b', to: 'host-a' }, seeing(meshed(asMesh), STAR))), [
    true,
  ]);
  const only = { ...all, from: 'host-b', to: 'host-a', exactly: true };
  t.strictSame(await verdicts(look.see(only, seeing(meshed(asMesh), STAR))), [true, false]);
  t.strictSame(
    await verdicts(
      look.see(
        only,
        seeing(
          meshed(() => ['host-a', '192.0.2.7']),
          STAR,
        ),
      ),
    ),
    [true, false],
    'to nobody',
  );
  t.strictSame(
    await verdicts(
      look.see(
        only,
        seeing(
          meshed(() => ['flow']),
          STAR,
        ),
      ),
    ),
    [false, false],
    'to anybody',
  );
});

t.test('a tunnel that must not be there is not, whatever its VNI and whatever the host’s address', async (t) => {
  const { look } = KINDS.tunnel;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const wanted = { network: 'blue', from: 'host-b', to: 'host-c' };
  const scene = (eyes: Partial<Eyes>) => seeing(eyes, STAR, { negative: true });
  t.strictSame(await verdicts(look.see(wanted, scene(meshed(asStar)))), [false]);
  t.strictSame(await verdicts(look.see(wanted, scene(meshed(asMesh, 7777)))), [true]);
  t.strictSame(await verdicts(look.see({ ...wanted, vni: 5001 }, scene(meshed(asMesh, 7777)))), [false], 'of that VNI');
  t.strictSame(await verdicts(look.see(wanted, scene(meshed(() => ['flow'])))), [true]);
  const hosts = STAR.hosts.map((host) => (host.name === 'host-c' ? { ...host, addresses: ['198.18.2.77'] } : host));
  const moved = { ...scene(meshed(() => ['198.18.2.77'])), submission: { ...STAR, hosts } };
  t.strictSame(await verdicts(look.see(wanted, moved)), [true]);
});

t.test('numbers that a student may choose are expected as he has chosen them', async (t) => {
  const [tunnel, packet] = [KINDS.tunnel.look, KINDS.packet.look];
  if (tunnel.at !== 'hosts' || packet.at !== 'hosts') return t.fail('they need hosts');
  const networks = STAR.networks.map((network) => (network.name === 'blue' ? { ...network, vni: 7042 } : network));
  const filters: string[] = [];
  const packets: Eyes['packets'] = async ({ filter, onlyOwn }) => {
    filters.push(`${filter} ${onlyOwn}`);
    return 1;
  };
  const scene = { ...seeing({ ...meshed(asStar, 7042), packets }, STAR), submission: { ...STAR, networks } };
  const all = { network: 'blue' };
  t.strictSame(await verdicts(tunnel.see(all, scene)), [false, false, false, false]);
  t.strictSame(await verdicts(tunnel.see({ ...all, vni: 'submission' }, scene)), [true, true, true, true]);
  t.strictSame(await verdicts(tunnel.see({ ...all, vni: 'any' }, scene)), [true, true, true, true]);
  const wanted = { on: 'host-a', filter: 'vxlan.vni == {blue.vni} && tcp.port in {80, 443}' };
  t.strictSame(await verdicts(packet.see(wanted, scene)), [true]);
  t.strictSame(await verdicts(packet.see(wanted, { ...scene, negative: true })), [true]);
  t.strictSame(filters, [
    'vxlan.vni == 7042 && tcp.port in {80, 443} true',
    'vxlan.vni == 7042 && tcp.port in {80, 443} false',
  ]);
});

t.test('tunnels are those that the reference’s mesh has, with its VNI and far ends', async (t) => {
  const { look } = KINDS.tunnel;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const bridges = (vni: number, remoteOfA: string) =>
    seeing({
      bridge: async (host) => ({
        name: 'br',
        vms: [],
        tunnels: [
          { port: 'vx', encapsulation: ENCAPSULATIONS[0], vni, remote: host === 'host-a' ? remoteOfA : '198.18.1.10' },
        ],
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
