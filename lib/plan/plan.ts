import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Topology } from '../model/topology.js';
import { refuseAbsentDomains } from './absent-domain.js';
import { planBridges } from './bridge-plan.js';
import { change } from './change.js';
import { refuseCuts } from './cut-off.js';
import { type DesiredHost, desiredHost, type HostFacts, incomingVm } from './desired.js';
import { planDomains } from './domain-plan.js';
import { sizeWarnings } from './domain-size.js';
import { planFlows } from './flow-plan.js';
import type { HostPlan } from './host-plan.js';
import { type LeftCopy, leftCopies, leftCopyChange, livingCopies, withoutCopies } from './left-copies.js';
import { planLinks } from './link-plan.js';
import { macClash, macRival } from './mac-rival.js';
import { type AfterMoves, planAfterMoves } from './move-plan.js';
import { offloadWarnings } from './nic-offload.js';
import type { ObservedHost } from './observed.js';
import { assignOfports } from './ofports.js';
import type { PendingVm } from './pending.js';
import { isToRun, type PausedVm, pausedMove, standingOf, standingWarnings } from './standing.js';
import { refuseTunnelRivals } from './tunnel-rivals.js';
import { planUnderlay } from './underlay-plan.js';
import { namesakeWarnings, refuseNamesakes } from './vm-places.js';

export interface Plan {
  /** The topology as it is before the migrations: every VM at the host where it runs now. */
  readonly current: Topology;
  /** Its name, which is on all that it makes. */
  readonly topology: string;
  /** These go first. */
  readonly leftCopies: readonly LeftCopy[];
  readonly hosts: readonly HostPlan[];
  readonly migrations: readonly PlannedMigration[];
  readonly changes: readonly Change[];
  /** VMs that do not have yet what their definitions say, because they have been on since before. */
  readonly pending: readonly PendingVm[];
  /** VMs that somebody else has paused: they are left so. */
  readonly paused: readonly PausedVm[];
  /** What the plan leaves as it is, and will not do well. */
  readonly warnings: readonly string[];
  /** By host, where VMs come or go: a migration by vxmig does the same step by step, with measuring and undoing. */
  readonly moves: ReadonlyMap<string, PlannedMove>;
}

export interface PlannedMove {
  /** As the host's own plan, with what the VMs need that are on their way here. */
  readonly before: HostPlan;
  readonly after: AfterMoves;
}

