import { encapsulationsBeside } from '../model/encapsulation.js';
import type { Network } from '../model/topology.js';
import type { ObservedBridge, ObservedPort } from './observed.js';

/**
 * A bridge's tunnels, as its network has them; of one whose network is gone from the file, those of any encapsulation.
 */
export function tunnelPorts(networks: readonly Network[], { externalIds, ports }: ObservedBridge): ObservedPort[] {
  const network = networks.find(({ name }) => name === externalIds['vxmig-network']);
  const possible = network === undefined ? encapsulationsBeside(networks) : [network.encapsulation];
  const types = possible.map(({ ovsType }) => ovsType);
  return ports.filter((port) => types.includes(port.interface.type));
}
