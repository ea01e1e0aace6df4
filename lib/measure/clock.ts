import type { ClockOffset } from '../model/clock-offset.js';

/** One question "what time is it?" to a host. All instants are Unix time in milliseconds. */
export interface ClockSample {
  readonly askedAtMs: number;
  /** By the host's clock, read somewhere between question and answer. */
  readonly hostMs: number;
  readonly answeredAtMs: number;
}

/**
 * Cristian's method: each sample bounds the offset, whatever the two ways took, to [host − answered, host − asked]. The
 * truth lies where all bounds overlap, as in Marzullo's algorithm (RFC 5905 §11.2.1); where a clock was set in between
 * and they do not, the sample with the shortest round trip decides.
 *
 * @param options.resolutionMs the step of the host's clock as it is printed, added to the error
 * @throws RangeError without samples, or if one was answered before it was asked
 */
export function estimateClockOffset(
  samples: readonly ClockSample[],
  options: { resolutionMs?: number } = {},
): ClockOffset {
  const bounds = samples.map(({ askedAtMs, hostMs, answeredAtMs }) => {
    if (answeredAtMs < askedAtMs)
      throw new RangeError(`clock sample answered ${askedAtMs - answeredAtMs} ms before it was asked`);
    return { low: hostMs - answeredAtMs, high: hostMs - askedAtMs };
  });
  const best = [...bounds].sort((a, b) => a.high - a.low - (b.high - b.low))[0];
  if (best === undefined) throw new RangeError('a clock offset needs at least one sample');
  const common = { low: Math.max(...bounds.map(({ low }) => low)), high: Math.min(...bounds.map(({ high }) => high)) };
  const { low, high } = common.low <= common.high ? common : best;
  return { offsetMs: (low + high) / 2, errorMs: (high - low) / 2 + (options.resolutionMs ?? 0) };
}

/**
 * The most that a clock which is slewed, not set, gains or loses: 500 ppm (adjtimex(2), RFC 5905 §11.3); two of them
 * against each other.
 */
const SLEW_PER_MS = 2 * 500e-6;

/**
 * An offset that was measured, and after `elapsedMs` once more: what it was at first, with an error that holds at any
 * time between. A clock that was set in between shows by two offsets that cannot be the same.
 */
export function overTime(first: ClockOffset, second: ClockOffset, elapsedMs: number): ClockOffset {
  const apartMs = Math.abs(second.offsetMs - first.offsetMs);
  const unconditionalMs = Math.max(first.errorMs, apartMs + second.errorMs);
  const slewedMs = first.errorMs + elapsedMs * SLEW_PER_MS;
  const canBeSlewed = apartMs <= slewedMs + second.errorMs;
  return { offsetMs: first.offsetMs, errorMs: canBeSlewed ? Math.min(slewedMs, unconditionalMs) : unconditionalMs };
}
