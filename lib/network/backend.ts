import type { Change } from '../model/change.js';
import type { Check } from '../model/check.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { Topology } from '../model/topology.js';
import type { HostView, Placement } from '../placement/placement.js';
import type { NetworkPlanner } from '../plan/network-planner.js';
import type { ObservedHost } from '../plan/observed.js';
import type { NetworkPath } from './path.js';

/**
 * What keeps a topology's networks on its hosts: one way of forwarding frames, with all that is done to them. The core
 * orders what has to be done (networks, VMs, migrations, removals); how it is done in each scope only the backend
 * knows.
 */
export interface NetworkBackend<Scope extends ScopePlan = ScopePlan> {
  readonly name: string;
  /** Why hosts cannot be judged as they are, one check for each; empty: they can. */
  unready(observed: readonly ObservedHost[]): readonly Check[];
  /** What decides, by what these hosts are like. */
  planner(observed: readonly ObservedHost[]): NetworkPlanner<Scope>;
  /** Makes what is missing and changes what differs. @throws VxmigError, CommandError; half of it may be done then */
  apply(scope: Scope): Promise<void>;
  /** Removes what is not needed any more. @throws as apply */
  prune(scope: Scope): Promise<void>;
  /** Brings one host's part to what the view wants there, as it is when its turn comes; VMs are not touched. */
  converge(host: string, viewNow: () => HostView): Promise<readonly Change[]>;
  /** What takes a scope back to how it was before an apply that did not come to its end. */
  planUndo(scope: Scope, before: ObservedHost, now: ObservedHost): Scope;
  /** What has to go so that nothing of the topology is left on that host. */
  planDestroy(observed: ObservedHost): Scope;
  /** Whether ports are ready, and full-size packets get from host to host; nothing is changed. */
  verifyWays(current: Topology): Promise<Check[]>;
  /** Whether tables, isolation and security are as they should be, when frames have just gone everywhere. */
  verifyTables(current: Topology): Promise<Check[]>;
  /** How frames find a VM on that host, for a migration. */
  path(host: string, placement: Placement): NetworkPath;
}
