import type { Bound, StrategySettings } from '../model/strategy-settings.js';

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
  /** It is nothing without its own judgement: the copy is steered even where no frames are sent ahead. */
  readonly alwaysSteers: boolean;
  /** Pure: asked at each look at the copy. What the guest has dirtied is known where a pass after the first begins. */
  readonly steer: (pass: PassSight) => PassStep;
  /** The settings that it reads, and it as they say; null: it has none. */
  readonly tuning: {
    readonly reads: keyof StrategySettings;
    readonly tuned: (settings: StrategySettings) => Strategy;
  } | null;
  /** What it promises not to go beyond; null: nothing. */
  readonly bound: Bound | null;
}

/** `userfaultfd`: a QEMU that is not root may wait for pages that are elsewhere (userfaultfd(2)). */
export type StrategyNeed = 'userfaultfd';

/** A pass, as far as it has come. */
export interface PassSight {
  /** From 1. */
  readonly iteration: number;
  /** This is the first look at it: all that the guest has dirtied is known (migration.c, migration_iteration_run). */
  readonly begins: boolean;
  /** What there was to send when it began, at most; in the first pass all of the memory. */
  readonly bytes: number;
  /** How long that takes at the copy's speed; Infinity where that is not known. */
  readonly ms: number;
  /** What of it is still to be sent. */
  readonly leftBytes: number;
  /** What the pass before began with; null: it was the first, or has not been seen. */
  readonly bytesBefore: number | null;
  /** Of memory, by all passes so far. */
  readonly sentBytes: number;
  /** Since memory began to flow. */
  readonly elapsedMs: number;
  /** All there is of it, video memory and ROMs included: a guest cannot dirty more. */
  readonly memoryBytes: number;
  /** null: not known yet. */
  readonly bytesPerSecond: number | null;
  /** What the guest may stand still, in milliseconds. */
  readonly allowedDowntimeMs: number;
}

export type PassStep =
  | { readonly kind: 'another pass' }
  | StopStep
  /** The guest runs at the destination at once, and fetches what is left. */
  | ({ readonly kind: 'post-copy' } & FinishReason)
  /** It cannot be moved as it was asked for: the guest goes on where it is. */
  | { readonly kind: 'call off'; readonly why: string };

/** What is left is sent while the guest stands still. Times in milliseconds. */
export interface StopStep extends FinishReason {
  readonly kind: 'stop';
  /** What the hypervisor is told that the guest may stand still: it pauses it when it thinks that this will do. */
  readonly downtimeMs: number;
  /** What it is told when the guest is not paused soon. */
  readonly hurriedDowntimeMs: number;
  /** How long the guest will stand still; null: nobody can tell. */
  readonly expectedMs: number | null;
  /** And at the worst, whatever the guest has dirtied. */
  readonly atMostMs: number;
}

interface FinishReason {
  readonly why: string;
  /** There is no room for a later one: a copy that was held for it must not go on. */
  readonly isLast: boolean;
}

/** QEMU judges by its speed of the last 100 ms, which was a crawl: less than this it might never think possible. */
export const LEAST_DOWNTIME_MS = 30;
/** No two passes of a busy guest are alike, and a pass more would be waited for by all frames that are held. */
const HEADROOM = 1.5;
/** The most that libvirt and QEMU take (QEMU: MAX_MIGRATE_DOWNTIME, 2,000 s). */
const MOST_DOWNTIME_MS = 2_000_000;
/** In bytes per second: what a held copy still sends, by which QEMU judges. */
const HELD_SPEED = 2 ** 20;

/** Pre-copy's rule (Clark et al., NSDI 2005, §3): copy again until what is left fits the downtime that is allowed. */
export function stopWhenItFits(
  pass: Pick<PassSight, 'iteration' | 'ms' | 'allowedDowntimeMs'>,
): Extract<PassStep, { kind: 'another pass' }> | StopStep {
  const { iteration, ms, allowedDowntimeMs } = pass;
  // Of the first pass nobody knows what it leaves.
  if (iteration < 2 || ms > allowedDowntimeMs) return { kind: 'another pass' };
  const downtimeMs = Math.max(LEAST_DOWNTIME_MS, Math.min(allowedDowntimeMs, Math.ceil(ms * HEADROOM)));
  return {
    kind: 'stop',
    downtimeMs,
    hurriedDowntimeMs: allowedDowntimeMs,
    expectedMs: ms,
    atMostMs: allowedDowntimeMs,
    why: 'what a pass left fits the downtime that is allowed',
    isLast: false,
  };
}

/** It is not let run on until less is left. */
export function isAtOnce({ downtimeMs, hurriedDowntimeMs, isLast }: StopStep): boolean {
  return isLast && downtimeMs >= hurriedDowntimeMs;
}

/** Whatever is left is sent now: all of the memory would fit, even at the speed at which the copy was held. */
export function stopNow(
  { memoryBytes, bytesPerSecond }: Pick<PassSight, 'memoryBytes' | 'bytesPerSecond'>,
  { leavesBytes, why }: { readonly leavesBytes: number; readonly why: string },
): StopStep {
  const downtimeMs = Math.min(MOST_DOWNTIME_MS, Math.ceil(((2 * memoryBytes) / HELD_SPEED) * 1000));
  const atSpeed = (bytes: number) => (bytesPerSecond ? Math.ceil((bytes / bytesPerSecond) * 1000) : null);
  return {
    kind: 'stop',
    downtimeMs,
    hurriedDowntimeMs: downtimeMs,
    expectedMs: atSpeed(leavesBytes),
    atMostMs: atSpeed(memoryBytes) ?? downtimeMs,
    why,
    isLast: true,
  };
}
