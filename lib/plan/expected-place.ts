import type { Network, Topology } from '../model/topology.js';

/**
 * Where `observer`'s forwarding table should have a VM that is at `host`: there, or, for a spoke of a hub-and-spoke
 * network, at the hub, which is all that a spoke ever sees.
 */
export function expectedPlace({ mesh }: Network, host: string, observer: string): string {
  if (mesh.kind !== 'hub' || observer === host || observer === mesh.hub) return host;
  return mesh.hub;
}

/** The same by names. @throws Error for a network that is not there */
export function expectedAt(topology: Topology, networkName: string, host: string, observer: string): string {
  const network = topology.networks.find((candidate) => candidate.name === networkName);
  if (network === undefined) throw new Error(`no network ${networkName}`);
  return expectedPlace(network, host, observer);
}
