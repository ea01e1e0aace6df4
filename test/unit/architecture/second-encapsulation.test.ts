import t from 'tap';
import { byHandScript } from '../../../lib/bench/script.js';
import { fitnessChecks } from '../../../lib/controller/fitness-checks.js';
import { tunnelsAt } from '../../../lib/controller/status.js';
import { bridgeOf, tunnelOf } from '../../../lib/examiner/recognise.js';
import type { Eyes } from '../../../lib/grade/eyes.js';
import { KINDS } from '../../../lib/grade/kinds.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { observeFitness } from '../../../lib/host/fitness.js';
import { ENCAPSULATIONS, type Encapsulation } from '../../../lib/model/encapsulation.js';
import type { ObservedLink } from '../../../lib/model/kernel-state.js';
import { tunnelPortName } from '../../../lib/model/names.js';
import type { Topology } from '../../../lib/model/topology.js';
import { ETHER_TYPE, type FieldName } from '../../../lib/openflow/field.js';
import { parseValue } from '../../../lib/openflow/value.js';
import { detailOf } from '../../../lib/pipeline/cookie.js';
import { dropReasonOf } from '../../../lib/pipeline/drop-reason.js';
import { bridgeFlows } from '../../../lib/pipeline/flows.js';
import { tableNumber } from '../../../lib/pipeline/tables.js';
import { desiredNetwork } from '../../../lib/plan/desired.js';
import { bridgeFacts } from '../../../lib/plan/flow-plan.js';
import { assignOfports } from '../../../lib/plan/ofports.js';
import { BY_FLOWS_ALONE } from '../../../lib/plan/switching.js';
import { tunnelPorts } from '../../../lib/plan/tunnel-ports.js';
import { GRAPH_FORMATS, renderGraph } from '../../../lib/report/graph.js';
import { type Draft, readDraft } from '../../../lib/topology/draft.js';
import { checkNetworks } from '../../../lib/topology/meaning/networks.js';
import { runFlows } from '../pipeline/run-flows.js';
import { appliedHosts, freshHosts, planned, topologyOf, USERSPACE, withHost } from '../plan/hosts.js';

/**
 * In nothing like VXLAN: its packets are known by an IP protocol, its name in the file is not that in Open vSwitch, its
 * keys are few.
 */
const MADE_UP: Encapsulation = {
  name: 'parcel',
  title: 'Parcel',
  ovsType: 'pcl',
  overheadBytes: { 4: 31, 6: 77 },
  key: { name: 'label', noun: 'a label', first: 4000, last: 5999, filterField: 'parcel.label' },
  carrier: { kind: 'ip', protocol: 199 },
  kernel: { name: 'pcl_sys', linkKind: 'pcltap' },
};
const OVER_UDP: Encapsulation = { ...MADE_UP, carrier: { kind: 'udp', port: 7777 } };
const [VXLAN] = ENCAPSULATIONS;

function wrapped(topology: Topology, encapsulation = MADE_UP): Topology {
  return { ...topology, networks: topology.networks.map((network) => ({ ...network, encapsulation })) };
}

const TOPOLOGY = wrapped(topologyOf());
const FLOW_MESH = wrapped(topologyOf(['mtu: 1450}', 'mtu: 1450, mesh: flow}']));
const PEER = '198.18.2.10';

t.test('the plan makes its tunnels and speaks of them in its words, and then has nothing to do', async (t) => {
  const plan = planned(TOPOLOGY, freshHosts(TOPOLOGY));
  const tunnels = plan.hosts.flatMap(({ ovs }) =>
    ovs.flatMap((step) => (step.kind === 'add-port' && 'key' in step.columns.options ? [step.columns] : [])),
  );
  t.equal(tunnels.length, 6);
  for (const { type, options } of tunnels) t.match({ type, options }, { type: 'pcl', options: { key: '5001' } });
  const whys = plan.changes.map(({ why }) => why).join('\n');
  t.match(whys, `the tunnel to host-b (Parcel to ${PEER}, label 5001) is missing`);
  t.match(whys, 'network blue (label 5001) has no bridge here');
  t.notMatch(whys, /VXLAN|VNI/);
  const byFlows = planned(FLOW_MESH, freshHosts(FLOW_MESH));
  t.match(byFlows.changes.map(({ why }) => why).join('\n'), 'the tunnel port to all other hosts (Parcel, label 5001)');
  t.same(planned(TOPOLOGY, appliedHosts(TOPOLOGY)).changes, []);
});

