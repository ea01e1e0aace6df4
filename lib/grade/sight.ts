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
  /** To look again would show the same. */
  readonly isFinal?: boolean;
  /** What looking has changed: checks that come later find the VM there. */
  readonly moved?: { readonly vm: string; readonly to: string };
}

/** `error`: it could not be carried out, and nothing is known. */
export type Outcome =
  | { readonly kind: 'seen'; readonly sight: Sight }
  | { readonly kind: 'error'; readonly message: string; readonly isFinal?: boolean };

/** Thrown by a look that need not be tried again. */
export class NothingToSee extends Error {}
