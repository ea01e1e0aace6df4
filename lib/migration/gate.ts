import type { JobStats } from '../measure/jobinfo.js';
import type { PassSight, PassStep, Strategy } from '../strategies/strategy.js';

/** QEMU's own default (migration.json: downtime-limit): what the guest may stand still when nothing else is said. */
export const ALLOWED_DOWNTIME_MS = 300;
/** What QEMU is told while the gate is shut: so little may be left at the pause that it goes on copying. */
export const SHUT_DOWNTIME_MS = 1;
/** libvirt's "no limit" (VIR_DOMAIN_MIGRATE_SET_MAX_SPEED in QEMU's driver), in MiB/s. */
export const OPEN_MIB_PER_SECOND = 8192;

const MIB = 1024 * 1024;
/**
 * QEMU sends in windows of 100 ms: as much at once as the speed allows for a window, and then nothing until the next
 * one (migration.c, migration_rate_limit). A limit that is set anew is in force in the window that runs.
 */
const WINDOW_SECONDS = 0.1;
/** 50 pages in a window: fewer than a guest with traffic has left behind at the first pass's end. */
const CRAWL_MIB_PER_SECOND = 2;
/** The least that libvirt can say. What is left by now lasts while the redirect goes in. */
const HOLD_MIB_PER_SECOND = 1;
/**
 * When so much time is left of the first pass it is slowed down, so that its end cannot slip through between two looks;
 * or three looks' time.
 */
const SLOW_AHEAD_MS = 150;
const SLOW_DIVISOR = 3;
const LEAST_SLOW_MIB_PER_SECOND = 4;
/** What is left of the first pass when one window is made to end just before the pass does. */
const WALK_AHEAD_BYTES = 4 * MIB;
/** A walk that has come so far within a window gets a new speed: the next window would go too far at the old one. */
const WALK_ON = 0.6;
/** What that window is to leave, and with how much the crawl begins. */
const WALK_LEAVES_BYTES = 0.25 * MIB;
const CRAWL_AHEAD_BYTES = 0.4 * MIB;
/** ROMs are, and video memory is not. */
const SMALL_TAIL_BYTES = 1 * MIB;
/** A step that is shorter than so many looks could be missed. */
const LOOKS_PER_STEP = 2.5;
/** Its figures are of windows of 100 ms, and libvirt asks for them when it is asked. */
const STALE_SPEED_MS = 250;
/** How far apart looks are on a machine that has more to do than it can; what is assumed of one that is not known. */
const SLOW_LOOK_MS = 60;
/** What is left of a pass that goes on after a hold. */
const AGAIN_SECONDS = 0.5;
/** From here on the copy's end is watched closely. */
export const NEAR_MS = 500;

type GatePhase = 'sprint' | 'slow' | 'walk' | 'crawl' | 'tail';

type GatePass = Pick<PassSight, 'iteration' | 'bytes' | 'bytesBefore'>;

export interface GateState {
  readonly phase: GatePhase;
  /** The speed of the sprint, for judging how long the rest would take. In bytes per second. */
  readonly speed: number | null;
  /** What is left of the pass, at that speed. */
  readonly leftMs: number;
  /** What was left ahead when the walk's speed was chosen. */
  readonly walkBytes: number;
  /** A pass after the first, and what there was to send when it began, at most; and when the one before it did. */
  readonly pass: GatePass | null;
  /** The pass in which the copy was held to no avail; null: none. */
  readonly spent: number | null;
  /** When it was let go on at full speed, since memory began to flow; null: that is not known, or did not happen. */
  readonly hastenedAtMs: number | null;
}

export const GATE_SHUT: GateState = {
  phase: 'sprint',
  speed: null,
  leftMs: Number.POSITIVE_INFINITY,
  walkBytes: 0,
  pass: null,
  spent: null,
  hastenedAtMs: null,
};

export interface GateSetting {
  readonly strategy: Pick<Strategy, 'steer'>;
  /** How far apart the last looks were at most: the slower the looks, the earlier the steps. */
  readonly lookMs?: number;
  /** The guest's own memory. What QEMU sends besides comes after it: video memory and ROMs. */
  readonly guestBytes?: number | null;
  /** Since memory began to flow. */
  readonly elapsedMs?: number;
}

