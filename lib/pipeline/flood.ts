import { type Action, output } from '../openflow/action.js';
import type { Flow } from '../openflow/flow.js';
import { is, match } from '../openflow/match.js';
import { fromTunnel } from './bits.js';
import { cookieOf } from './cookie.js';
import type { BridgeFacts } from './facts.js';
import { tableNumber } from './tables.js';
import { outputTo } from './tunnels.js';

/** OVS leaves out the port that a frame came in by, so the lists need not. */
export function floodFlows({ locals, tunnels, relays }: BridgeFacts): Flow[] {
  const toLocals = locals.filter((port) => port.incoming === null).map((port) => output(port.ofport));
  const toTunnels = tunnels.flatMap(outputTo);
  return [
    floodFlow(0, [...toLocals, ...toTunnels]),
    // What comes from a tunnel has reached every other host already, but for the spokes behind a hub.
    floodFlow(1, relays ? [...toLocals, ...toTunnels] : toLocals),
  ];
}

function floodFlow(arrival: 0 | 1, actions: readonly Action[]): Flow {
  return {
    table: tableNumber('flood'),
    cookie: cookieOf('flood'),
    priority: 100,
    match: match({}, is(fromTunnel, arrival)),
    actions,
  };
}
