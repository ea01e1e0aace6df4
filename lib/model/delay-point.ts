/** The requests of all runs and probes that left within one slot of time. */
export interface DelayPoint {
  /** Where the slot begins, relative to the instant at which the guest runs again; it lasts SLOT_MS. */
  readonly atMs: number;
  readonly replies: number;
  readonly lost: number;
  /** How long the replies took; null: there was none. */
  readonly medianMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
}

/** Probes have an interval of 10 ms: about one request per probe and run. */
export const SLOT_MS = 10;