t.test('one port to all hosts takes the place of those to each; another encapsulation’s is set anew', async (t) => {
  const { changes } = planned(FLOW_MESH, appliedHosts(TOPOLOGY));
  const gone = changes.filter(({ kind, action }) => kind === 'tunnel' && action === 'delete');
  t.equal(gone.length, 6);
  for (const { why } of gone) t.equal(why, 'one port to all other hosts takes its place');
  const other = planned(TOPOLOGY, appliedHosts(topologyOf())).changes.filter(({ kind }) => kind === 'tunnel');
  t.equal(other.length, 6);
  for (const { action, why } of other) t.match({ action, why }, { action: 'update', why: /^type is vxlan, not pcl$/ });
});

t.test('its MTU and its keys are checked', async (t) => {
  const complaints = (network: object, address = '198.18.1.10') => {
    const file = {
      underlay: { left: { cidr: '198.18.1.0/24' } },
      hosts: { 'host-a': { underlay: 'left', address } },
      networks: { blue: { cidr: '10.9.0.0/24', ...network } },
    };
    const { draft } = readDraft(file);
    const networks = draft.networks.map((one) => ({ ...one, encapsulation: MADE_UP }));
    return [...checkNetworks({ ...draft, networks } satisfies Draft)];
  };
  t.same(complaints({ vni: 4000, mtu: 1469 }), []);
  t.match(complaints({ vni: 5999, mtu: 1470 }), [
    {
      message: 'an MTU of 1470 leaves no room for Parcel in an underlay of 1500',
      fix: /^use 1469 or less.* to 1501$/,
    },
  ]);
  t.match(complaints({ vni: 5999, mtu: 1424 }, 'fd00:1::10'), [{ fix: /^use 1423 or less/ }], 'over IPv6');
  for (const vni of [3999, 6000])
    t.match(complaints({ vni }), [
      {
        message: `${vni} is not a label, as a network of the type parcel needs one`,
        fix: 'a number from 4000 to 5999',
      },
    ]);
});

t.test('no VM gets such a packet to a tunnel endpoint, nor one of what its own network does not use', async (t) => {
  const [bridge] = desiredNetwork(TOPOLOGY, 'host-a', USERSPACE).bridges;
  if (bridge === undefined) return t.fail('there is a bridge');
  const ofports = assignOfports(bridge.ports, undefined);
  const flows = bridgeFlows(bridgeFacts(bridge, ofports));
  const [nic] = TOPOLOGY.vms[0]?.nics ?? [];
  const tap = bridge.ports.find(({ kind }) => kind === 'tap');
  const verdict = (to: string, protocol: number, port = 80) => {
    const values: readonly (readonly [FieldName, string])[] = [
      ['in_port', String(ofports.get(tap?.name ?? ''))],
      ['eth_src', nic?.mac ?? ''],
      ['eth_type', String(ETHER_TYPE.ip)],
      ['ip_src', '10.9.0.1'],
      ['ip_dst', to],
      ['nw_proto', String(protocol)],
      ['tp_dst', String(port)],
    ];
    const frame = new Map(values.map(([field, text]) => [field, parseValue(field, text)]));
    const guard = flows.filter(({ table }) => table === tableNumber('guard'));
    const { reached, cookie } = runFlows(guard, tableNumber('guard'), frame);
    return reached === null ? dropReasonOf(detailOf('security', cookie) ?? 0) : 'goes on';
  };
  for (const host of TOPOLOGY.hosts) t.equal(verdict(host.addresses[0] ?? '', 199), 'vtep', host.name);
  t.equal(verdict('10.9.0.9', 199), 'goes on');
  t.equal(verdict(PEER, 198), 'goes on');
  t.equal(verdict(PEER, 17, 4789), 'vtep', 'another topology may have VXLAN there');
  const [overUdp] = desiredNetwork(wrapped(TOPOLOGY, OVER_UDP), 'host-a', USERSPACE).bridges;
  t.strictSame(overUdp?.carriers, [{ kind: 'udp', port: 7777 }, ...ENCAPSULATIONS.map(({ carrier }) => carrier)]);
});

