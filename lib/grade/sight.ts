/** What a check was about, and whether it is so. */
export interface Fact {
  /** `VNI of network blue`. */
  readonly what: string;
  /** null: what it is about is not there at all, which is wrong for a check and for its negation. */
  readonly holds: boolean | null;
  readonly expected: string;
  readonly seen: string;
}

/** By what bands of partial credit go; times in milliseconds. */
export const MEASURES = ['lost', 'downtime', 'convergence'] as const;

export type Measure = (typeof MEASURES)[number];

/** What a check saw. */
export interface Sight {
  readonly facts: readonly Fact[];
  /** null: it should have been measured, and was not. */
  readonly measures?: Readonly<{ [name in Measure]?: number | null }>;
}

/** `error`: it could not be carried out, and nothing is known. */
export type Outcome =
  | { readonly kind: 'seen'; readonly sight: Sight }
  | { readonly kind: 'error'; readonly message: string };
