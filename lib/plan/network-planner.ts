import type { ScopePlan } from '../model/scope-plan.js';
import type { Topology } from '../model/topology.js';
import type { ObservedHost } from './observed.js';

export interface PlannedMigration {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  /** For people. */
  readonly why: string;
}

/** What a network is to be: now, and when the migrations have been made. */
export interface WantedNetwork {
  /** Every VM at the host where it runs now. */
  readonly now: Topology;
  /** Every VM where it is to be. */
  readonly later: Topology;
  readonly migrations: readonly PlannedMigration[];
}

/** The half of a network backend that decides, without any host: from what is wanted and what there is to scopes. */
export interface NetworkPlanner<Scope extends ScopePlan = ScopePlan> {
  /**
   * One plan for each scope, for the hosts that are given: what is wanted now is made. What is wanted neither now nor
   * later is removed, when the migrations have been made.
   *
   * @throws VxmigError CLASH, HOST_UNFIT
   */
  plan(wanted: WantedNetwork, hosts: readonly ObservedHost[]): readonly Scope[];
  /** What the plan leaves as it is, and will not do well, in sentences. */
  warnings(topology: Topology, hosts: readonly ObservedHost[]): readonly string[];
}