t.test('doctor asks who has it', async (t) => {
  const asked: string[] = [];
  const checked = async (encapsulation: Encapsulation, answer: string) => {
    const shell: Partial<HostShell> = {
      run: async (_, { stdin = '' } = {}) => {
        asked.push(String(stdin));
        return { stdout: `\n=== carrier parcel\n${answer}\n`, stderr: '', exitCode: 0 };
      },
    };
    const fitness = await observeFitness(shell as HostShell, { vms: false, encapsulations: [encapsulation] });
    const [host] = TOPOLOGY.hosts;
    if (host === undefined) throw new Error('there is a host');
    const checks = fitnessChecks({ ...TOPOLOGY, vms: [] }, host, fitness, { offsetMs: 0, errorMs: 1 });
    return checks.find(({ name }) => name.includes('Parcel'));
  };
  const device = (name: string, more = ' external') => `9: ${name}: <UP> mtu 1500 \\    pcltap${more} ttl inherit`;
  t.match(await checked(MADE_UP, device('pcl_sys')), {
    name: 'host-a: Parcel protocol',
    ok: true,
    expected: 'IP protocol 199 free, or held by Open vSwitch',
  });
  t.match(asked[0], 'section carrier parcel; ip -o -d link show type pcltap\n');
  t.notMatch(asked[0], /vxlan|4789/);
  t.match(await checked(MADE_UP, device('pcl0', ' remote 192.0.2.1')), { ok: true });
  t.match(await checked(MADE_UP, device('pcl0@eth0')), {
    ok: false,
    seen: 'the device pcl0',
    hint: 'remove the device that has it',
  });
  const socket = 'UNCONN 0 0 0.0.0.0:7777 0.0.0.0:*';
  t.match(await checked(OVER_UDP, socket), { name: 'host-a: Parcel port', ok: false, seen: socket });
  t.match(asked.at(-1), "ss -Hlunp 'sport = :7777'; ip -o -d link show type pcltap\n");
  t.match(await checked(OVER_UDP, `${socket}\n${device('pcl_sys')}`), { ok: true });
});

t.test('a tunnel or a device that takes its frames is in the way', async (t) => {
  const beside = (type: string, options: Readonly<Record<string, string>> = {}) => {
    const port = {
      uuid: 'p',
      name: 'hand',
      externalIds: {},
      interface: {
        uuid: 'i',
        type,
        options: { remote_ip: PEER, key: '5001', ...options },
        ofport: 1,
        ofportRequest: null,
        error: null,
      },
    };
    const bridge = { uuid: 'b', name: 'br-hand', datapathType: 'netdev', failMode: null, externalIds: {} };
    const rest = { otherConfig: {}, tableNames: {}, mtuRequest: null, switching: BY_FLOWS_ALONE, flows: [] };
    return withHost(appliedHosts(TOPOLOGY), 'host-a', ({ bridges }) => ({
      bridges: [...bridges, { ...bridge, ...rest, ports: [port] }],
    }));
  };
  t.throws(() => planned(TOPOLOGY, beside('pcl')), {
    code: 'CLASH',
    message: /is a Parcel tunnel with label 5001 to /,
  });
  t.throws(() => planned(TOPOLOGY, beside('pcl', { dst_port: '8472' })), { code: 'CLASH' }, 'it has no port');
  t.same(planned(TOPOLOGY, beside('vxlan')).changes, []);
  const withLink = (encapsulation: Encapsulation, link: Partial<ObservedLink>) => {
    const device = { name: 'pcl0', mac: '', mtu: 1450, up: true, kind: 'pcltap', alias: null, addresses: [] };
    const topology = wrapped(TOPOLOGY, encapsulation);
    const hosts = withHost(appliedHosts(topology), 'host-a', ({ links }) => ({
      links: [...links, { ...device, ...link }],
    }));
    return () => planned(topology, hosts);
  };
  t.throws(withLink(MADE_UP, { external: true }), {
    code: 'CLASH',
    message: /^the Parcel device pcl0 on host-a takes all packets of IP protocol 199, which Open vSwitch needs/,
    hint: /`ip link delete pcl0` on host-a removes it; else make it anew without `external`\.$/,
  });
  t.throws(withLink(OVER_UDP, { udpPort: 7777 }), { message: /^the Parcel device pcl0 on host-a has UDP port 7777/ });
  t.throws(withLink(OVER_UDP, { udpPort: 7777, kind: 'other' }), { message: /^the other device pcl0 on host-a has/ });
  for (const link of [{}, { external: true, name: 'pcl_sys' }, { external: true, kind: 'vxlan', udpPort: 4789 }])
    t.same(withLink(MADE_UP, link)().changes, [], JSON.stringify(link));
});

