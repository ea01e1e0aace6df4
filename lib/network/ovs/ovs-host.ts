import type { HostShell } from '../../host/connection.js';
import type { Topology } from '../../model/topology.js';
import type { Way } from '../../pipeline/facts.js';
import type { NamedWay } from '../../plan/desired-ports.js';

/** A host's bridges and their ports, by names. */
export interface OvsHost {
  readonly name: string;
  readonly shell: HostShell;
  /** @throws VxmigError HOST_UNFIT where the port is not there */
  ofport(network: string, port: string): number;
  /** @throws VxmigError HOST_UNFIT where its port is not there */
  way(network: string, way: NamedWay): Way;
  /** The ready ports of the network's bridge. */
  ports(network: string): readonly { readonly name: string; readonly ofport: number }[];
  /** The host that a way out of the network's bridge leads to: the far end of a tunnel, or this one. */
  placeOf(topology: Topology, network: string, way: Way): string | null;
}
