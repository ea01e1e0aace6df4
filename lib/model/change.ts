export const CHANGE_ACTIONS = ['create', 'update', 'delete', 'migrate'] as const;
export type ChangeAction = (typeof CHANGE_ACTIONS)[number];

/**
 * One difference between what the file says and what a host has, with the reason for it; the same in `plan`, `apply`
 * and `--json`.
 */
export interface Change {
  readonly host: string;
  /** What sort of thing it is, in the field's word: bridge, port, flows, domain… */
  readonly kind: string;
  readonly name: string;
  readonly action: ChangeAction;
  readonly why: string;
  /** What of it changes, before → after, a line each. */
  readonly details?: readonly string[];
}

export type ChangeTotals = Readonly<Record<ChangeAction, number>>;

export function totalsOf(changes: readonly Change[]): ChangeTotals {
  const count = (action: ChangeAction) => changes.filter((change) => change.action === action).length;
  return { create: count('create'), update: count('update'), delete: count('delete'), migrate: count('migrate') };
}
