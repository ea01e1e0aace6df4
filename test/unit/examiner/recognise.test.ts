import t from 'tap';
import { examTopology } from '../../../lib/examiner/exam-topology.js';
import { bridgeOf, tapsOf, tunnelOf } from '../../../lib/examiner/recognise.js';
import type { Rubric } from '../../../lib/grade/rubric.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import { bridgeName } from '../../../lib/model/names.js';
import type { ObservedHost, ObservedPort } from '../../../lib/plan/observed.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { domainSeen } from '../plan/domains.js';
import { SAMPLE } from '../topology/sample.js';

const TOPOLOGY = parseTopology(SAMPLE, 'sample.yaml');
const WEB = TOPOLOGY.vms.find(({ name }) => name === 'web')?.nics[0]?.mac ?? '';

function port(name: string, options: Readonly<Record<string, string>> = {}, type = 'vxlan'): ObservedPort {
  return {
    uuid: name,
    name,
    externalIds: {},
    interface: { uuid: name, type, options, ofport: 1, ofportRequest: null, error: null },
  };
}

/** Bridges by name; what else a host holds nobody asks for. */
function host(
  bridges: Readonly<Record<string, readonly ObservedPort[]>>,
  more: Partial<ObservedHost> = {},
): ObservedHost {
  const list = Object.entries(bridges).map(([name, ports]) => ({ name, ports, externalIds: {} }));
  return { host: 'host-a', bridges: list, domains: [], links: [], ...more } as unknown as ObservedHost;
}

t.test('a bridge is known by what it holds', async (t) => {
  const named = (seen: ObservedHost) => bridgeOf(TOPOLOGY, 'blue', seen)?.name ?? null;
  t.equal(named(host({})), null);
  t.equal(named(host({ lan: [], wan: [port('v', { key: '5001' })] })), 'wan', 'its VNI');
  t.equal(
    named(host({ lan: [port('v', { key: '7' })], phy: [port('eth0', {}, '')] })),
    'lan',
    'the only one with tunnels, though of a wrong VNI',
  );
  t.equal(named(host({ lan: [port('v', { key: '7' })], two: [port('w', { key: '8' })] })), null, 'two could be it');
  t.equal(named(host({ lan: [port('v', { key: '5002' })] })), null, 'another network’s');
  const links = [{ name: 'vnet3', mac: `fe${WEB.slice(2)}` }] as unknown as ObservedHost['links'];
  const domains = [
    domainSeen('x', `<domain><devices><interface type='bridge'><mac address='${WEB}'/></interface></devices></domain>`),
  ];
  t.equal(
    named(host({ lan: [port('vnet3')], wan: [port('v', { key: '5001' })] }, { links, domains })),
    'lan',
    'a NIC before a VNI',
  );
});

t.test('a bridge that is only called like vxmig’s is none of them', async (t) => {
  const name = bridgeName('other', 'blue');
  const marked = {
    name: bridgeName('sample', 'blue'),
    ports: [],
    externalIds: { 'vxmig-network': 'blue', 'vxmig-topology': 'sample' },
  };
  const seen = host({ [name]: [] });
  t.equal(bridgeOf(TOPOLOGY, 'blue', seen), null);
  t.equal(
    bridgeOf(TOPOLOGY, 'blue', { ...seen, bridges: [...seen.bridges, marked] } as unknown as ObservedHost)?.name,
    marked.name,
  );
});

t.test('taps: by the name in the definition, or by the MAC that libvirt gives them; of what is on', async (t) => {
  const xml =
    `<domain><devices><interface type='ethernet'><mac address='${WEB.toUpperCase()}'/><target dev='tap-x' ` +
    "managed='no'/></interface></devices></domain>";
  t.match(tapsOf(TOPOLOGY, host({}, { domains: [domainSeen('x', xml)] })), [{ vm: 'web', port: 'tap-x', mac: WEB }]);
  t.strictSame(tapsOf(TOPOLOGY, host({}, { domains: [domainSeen('x', xml, { state: 'shut off' })] })), []);
});

t.test('tunnels: without a key VNI 0, and what flows say is not known', async (t) => {
  t.strictSame(tunnelOf(TOPOLOGY, port('v', { remote_ip: '198.18.1.1' })), {
    encapsulation: ENCAPSULATIONS[0],
    vni: 0,
    remote: '198.18.1.1',
  });
  t.strictSame(tunnelOf(TOPOLOGY, port('v', { remote_ip: 'flow', key: 'flow' })), {
    encapsulation: ENCAPSULATIONS[0],
    vni: null,
    remote: null,
  });
  t.equal(tunnelOf(TOPOLOGY, port('v', {}, 'geneve')), null);
});

t.test('an exam is called as the reference, and watched as the rubric wants it', async (t) => {
  const submission = {
    ...TOPOLOGY,
    name: 'mine',
    lab: null,
    probes: [],
    hosts: TOPOLOGY.hosts.map((one) => ({ ...one, ssh: null })),
  };
  const reach = { kind: 'reach', wanted: { from: 'host-a', to: 'web' } };
  const nobody = { kind: 'reach', wanted: { from: 'host-z', to: 'web' } };
  const rubric = { name: 'r', reference: TOPOLOGY, checks: [reach, reach, nobody] } as unknown as Rubric;
  const exam = examTopology(submission, rubric);
  t.match(exam, { name: 'sample', lab: {} });
  const seen = exam.probes.map(({ from, to }) => `${from.name} → ${to}`);
  t.strictSame(seen, ['host-b → web', 'host-a → web']);
});