export interface PlannedMigration {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What has to be done so that the hosts hold what the topology says: a pure function of both.
 *
 * @param only who is planned for; left out: all. Where the VMs are is told by all in either case
 * @throws VxmigError CLASH, HOST_UNFIT, MIGRATION_FAILED (a VM is on two hosts, and may run on both)
 */
export function planTopology(
  topology: Topology,
  found: readonly ObservedHost[],
  facts: (host: string) => HostFacts,
  only?: string,
): Plan {
  const copies = leftCopies(topology, found);
  const observed = withoutCopies(found, copies);
  refuseNamesakes(topology, observed);
  refuseMacRivals(topology, observed);
  refuseAbsentDomains(topology, observed, only);
  const planned = only === undefined ? observed : observed.filter(({ host }) => host === only);
  const migrations = plannedMigrations(topology, observed);
  const current = withVmsAt(
    topology,
    migrations.map(({ vm, from }) => [vm, from]),
  );
  const hosts = planned.map((host) => {
    const plan = planHost(topology.name, desiredHost(current, host.host, facts(host.host)), host);
    if (!migrations.some((migration) => migration.to === host.host)) return plan;
    const later = desiredHost(topology, host.host, facts(host.host));
    // An adopted domain leaves nothing of vxmig's behind, and is not there before the migration.
    const own = { ...later, domains: later.domains.filter(({ kind }) => kind === 'own') };
    return withoutRemoving(plan, planHost(topology.name, own, host));
  });
  for (const { host, changes } of hosts) {
    const taps = changes.filter(({ kind, action }) => action === 'delete' && ['tap', 'tap-device'].includes(kind));
    const at = planned.find((candidate) => candidate.host === host);
    if (at !== undefined) refuseCuts(topology.name, at, new Set(taps.map(({ name }) => name)));
  }
  const standing = planned.map((host) =>
    standingOf(topology.name, desiredHost(current, host.host, facts(host.host)), host),
  );
  const moves = planned.flatMap((host) => {
    const incoming = migrations.flatMap(({ vm, to }) => (to === host.host ? [incomingVm(current, vm)] : []));
    if (incoming.length === 0 && !migrations.some(({ from }) => from === host.host)) return [];
    const before = desiredHost(current, host.host, { ...facts(host.host), incoming });
    const after = planAfterMoves(topology.name, before, desiredHost(topology, host.host, facts(host.host)), host);
    return [[host.host, { before: planHost(topology.name, before, host), after }] as const];
  });
  return {
    current,
    topology: topology.name,
    leftCopies: copies,
    hosts,
    migrations,
    moves: new Map(moves),
    pending: standing.flatMap(({ pending }) => pending),
    paused: standing.flatMap(({ paused }) => paused),
    warnings: [
      ...standing.flatMap(standingWarnings),
      ...namesakeWarnings(topology, observed),
      ...offloadWarnings(topology, observed, facts),
      ...sizeWarnings(topology, observed),
    ],
    changes: [
      ...copies.map(leftCopyChange),
      ...hosts.flatMap((host) => host.changes),
      ...migrations.map(({ vm, from, to }) =>
        change(from, 'vm', vm, 'migrate', `it runs on ${from}, the topology says ${to}`),
      ),
    ],
  };
}

/** One host by itself; apply uses it for all, a migration for its two ends. */
export function planHost(topology: string, desired: DesiredHost, observed: ObservedHost): HostPlan {
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
  const domains = planDomains(topology, desired, observed);
  return {
    host: desired.host,
    changes: [...underlay.changes, ...bridges.changes, ...links.changes, ...flows.changes, ...domains.changes],
    prepare: links.prepare,
    ovs: [...underlay.ovs, ...bridges.add],
    settle: [...underlay.settle, ...links.settle],
    flows: flows.flows,
    domains: domains.steps,
    remove: { domains: domains.remove, prepare: [], ovs: bridges.remove, commands: links.remove },
  };
}

/**
 * What an earlier migration has left at a VM's new home is not removed: removals come after the migrations, and by then
 * it is the VM's.
 *
 * @param later the same host with the VM there
 */
function withoutRemoving(plan: HostPlan, later: HostPlan): HostPlan {
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
      domains: both(plan.remove.domains, later.remove.domains),
      prepare: both(plan.remove.prepare, later.remove.prepare),
      ovs: both(plan.remove.ovs, later.remove.ovs),
      commands: both(plan.remove.commands, later.remove.commands),
    },
  };
}

/**
 * A VM that runs elsewhere than the file says is migrated, when it has been resumed if it is paused; one that runs
 * nowhere is started where the file says.
 */
function plannedMigrations(topology: Topology, observed: readonly ObservedHost[]): PlannedMigration[] {
  return topology.vms.flatMap((vm) => {
    const [place] = livingCopies(topology, vm, observed);
    if (place === undefined || place.host === vm.host) return [];
    const { state, reason, name } = place.domain;
    if (state === 'paused' && !isToRun(place.domain))
      throw pausedMove(vm.name, { host: place.host, domain: name, reason }, vm.host);
    if (state !== 'running' && state !== 'paused') {
      throw new VxmigError(
        'HOST_UNFIT',
        `the VM ${vm.name} is not running on ${place.host} but in another state, and the topology says ${vm.host}`,
        {
          where: `${place.host} ${vm.name}`,
          hint:
            `Only a running VM can be migrated. See on ${place.host}: ` +
            `\`${shellLine(['virsh', 'domstate', '--reason', place.domain.name])}\`; ` +
            `\`${shellLine(['virsh', 'destroy', place.domain.name])}\` there, and apply starts it anew.`,
        },
      );
    }
    return [{ vm: vm.name, from: place.host, to: vm.host }];
  });
}

/** @throws VxmigError CLASH where a VM would come to a host on which another domain has its MAC */
function refuseMacRivals(topology: Topology, observed: readonly ObservedHost[]): void {
  for (const vm of topology.vms) {
    const host = observed.find((candidate) => candidate.host === vm.host);
    if (host === undefined || livingCopies(topology, vm, [host]).length > 0) continue;
    const rival = macRival(vm, host.domains);
    if (rival !== null) throw macClash(vm, vm.host, rival);
  }
}

/** The topology with some VMs at other hosts. */
export function withVmsAt(topology: Topology, places: readonly (readonly [vm: string, host: string])[]): Topology {
  const hosts = new Map(places);
  return { ...topology, vms: topology.vms.map((vm) => ({ ...vm, host: hosts.get(vm.name) ?? vm.host })) };
}
