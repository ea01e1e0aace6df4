import { isDeepStrictEqual } from 'node:util';
import type { Topology } from '../model/topology.js';
import { planBridges } from './bridge-plan.js';
import { type DesiredNetwork, desiredNetwork, incomingVm, type NetworkFacts } from './desired.js';
import { planFlows } from './flow-plan.js';
import type { OvsScope } from './host-plan.js';
import { planLinks } from './link-plan.js';
import { type AfterMoves, planAfterMoves } from './move-plan.js';
import type { NetworkPlanner, WantedNetwork } from './network-planner.js';
import { offloadWarnings } from './nic-offload.js';
import type { ObservedHost } from './observed.js';
import { assignOfports } from './ofports.js';
import { refuseTunnelRivals } from './tunnel-rivals.js';
import { planUnderlay } from './underlay-plan.js';

/** A host's own plan where VMs come or go, as a script has it: a migration does the same step by step. */
export interface PlannedMove {
  /** As the host's own plan, with what the VMs need that are on their way here. */
  readonly before: OvsScope;
  readonly after: AfterMoves;
}

/**
 * Open vSwitch with vxmig's own flows: each host is a scope, and none knows of another but by what the topology says.
 */
export class OvsPlanner implements NetworkPlanner<OvsScope> {
  constructor(private readonly facts: (host: string) => NetworkFacts) {}

  plan({ now, later, migrations }: WantedNetwork, hosts: readonly ObservedHost[]): OvsScope[] {
    return hosts.map((host) => {
      const facts = this.facts(host.host);
      const plan = planNetwork(now.name, desiredNetwork(now, host.host, facts), host);
      if (!migrations.some(({ to }) => to === host.host)) return plan;
      return withoutRemoving(plan, planNetwork(now.name, desiredNetwork(later, host.host, facts), host));
    });
  }

  /** By host, where VMs come or go. */
  moves(wanted: WantedNetwork, hosts: readonly ObservedHost[]): ReadonlyMap<string, PlannedMove> {
    const { now, later, migrations } = wanted;
    const moves = hosts.flatMap((host) => {
      const incoming = migrations.flatMap(({ vm, to }) => (to === host.host ? [incomingVm(now, vm)] : []));
      if (incoming.length === 0 && !migrations.some(({ from }) => from === host.host)) return [];
      const facts = this.facts(host.host);
      const before = desiredNetwork(now, host.host, { ...facts, incoming });
      const after = planAfterMoves(now.name, before, desiredNetwork(later, host.host, facts), host);
      return [[host.host, { before: planNetwork(now.name, before, host), after }] as const];
    });
    return new Map(moves);
  }

  warnings(topology: Topology, hosts: readonly ObservedHost[]): string[] {
    return offloadWarnings(topology, hosts, this.facts);
  }
}

/** One host by itself; apply uses it for all, a migration for its two ends. */
export function planNetwork(topology: string, desired: DesiredNetwork, observed: ObservedHost): OvsScope {
  const ofports = new Map(
    desired.bridges.map((bridge) => [
      bridge.name,
      assignOfports(
        bridge.ports,
        observed.bridges.find((candidate) => candidate.name === bridge.name),
      ),
    ]),
  );
  refuseTunnelRivals(topology, desired, observed);
  const underlay = planUnderlay(topology, desired, observed);
  const bridges = planBridges(topology, desired, observed, ofports);
  const links = planLinks(topology, desired, observed);
  const flows = planFlows(desired, observed.bridges, ofports);
  return {
    backend: 'ovs',
    host: desired.host,
    changes: [...underlay.changes, ...bridges.changes, ...links.changes, ...flows.changes],
    prepare: links.prepare,
    ovs: [...underlay.ovs, ...bridges.add],
    settle: [...underlay.settle, ...links.settle],
    flows: flows.flows,
    remove: { prepare: [], ovs: bridges.remove, commands: links.remove },
  };
}

/**
 * What an earlier migration has left at a VM's new home is not removed: removals come after the migrations, and by then
 * it is the VM's.
 *
 * @param later the same host with the VM there
 */
function withoutRemoving(plan: OvsScope, later: OvsScope): OvsScope {
  const both = <T>(these: readonly T[], those: readonly T[]) =>
    these.filter((one) => those.some((other) => isDeepStrictEqual(one, other)));
  return {
    ...plan,
    changes: plan.changes.filter(
      (one) =>
        one.action !== 'delete' ||
        later.changes.some((other) => other.action === 'delete' && other.kind === one.kind && other.name === one.name),
    ),
    remove: {
      prepare: both(plan.remove.prepare, later.remove.prepare),
      ovs: both(plan.remove.ovs, later.remove.ovs),
      commands: both(plan.remove.commands, later.remove.commands),
    },
  };
}
