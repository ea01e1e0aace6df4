export type ChangeAction = 'create' | 'update' | 'delete' | 'migrate';

/** One difference between what the file says and what a host has, with the reason for it; the same in `plan`, `apply` and `--json`. */
export interface Change {
  readonly host: string;
  /** What sort of thing it is, in the field's word: bridge, port, flows, domain… */
  readonly kind: string;
  readonly name: string;
  readonly action: ChangeAction;
  readonly why: string;
}
