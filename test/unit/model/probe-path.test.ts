import t from 'tap';
import { probePath, probePaths } from '../../../lib/model/probe-path.js';
import type { Nic, Probe, Vm } from '../../../lib/model/topology.js';
import { desiredNetwork } from '../../../lib/plan/desired.js';
import { parseTopology } from '../../../lib/topology/read.js';

const TOPOLOGY = parseTopology(
  `version: 1
name: paths
underlay: {left: {cidr: 198.18.1.0/24}}
hosts:
  a: {underlay: left, address: 198.18.1.10}
  b: {underlay: left, address: 198.18.1.11}
networks:
  red: {vni: 1, cidr: 10.1.0.0/24}
  blue: {vni: 2, cidr: [10.2.0.0/24, "fd00:2::/64"]}
vms:
  web:
    host: a
    image: micro
    nics:
      - {network: red, mac: "52:54:00:00:00:01"}
      - {network: blue, mac: "52:54:00:00:00:02", address: [10.2.0.1/24, "fd00:2::1/64"]}
  peer:
    host: b
    image: micro
    nics:
      - {network: blue, mac: "52:54:00:00:00:03", address: "fd00:2::2/64"}
`,
  'test.yaml',
);

t.test('a host watches in the first network where the VM has an address', async (t) => {
  t.same(probePath(TOPOLOGY, { from: { kind: 'host', name: 'b' }, to: 'web' }), {
    network: 'blue',
    pairs: [
      { source: '10.2.0.253', target: '10.2.0.1' },
      { source: 'fd00:2::ffff:ffff:ffff:ff7e', target: 'fd00:2::1' },
    ],
  });
});

t.test('a VM watches over the family that both have', async (t) => {
  t.same(probePath(TOPOLOGY, { from: { kind: 'vm', name: 'peer' }, to: 'web' }), {
    network: 'blue',
    pairs: [{ source: 'fd00:2::2', target: 'fd00:2::1' }],
  });
  t.equal(probePath(TOPOLOGY, { from: { kind: 'vm', name: 'peer' }, to: 'nobody' }), null);
});

t.test('a host watches in every network where the VM has an address, a VM in those that both are in', async (t) => {
  const [web, peer] = TOPOLOGY.vms as [Vm, Vm];
  const second = { ...(web.nics[0] as Nic), addresses: ['10.1.0.1/24'] };
  const both = { ...TOPOLOGY, vms: [{ ...web, nics: [...web.nics.slice(1), second] }, peer] };
  const networks = (from: Probe['from']) => probePaths(both, { from, to: 'web' }).map(({ network }) => network);
  t.same(networks({ kind: 'host', name: 'b' }), ['blue', 'red']);
  t.same(networks({ kind: 'vm', name: 'peer' }), ['blue']);
  const facts = { datapath: 'netdev', accelerator: { type: 'qemu' } } as const;
  const watched = { ...both, probes: [{ from: { kind: 'host', name: 'b' }, to: 'web', intervalMs: 10 } as const] };
  const ports = desiredNetwork(watched, 'b', facts).bridges.map(({ network, ports }) => [
    network,
    ports.filter(({ kind }) => kind === 'probe').length,
  ]);
  t.same(
    ports,
    [
      ['red', 1],
      ['blue', 1],
    ],
    'and has a port in each',
  );
});
