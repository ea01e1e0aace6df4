/**
 * A way to move a running guest's memory. All that differs between strategies is said here; nobody asks for their
 * names.
 */
export interface Strategy {
  /** As in the file and on the command line. */
  readonly name: string;
  /** A sentence for the docs' table and for help. */
  readonly purpose: string;
  /** For whom it is: what the table in the docs says beside the purpose. */
  readonly suits: string;
  /** What both hosts must have besides what every migration needs; doctor looks. */
  readonly needs: readonly StrategyNeed[];
  /** What the hypervisor is asked for when the copy begins. */
  readonly asksFor: {
    /** The guest can be let run at the destination before its memory is there. */
    readonly postCopy: boolean;
    /** A guest that writes too fast is slowed down. */
    readonly autoConverge: boolean;
  };
  /** Pure: what is done when a pass is over and it is known what the guest has dirtied meanwhile. */
  readonly steer: (pass: PassSight) => PassStep;
  /**
   * For so long the guest may stand still, in milliseconds, before the migration is given up; null: there is no giving
   * up, because the guest cannot go back.
   */
  readonly pauseLimitMs: number | null;
}

/** `userfaultfd`: a QEMU that is not root may wait for pages that are elsewhere (userfaultfd(2)). */
export type StrategyNeed = 'userfaultfd';

/**
 * A pass after the first, as it begins: only then does QEMU know what was dirtied (migration.c,
 * migration_iteration_run).
 */
export interface PassSight {
  /** From 2. */
  readonly iteration: number;
  /** What there is to send, at most. */
  readonly bytes: number;
  /** How long that takes at the copy's speed; Infinity where that is not known. */
  readonly ms: number;
  /** What the guest may stand still, in milliseconds. */
  readonly allowedDowntimeMs: number;
}

export type PassStep =
  | { readonly kind: 'another pass' }
  /** What is left is sent while the guest stands still, for at most so long. */
  | { readonly kind: 'stop'; readonly downtimeMs: number }
  /** The guest runs at the destination at once, and fetches what is left. */
  | { readonly kind: 'post-copy' };

/** QEMU judges by its speed of the last 100 ms, which was a crawl: less than this it might never think possible. */
export const LEAST_DOWNTIME_MS = 30;
/** No two passes of a busy guest are alike, and a pass more would be waited for by all frames that are held. */
const HEADROOM = 1.5;

/** A guest that stands still for so long has lost more than a migration is worth. */
export const PAUSE_LIMIT_MS = 5_000;

/** Pre-copy's rule (Clark et al., NSDI 2005, §3): copy again until what is left fits the downtime that is allowed. */
export function stopWhenItFits({ ms, allowedDowntimeMs }: PassSight): PassStep {
  if (ms > allowedDowntimeMs) return { kind: 'another pass' };
  const downtimeMs = Math.min(allowedDowntimeMs, Math.ceil(ms * HEADROOM));
  return { kind: 'stop', downtimeMs: Math.max(LEAST_DOWNTIME_MS, downtimeMs) };
}
