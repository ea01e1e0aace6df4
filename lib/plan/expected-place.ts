import type { Topology } from '../model/topology.js';

/**
 * Where `observer`'s forwarding table should have a VM: at the host where it runs, or, for a spoke of a hub-and-spoke
 * network, at the hub, which is all that a spoke ever sees.
 */
export function expectedPlace(topology: Topology, networkName: string, vmName: string, observer: string): string {
  const place = topology.vms.find((vm) => vm.name === vmName)?.host ?? '';
  const mesh = topology.networks.find((network) => network.name === networkName)?.mesh;
  if (mesh?.kind !== 'hub' || observer === place || observer === mesh.hub) return place;
  return mesh.hub;
}
