import t from 'tap';
import type { LabHostState } from '../../../lib/lab/lab-state.js';
import { planHostLinks, planHostPort, planRouter } from '../../../lib/lab/network-plan.js';
import { burstBytes } from '../../../lib/lab/shaping.js';
import { twoSubnets } from '../../lab/lab-topology.js';

const topology = twoSubnets('x');
const [host] = topology.hosts;
const [segment] = topology.underlay;
if (host === undefined || segment === undefined) throw new Error('the test topology has hosts and segments');
const state: LabHostState = {
  name: host.name,
  phase: 'planned',
  pid: null,
  startedAt: null,
  managementAddress: '198.19.0.2',
  managementPort: 'vxm-h0',
  hostKey: '',
};

t.test('the router has the first address of each prefix, in both families', async (t) => {
  const addresses = planRouter(topology.underlay).flatMap((op) => (op.kind === 'address' ? [op.address] : []));
  t.same(addresses, ['198.18.1.1/24', 'fd00:18:1::1/64', '198.18.2.1/24', 'fd00:18:2::1/64']);
});

t.test('a host gets its addresses with the lengths of the segment, and a default route per family', async (t) => {
  const operations = planHostLinks(topology, host, state, 26);
  t.same(
    operations.flatMap((op) => (op.kind === 'address' ? [[op.name, op.address]] : [])),
    [
      ['mgmt0', '198.19.0.2/26'],
      ['eth0', '198.18.1.10/24'],
      ['eth0', 'fd00:18:1::10/64'],
    ],
  );
  t.same(
    operations.flatMap((op) => (op.kind === 'default-route' ? [op.gateway] : [])),
    ['198.18.1.1', 'fd00:18:1::1'],
  );
});

t.test('with one segment nothing is to be routed', async (t) => {
  const flat = { ...topology, underlay: [segment] };
  t.notOk(planHostLinks(flat, host, state, 26).some((op) => op.kind === 'default-route'));
});

t.test('addresses come before "up", so that the kernel announces them', async (t) => {
  const kinds = planHostLinks(topology, host, state, 26).flatMap((op) =>
    'name' in op && op.name === 'eth0' ? [op.kind] : [],
  );
  t.same(kinds, ['address', 'address', 'up']);
});

t.test('an earlier life of the port is removed before the new one is made', async (t) => {
  const [first, second] = planHostPort('x', host, segment, 42);
  t.match(
    [first, second],
    [
      { kind: 'remove', name: 'p-host-a' },
      { kind: 'veth', name: 'p-host-a', mtu: 1500, peer: { name: 'eth0', namespacePid: 42 } },
    ],
  );
});

t.test('the bucket of a rate limit holds what comes in one clock tick', async (t) => {
  t.equal(burstBytes('100mbit'), 125_000);
  t.equal(burstBytes('1gbit'), 1_250_000);
  t.equal(burstBytes('10MBps'), 100_000);
  t.equal(burstBytes('64kbit'), 32 * 1024, 'but never less than one packet with all offloads');
});
