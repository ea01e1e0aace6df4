import t, { type Test } from 'tap';
import type { Topology } from '../../../lib/model/topology.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { executed, type HostPlan, planUndo } from './executed.js';
import type { HostFacts } from './hosts.js';
import { appliedHosts, freshHosts, KERNEL, planned, topologyOf, USERSPACE, withHost } from './hosts.js';

const TOPOLOGY = topologyOf();
const CHANGED = topologyOf(
  ['vni: 5001', 'vni: 5002'],
  ['mtu: 1450', 'mtu: 1400'],
  ['"fd00:9::1/64"]}', '"fd00:9::1/64"]}, {network: blue, mac: "52:54:00:09:00:02", address: [10.9.0.2/24]}'],
  ['- {from: host-c, to: web}', '- {from: host-b, to: web}'],
);

/** The plan cut off after so many of its steps, as an apply is that does not come to its end. */
function* cutOff(plan: HostPlan): Generator<HostPlan> {
  const none: HostPlan = {
    ...plan,
    ...{ prepare: [], ovs: [], settle: [], flows: [], domains: [] },
    remove: { domains: [], prepare: [], ovs: [], commands: [] },
  };
  let done = none;
  yield done;
  for (let count = 1; count <= plan.prepare.length; count++) yield { ...done, prepare: plan.prepare.slice(0, count) };
  // One transaction: whole or not at all.
  done = { ...done, prepare: plan.prepare, ovs: plan.ovs };
  for (let count = 0; count <= plan.settle.length; count++) yield { ...done, settle: plan.settle.slice(0, count) };
  done = { ...done, settle: plan.settle };
  for (let count = 1; count <= plan.flows.length; count++) yield { ...done, flows: plan.flows.slice(0, count) };
  done = { ...done, flows: plan.flows };
  for (let count = 1; count <= plan.domains.length; count++) yield { ...done, domains: plan.domains.slice(0, count) };
}

/** What a person would compare: without the database's own numbers and without order. */
function seen(host: ObservedHost): unknown {
  const byName = <T extends { readonly name: string }>(these: readonly T[]) =>
    [...these].sort((a, b) => (a.name < b.name ? -1 : 1));
  const link = (each: ObservedHost['links'][number]) => ({ ...each, up: true, addresses: [...each.addresses].sort() });
  return {
    ...host,
    links: byName(host.links).map(link),
    namespaces: byName(host.namespaces).map((each) => ({ ...each, links: byName(each.links).map(link) })),
    domains: byName(host.domains),
    routes: [...host.routes].sort((a, b) => (a.destination < b.destination ? -1 : 1)),
    bridges: byName(host.bridges).map(({ uuid: _, ports, flows, ...bridge }) => ({
      ...bridge,
      flows: flows
        .map((flow) => JSON.stringify(flow, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)))
        .sort(),
      ports: byName(ports).map(({ uuid: __, interface: { uuid: ___, ofport: ____, ...device }, ...port }) => ({
        ...port,
        device,
      })),
    })),
  };
}

function isUndone(t: Test, topology: Topology, hosts: readonly ObservedHost[], facts: HostFacts): number {
  let cuts = 0;
  for (const plan of planned(topology, hosts, facts).hosts) {
    const before = hosts.find(({ host }) => host === plan.host);
    if (before === undefined) throw new Error(`no host ${plan.host}`);
    for (const part of cutOff(plan)) {
      const now = executed(part, before);
      const after = executed(planUndo(plan, topology.name, before, now), now);
      t.same(seen(after), seen(before), `${plan.host}, cut ${cuts}`);
      t.same(planUndo(plan, topology.name, before, after).changes, [], 'and then nothing is left to undo');
      cuts++;
    }
  }
  return cuts;
}

for (const [name, facts] of Object.entries({ KERNEL, USERSPACE })) {
  t.test(`a first apply, cut off anywhere, is undone (${name.toLowerCase()} datapath)`, async (t) => {
    t.ok(isUndone(t, TOPOLOGY, freshHosts(TOPOLOGY), facts) > 15);
  });

  t.test(`a changed topology, cut off anywhere, is undone (${name.toLowerCase()} datapath)`, async (t) => {
    t.ok(isUndone(t, CHANGED, appliedHosts(TOPOLOGY, facts), facts) > 15);
  });
}

for (const [from, to] of [
  ['full', 'flow'],
  ['flow', 'full'],
  ['{hub: host-b}', 'flow'],
]) {
  t.test(`a mesh that becomes another, ${from} to ${to}, cut off anywhere, is undone`, async (t) => {
    const [before, after] = [from, to].map((mesh) => topologyOf(['vni: 5001', `vni: 5001, mesh: ${mesh}`]));
    if (before === undefined || after === undefined) throw new Error('two meshes');
    t.ok(isUndone(t, after, appliedHosts(before), KERNEL) > 5);
  });
}

t.test('a VM that was there and shut off stays on', async (t) => {
  const hosts = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ domains }) => ({
    domains: domains.map((domain) => ({ ...domain, state: 'shut off' })),
  }));
  const [plan] = planned(TOPOLOGY, hosts).hosts;
  const [before] = hosts;
  if (plan === undefined || before === undefined) throw new Error('no host');
  const now = executed(plan, before);
  t.match(now.domains, [{ name: 'web', state: 'running' }]);
  t.same(planUndo(plan, 'plans', before, now).changes, []);
});

t.test('what somebody else has made meanwhile is left alone', async (t) => {
  const [before] = freshHosts(TOPOLOGY);
  const [other] = appliedHosts(topologyOf(['name: plans', 'name: others']));
  const [plan] = planned(TOPOLOGY, freshHosts(TOPOLOGY)).hosts;
  if (before === undefined || other === undefined || plan === undefined) throw new Error('no host');
  t.same(planUndo(plan, 'plans', before, other).changes, []);
});
