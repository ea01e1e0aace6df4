import { type Flow, flowKey, sameFlow } from './flow.js';
import { renderMatch } from './match.js';
import { renderFlow } from './text.js';
import { renderHex } from './value.js';

export interface FlowDiff {
  /** New flows, and flows whose actions, cookie or timeouts change: an `add` over an existing entry replaces it. */
  readonly add: readonly Flow[];
  readonly remove: readonly Flow[];
}

/**
 * What turns `observed` into `desired`. Only flows that `owns` says are ours are ever removed; so learned flows stay.
 */
export function diffFlows(
  desired: readonly Flow[],
  observed: readonly Flow[],
  owns: (flow: Flow) => boolean,
): FlowDiff {
  const wanted = new Map(desired.map((flow) => [flowKey(flow), flow]));
  if (wanted.size !== desired.length) throw new Error(`two desired flows are one entry: ${firstDuplicate(desired)}`);
  const known = new Map(observed.map((flow) => [flowKey(flow), flow]));
  return {
    add: desired.filter((flow) => {
      const there = known.get(flowKey(flow));
      return there === undefined || !sameFlow(flow, there);
    }),
    remove: observed.filter((flow) => owns(flow) && !wanted.has(flowKey(flow))),
  };
}

function firstDuplicate(flows: readonly Flow[]): string {
  const seen = new Set<string>();
  const duplicate = flows.find((flow) => seen.size === seen.add(flowKey(flow)).size);
  return duplicate === undefined ? '' : renderFlow(duplicate);
}

/**
 * The lines for `ovs-ofctl -O OpenFlow15 --bundle add-flows BRIDGE -`, which takes effect as one. A removal names the
 * cookie that was observed: an entry that somebody else has replaced meanwhile stays.
 */
export function renderBundle(diff: FlowDiff): string {
  const lines = [...diff.remove.map(renderRemoval), ...diff.add.map((flow) => `add ${renderFlow(flow)}`)];
  return lines.map((line) => `${line}\n`).join('');
}

function renderRemoval(flow: Flow): string {
  const what = [`cookie=${renderHex(flow.cookie)}/-1`, `table=${flow.table}`, `priority=${flow.priority}`];
  const match = renderMatch(flow.match);
  return `delete_strict ${[...what, match].filter((part) => part !== '').join(',')}`;
}
