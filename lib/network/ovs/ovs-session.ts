import type { HostShell } from '../../host/connection.js';
import { runCommands } from '../../host/script.js';
import { VxmigError } from '../../model/errors.js';
import { bridgeName } from '../../model/names.js';
import type { Topology } from '../../model/topology.js';
import type { Way } from '../../pipeline/facts.js';
import type { NamedWay } from '../../plan/desired-ports.js';
import type { OvsScope } from '../../plan/host-plan.js';
import type { ObservedBridge } from '../../plan/observed.js';
import { KIND_KEY, REMOTE_HOST_KEY } from '../../plan/ownership.js';
import { vtepOf } from '../../plan/topology-parts.js';
import { changeFlows } from './openflow.js';
import type { OvsDatabase } from './ovs-database.js';
import type { OvsHost } from './ovs-host.js';

/** One host's Open vSwitch: what is known of its bridges, and the only place that changes it. */
export class OvsSession implements OvsHost {
  #bridges: readonly ObservedBridge[] = [];

  constructor(
    readonly name: string,
    readonly shell: HostShell,
    readonly ovs: OvsDatabase,
  ) {}

  /** As somebody has just read them. */
  set bridges(bridges: readonly ObservedBridge[]) {
    this.#bridges = bridges;
  }

  /** Everything of a plan but removals. */
  async execute({ prepare, ovs, settle, flows }: OvsScope): Promise<void> {
    await runCommands(this.shell, prepare);
    if (ovs.length > 0) await this.ovs.change(ovs);
    await runCommands(this.shell, settle);
    for (const { bridge, diff } of flows) await changeFlows(this.shell, bridge, diff);
  }

  async prune({ remove }: OvsScope): Promise<void> {
    await runCommands(this.shell, remove.prepare);
    if (remove.ovs.length > 0) await this.ovs.change(remove.ovs);
    await runCommands(this.shell, remove.commands);
  }

  /** Ports and their numbers alone, after a change. */
  async readPorts(): Promise<readonly ObservedBridge[]> {
    const { bridges } = await this.ovs.read();
    const flows = new Map(this.#bridges.map((bridge) => [bridge.name, bridge.flows]));
    this.#bridges = bridges.map((bridge) => ({ ...bridge, flows: flows.get(bridge.name) ?? [] }));
    return this.#bridges;
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
    return this.#bridges.find(
      (bridge) =>
        bridge.externalIds['vxmig-network'] === network &&
        bridge.name === bridgeName(bridge.externalIds['vxmig-topology'] ?? '', network),
    );
  }
}