t.test('status and watch count its tunnels, and no others', async (t) => {
  const hosts = appliedHosts(TOPOLOGY);
  const seen = tunnelsAt(TOPOLOGY, hosts);
  t.equal(seen.length, 6);
  t.match(seen[0], { host: 'host-a', network: 'blue', remoteHost: 'host-b', remoteIp: PEER, vni: '5001', ready: true });
  const [bridge] = hosts[0]?.bridges.filter(({ externalIds }) => externalIds['vxmig-network'] === 'blue') ?? [];
  if (bridge === undefined) return t.fail('there is a bridge');
  t.equal(tunnelPorts(TOPOLOGY.networks, bridge).length, 2);
  t.same(tunnelPorts(topologyOf().networks, bridge), [], 'where the file wants VXLAN, it has none');
  const [left] = appliedHosts(topologyOf())[0]?.bridges.filter(({ name }) => name === bridge.name) ?? [];
  if (left === undefined) return t.fail('there is a bridge');
  t.equal(tunnelPorts([], left).length, 2, 'of a network that is gone from the file');
});

t.test('grade knows its tunnels from others', async (t) => {
  const hosts = appliedHosts(TOPOLOGY);
  const unmarked = withHost(hosts, 'host-a', ({ bridges }) => ({
    bridges: bridges.map((bridge) => ({ ...bridge, externalIds: {} })),
  }));
  const [host] = unmarked;
  if (host === undefined) return t.fail('there is a host');
  const ours = bridgeOf({ ...TOPOLOGY, vms: [] }, 'blue', host);
  const port = ours?.ports.find(({ name }) => name === tunnelPortName(TOPOLOGY.name, 'blue', 'host-b'));
  if (port === undefined) return t.fail('the bridge is known by its tunnels');
  t.same(tunnelOf(TOPOLOGY, port), { encapsulation: MADE_UP, vni: 5001, remote: PEER });
  t.equal(tunnelOf(topologyOf(), port), null);

  const { look } = KINDS.tunnel;
  if (look.at !== 'hosts') return t.fail('it needs hosts');
  const facts = async (encapsulation: Encapsulation, negative = false) => {
    const tunnels = [{ port: 'x', encapsulation, vni: 5001, remote: PEER }];
    const eyes: Partial<Eyes> = { bridge: async () => ({ name: 'br', vms: [], tunnels }) };
    const scene = { submission: TOPOLOGY, reference: TOPOLOGY, eyes: eyes as Eyes, negative };
    return (await look.see({ network: 'blue', from: 'host-a', to: 'host-b' }, scene)).facts;
  };
  t.match(await facts(MADE_UP), [{ holds: true, expected: `label 5001 to ${PEER}`, seen: `label 5001 to ${PEER}` }]);
  t.match(await facts(VXLAN), [{ holds: false, seen: `VXLAN, VNI 5001 to ${PEER}` }]);
  t.match(await facts(VXLAN, true), [{ holds: true }], 'where nothing is to lead there, nothing does');
});

t.test('bench and pictures', async (t) => {
  const script = byHandScript(TOPOLOGY, { sshConfig: '/dev/null', facts: () => USERSPACE });
  t.equal(script.match(/type=pcl options:remote_ip=/g)?.length, 6);
  t.notMatch(script, 'vxlan');
  for (const format of GRAPH_FORMATS) {
    const picture = renderGraph(TOPOLOGY, format);
    t.match(picture, 'label 5001', format);
    t.notMatch(picture, 'VNI', format);
  }
});
