export interface Arrival {
  readonly atMs: number;
  readonly bytes: number;
}

export interface GoodputRecovery {
  /** The median before the migration began. */
  readonly usualBytesPerSecond: number;
  /** From the resume to the end of the first slice in which 90 % of that came; null: never. */
  readonly recoveredAfterMs: number | null;
  /** Longest time around the resume in which nothing came. */
  readonly silenceMs: number;
}

const SLICE_MS = 100;
/** A slice may begin in any of these steps. */
const STEP_MS = 10;
const ENOUGH = 0.9;

/** How a stream got going again after the resume. Instants by one clock, Unix time in milliseconds. */
export function goodputRecovery(
  arrivals: readonly Arrival[],
  run: { readonly beganAtMs: number; readonly resumedAtMs: number },
): GoodputRecovery {
  const startMs = arrivals[0]?.atMs ?? run.beganAtMs;
  const endMs = arrivals.at(-1)?.atMs ?? startMs;
  const steps = new Array<number>(Math.max(1, Math.floor((endMs - startMs) / STEP_MS))).fill(0);
  for (const { atMs, bytes } of arrivals) {
    const index = Math.min(steps.length - 1, Math.floor((atMs - startMs) / STEP_MS));
    steps[index] = (steps[index] ?? 0) + bytes;
  }
  const width = SLICE_MS / STEP_MS;
  const sliceFrom = (step: number) => steps.slice(step, step + width).reduce((sum, bytes) => sum + bytes, 0);
  const stepOf = (atMs: number) => Math.max(0, Math.ceil((atMs - startMs) / STEP_MS));
  const usual: number[] = [];
  for (let step = 0; step + width <= stepOf(run.beganAtMs); step += width) usual.push(sliceFrom(step));
  const usualBytes = usual.sort((a, b) => a - b)[Math.floor(usual.length / 2)] ?? 0;
  let recoveredAfterMs: number | null = null;
  for (let step = stepOf(run.resumedAtMs); recoveredAfterMs === null && step + width <= steps.length; step++) {
    if (sliceFrom(step) >= ENOUGH * usualBytes)
      recoveredAfterMs = Math.round(startMs + (step + width) * STEP_MS - run.resumedAtMs);
  }
  return {
    usualBytesPerSecond: (usualBytes / SLICE_MS) * 1000,
    recoveredAfterMs,
    silenceMs: longestSilence(arrivals, run.resumedAtMs),
  };
}

/** Of the pauses that touch the second around the resume. */
function longestSilence(arrivals: readonly Arrival[], resumedAtMs: number): number {
  let longestMs = 0;
  for (const [index, { atMs }] of arrivals.entries()) {
    const before = arrivals[index - 1]?.atMs;
    if (before === undefined || atMs < resumedAtMs - 1000 || before > resumedAtMs + 1000) continue;
    longestMs = Math.max(longestMs, atMs - before);
  }
  return longestMs;
}
