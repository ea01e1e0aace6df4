import t from 'tap';
import type { Datapath, Network } from '../../../lib/model/topology.js';
import { desiredNetwork, incomingVm } from '../../../lib/plan/desired.js';
import { planNetwork } from '../../../lib/plan/ovs-planner.js';
import { appliedHosts, freshHosts, KERNEL, planned, summary, topologyOf } from './hosts.js';

const TOPOLOGY = topologyOf();

t.test('a VM on its way gets a tap at the destination, to which nothing is flooded yet', async (t) => {
  const [, b] = appliedHosts(TOPOLOGY);
  if (b === undefined) throw new Error('no host-b');
  const plan = planNetwork(
    TOPOLOGY.name,
    desiredNetwork(TOPOLOGY, 'host-b', { ...KERNEL, incoming: [incomingVm(TOPOLOGY, 'web')] }),
    b,
  );
  t.strictSame(
    plan.changes.map(({ kind, action }) => `${kind} ${action}`),
    ['tap create', 'tap-device create', 'flows update'],
  );
  t.strictSame(
    [...new Set(plan.flows[0]?.diff.add.map(({ table }) => table))],
    [0, 10, 2, 4],
    'the port is classified and guarded, what is redirected goes to it; the lists of the flood table stay as they are',
  );
});

t.test('hub and spoke: the hub has a tunnel to everybody, a spoke one to the hub', async (t) => {
  const plan = planned(topologyOf(['mtu: 1450}', 'mtu: 1450, mesh: {hub: host-b}}']), freshHosts(TOPOLOGY));
  t.strictSame(
    summary(plan).filter((line) => line.includes('tunnel')),
    ['host-a', 'host-b', 'host-b', 'host-c'].map((host) => `${host} tunnel create`),
  );
});

t.test('a probe port is no larger than what a switch in userspace reads of it', async (t) => {
  const [blue] = TOPOLOGY.networks;
  const jumbo = { ...TOPOLOGY, networks: [{ ...blue, mtu: 8950 } as Network] };
  const mtus = (datapath: Datapath) =>
    desiredNetwork(jumbo, 'host-c', { ...KERNEL, datapath }).bridges.flatMap(({ mtu, ports }) => [
      mtu,
      ...ports.flatMap((port) => (port.kind === 'probe' ? [port.mtu] : [])),
    ]);
  t.same(mtus('system'), [8950, 8950]);
  t.same(mtus('netdev'), [8950, 1500]);
});
