import { formatBytes, formatMs } from '../model/quantities.js';
import type { Bound } from '../model/strategy-settings.js';
import { type PassSight, type PassStep, type StopStep, type Strategy, stopNow, stopWhenItFits } from './strategy.js';

export const BOUND_ENDS: readonly Bound['end'][] = ['stop', 'post-copy'];

export const DEFAULT_BOUND: Bound = { bytes: { kind: 'times', times: 2 }, durationMs: 60_000, end: 'stop' };

/** What a page's header adds to it on the wire, and a little more (QEMU: 8 bytes to 4,096, and 256 for a new block). */
const ON_THE_WIRE = 1.01;
/** No speed stays as it is. */
const SPEED_HEADROOM = 1.15;
/** What arming the redirect, the switch itself and the waking may take. */
const SWITCH_MS = 1_500;
/** What a held copy still sends until the guest is paused: no more than 1 MiB a second. */
const HELD_BYTES = 2 ** 20;
const UNTIL_PAUSED_MS = 800;
/** Between two looks the copy goes on. */
const NEXT_LOOK_MS = 150;
/** So long the guest is let run on where a pass left little; then it is paused whatever it does. */
const LET_RUN_MS = 300;
/** From when on a speed is taken for one. */
const SPEED_AFTER_MS = 1_000;
/** So much of the average speed is believed against a lower figure, and no more than that against a higher one. */
const STEADY_BELOW = 0.75;
const STEADY_ABOVE = 1.1;

/**
 * Memory-bounded pre-copy: what is copied is bounded by the memory, not by what the guest writes (Chanchio's MPLM, a
 * fork of QEMU; here the same promise is kept from outside). A guest can dirty no more than all of its memory, so there
 * is always a last moment at which even that would still fit.
 */
export const BOUNDED: Strategy = bounded(DEFAULT_BOUND);

function bounded(bound: Bound): Strategy {
  const postCopy = bound.end === 'post-copy';
  return {
    name: 'bounded',
    purpose:
      'As pre-copy, but no more than so many bytes and so much time, whatever the guest writes: at the last moment ' +
      'at which the rest still fits it goes at once.',
    suits: 'Guests that write more than the link carries, and networks or nights that have no room for more.',
    needs: postCopy ? ['userfaultfd'] : [],
    asksFor: { postCopy, autoConverge: false },
    alwaysSteers: true,
    steer: (pass) => steer(bound, pass),
    tuning: { reads: 'bound', tuned: (settings) => bounded(settings.bound) },
    bound,
  };
}

/** In bytes on the wire. A multiple has its headers on top; a size is what it says. */
export function boundBytes({ bytes }: Bound, memoryBytes: number): number {
  return bytes.kind === 'size' ? bytes.bytes : Math.floor(bytes.times * memoryBytes * ON_THE_WIRE);
}

/**
 * What is left of the bound decides. Where a pass begins it is known what the guest has dirtied: another pass is begun
 * if it fits together with a last stop in which everything is dirty. Within a pass, which the first one is for long,
 * nobody knows; it is broken off at the last moment at which all of the memory would still fit.
 */
function steer(bound: Bound, seen: PassSight): PassStep {
  const { iteration, begins, bytes, leftBytes, elapsedMs, memoryBytes } = seen;
  if (elapsedMs > bound.durationMs) return calledOff(`${formatMs(bound.durationMs)} are over`);
  const pass = { ...seen, bytesPerSecond: steadySpeed(seen) };
  const { fits, fitsNow } = roomOf(bound, pass);
  const all = `${formatBytes(boundBytes(bound, memoryBytes))} and ${formatMs(bound.durationMs)}`;
  const beyond = (what: string) => `${what} would not fit the bound of ${all}`;
  if (iteration >= 2 && begins) {
    const canGo = fitsNow(memoryBytes) || fitsNow(likelyBytes(pass));
    if (!canGo) return calledOff(beyond(`the ${formatBytes(Math.round(bytes))} that are left`));
    const small = stopWhenItFits(pass);
    if (small.kind === 'stop') return lastOf(pass, small, fits(memoryBytes, LET_RUN_MS));
    if (fits(bytes + memoryBytes)) return { kind: 'another pass' };
    return goNow(bound, pass, bytes, beyond('another pass and all of the memory after it'));
  }
  // What a pause will take cannot be said before the speed is known.
  const { bytesPerSecond: speed } = pass;
  if (!speed || fits(memoryBytes, Math.min(NEXT_LOOK_MS, (leftBytes / speed) * 1000))) return { kind: 'another pass' };
  // What was dirty when this pass began is likely to be so again.
  const leaves = iteration >= 2 ? Math.max(bytes, leftBytes) : leftBytes;
  if (fitsNow(memoryBytes)) return goNow(bound, pass, leaves, beyond('all of the memory a moment later'));
  // A guest that dirties little may fit all the same, and runs on until that is known.
  return fits(leftBytes) ? { kind: 'another pass' } : calledOff(beyond(`the ${formatBytes(leftBytes)} that are left`));
}

