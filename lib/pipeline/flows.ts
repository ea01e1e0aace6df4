import type { Flow } from '../openflow/flow.js';
import { accessFlows } from './access.js';
import { baseFlows } from './base.js';
import type { BridgeFacts } from './facts.js';
import { floodFlows } from './flood.js';
import { guardFlows } from './guard.js';
import { localPortFlows } from './local.js';
import { arrivalFlow } from './redirect.js';
import { tunnelFlows } from './tunnels.js';

/** Every planned flow of a bridge; what is learned from frames comes on top. */
export function bridgeFlows(facts: BridgeFacts): Flow[] {
  return [
    ...baseFlows(facts),
    ...facts.locals.flatMap(localPortFlows),
    ...facts.locals.flatMap(({ ofport, incoming }) =>
      incoming === null ? [] : incoming.macs.map((mac) => arrivalFlow(mac, incoming.tunnel, ofport)),
    ),
    ...guardFlows(facts),
    ...accessFlows(facts.access),
    ...tunnelFlows(facts.tunnels),
    ...floodFlows(facts),
  ];
}