export type GateStep =
  | { readonly kind: 'wait'; readonly state: GateState }
  | { readonly kind: 'limit'; readonly state: GateState; readonly mibPerSecond: number }
  /**
   * The strategy says that the rest goes now: hold the copy at this speed, redirect, then let it come to its end like
   * that.
   */
  | {
      readonly kind: 'ready';
      readonly state: GateState;
      readonly finish: FinishStep;
      readonly mibPerSecond: number;
    }
  /** The strategy says that it cannot be moved as was asked for. */
  | { readonly kind: 'call off'; readonly state: GateState; readonly why: string };

/** How the copy comes to its end. */
export type FinishStep = Exclude<PassStep, { kind: 'another pass' | 'call off' }>;

/**
 * How the copy is brought to a halt just before QEMU pauses the guest. Pure: from the state so far and the job's
 * statistics to the next step.
 *
 * An idle guest dirties so little that QEMU, once through the first pass, pauses it within milliseconds whatever
 * downtime is allowed. So the copy is slowed down before that pass ends, and crawls through its end: what the guest has
 * dirtied meanwhile then takes a second to send, and the redirect a hundredth of that. A busy guest is let go on until
 * a pass begins with so little that it fits the allowed downtime.
 */
export function nextGateStep(state: GateState, stats: JobStats, setting: GateSetting): GateStep {
  const { iteration, memoryRemainingBytes: remaining, memoryProcessedBytes: processed } = stats;
  // At a job's start all figures are 0, which is not "nothing left".
  if (iteration === null || remaining === null || !processed) return { kind: 'wait', state };
  const elapsedMs = setting.elapsedMs ?? 0;
  // For a moment QEMU still tells the speed of the crawl before.
  const isStale = state.hastenedAtMs !== null && elapsedMs - state.hastenedAtMs < STALE_SPEED_MS;
  const speed = state.phase === 'sprint' && !isStale ? (stats.memoryBytesPerSecond ?? state.speed) : state.speed;
  const lookMs = setting.lookMs ?? SLOW_LOOK_MS;
  const seen = { ...state, speed };
  const sight = (pass: GatePass, begins: boolean): PassSight => ({
    ...pass,
    begins,
    ms: timeMs(pass.bytes, speed),
    leftBytes: remaining,
    sentBytes: processed,
    elapsedMs,
    memoryBytes: stats.memoryTotalBytes ?? remaining,
    bytesPerSecond: speed,
    allowedDowntimeMs: ALLOWED_DOWNTIME_MS,
  });
  if (iteration >= 2) return laterPass(seen, iteration, remaining, { ...setting, lookMs, sight });
  const first = { iteration: 1, bytes: stats.memoryTotalBytes ?? remaining, bytesBefore: null };
  return (
    endOf(setting.strategy.steer(sight(first, false)), seen) ??
    firstPass(seen, remaining, tailOf(stats, setting), lookMs)
  );
}

type SeenSetting = GateSetting & {
  readonly lookMs: number;
  readonly sight: (pass: GatePass, begins: boolean) => PassSight;
};

/** null: the copy goes on. */
function endOf(step: PassStep, state: GateState): GateStep | null {
  if (step.kind === 'another pass') return null;
  if (step.kind === 'call off') return { kind: 'call off', state, why: step.why };
  return { kind: 'ready', state, finish: step, mibPerSecond: HOLD_MIB_PER_SECOND };
}

/**
 * QEMU judges when it has asked what was dirtied since it last asked, which is a pass's beginning (migration.c,
 * migration_iteration_run). What is left in the middle of a pass says nothing of it.
 */
function laterPass(
  state: GateState,
  iteration: number,
  remaining: number,
  { strategy, lookMs, elapsedMs, sight }: SeenSetting,
): GateStep {
  if (iteration === state.spent) return { kind: 'wait', state };
  // Some of it was sent before this look.
  const sentBytesPerSecond = state.phase === 'crawl' ? CRAWL_MIB_PER_SECOND * MIB : (state.speed ?? 0);
  const begins = state.pass?.iteration !== iteration;
  const bytes = remaining + sentBytesPerSecond * (lookMs / 1000);
  const pass =
    state.pass === null || begins ? { iteration, bytes, bytesBefore: state.pass?.bytes ?? null } : state.pass;
  const next = { ...state, pass, leftMs: timeMs(remaining, state.speed) };
  const end = endOf(strategy.steer(sight(pass, begins)), next);
  if (end !== null) return end;
  // Too much was dirtied: back to full speed for another pass.
  if (state.phase !== 'sprint')
    return { kind: 'limit', state: hastened(next, elapsedMs), mibPerSecond: OPEN_MIB_PER_SECOND };
  return { kind: 'wait', state: next };
}

