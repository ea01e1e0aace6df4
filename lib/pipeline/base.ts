import {
  type Action,
  gotoTable,
  IN_PORT_BITS,
  type LearnSpec,
  learn,
  learnLoad,
  learnMatch,
  outputBits,
  resubmit,
} from '../openflow/action.js';
import { wholeField } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { is, type Match, match } from '../openflow/match.js';
import { fromTunnel, outPort, toTunnel, wasHome } from './bits.js';
import { cookieOf } from './cookie.js';
import type { BridgeFacts, Way } from './facts.js';
import { type TableName, tableNumber } from './tables.js';
import { endsOf } from './tunnels.js';

/**
 * How long a MAC is remembered without a frame from it: the customary ageing time of bridges (IEEE 802.1D §7.9.2, 300
 * s). OVS refreshes a learned flow's hard timeout whenever the same is learned again.
 */
export const MAC_AGEING_SECONDS = 300;

const MULTICAST = '01:00:00:00:00:00/01:00:00:00:00:00';
/** Reserved for the bridge itself, never forwarded (IEEE 802.1Q §8.6.3). */
const LINK_LOCAL = '01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0';

/** The flows that every bridge has, whatever its ports. */
export function baseFlows({ relays, tunnels }: Pick<BridgeFacts, 'relays' | 'tunnels'>): Flow[] {
  return [
    base('admit', 200, match({ eth_dst: LINK_LOCAL }), []),
    base('admit', 200, match({ eth_src: MULTICAST }), []),
    base('admit', 0, match({}), [gotoTable(tableNumber('learn'))]),

    base('learn', 100, match({}, is(fromTunnel, 0)), [
      learnLocation(0, []),
      learnHome(),
      gotoTable(tableNumber('redirect')),
    ]),
    base('learn', 100, match({}, is(fromTunnel, 1)), [
      learnLocation(1, learnEndpoint(tunnels)),
      gotoTable(tableNumber('redirect')),
    ]),

    base('redirect', 0, match({}), [gotoTable(tableNumber('lookup'))]),

    base('lookup', 100, match({ eth_dst: MULTICAST }), [gotoTable(tableNumber('flood'))]),
    base('lookup', 0, match({}), [
      resubmit({ table: tableNumber('fdb') }),
      resubmit({ table: tableNumber('home') }),
      gotoTable(tableNumber('deliver')),
    ]),

    base('deliver', 300, match({}, is(outPort, 0)), [gotoTable(tableNumber('flood'))]),
    // Split horizon. A hub relays; everywhere else only late frames for a MAC that has just moved away go on.
    ...(relays ? [] : [base('deliver', 200, match({}, is(fromTunnel, 1), is(toTunnel, 1), is(wasHome, 0)), [])]),
    base('deliver', 0, match({}), [outputBits(outPort)]),
  ];
}

function base(table: TableName, priority: number, what: Match, actions: readonly Action[]): Flow {
  return { table: tableNumber(table), cookie: cookieOf('base'), priority, match: what, actions };
}

/** Which of the endpoints behind a port that leads to many the frame came from is where frames for its sender go. */
function learnEndpoint(tunnels: readonly Way[]): LearnSpec[] {
  const ends = new Set(tunnels.flatMap(({ remote }) => (remote === null ? [] : [endsOf(remote)])));
  return [...ends].map(({ source, destination }) => learnLoad(wholeField(destination), wholeField(source)));
}

function learnLocation(arrival: 0 | 1, endpoint: readonly LearnSpec[]): Action {
  return learn(
    { table: tableNumber('fdb'), priority: 1, cookie: cookieOf('learned'), hardTimeoutSeconds: MAC_AGEING_SECONDS },
    learnMatch(wholeField('eth_dst'), wholeField('eth_src')),
    learnLoad(outPort, IN_PORT_BITS),
    learnLoad(toTunnel, arrival),
    ...endpoint,
  );
}

function learnHome(): Action {
  return learn(
    { table: tableNumber('home'), priority: 1, cookie: cookieOf('learned'), hardTimeoutSeconds: MAC_AGEING_SECONDS },
    learnMatch(wholeField('eth_dst'), wholeField('eth_src')),
    learnLoad(wasHome, 1),
  );
}
