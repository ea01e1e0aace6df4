import type { Flow } from '../openflow/flow.js';
import { baseFlows } from './base.js';
import type { BridgeFacts } from './facts.js';
import { floodFlows } from './flood.js';
import { localPortFlows } from './local.js';
import { arrivalFlow } from './redirect.js';
import { tunnelFlows } from './tunnels.js';

/** Every planned flow of a bridge; what is learned from frames comes on top. */
export function bridgeFlows(facts: BridgeFacts): Flow[] {
  return [
    ...baseFlows(facts.relays),
    ...facts.locals.flatMap((port) => localPortFlows(port.ofport)),
    ...facts.locals.flatMap(({ ofport, incoming }) =>
      incoming === null ? [] : [arrivalFlow(incoming.mac, incoming.tunnel, ofport)],
    ),
    ...facts.tunnels.flatMap((ofport) => tunnelFlows(ofport)),
    ...floodFlows(facts),
  ];
}
