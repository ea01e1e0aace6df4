import t from 'tap';
import { benchTopology, DEFAULT_TOPOLOGY } from '../../../lib/bench/topology.js';

t.test('a move is watched by the old host, the new one and a third, under a name of its own', async (t) => {
  const { topology, networks, move } = await benchTopology(DEFAULT_TOPOLOGY, t.testdir());
  t.equal(topology.name, 'bench-two-subnets');
  t.match(move, { vm: { name: 'web', host: 'host-a' }, to: 'host-b' });
  t.same(topology.probes.map((probe) => [probe.from.name, probe.to, probe.intervalMs]).sort(), [
    ['host-a', 'web', 10],
    ['host-b', 'web', 10],
    ['host-c', 'web', 10],
  ]);
  t.same([networks.vms, networks.probes], [[], []]);
});

t.test('real machines are refused', async (t) => {
  const directory = t.testdir({ 'real.yaml': REAL });
  await t.rejects(benchTopology(`${directory}/real.yaml`, directory), { code: 'USAGE' });
});

const REAL = `version: 1
name: real
underlay: {left: {cidr: 198.18.1.0/24}}
hosts: {host-a: {underlay: left, address: 198.18.1.10}}
networks: {blue: {vni: 5001, cidr: 10.9.0.0/24}}
vms: {}
`;
