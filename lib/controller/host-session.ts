import { startDomain } from '../compute/libvirt/start-domain.js';
import * as virsh from '../compute/libvirt/virsh.js';
import type { HostShell } from '../host/connection.js';
import { type Machine, notRoot, observeMachine } from '../host/machine.js';
import { runCommands } from '../host/script.js';
import { SSH_SESSIONS } from '../host/session-pool.js';
import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { bridgeName } from '../model/names.js';
import type { SshSettings, Topology } from '../model/topology.js';
import { changeFlows } from '../network/ovs/openflow.js';
import { OvsDatabase } from '../network/ovs/ovs-database.js';
import type { OvsHost } from '../network/ovs/ovs-host.js';
import type { Way } from '../pipeline/facts.js';
import type { HostView } from '../placement/placement.js';
import { desiredHost, type HostFacts } from '../plan/desired.js';
import type { NamedWay } from '../plan/desired-ports.js';
import type { DomainStep, HostPlan, OvsChange } from '../plan/host-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import { KIND_KEY, REMOTE_HOST_KEY } from '../plan/ownership.js';
import { planHost } from '../plan/plan.js';
import { vtepOf } from '../plan/topology-parts.js';
import { type Expected, observeHost } from './observe.js';

/**
 * One host, connected: what is known of it, and the only place that changes it. Changes of its network and its domains
 * go one after the other, whoever asks for them.
 */
