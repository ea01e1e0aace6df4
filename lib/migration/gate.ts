import type { JobStats } from '../measure/jobinfo.js';
import type { Strategy } from '../model/topology.js';

/** QEMU's own default (migration.json: downtime-limit): what the guest may stand still when nothing else is said. */
export const ALLOWED_DOWNTIME_MS = 300;
/** What QEMU is told while the gate is shut: so little may be left at the pause that it goes on copying. */
export const SHUT_DOWNTIME_MS = 1;
/** QEMU judges by its speed of the last 100 ms, which was a crawl: less than this it might never think possible. */
const LEAST_DOWNTIME_MS = 30;
/** libvirt's "no limit" (VIR_DOMAIN_MIGRATE_SET_MAX_SPEED in QEMU's driver), in MiB/s. */
export const OPEN_MIB_PER_SECOND = 8192;

const MIB = 1024 * 1024;
/** QEMU sends in slices of 100 ms: at this speed a slice holds 50 pages, fewer than a guest with traffic leaves behind. */
const CRAWL_MIB_PER_SECOND = 2;
/** When so much time is left of the first pass it is slowed down, so that its end cannot slip through between two looks. */
const SLOW_AHEAD_MS = 150;
const SLOW_DIVISOR = 3;
const LEAST_SLOW_MIB_PER_SECOND = 4;
/** What is left of the first pass when the crawl begins. */
const CRAWL_AHEAD_BYTES = 0.5 * MIB;
/** Before that, on a fast link, one step between: a look takes up to 20 ms, and none of the steps may be shorter than some looks. */
const WALK_AHEAD_BYTES = 2 * MIB;
const WALK_MIB_PER_SECOND = 8;
/** From here on the copy's end is watched closely. */
export const NEAR_MS = 500;

type GatePhase = 'sprint' | 'slow' | 'walk' | 'crawl';

export interface GateState {
  readonly phase: GatePhase;
  /** The speed of the sprint, for judging how long the rest would take. In bytes per second. */
  readonly speed: number | null;
  /** What is left of the pass, at that speed. */
  readonly leftMs: number;
}

export const GATE_SHUT: GateState = { phase: 'sprint', speed: null, leftMs: Number.POSITIVE_INFINITY };

export type GateStep =
  | { readonly kind: 'wait'; readonly state: GateState }
  | { readonly kind: 'limit'; readonly state: GateState; readonly mibPerSecond: number }
  /** QEMU would be done within the allowed downtime, and is held just before: redirect now, then allow it this downtime. */
  | { readonly kind: 'ready'; readonly downtimeMs: number };

/**
 * How the copy is brought to a halt just before QEMU pauses the guest. Pure: from the state so far and the job's statistics to the next step.
 *
 * An idle guest dirties so little that QEMU, once through the first pass, pauses it within milliseconds whatever downtime is allowed. So the
 * copy is slowed down before that pass ends, and crawls through its end: what the guest has dirtied meanwhile then takes a second to send,
 * and the redirect a hundredth of that. A busy guest is let go on until what is left would fit the allowed downtime.
 */
export function nextGateStep(state: GateState, stats: JobStats, strategy: Strategy): GateStep {
  const { iteration, memoryRemainingBytes: remaining, memoryProcessedBytes: processed } = stats;
  // At a job's start all figures are 0, which is not "nothing left".
  if (iteration === null || remaining === null || !processed) return { kind: 'wait', state };
  const speed = state.phase === 'sprint' ? (stats.memoryBytesPerSecond ?? state.speed) : state.speed;
  const leftMs = speed === null || speed <= 0 ? Number.POSITIVE_INFINITY : (remaining / speed) * 1000;
  const known = { phase: state.phase, speed, leftMs };
  if (iteration >= 2) {
    const fits = leftMs <= ALLOWED_DOWNTIME_MS;
    // What post-copy leaves is fetched later: one pass is enough.
    if (fits || strategy === 'post-copy')
      return { kind: 'ready', downtimeMs: Math.max(LEAST_DOWNTIME_MS, fits ? Math.ceil(leftMs) : 0) };
    // Too much was dirtied: back to full speed for another pass.
    if (state.phase !== 'sprint')
      return { kind: 'limit', state: { ...known, phase: 'sprint' }, mibPerSecond: OPEN_MIB_PER_SECOND };
    return { kind: 'wait', state: known };
  }
  if (state.phase !== 'crawl' && remaining <= CRAWL_AHEAD_BYTES) {
    return { kind: 'limit', state: { ...known, phase: 'crawl' }, mibPerSecond: CRAWL_MIB_PER_SECOND };
  }
  if (state.phase !== 'crawl' && state.phase !== 'walk' && remaining <= WALK_AHEAD_BYTES) {
    return { kind: 'limit', state: { ...known, phase: 'walk' }, mibPerSecond: WALK_MIB_PER_SECOND };
  }
  if (state.phase === 'sprint' && leftMs <= SLOW_AHEAD_MS) {
    const slow = Math.max(LEAST_SLOW_MIB_PER_SECOND, Math.round((speed ?? 0) / SLOW_DIVISOR / MIB));
    return { kind: 'limit', state: { ...known, phase: 'slow' }, mibPerSecond: slow };
  }
  return { kind: 'wait', state: known };
}

/** A speed that the user has limited stays limited. In MiB/s, as libvirt takes it. */
export function withinLimit(mibPerSecond: number, limitBytesPerSecond: number | null): number {
  return limitBytesPerSecond === null
    ? mibPerSecond
    : Math.min(mibPerSecond, Math.max(1, Math.round(limitBytesPerSecond / MIB)));
}
