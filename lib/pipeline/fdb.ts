import { maskOf } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { renderMatch } from '../openflow/match.js';
import { outPort } from './bits.js';
import { tableNumber } from './tables.js';

/** One entry of a bridge's forwarding table. */
export interface FdbEntry {
  readonly mac: string;
  readonly ofport: number;
}

/** The learned forwarding table, out of all flows of a bridge. */
export function fdbEntries(flows: readonly Flow[]): FdbEntry[] {
  return flows.filter((flow) => flow.table === tableNumber('fdb')).flatMap((flow) => fdbEntry(flow) ?? []);
}

/** null for a flow that is no forwarding entry. */
export function fdbEntry(flow: Pick<Flow, 'match' | 'actions'>): FdbEntry | null {
  const mac = /^dl_dst=([0-9a-f:]{17})$/.exec(renderMatch(flow.match))?.[1];
  for (const action of flow.actions) {
    if (action.kind !== 'set' || action.target.field !== outPort.field || maskOf(action.target) !== maskOf(outPort))
      continue;
    return mac === undefined ? null : { mac, ofport: Number(action.value) };
  }
  return null;
}
