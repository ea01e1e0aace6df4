import t from 'tap';
import { verify } from '../../../lib/controller/verify.js';
import type { Check } from '../../../lib/model/check.js';
import { bridgeName, probePortName, tapName } from '../../../lib/model/names.js';
import { parseFlow } from '../../../lib/openflow/text.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from '../../../lib/plan/observed.js';
import { appliedHosts, topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';
import { trace, traced } from './traced.js';

const GREEN = `  green:
    vni: 5002
    cidr: 10.8.0.0/24
    mtu: 1450
    mesh: flow
    acl: [{protocol: icmp, action: deny}]
vms:
  db:
    host: host-b
    image: micro
    nics: [{network: green, mac: "52:54:00:09:00:02", address: 10.8.0.2/24}]
`;
const TOPOLOGY = topologyOf(['vms:\n', GREEN]);
const [BLUE] = ['blue', 'green'].map((network) => bridgeName(TOPOLOGY.name, network));
/** Hosts on which all is in order. */
function fleetInOrder(topology = TOPOLOGY): Fleet {
  const fleet = new Fleet(topology, appliedHosts(TOPOLOGY));
  for (const { name } of TOPOLOGY.hosts) {
    fleet
      .shell(name)
      .on(/^fping /, (line) => line.split(' ').slice(-2).join('\n'))
      .on(/^ip netns exec \S+ ping /, '3 packets transmitted, 3 received')
      .on(/ofproto\/trace/, (line) => traced(TOPOLOGY, line));
  }
  return fleet;
}

/** The names of those that failed. */
async function failed(fleet: Fleet): Promise<string[]> {
  return (await verify(fleet.controller)).flatMap(({ ok, name }) => (ok ? [] : [name]));
}

async function only(fleet: Fleet): Promise<Check> {
  const all = (await verify(fleet.controller)).filter(({ ok }) => !ok);
  const [first] = all;
  if (first === undefined || all.length > 1) throw new Error(`failed: ${all.map(({ name }) => name).join('; ')}`);
  return first;
}

const bridges =
  (name: string, change: (bridge: ObservedBridge) => Partial<ObservedBridge>) => (host: ObservedHost) => ({
    bridges: host.bridges.map((bridge) => (bridge.name === name ? { ...bridge, ...change(bridge) } : bridge)),
  });
const ports = (is: (port: ObservedPort) => boolean, change: (port: ObservedPort) => ObservedPort) =>
  bridges(BLUE ?? '', (bridge) => ({ ports: bridge.ports.map((port) => (is(port) ? change(port) : port)) }));

t.test('a fleet that was applied passes, and each thing that can be asked has a check', async (t) => {
  const fleet = fleetInOrder();
  const checks = await verify(fleet.controller);
  t.strictSame(
    checks.filter(({ ok, hint }) => !ok || hint !== ''),
    [],
  );
  t.strictSame(fleet.done, [], 'nothing was changed');
  const names = checks.map(({ name }) => name);
  const kinds = [
    'configuration of host-a',
    'VM web',
    'VM db',
    'ports of host-b',
    'tunnel host-a → host-c',
    'tunnel host-c → host-b',
    'host-c reaches web (10.9.0.1) in blue',
    'host-c reaches web (fd00:9::1) in blue',
    'FDB of host-c for web in blue',
    'network green (VNI 5002) is isolated',
    'port security of web in blue',
    'the tunnel port of host-a in green',
  ];
  for (const kind of kinds) t.ok(names.includes(kind), kind);
  t.ok(names.some((name) => /deny.*\(green, host-b\)/.test(name)));
});

t.test('what differs from the file is told host by host, with what fixes it', async (t) => {
  const fleet = fleetInOrder();
  fleet.change(
    'host-b',
    bridges(BLUE ?? '', () => ({ failMode: 'standalone' })),
  );
  t.match(await only(fleet), {
    name: 'configuration of host-b',
    seen: /^bridge br-blue\S*: /,
    hint: /`vxmig apply FILE` to fix it/,
  });
});

t.test('a VM that is off, paused or elsewhere', async (t) => {
  const off = fleetInOrder();
  off.change('host-a', ({ domains }) => ({
    domains: domains.map((domain) => ({ ...domain, state: 'shut off', live: null })),
  }));
  t.strictSame((await failed(off)).slice(0, 2), ['configuration of host-a', 'VM web']);
  const paused = fleetInOrder();
  paused.change('host-a', ({ domains }) => ({
    domains: domains.map((domain) => ({ ...domain, state: 'paused', reason: 'user' })),
  }));
  t.match(await only(paused), {
    name: 'VM web',
    expected: 'it runs on host-a',
    seen: /paused/,
    hint: /virsh resume --domain web/,
  });
  const elsewhere = fleetInOrder();
  const [a] = elsewhere.states;
  elsewhere.change('host-c', () => ({ domains: a?.domains ?? [] }));
  elsewhere.change('host-a', () => ({ domains: [] }));
  const checks = await verify(elsewhere.controller);
  t.match(
    checks.find(({ name }) => name === 'VM web'),
    { ok: false, seen: 'it runs on host-c', hint: '`vxmig apply FILE` brings it there' },
  );
});

t.test('a VM that the file wants elsewhere is one failure, and no host differs for it', async (t) => {
  const moved = topologyOf(['vms:\n', GREEN], ['host: host-a', 'host: host-c']);
  const fleet = fleetInOrder(moved);
  t.match(await only(fleet), { name: 'VM web', expected: 'it runs on host-c', seen: 'it runs on host-a' });
});

t.test('a port that the switch could not open', async (t) => {
  const fleet = fleetInOrder();
  const isTap = ({ name }: ObservedPort) => name === tapName(TOPOLOGY.name, 'web', 0);
  const dead = (port: ObservedPort) => ({
    ...port,
    interface: { ...port.interface, ofport: -1, error: 'No such device' },
  });
  fleet.change('host-a', ports(isTap, dead));
  const checks = await verify(fleet.controller);
  const found = checks.find(({ name }) => name === 'ports of host-a');
  t.match(found, { ok: false, seen: /^tap-web-\S+: No such device$/, hint: /ovs-vsctl show. on host-a/ });
  t.match(
    checks.find(({ name }) => name === 'port security of web in blue'),
    { ok: false, seen: /host-a has no port tap-web/ },
    'and what hangs on it',
  );
});

t.test('a way that carries nothing, and one that carries small packets only', async (t) => {
  const fleet = fleetInOrder();
  fleet
    .shell('host-a')
    .on(/^fping .* -b (?!56 )/, { stdout: '198.18.2.11', exitCode: 1 })
    .on(/^fping .* -b 56 /, {
      stdout: '198.18.2.10',
      exitCode: 1,
    });
  t.match(await only(fleet), {
    name: 'tunnel host-a → host-b',
    expected: '198.18.2.10 answers packets of 1500 bytes',
    seen: 'it answers small packets, but none of 1500 bytes',
  });
  fleet.shell('host-a').on(/^fping .* -b 56 /, { exitCode: 1 });
  t.match(await only(fleet), { seen: 'it does not answer', hint: /route or the MTU between the two hosts/ });
});

t.test('a guest that does not answer: the hint is the guest’s own where all before it is in order', async (t) => {
  const fleet = fleetInOrder();
  fleet.shell('host-c').on(/ ping .* 10\.9\.0\.1$/, { stdout: '3 packets transmitted, 0 received', exitCode: 1 });
  t.match(await only(fleet), {
    name: 'host-c reaches web (10.9.0.1) in blue',
    expected: 'answers to packets of 1450 bytes',
    seen: 'it does not answer',
    hint: /look at the guest.*10\.9\.0\.1.*`virsh console web` on host-a/,
  });
  fleet.change(
    'host-b',
    bridges(BLUE ?? '', () => ({ failMode: 'standalone' })),
  );
  const found = (await verify(fleet.controller)).find(({ name }) => name.includes('(10.9.0.1)'));
  t.equal(found?.hint, 'fix what the failed checks above name, then verify again');
  const namespace = probePortName(TOPOLOGY.name, 'blue', 'host-c');
  for (const line of fleet.shell('host-c').ran(/ ping /)) t.ok(line.startsWith(`ip netns exec ${namespace} ping `));
});

t.test('a table that sends frames to where the VM is not, and one that knows a stranger', async (t) => {
  const learned = (mac: string, ofport: number) =>
    parseFlow(
      `cookie=0x767800ff00000000, table=50, hard_timeout=300, priority=1, dl_dst=${mac} ` +
        `actions=load:${ofport}->NXM_NX_REG1[0..15]`,
    );
  const fleet = fleetInOrder();
  const [, , c] = fleet.states;
  const blue = c?.bridges.find(({ name }) => name === BLUE);
  const towards = (host: string) =>
    blue?.ports.find(({ externalIds }) => Object.values(externalIds).includes(host))?.interface.ofport ?? 0;
  const web = '52:54:00:09:00:01';
  const put = (flowsOf: readonly [string, number][]) =>
    fleet.change(
      'host-c',
      bridges(BLUE ?? '', () => ({
        flows: [...(blue?.flows ?? []), ...flowsOf.map(([mac, ofport]) => learned(mac, ofport))],
      })),
    );
  put([[web, towards('host-a')]]);
  t.strictSame(await failed(fleet), []);
  put([[web, towards('host-b')]]);
  t.strictSame(await failed(fleet), ['configuration of host-c', 'FDB of host-c for web in blue']);
  const table = (await verify(fleet.controller)).find(({ name }) => name.startsWith('FDB of host-c for web'));
  t.match(table, { expected: 'host-a', seen: 'host-b', hint: /ovs-ofctl .* table=fdb. on host-c/ });
  put([['52:54:00:09:00:02', towards('host-b')]]);
  t.match(await only(fleet), {
    name: 'network blue (VNI 5001) is isolated',
    seen: 'host-c knows 52:54:00:09:00:02',
  });
});

t.test('a switch that lets forged, unknown or forbidden frames through', async (t) => {
  const through = (pattern: RegExp) => (line: string) => {
    const questions = line.split(/ (?=in_port=)/).slice(1);
    return traced(TOPOLOGY, line)
      .split(/(?==== vxmig trace\n)/)
      .map((answer, index) => (pattern.test(questions[index] ?? '') ? trace('cookie 0x1\n    output:3', '3') : answer))
      .join('');
  };
  const cases: readonly (readonly [host: string, RegExp, Partial<Record<keyof Check, RegExp>>])[] = [
    ['host-a', /nw_src=192/, { name: /^port security of web in blue$/, seen: /^IPv4 source: it goes on$/ }],
    ['host-b', /tun_src=/, { name: /^the tunnel port of host-b in green$/, seen: /^it goes on$/ }],
    ['host-c', /in_port=LOCAL/, { name: /deny.*\(green, host-c\)$/, seen: /it goes on/ }],
  ];
  for (const [host, pattern, expected] of cases) {
    const fleet = fleetInOrder();
    fleet.shell(host).on(/ofproto\/trace/, through(pattern));
    t.match(await only(fleet), expected);
  }
});

t.test('where a switch is down that is the one thing that is said', async (t) => {
  const fleet = fleetInOrder();
  fleet.change('host-b', () => ({ switchAnswers: false }));
  const checks = await verify(fleet.controller);
  t.match(checks, [{ name: 'switch of host-b', ok: false, seen: 'it does not', hint: /systemctl start ovs-vswitchd/ }]);
  t.equal(checks.length, 1);
});
