import { type FieldName, maskOf } from '../../../lib/openflow/field.js';
import type { Flow } from '../../../lib/openflow/flow.js';

export type Frame = ReadonlyMap<FieldName, bigint>;

export interface Verdict {
  /** The table that it came to beyond those that were run; null: it was dropped. */
  readonly reached: number | null;
  /** Of the flow that dropped it. */
  readonly cookie: bigint;
}

/**
 * What a switch does with a frame, as far as flows that drop, go on, set bits and look up again decide it. @throws
 * Error where two of one priority fit
 */
export function runFlows(flows: readonly Flow[], from: number, frame: Frame): Verdict {
  const fields = new Map(frame);
  const tables = new Set(flows.map(({ table }) => table));
  for (let table = from; ; ) {
    if (!tables.has(table)) return { reached: table, cookie: 0n };
    const flow = lookUp(flows, table, fields);
    if (flow === undefined) return { reached: null, cookie: 0n };
    const ends = flow.actions.flatMap((action) => {
      if (action.kind === 'goto-table') return [action.table];
      if (action.kind === 'resubmit' && action.table !== null) return [action.table];
      if (action.kind !== 'set') throw new Error(`not in the model: ${action.kind}`);
      const { field, from: lowest } = action.target;
      fields.set(field, ((fields.get(field) ?? 0n) & ~maskOf(action.target)) | (action.value << BigInt(lowest)));
      return [];
    });
    const [next] = ends;
    if (next === undefined) return { reached: null, cookie: flow.cookie };
    table = next;
  }
}

function lookUp(flows: readonly Flow[], table: number, frame: Frame): Flow | undefined {
  const fitting = flows.filter(
    (flow) =>
      flow.table === table &&
      [...flow.match.fields].every(([field, { value, mask }]) => ((frame.get(field) ?? 0n) & mask) === value),
  );
  const highest = Math.max(...fitting.map(({ priority }) => priority));
  const [first, second] = fitting.filter(({ priority }) => priority === highest);
  // Which of two flows of one priority a switch takes is not defined (OpenFlow 1.5.1 §5.3): they had better say the
  // same.
  if (first !== undefined && second !== undefined && JSON.stringify(first.actions) !== JSON.stringify(second.actions))
    throw new Error(`two flows of priority ${highest} in table ${table} take one frame`);
  return first;
}
