import { refuseOneTwice } from '../host/machine.js';
import type { Check } from '../model/check.js';
import { VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { Topology } from '../model/topology.js';
import { OvsBackend } from '../network/ovs/backend.js';
import type { OvsHosts } from '../network/ovs/ovs-hosts.js';
import type { OvsScope } from '../plan/host-plan.js';
import { withoutCopies } from '../plan/left-copies.js';
import type { ObservedHost } from '../plan/observed.js';
import type { PlannedMove } from '../plan/ovs-planner.js';
import { type Plan, planTopology } from '../plan/plan.js';
import { lookForBases } from './base-images.js';
import { refuseWithoutFirmware } from './firmware-check.js';
import { sshOf } from './host-address.js';
import { type LockRequest, withHostLocks } from './host-locks.js';
import { HostSession } from './host-session.js';
import { expectedOf } from './observe.js';
import { observeVmFacts } from './vm-facts.js';

export interface ConnectFailure {
  readonly host: string;
  readonly error: unknown;
}

/** All hosts of one topology, connected. */
export class Controller implements OvsHosts {
  /** What keeps the topology's networks. */
  readonly network: OvsBackend;

  /** @param sessions open already, and closed with it */
  constructor(
    readonly topology: Topology,
    readonly sessions: ReadonlyMap<string, HostSession>,
  ) {
    this.network = new OvsBackend(this);
  }

  /**
   * Connects to all hosts at once. Where some cannot be reached the others are closed again and the error names each.
   *
   * @throws VxmigError SSH_CONNECT, SSH_HOST_KEY, OVSDB
   */
  static async connect(topology: Topology, emit: Emit): Promise<Controller> {
    const { controller, failures } = await Controller.connectAny(topology, emit);
    if (failures.length === 0) return controller;
    controller.close();
    throw together(failures.map((failure) => failure.error));
  }

  /**
   * The same for whoever can make do with some of the hosts: those that cannot be reached are told with the reason.
   * @throws VxmigError TOPOLOGY_INVALID where two hosts are one machine
   */
  static async connectAny(
    topology: Topology,
    emit: Emit,
  ): Promise<{ controller: Controller; failures: readonly ConnectFailure[] }> {
    emit({ kind: 'connecting', hosts: topology.hosts.map((host) => host.name) });
    const expected = expectedOf(topology);
    const results = await Promise.allSettled(
      topology.hosts.map(
        async (host) => [host.name, await HostSession.open(host.name, sshOf(host), expected)] as const,
      ),
    );
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failures = results.flatMap((result, index) =>
      result.status === 'rejected'
        ? [{ host: topology.hosts[index]?.name ?? '', error: result.reason as unknown }]
        : [],
    );
    const controller = new Controller(topology, new Map(opened));
    try {
      refuseOneTwice(opened.map(([host, { machine }]) => ({ host, machine })));
    } catch (error) {
      controller.close();
      throw error;
    }
    return { controller, failures };
  }

  close(): void {
    for (const session of this.sessions.values()) session.close();
  }

  session(host: string): HostSession {
    const session = this.sessions.get(host);
    if (session === undefined) throw new Error(`no session for host ${host}`);
    return session;
  }

  async observe(): Promise<readonly ObservedHost[]> {
    return await Promise.all([...this.sessions.values()].map((session) => session.observe(this.topology.name)));
  }

  /**
   * Plans from what is on the hosts; left out: they are read first. @throws VxmigError HOST_UNFIT and what planTopology
   * throws
   */
  async plan(seen?: readonly ObservedHost[]): Promise<Plan<OvsScope>> {
    const observed = seen ?? (await this.observe());
    refuseUnready(this.network.unready(observed), observed);
    const shellOf = (host: string) => this.session(host).shell;
    await refuseWithoutFirmware(this.topology, observed, shellOf);
    return planTopology(this.topology, observed, {
      network: this.network.planner(observed),
      vms: await observeVmFacts(this.topology, observed, shellOf),
      bases: await lookForBases(this.topology, observed, shellOf),
    });
  }

  /** What hosts need where VMs come or go, by the last look: for a script, which does not measure or undo. */
  plannedMoves(plan: Plan<OvsScope>): ReadonlyMap<string, PlannedMove> {
    const observed = [...this.sessions.values()].map((session) => session.observed);
    const wanted = { now: plan.current, later: this.topology, migrations: plan.migrations };
    return this.network.planner(observed).moves(wanted, withoutCopies(observed, plan.leftCopies));
  }

  /** Does `work` while no other controller may change these hosts. @throws VxmigError LOCKED; see withHostLocks */
  async locked<Result>(request: LockRequest, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const what = `${request.work} ${this.topology.name}`;
    return await withHostLocks([...this.sessions.values()], { ...request, work: what }, work);
  }
}

/** @throws VxmigError HOST_UNFIT where the network of some hosts cannot be judged */
function refuseUnready(faults: readonly Check[], observed: readonly ObservedHost[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const down = observed.filter(({ switchAnswers }) => !switchAnswers).map(({ host }) => host);
  throw new VxmigError(
    'HOST_UNFIT',
    `ovs-vswitchd does not answer on ${down.join(', ')}, and only it knows the flows there`,
    { where: down.join(', '), hint: first.hint },
  );
}

/** Several hosts that failed at once: one error that names all. */
function together(errors: readonly unknown[]): unknown {
  const [first] = errors;
  if (errors.length === 1 || !(first instanceof VxmigError)) return first;
  return new VxmigError(
    first.code,
    errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; '),
    {
      hint: first.hint,
      cause: first,
    },
  );
}
