import { gotoTable } from '../openflow/action.js';
import type { Flow } from '../openflow/flow.js';
import { match } from '../openflow/match.js';
import { cookieOf } from './cookie.js';
import type { LocalPort } from './facts.js';
import { tableNumber } from './tables.js';

/** A port of this host: a VM's tap or a probe's internal port. Only what a VM sends is looked at by port security. */
export function localPortFlows({ ofport, security }: LocalPort): Flow[] {
  return [
    {
      table: tableNumber('classify'),
      cookie: cookieOf('local'),
      priority: 100,
      match: match({ in_port: ofport }),
      actions: [gotoTable(tableNumber(security === null ? 'acl_network' : 'guard'))],
    },
  ];
}
