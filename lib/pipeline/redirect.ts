import { type Action, gotoTable, move, output, outputInPort } from '../openflow/action.js';
import { bits } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { match } from '../openflow/match.js';
import { senderHigh, senderLow } from './bits.js';
import { cookieOf } from './cookie.js';
import type { Way } from './facts.js';
import { tableNumber } from './tables.js';
import { aimAt, cameBy, outputTo } from './tunnels.js';

/**
 * How long a redirect stands without being renewed: if whoever renews it dies, frames go back to the source by
 * themselves.
 */
const REDIRECT_TIMEOUT_SECONDS = 1;

/**
 * Frames that are not learned from must not share a datapath flow with those of other senders. When such a flow is
 * translated anew, and then learns, OVS credits what all of them sent lately to the one whose frame made the flow
 * (ofproto-dpif-upcall.c, push_dp_ops): a sender that has long since been heard elsewhere would be learned behind the
 * tunnel of its detour.
 */
const TELL_SENDERS_APART: readonly Action[] = [
  move(bits('eth_src', 0, 31), senderLow),
  move(bits('eth_src', 32, 47), senderHigh),
];

/**
 * Sends frames for a VM on the move to its new host, whatever fdb knows: they wait in the tap there until the guest
 * runs. A frame that came in by the port that leads there (from a peer on the new host, whose table still points here)
 * goes back by it. None is taken for a late one of the VM's last move.
 */
export function redirectFlows(mac: string, tunnel: Way): Flow[] {
  const redirect = {
    table: tableNumber('redirect'),
    cookie: cookieOf('redirect'),
    hardTimeoutSeconds: REDIRECT_TIMEOUT_SECONDS,
  };
  return [
    {
      ...redirect,
      table: tableNumber('admit'),
      priority: 160,
      match: match({ eth_dst: mac }),
      actions: [...TELL_SENDERS_APART, gotoTable(tableNumber('redirect'))],
    },
    {
      ...redirect,
      priority: 210,
      match: match({ in_port: tunnel.ofport, eth_dst: mac }),
      actions: [...aimAt(tunnel), outputInPort],
    },
    { ...redirect, priority: 200, match: match({ eth_dst: mac }), actions: outputTo(tunnel) },
  ];
}

/**
 * At the new host frames for the VM wait in the tap, whoever sends them and whatever fdb knows: those of its own ports
 * do not go round by the old host, and those of a host that has learned the VM's new place a moment sooner are not
 * taken for frames in transit.
 */
export function destinationRedirectFlows(mac: string, tap: number): Flow[] {
  return [
    {
      table: tableNumber('redirect'),
      cookie: cookieOf('redirect'),
      hardTimeoutSeconds: REDIRECT_TIMEOUT_SECONDS,
      priority: 200,
      match: match({ eth_dst: mac }),
      actions: [output(tap)],
    },
  ];
}

/**
 * At the new host: what the old one redirects goes to the VM's tap, though the table still has the VM at the old host.
 * It is not learned from: its senders are where they were, not behind the tunnel that it took.
 */
export function arrivalFlow(mac: string, tunnel: Way, tap: number): Flow {
  return {
    table: tableNumber('admit'),
    cookie: cookieOf('local'),
    priority: 150,
    match: match({ ...cameBy(tunnel), eth_dst: mac }),
    actions: [...TELL_SENDERS_APART, output(tap)],
  };
}

/** For so long frames may still come round by the old host: as long as anybody can be slow to learn. */
const LATE_SECONDS = 60;

/**
 * The same for frames that are late after the move; it goes by itself, and before that the planned one, which it
 * covers, may go.
 */
export function lateArrivalFlow(mac: string, tunnel: Way, tap: number): Flow {
  return {
    ...arrivalFlow(mac, tunnel, tap),
    cookie: cookieOf('redirect'),
    priority: 151,
    hardTimeoutSeconds: LATE_SECONDS,
  };
}
