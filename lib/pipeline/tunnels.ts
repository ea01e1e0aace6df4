import { gotoTable, set } from '../openflow/action.js';
import type { Flow } from '../openflow/flow.js';
import { match } from '../openflow/match.js';
import { fromTunnel } from './bits.js';
import { cookieOf } from './cookie.js';
import { tableNumber } from './tables.js';

/** A VXLAN port: what comes from it is marked, because it must not go back into the mesh (split horizon). */
export function tunnelFlows(ofport: number): Flow[] {
  return [
    {
      table: tableNumber('classify'),
      cookie: cookieOf('tunnel'),
      priority: 100,
      match: match({ in_port: ofport }),
      actions: [set(fromTunnel, 1), gotoTable(tableNumber('admit'))],
    },
  ];
}
