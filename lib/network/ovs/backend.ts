import type { Change } from '../../model/change.js';
import { type Check, check } from '../../model/check.js';
import type { Topology } from '../../model/topology.js';
import type { HostView, Placement } from '../../placement/placement.js';
import { desiredNetwork, type NetworkFacts } from '../../plan/desired.js';
import { destroyNetwork } from '../../plan/destroy-plan.js';
import type { OvsScope } from '../../plan/host-plan.js';
import type { ObservedHost } from '../../plan/observed.js';
import { OvsPlanner, planNetwork } from '../../plan/ovs-planner.js';
import { undoNetwork } from '../../plan/undo-plan.js';
import type { NetworkBackend } from '../backend.js';
import { networkFacts } from './facts.js';
import type { OvsHosts } from './ovs-hosts.js';
import { OvsPath } from './path.js';
import { denialsHold, forgeriesDropped, strangersDropped } from './verify-security.js';
import { networksIsolated, tablesPoint } from './verify-tables.js';
import { portsReady, tunnelsReach } from './verify-ways.js';

const START_SWITCH =
  '`systemctl start ovs-vswitchd` there (Debian: package openvswitch-switch; its log is ' +
  '/var/log/openvswitch/ovs-vswitchd.log); for a lab `vxmig lab up FILE`.';

/** Open vSwitch on each host, with flows that are vxmig's own. */
export class OvsBackend implements NetworkBackend<OvsScope> {
  readonly name = 'ovs';
  /** By what the hosts were like when they were last planned for. */
  #facts: ((host: string) => NetworkFacts) | null = null;

  constructor(private readonly hosts: OvsHosts) {}

  /**
   * From a host whose switch is down a plan would be false: it shows no flows, and not how its tunnels find their way.
   */
  unready(observed: readonly ObservedHost[]): Check[] {
    const down = observed.filter(({ switchAnswers }) => !switchAnswers);
    return down.map(({ host }) =>
      check(`switch of ${host}`, false, 'ovs-vswitchd answers', 'it does not', START_SWITCH),
    );
  }

  planner(observed: readonly ObservedHost[]): OvsPlanner {
    const facts = networkFacts(this.hosts.topology, observed);
    this.#facts = facts;
    return new OvsPlanner(facts);
  }

  async apply(scope: OvsScope): Promise<void> {
    const session = this.hosts.session(scope.host);
    await session.inTurn(async () => {
      await session.network.execute(scope);
      // A migration asks where ports lead, and some of these may have just been made.
      if (scope.ovs.length > 0) await session.observePorts();
    });
  }

  async prune(scope: OvsScope): Promise<void> {
    const session = this.hosts.session(scope.host);
    await session.inTurn(() => session.network.prune(scope));
  }

  async converge(host: string, viewNow: () => HostView): Promise<readonly Change[]> {
    const facts = this.#facts?.(host);
    if (facts === undefined) throw new Error(`no facts of ${host}`);
    const session = this.hosts.session(host);
    return await session.inTurn(async () => {
      const { topology, incoming, alsoAt } = viewNow();
      const observed = await session.observe(topology.name);
      const desired = desiredNetwork(topology, host, { ...facts, incoming, alsoAt });
      const plan = planNetwork(topology.name, desired, observed);
      await session.network.execute(plan);
      await session.network.prune(plan);
      // Ports may have new numbers; the rest is known, for it was made just now.
      if (plan.changes.length > 0) await session.observePorts();
      return plan.changes;
    });
  }

  planUndo(scope: OvsScope, before: ObservedHost, now: ObservedHost): OvsScope {
    return undoNetwork(scope, this.hosts.topology.name, before, now);
  }

  planDestroy(observed: ObservedHost): OvsScope {
    return destroyNetwork(this.hosts.topology.name, observed);
  }

  async verifyWays(current: Topology): Promise<Check[]> {
    return [...portsReady(this.hosts), ...(await tunnelsReach(this.hosts, current))];
  }

  async verifyTables(current: Topology): Promise<Check[]> {
    return [
      ...(await tablesPoint(this.hosts, current)),
      ...(await networksIsolated(this.hosts, current)),
      ...(await forgeriesDropped(this.hosts, current)),
      ...(await denialsHold(this.hosts, current)),
      ...(await strangersDropped(this.hosts, current)),
    ];
  }

  path(host: string, placement: Placement): OvsPath {
    const converge = async () => void (await this.converge(host, () => placement.viewOf(host)));
    return new OvsPath(this.hosts.session(host).network, this.hosts.topology, converge, () =>
      placement.restingAt(host),
    );
  }
}
