import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.js';
import { allOf } from '../model/joined-errors.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { Topology, Vm } from '../model/topology.js';
import { refuseAbsentDomains } from './absent-domain.js';
import { type Bases, basePath, planUploads } from './base-plan.js';
import { change } from './change.js';
import { refuseCuts } from './cut-off.js';
import { desiredVms, type VmFacts } from './desired-vms.js';
import { planDomains } from './domain-plan.js';
import { sizeWarnings } from './domain-size.js';
import type { VmPlan } from './host-plan.js';
import { keptDisks } from './kept-disks.js';
import { type LeftCopy, leftCopies, leftCopyChange, livingCopies, withoutCopies } from './left-copies.js';
import { macClash, macRival } from './mac-rival.js';
import { type MountsPlan, planMounts, unusedPaths } from './mount-plan.js';
import { type MovedVolumes, movedVolumes } from './moved-volumes.js';
import type { NetworkPlanner, PlannedMigration, WantedNetwork } from './network-planner.js';
import type { ObservedHost } from './observed.js';
import type { PendingVm } from './pending.js';
import { plannedMigrations } from './planned-migrations.js';
import { planSeeds } from './seed-plan.js';
import { type PausedVm, standingOf, standingWarnings } from './standing.js';
import { namesakeWarnings, placesOf, refuseNamesakes } from './vm-places.js';
import { planVolumes } from './volume-plan.js';

export interface Plan<Scope extends ScopePlan = ScopePlan> {
  /** The topology as it is before the migrations: every VM at the host where it runs now. */
  readonly current: Topology;
  /** Its name, which is on all that it makes. */
  readonly topology: string;
  /** These go first. */
  readonly leftCopies: readonly LeftCopy[];
  /** The network's, each of the backend that has planned it. */
  readonly scopes: readonly Scope[];
  /** By host: before all else, and after it. */
  readonly mounts: readonly MountsPlan[];
  /** By host. */
  readonly vms: readonly VmPlan[];
  readonly migrations: readonly PlannedMigration[];
  /** All of them, host by host: what is shared first, a host's network before its VMs. */
  readonly changes: readonly Change[];
  /** VMs that do not have yet what their definitions say, because they have been on since before. */
  readonly pending: readonly PendingVm[];
  /** VMs that somebody else has paused: they are left so. */
  readonly paused: readonly PausedVm[];
  /** What the plan leaves as it is, and will not do well. */
  readonly warnings: readonly string[];
}

/**
 * What has to be done so that the hosts hold what the topology says: a pure function of both.
 *
 * @param planners `bases`: left out by who only compares, and makes no disk
 * @param only who is planned for; left out: all. Where the VMs are is told by all in either case
 * @throws VxmigError CLASH, HOST_UNFIT, MIGRATION_FAILED (a VM is on two hosts, and may run on both)
 */
export function planTopology<Scope extends ScopePlan>(
  topology: Topology,
  found: readonly ObservedHost[],
  planners: { readonly network: NetworkPlanner<Scope>; readonly vms: VmFacts; readonly bases?: Bases },
  only?: string,
): Plan<Scope> {
  const copies = leftCopies(topology, found);
  const observed = withoutCopies(found, copies);
  refuseNamesakes(topology, observed);
  refuseMacRivals(topology, observed);
  refuseAbsentDomains(topology, observed, only);
  const planned = only === undefined ? observed : observed.filter(({ host }) => host === only);
  const wanted = wantedNetwork(topology, observed);
  const { now: current, migrations } = wanted;
  const scopes = planners.network.plan(wanted, planned);
  const isDefined = (vm: Vm) => placesOf(topology, vm, observed).its.length > 0;
  const moved = movedVolumes(topology, observed);
  const bases = planners.bases ?? null;
  const seen = { isDefined, others: observed, moved, bases };
  const mounts = allOf(planned.map((host) => () => planMounts(current, host)));
  const disks = allOf(planned.map((host) => () => planDisks(current, host, seen)));
  const vms = allOf(planned.map((host, index) => () => planVms(wanted, planners.vms, host, disks[index] ?? NO_DISKS)));
  refuseCutting(topology.name, scopes, planned);
  const standing = planned.map((host) => standingOf(topology.name, desiredVms(current, host.host, planners.vms), host));
  return {
    current,
    topology: topology.name,
    leftCopies: copies,
    scopes,
    mounts,
    vms,
    migrations,
    pending: standing.flatMap(({ pending }) => pending),
    paused: standing.flatMap(({ paused }) => paused),
    warnings: [
      ...standing.flatMap(standingWarnings),
      ...(planners.vms.remarks ?? []),
      ...namesakeWarnings(topology, observed),
      ...disks.flatMap(({ warnings }) => warnings),
      ...keptDisks(topology, observed),
      ...unusedPaths(topology),
      ...planners.network.warnings(topology, observed),
      ...sizeWarnings(topology, observed),
    ],
    changes: [
      ...copies.map(leftCopyChange),
      ...scopes.filter(({ host }) => host === null).flatMap(({ changes }) => changes),
      ...vms.flatMap(({ host, changes }) => [
        ...scopes.filter((scope) => scope.host === host).flatMap((scope) => scope.changes),
        ...mounts.filter((one) => one.host === host).flatMap((one) => one.changes),
        ...changes,
      ]),
      ...migrations.map(({ vm, from, why }) => change(from, 'vm', vm, 'migrate', why)),
    ],
  };
}

