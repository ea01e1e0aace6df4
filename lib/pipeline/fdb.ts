import { maskOf, type Subfield } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { renderMatch } from '../openflow/match.js';
import { outPort, toTunnel } from './bits.js';
import type { Way } from './facts.js';
import { tableNumber } from './tables.js';
import { aimOf } from './tunnels.js';

/** One entry of a bridge's forwarding table. */
export interface FdbEntry extends Way {
  readonly mac: string;
  /** It was learned from what came through a tunnel. */
  readonly isFar: boolean;
}

/** The learned forwarding table, out of all flows of a bridge. */
export function fdbEntries(flows: readonly Flow[]): FdbEntry[] {
  return flows.filter((flow) => flow.table === tableNumber('fdb')).flatMap((flow) => fdbEntry(flow) ?? []);
}

/** null for a flow that is no forwarding entry. */
export function fdbEntry(flow: Pick<Flow, 'match' | 'actions'>): FdbEntry | null {
  const mac = destinationOf(flow);
  const ofport = written(flow, outPort);
  if (mac === null || ofport === null) return null;
  return { mac, ofport: Number(ofport), remote: aimOf(flow.actions), isFar: written(flow, toTunnel) === 1n };
}

/** The one MAC that a flow is about, whatever it does; null: it is about another thing. */
export function destinationOf(flow: Pick<Flow, 'match'>): string | null {
  return /^dl_dst=([0-9a-f:]{17})$/.exec(renderMatch(flow.match))?.[1] ?? null;
}

/** What the flow's actions write there; null: nothing. */
function written({ actions }: Pick<Flow, 'actions'>, target: Subfield): bigint | null {
  for (const action of actions) {
    if (action.kind !== 'set' || action.target.field !== target.field) continue;
    if (maskOf(action.target) === maskOf(target)) return action.value;
  }
  return null;
}
