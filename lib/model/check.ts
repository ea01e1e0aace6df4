/** One thing that verify or doctor looked at; the same shape in text and in `--json`. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly seen: string;
  /** How to fix it; empty where nothing has to be done. */
  readonly hint: string;
}

/** A check that has been made; a hint is for one that failed. */
export function check(name: string, ok: boolean, expected: string, seen: string, hint: string): Check {
  return { name, ok, expected, seen, hint: ok ? '' : hint };
}