export class HostSession implements OvsHost {
  #observed: ObservedHost | null = null;
  #facts: HostFacts | null = null;
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly name: string,
    readonly shell: HostShell,
    readonly ovs: OvsDatabase,
    private readonly expected: Expected,
    /** null: not asked, or not told. */
    readonly machine: Machine | null,
  ) {}

  /** @throws VxmigError SSH_CONNECT, SSH_HOST_KEY, OVSDB, HOST_UNFIT where we are not root there */
  static async open(name: string, settings: SshSettings, expected: Expected): Promise<HostSession> {
    const shell = await SSH_SESSIONS.open(name, settings);
    try {
      const opening = OvsDatabase.open(shell);
      // Who is not root cannot open it, and is told why.
      opening.catch(() => undefined);
      // A lab's hosts are as vxmig has made them.
      const machine = settings.client === undefined ? null : await observeMachine(shell);
      if (machine?.isRoot === false) {
        void opening.then(
          (ovs) => ovs.close(),
          () => undefined,
        );
        throw notRoot(name, machine.user);
      }
      return new HostSession(name, shell, await opening, expected, machine);
    } catch (error) {
      shell.close();
      throw error;
    }
  }

  close(): void {
    this.ovs.close();
    this.shell.close();
  }

  get observed(): ObservedHost {
    if (this.#observed === null) throw new Error(`${this.name} has not been observed`);
    return this.#observed;
  }

  /** Decided by the controller, which sees all hosts. */
  set facts(facts: HostFacts) {
    this.#facts = facts;
  }

  async observe(topology: string): Promise<ObservedHost> {
    this.#observed = await observeHost(this, topology, this.expected);
    return this.#observed;
  }

  /** Does `change` when all that were asked for before have ended, well or not. */
  async inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#lastChange.then(change, change);
    this.#lastChange = done.catch(() => {});
    return await done;
  }

  /** Everything of a plan but VMs and removals. */
  async execute(plan: HostPlan): Promise<void> {
    await this.inTurn(() => this.#execute(plan));
  }

  async executeRemovals(remove: HostPlan['remove']): Promise<void> {
    await this.inTurn(() => this.#executeRemovals(remove));
  }

  async executeDomains(steps: readonly DomainStep[]): Promise<void> {
    await this.inTurn(() => this.#executeDomains(steps));
  }

  async #execute(plan: HostPlan): Promise<void> {
    await runCommands(this.shell, plan.prepare);
    await this.#changeOvs(plan.ovs);
    await runCommands(this.shell, plan.settle);
    for (const { bridge, diff } of plan.flows) await changeFlows(this.shell, bridge, diff);
  }

  async #executeRemovals(remove: HostPlan['remove']): Promise<void> {
    await this.#executeDomains(remove.domains);
    await runCommands(this.shell, remove.prepare);
    await this.#changeOvs(remove.ovs);
    await runCommands(this.shell, remove.commands);
  }

  async #executeDomains(steps: readonly DomainStep[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === 'define') await virsh.defineDomain(this.shell, step.xml);
      if (step.kind === 'update-nic') await virsh.updateNic(this.shell, step.domain, step.xml);
      if (step.kind === 'mark') await virsh.markDomain(this.shell, step.domain, step.element, step.which);
      if (step.kind === 'start') await startDomain(this.shell, step.domain);
      if (step.kind === 'resume') await virsh.resumeDomain(this.shell, step.domain);
      if (step.kind === 'stop') await virsh.destroyDomain(this.shell, step.domain);
      if (step.kind === 'undefine') await virsh.undefineDomain(this.shell, step.domain);
    }
  }

  /**
   * Brings bridges, ports, devices and flows to what the view wants here, as it is when its turn comes. VMs are not
   * touched.
   */
  async converge(viewNow: () => HostView): Promise<readonly Change[]> {
    return await this.inTurn(() => this.#converge(viewNow()));
  }

  async #converge({ topology, incoming, alsoAt }: HostView): Promise<readonly Change[]> {
    if (this.#facts === null) throw new Error(`no facts of ${this.name}`);
    const observed = await this.observe(topology.name);
    const desired = desiredHost(topology, this.name, { ...this.#facts, incoming, alsoAt });
    const plan = planHost(topology.name, desired, observed);
    await this.#execute(plan);
    await this.#executeRemovals({ ...plan.remove, domains: [] });
    const changes = plan.changes.filter((change) => change.kind !== 'vm');
    // Ports may have new numbers; the rest is known, for it was made just now.
    if (changes.length > 0) await this.observePorts();
    return changes;
  }

  /** Ports and their numbers alone, after a change. */
  async observePorts(): Promise<void> {
    const { bridges } = await this.ovs.read();
    const flows = new Map(this.observed.bridges.map((bridge) => [bridge.name, bridge.flows]));
    this.#observed = {
      ...this.observed,
      bridges: bridges.map((bridge) => ({ ...bridge, flows: flows.get(bridge.name) ?? [] })),
    };
  }

  async #changeOvs(changes: readonly OvsChange[]): Promise<void> {
    if (changes.length > 0) await this.ovs.change(changes);
  }

  /** @throws VxmigError HOST_UNFIT where the port is not there */
  ofport(network: string, port: string): number {
    const found = this.#bridge(network)?.ports.find((candidate) => candidate.name === port);
    const ofport = found?.interface.ofport ?? null;
    // OVS gives -1 to a port whose device it could not open.
    if (ofport === null || ofport < 1) {
      throw new VxmigError(
        'HOST_UNFIT',
        `the port ${port} on ${this.name} is not ready: ${found?.interface.error ?? 'it is not there'}`,
        {
          where: `${this.name} ${port}`,
        },
      );
    }
    return ofport;
  }

  /** @throws VxmigError HOST_UNFIT where its port is not there */
  way(network: string, { port, remote }: NamedWay): Way {
    return { ofport: this.ofport(network, port), remote };
  }

  /** The ready ports of the network's bridge. */
  ports(network: string): { readonly name: string; readonly ofport: number }[] {
    return (this.#bridge(network)?.ports ?? []).flatMap(({ name, interface: { ofport } }) =>
      ofport === null || ofport < 1 ? [] : [{ name, ofport }],
    );
  }

  /** The host that a way out of the network's bridge leads to: the far end of a tunnel, or this one. */
  placeOf({ hosts }: Topology, network: string, { ofport, remote }: Way): string | null {
    const port = this.#bridge(network)?.ports.find((candidate) => candidate.interface.ofport === ofport);
    if (port === undefined) return null;
    if (port.externalIds[KIND_KEY] !== 'tunnel') return this.name;
    return port.externalIds[REMOTE_HOST_KEY] ?? hosts.find((host) => vtepOf(host) === remote)?.name ?? null;
  }

  #bridge(network: string) {
    return this.observed.bridges.find(
      (bridge) =>
        bridge.externalIds['vxmig-network'] === network &&
        bridge.name === bridgeName(bridge.externalIds['vxmig-topology'] ?? '', network),
    );
  }
}