function hastened(state: GateState, elapsedMs: number | null = null): GateState {
  return { ...state, phase: 'sprint', hastenedAtMs: elapsedMs };
}

/**
 * Lets a copy go on that was held to no avail. The pass is to take a moment, whatever is left of it: at full speed an
 * idle guest's would be over at once, and QEMU would pause it; at a crawl a busy one's would never be.
 */
export function goOn(state: GateState, { iteration, memoryRemainingBytes: remaining }: JobStats): GateStep {
  const mibPerSecond = Math.ceil((remaining ?? 0) / MIB / AGAIN_SECONDS);
  return {
    kind: 'limit',
    state: { ...state, phase: 'walk', spent: iteration },
    mibPerSecond: Math.min(OPEN_MIB_PER_SECOND, Math.max(HOLD_MIB_PER_SECOND, mibPerSecond)),
  };
}

function firstPass(state: GateState, remaining: number, tail: number, lookMs: number): GateStep {
  const { phase, speed } = state;
  const inTail = remaining <= tail;
  const ahead = inTail ? remaining : remaining - tail;
  const next = { ...state, leftMs: timeMs(ahead, speed) };
  const wait: GateStep = { kind: 'wait', state: next };
  const limit = (to: GatePhase, mibPerSecond: number): GateStep =>
    phase === to ? wait : { kind: 'limit', state: { ...next, phase: to }, mibPerSecond };
  if (inTail) {
    // Video memory that is not all zeros: to crawl through it would take too long.
    return remaining > SMALL_TAIL_BYTES
      ? limit('tail', LEAST_SLOW_MIB_PER_SECOND)
      : limit('crawl', CRAWL_MIB_PER_SECOND);
  }
  if (phase === 'crawl') return wait;
  if (ahead <= CRAWL_AHEAD_BYTES) return limit('crawl', CRAWL_MIB_PER_SECOND);
  const walks = ahead <= (phase === 'walk' ? WALK_ON * state.walkBytes : WALK_AHEAD_BYTES);
  if (walks) {
    const walk = Math.floor((ahead - WALK_LEAVES_BYTES) / MIB / WINDOW_SECONDS);
    const walking = { ...next, phase: 'walk', walkBytes: ahead } as const;
    return { kind: 'limit', state: walking, mibPerSecond: Math.max(CRAWL_MIB_PER_SECOND, walk) };
  }
  // Where the looks are quick one of them meets the walk's beginning at full speed.
  const perLook = (speed ?? 0) * LOOKS_PER_STEP * (lookMs / 1000);
  const meetsWalk = speed !== null && perLook <= WALK_AHEAD_BYTES - CRAWL_AHEAD_BYTES;
  if (phase === 'sprint' && !meetsWalk && next.leftMs <= Math.max(SLOW_AHEAD_MS, 3 * lookMs)) {
    return limit('slow', Math.max(LEAST_SLOW_MIB_PER_SECOND, Math.round((speed ?? 0) / SLOW_DIVISOR / MIB)));
  }
  return wait;
}

/**
 * QEMU sends its blocks of memory from the largest to the smallest (softmmu/physmem.c, ram_block_add). Video memory and
 * ROMs are mostly zeros, which cost next to nothing to send, whatever the speed: the copy has to be slow before they
 * come.
 */
function tailOf({ memoryTotalBytes: total }: JobStats, { guestBytes }: GateSetting): number {
  return total !== null && guestBytes != null ? Math.max(0, total - guestBytes) : 0;
}

function timeMs(bytes: number, bytesPerSecond: number | null): number {
  return bytesPerSecond === null || bytesPerSecond <= 0 ? Number.POSITIVE_INFINITY : (bytes / bytesPerSecond) * 1000;
}

/** A speed that the user has limited stays limited. In MiB/s, as libvirt takes it. */
export function withinLimit(mibPerSecond: number, limitBytesPerSecond: number | null): number {
  return limitBytesPerSecond === null
    ? mibPerSecond
    : Math.min(mibPerSecond, Math.max(1, Math.round(limitBytesPerSecond / MIB)));
}
