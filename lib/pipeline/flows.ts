import type { Flow } from '../openflow/flow.js';
import { baseFlows } from './base.js';
import { floodFlows } from './flood.js';
import { localPortFlows } from './local.js';
import { tunnelFlows } from './tunnels.js';

/** What the flows of one network's bridge depend on. */
export interface BridgeFacts {
  readonly tunnels: readonly number[];
  readonly locals: readonly LocalPort[];
  /** At the hub of a hub-and-spoke network frames go from tunnel to tunnel. */
  readonly relays: boolean;
}

export interface LocalPort {
  readonly ofport: number;
  /**
   * A VM is on its way to this port. Broadcasts are not copied to it yet: they would wait in its tap, and the guest
   * would get them late, and again after having seen them at the source.
   */
  readonly incoming: boolean;
}

/** Every planned flow of a bridge; what is learned from frames comes on top. */
export function bridgeFlows(facts: BridgeFacts): Flow[] {
  return [
    ...baseFlows(facts.relays),
    ...facts.locals.flatMap((port) => localPortFlows(port.ofport)),
    ...facts.tunnels.flatMap((ofport) => tunnelFlows(ofport)),
    ...floodFlows(facts),
  ];
}
