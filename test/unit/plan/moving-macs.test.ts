import t from 'tap';
import { probeMac, tapName } from '../../../lib/model/names.js';
import type { Allowance, Topology, Vm } from '../../../lib/model/topology.js';
import { desiredNetwork, incomingVm } from '../../../lib/plan/desired.js';
import { bridgeFacts } from '../../../lib/plan/flow-plan.js';
import { MOST_MACS, mayCarry, movingMacs, ownMacs, type SeenMac } from '../../../lib/plan/moving-macs.js';
import { assignOfports } from '../../../lib/plan/ofports.js';
import { KERNEL, topologyOf } from './hosts.js';

const OWN = '52:54:00:09:00:01';
const NESTED = '52:54:00:09:00:77';
const PEER = '52:54:00:09:00:02';
const HERE = tapName('plans', 'web', 0);

/** web with that allowance, and a second VM, peer. */
function withAllowances(web: Partial<Allowance>, peer: Partial<Allowance> = {}): { topology: Topology; vm: Vm } {
  const topology = topologyOf();
  const [vm] = topology.vms;
  const [nic] = vm?.nics ?? [];
  if (vm === undefined || nic === undefined) throw new Error('no web');
  const allowing = (what: Partial<Allowance>, mac: string) => ({ ...nic, mac, allow: { ...nic.allow, ...what } });
  const first = { ...vm, nics: [allowing(web, OWN)] };
  const second = { ...vm, name: 'peer', nics: [allowing(peer, PEER)] };
  return { topology: { ...topology, vms: [first, second] }, vm: first };
}

function moving({ topology, vm }: { topology: Topology; vm: Vm }, seen: readonly SeenMac[]) {
  const found = movingMacs(topology, vm, new Map([['blue', seen]]));
  return {
    moving: found.moving.map(({ mac, origin }) => `${mac} ${origin}`),
    left: found.left.map(({ mac }) => mac),
  };
}

const at = (mac: string, port: string, place = 'host-a'): SeenMac => ({ mac, port, place });

t.test('a MAC that the file allows moves, unless it was heard elsewhere', async (t) => {
  const allowed = withAllowances({ macs: [NESTED] });
  const both = [`${OWN} nic`, `${NESTED} file`];
  t.same(moving(allowed, []), { moving: both, left: [] }, 'nobody has heard it: it can be nowhere else');
  t.same(moving(allowed, [at(NESTED, HERE)]), { moving: both, left: [] });
  t.same(moving(allowed, [at(NESTED, 'vx-host-b', 'host-b')]), { moving: [`${OWN} nic`], left: [] });
  t.same(moving(allowed, [at('02:00:00:00:00:09', HERE)]).moving, both, 'what it may not send does not move');
});

t.test('one that two NICs may have is where it was heard last', async (t) => {
  for (const peer of [{ macs: [NESTED] }, { any: true }]) {
    const shared = withAllowances({ macs: [NESTED] }, peer);
    t.same(moving(shared, []), { moving: [`${OWN} nic`], left: [NESTED] });
    t.same(moving(shared, [at(NESTED, HERE)]), { moving: [`${OWN} nic`, `${NESTED} file`], left: [] });
    t.same(moving(shared, [at(NESTED, 'vx-host-b', 'host-b')]), { moving: [`${OWN} nic`], left: [] });
  }
});

t.test('without port security all moves that was heard at the port, but for what is others’', async (t) => {
  const open = withAllowances({ any: true });
  const probe = probeMac('plans', 'blue', 'host-c');
  const heard = [NESTED, PEER, probe, OWN].map((mac) => at(mac, HERE));
  t.same(moving(open, [...heard, at('02:00:00:00:00:09', 'vx-host-b', 'host-b')]), {
    moving: [`${OWN} nic`, `${NESTED} learned`],
    left: [PEER, probe],
  });
  const crowd = Array.from({ length: MOST_MACS + 2 }, (_, index) =>
    at(`02:00:00:00:01:${index.toString(16).padStart(2, '0')}`, HERE),
  );
  const found = moving(open, crowd);
  t.equal(found.moving.length, 1 + MOST_MACS);
  t.same(found.left, ['02:00:00:00:01:40', '02:00:00:00:01:41'], 'who does not fit is named');
});

t.test(
  'the destination waits for all of them, and tables are right for them where nobody else may have them',
  async (t) => {
    const { topology, vm } = withAllowances({ macs: [NESTED] });
    t.ok(mayCarry(vm, 'blue'));
    t.notOk(mayCarry(topologyOf().vms[0] as Vm, 'blue'));
    t.same(
      vm.nics.map((nic) => ownMacs(topology, nic)),
      [[OWN, NESTED]],
    );
    const facts = { ...KERNEL, incoming: [incomingVm(topology, 'web')] };
    const [bridge] = desiredNetwork(topology, 'host-b', facts).bridges;
    if (bridge === undefined) throw new Error('no bridge');
    const { locals } = bridgeFacts(bridge, assignOfports(bridge.ports, undefined));
    t.same(
      locals.flatMap(({ incoming }) => incoming?.macs ?? []),
      [OWN, NESTED],
    );
    t.same(bridge.behind.get(NESTED), bridge.behind.get(OWN));
  },
);