/** Where the VMs are, and where they are to be. @throws as planTopology */
function wantedNetwork(topology: Topology, observed: readonly ObservedHost[]): WantedNetwork {
  const migrations = plannedMigrations(topology, observed);
  const places = migrations.map(({ vm, from }) => [vm, from] as const);
  return { now: withVmsAt(topology, places), later: topology, migrations };
}

/** One host's VMs. What is there of a VM that is on its way here is its own when it has come. */
function planVms(
  { now, later, migrations }: WantedNetwork,
  facts: VmFacts,
  host: ObservedHost,
  disks: DisksPlan,
): VmPlan {
  const plan = planDomains(now.name, desiredVms(now, host.host, facts), host);
  const { warnings: _, changes: ofDisks, ...steps } = disks;
  if (!migrations.some(({ to }) => to === host.host))
    return { host: host.host, ...steps, ...plan, changes: [...ofDisks, ...plan.changes] };
  const then = desiredVms(later, host.host, facts);
  // An adopted domain leaves nothing of vxmig's behind, and is not there before the migration.
  const own = { ...then, domains: then.domains.filter(({ kind }) => kind === 'own') };
  const after = planDomains(now.name, own, host);
  const isRemoved = (one: Change) =>
    after.changes.some((other) => other.action === 'delete' && other.kind === one.kind && other.name === one.name);
  return {
    host: host.host,
    ...steps,
    steps: plan.steps,
    changes: [...ofDisks, ...plan.changes.filter((one) => one.action !== 'delete' || isRemoved(one))],
    remove: plan.remove.filter((one) => after.remove.some((other) => isDeepStrictEqual(one, other))),
  };
}

interface DisksSeen {
  readonly isDefined: (vm: Vm) => boolean;
  readonly others: readonly ObservedHost[];
  readonly moved: readonly MovedVolumes[];
  readonly bases: Bases | null;
}

type DisksPlan = Pick<
  VmPlan,
  'uploads' | 'volumes' | 'seeds' | 'keepVolumes' | 'removeSeeds' | 'removeVolumes' | 'changes'
> & {
  readonly warnings: readonly string[];
};

const NO_DISKS: DisksPlan = {
  uploads: [],
  volumes: [],
  seeds: [],
  keepVolumes: [],
  removeSeeds: [],
  removeVolumes: [],
  changes: [],
  warnings: [],
};

/** What VMs start from. @throws VxmigError CLASH, HOST_UNFIT */
function planDisks(now: Topology, host: ObservedHost, { isDefined, others, moved, bases }: DisksSeen): DisksPlan {
  const volumes = planVolumes(now, host, { isDefined, others, baseOf: (vm) => basePath(vm, bases) });
  const { uploads, changes } = planUploads(host.host, volumes.steps, bases);
  const own = moved.find((one) => one.host === host.host);
  const seeds = planSeeds(now, host);
  return {
    uploads,
    volumes: volumes.steps,
    seeds: seeds.steps,
    removeSeeds: seeds.remove,
    keepVolumes: own?.keep ?? [],
    removeVolumes: own?.remove ?? [],
    warnings: volumes.warnings,
    changes: [...changes, ...seeds.changes, ...volumes.changes, ...(own?.changes ?? [])],
  };
}

/** @throws VxmigError CLASH where a domain that somebody else has made would lose its network while it is on */
function refuseCutting(topology: string, scopes: readonly ScopePlan[], hosts: readonly ObservedHost[]): void {
  const changes = scopes.flatMap((scope) => scope.changes);
  for (const host of hosts) {
    const taps = changes.filter(
      ({ host: at, kind, action }) => at === host.host && action === 'delete' && ['tap', 'tap-device'].includes(kind),
    );
    refuseCuts(topology, host, new Set(taps.map(({ name }) => name)));
  }
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