/**
 * Whether so much more, so much later, is within the bound. As long as the speed may yet turn out to be another one,
 * time keeps nobody from going on; from stopping it does.
 */
function roomOf(bound: Bound, pass: PassSight) {
  const { sentBytes, elapsedMs, memoryBytes, bytesPerSecond } = pass;
  // A moment of more speed than usual is not relied upon.
  const speed = Math.min(bytesPerSecond ?? 0, averageSpeed(pass) * STEADY_ABOVE);
  const limitBytes = boundBytes(bound, memoryBytes);
  // The first figures of a speed are of a copy that has only just begun.
  const isKnown = speed > 0 && elapsedMs >= Math.min(SPEED_AFTER_MS, bound.durationMs / 10);
  const fitsBytes = (moreBytes: number, laterMs: number) =>
    sentBytes + HELD_BYTES + moreBytes * ON_THE_WIRE + (laterMs / 1000) * speed <= limitBytes;
  const fitsTime = (moreBytes: number, laterMs: number) =>
    elapsedMs + laterMs + (moreBytes / speed) * 1000 * SPEED_HEADROOM + SWITCH_MS <= bound.durationMs;
  return {
    fits: (moreBytes: number, laterMs = 0) =>
      fitsBytes(moreBytes, laterMs) && (!isKnown || fitsTime(moreBytes, laterMs)),
    fitsNow: (moreBytes: number) => fitsBytes(moreBytes, 0) && (speed <= 0 || fitsTime(moreBytes, 0)),
  };
}

/** What was dirty when a pass began, and what the guest dirties besides until it is paused, if it goes on like that. */
function likelyBytes({ bytes, bytesBefore, bytesPerSecond, elapsedMs, memoryBytes }: PassSight): number {
  const passMs = bytesBefore !== null && bytesPerSecond ? (bytesBefore / bytesPerSecond) * 1000 : elapsedMs;
  return passMs <= 0 ? memoryBytes : Math.min(memoryBytes, bytes * (1 + UNTIL_PAUSED_MS / passMs));
}

/** QEMU's figure is of a tenth of a second, and low where the machine was busy just then. */
function steadySpeed(pass: PassSight): number | null {
  return pass.bytesPerSecond ? Math.max(pass.bytesPerSecond, averageSpeed(pass) * STEADY_BELOW) : null;
}

function averageSpeed({ sentBytes, elapsedMs }: PassSight): number {
  return elapsedMs > 0 ? (sentBytes / elapsedMs) * 1000 : 0;
}

/** A guest with little left to send may run on for a moment, if there is room for that: its pause is shorter. */
function lastOf(pass: PassSight, small: StopStep, mayRunOn: boolean): StopStep {
  const { expectedMs, why } = small;
  const now = stopNow(pass, { leavesBytes: pass.bytes, why });
  return mayRunOn ? { ...now, downtimeMs: small.downtimeMs, expectedMs } : { ...now, expectedMs };
}

function goNow({ end }: Bound, pass: PassSight, leavesBytes: number, why: string): PassStep {
  return end === 'post-copy' ? { kind: 'post-copy', why, isLast: true } : stopNow(pass, { leavesBytes, why });
}

function calledOff(why: string): PassStep {
  return { kind: 'call off', why };
}
