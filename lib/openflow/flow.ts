import type { Action } from './action.js';
import { renderActions } from './action-text.js';
import { type Match, renderMatch } from './match.js';

/** One flow entry, as data. */
export interface Flow {
  readonly table: number;
  readonly cookie: bigint;
  /** 0 (lowest) to 65535. */
  readonly priority: number;
  /** Absent: does not expire. */
  readonly idleTimeoutSeconds?: number;
  readonly hardTimeoutSeconds?: number;
  readonly match: Match;
  readonly actions: readonly Action[];
}

/** What makes a flow the same entry for the switch: table, priority and match. Actions and cookie are what it holds. */
export function flowKey(flow: Flow): string {
  return `${flow.table}|${flow.priority}|${renderMatch(flow.match)}`;
}

/** The same entry with the same cookie, timeouts and actions. */
export function sameFlow(a: Flow, b: Flow): boolean {
  return (
    flowKey(a) === flowKey(b) &&
    a.cookie === b.cookie &&
    (a.idleTimeoutSeconds ?? 0) === (b.idleTimeoutSeconds ?? 0) &&
    (a.hardTimeoutSeconds ?? 0) === (b.hardTimeoutSeconds ?? 0) &&
    renderActions(a.actions) === renderActions(b.actions)
  );
}
