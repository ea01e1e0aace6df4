import t from 'tap';
import { MOST_HOSTS, scaleTopology } from '../../../lib/bench/scale-topology.js';
import { parseTopology } from '../../../lib/topology/read.js';

function parsed(hosts: number, mesh = 'full') {
  return parseTopology(scaleTopology({ name: 'x', hosts, mesh }), 'x.yaml');
}

t.test('labs of every size are valid, in two subnets at least, of 16 hosts at most', async (t) => {
  for (const hosts of [2, 3, 8, 16, 17, 32, 33, 64, MOST_HOSTS]) {
    const topology = parsed(hosts);
    const sizes = topology.underlay.map(({ name }) => topology.hosts.filter((host) => host.underlay === name).length);
    t.equal(topology.hosts.length, hosts);
    t.ok(sizes.length >= 2 && Math.max(...sizes) <= 16, `${hosts}: ${sizes.join(', ')}`);
    t.same([topology.vms, topology.networks.length], [[], 1]);
  }
  t.throws(() => parsed(MOST_HOSTS + 1), { code: 'TOPOLOGY_INVALID' });
});

t.test('the mesh is the file’s word for it', async (t) => {
  t.match(parsed(4).networks, [{ mesh: { kind: 'full' } }]);
  t.match(parsed(4, 'hub').networks, [{ mesh: { kind: 'hub', hub: 'host-1' } }]);
  t.match(scaleTopology({ name: 'x', hosts: 4, mesh: 'another' }), /mesh: another\n/);
  t.throws(() => parsed(4, 'another'), { code: 'TOPOLOGY_INVALID' });
});
