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
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly isFinal?: boolean;
      /** A fault of vxmig itself, whoever has called it forth. */
      readonly isOurs?: boolean;
    };

/** Thrown by a look that need not be tried again. */
export class NothingToSee extends Error {}

/** Thrown by a look for which there was not the time. */
export class TooLate extends NothingToSee {}

/** Thrown by a look that what was handed in has kept from being carried out. */
export class SubmissionFault extends Error {
  constructor(
    message: string,
    readonly isFinal = false,
  ) {
    super(message);
  }
}

/** Something went wrong in vxmig while a look was taken. */
export class OwnFault extends Error {}

/** What a check looks for is not there, and neither is its absence. */
export function nothingThere(why: string, isFinal = true): Sight {
  return { facts: [{ what: 'the lab', holds: null, expected: 'the check can be carried out', seen: why }], isFinal };
}
