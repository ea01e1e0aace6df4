import type { Cause, FrameInterval } from '../model/certificate.js';
import type { PingRequest } from '../model/probe-series.js';
import { medianRttMs } from './disturbances.js';

/** An instant by the controller's clock, and how much earlier or later it can truly have been. */
export interface Instant {
  readonly atMs: number;
  readonly earlierMs: number;
  readonly laterMs: number;
}

/** A stretch of the run that is bad for frames. */
export interface Phase extends Cause {
  readonly from: Instant;
  /** null: it has not ended. */
  readonly to: Instant | null;
  /** What it does to frames that arrive in it. */
  readonly explains: readonly FrameInterval['kind'][];
  /** It holds frames back until then: one that was answered earlier did not wait for it. */
  readonly heldUntil: Instant | null;
  /** It need not harm a frame that arrives in it. */
  readonly mayBe: boolean;
}

/** One probe's requests, and the phases that are on its frames' way. */
export interface WatchedSeries {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly intervalMs: number;
  readonly requests: readonly PingRequest[];
  /** How far the send times can be off against the controller's clock. */
  readonly clockErrorMs: number;
  readonly phases: readonly Phase[];
}

const LATE_TIMES_USUAL = 3;
const LATE_AT_LEAST_MS = 20;

export const LATE_MEANS =
  `answered, but after more than ${LATE_AT_LEAST_MS} ms and more than ${LATE_TIMES_USUAL} times the ` +
  'median of its probe';

/** Frames that left within this time of each other are told of together. */
const TOGETHER_MS = 100;

interface Judged {
  readonly confidence: FrameInterval['confidence'];
  readonly causes: readonly Cause[];
  readonly errorMs: number;
}

/**
 * The lost and late requests of a probe with their causes. A frame's cause is the phase in which it came to the
 * switches: between when it left and a usual round trip later. The errors of its time and of the phase's ends count:
 * only a phase that holds whatever the clocks were is `sure`. Frames close together with the same fate and cause are
 * one interval. Times in the result are Unix milliseconds.
 */
export function causesOf(series: WatchedSeries): FrameInterval[] {
  const usualMs = medianRttMs(series.requests);
  const lateAfterMs = Math.max(LATE_AT_LEAST_MS, LATE_TIMES_USUAL * usualMs);
  const intervals: FrameInterval[] = [];
  for (const request of series.requests) {
    const kind = request.rttMs === null ? 'lost' : request.rttMs > lateAfterMs ? 'late' : null;
    if (kind !== null) {
      const judged = judge(request, kind, usualMs, series);
      const last = intervals.at(-1);
      if (last?.kind === kind && request.sentAtMs - last.sentToMs <= TOGETHER_MS && sameVerdict(last, judged)) {
        intervals[intervals.length - 1] = extended(last, request, judged);
      } else {
        intervals.push(begun(series, request, kind, judged));
      }
    }
  }
  return intervals;
}

function judge(request: PingRequest, kind: FrameInterval['kind'], usualMs: number, series: WatchedSeries): Judged {
  // When a request left of which nothing came back is only known from its neighbours.
  const errorMs = series.clockErrorMs + (request.rttMs === null ? series.intervalMs / 2 : 0);
  const earliestMs = request.sentAtMs - errorMs;
  const latestMs = request.sentAtMs + usualMs + errorMs;
  const near = series.phases.filter((phase) => phase.explains.includes(kind) && fits(phase, request, errorMs));
  const possible = near.filter((phase) => firstMs(phase) <= latestMs && earliestMs < lastMs(phase));
  const sure = possible.filter(
    (phase) => !phase.mayBe && surelyFromMs(phase) <= earliestMs && latestMs <= surelyToMs(phase),
  );
  const ends = possible.flatMap(({ from, to }) => [from, ...(to === null ? [] : [to])]);
  const doubtMs = Math.max(0, ...ends.map(({ earlierMs, laterMs }) => Math.max(earlierMs, laterMs)));
  return {
    confidence: possible.length === 0 ? 'unknown' : possible.length === 1 && sure.length === 1 ? 'sure' : 'undecided',
    causes: possible.map(({ kind: cause, host }) => ({ kind: cause, host })),
    errorMs: errorMs + doubtMs,
  };
}

/** A phase that holds frames back does not explain a reply that came before it let them go. */
function fits({ heldUntil }: Phase, { sentAtMs, rttMs }: PingRequest, errorMs: number): boolean {
  if (heldUntil === null || rttMs === null) return true;
  return sentAtMs + rttMs + errorMs >= heldUntil.atMs - heldUntil.earlierMs;
}

function firstMs({ from }: Phase): number {
  return from.atMs - from.earlierMs;
}

function surelyFromMs({ from }: Phase): number {
  return from.atMs + from.laterMs;
}

function lastMs({ to }: Phase): number {
  return to === null ? Number.POSITIVE_INFINITY : to.atMs + to.laterMs;
}

function surelyToMs({ to }: Phase): number {
  return to === null ? Number.POSITIVE_INFINITY : to.atMs - to.earlierMs;
}

function sameVerdict(a: Judged, b: Judged): boolean {
  const text = ({ confidence, causes }: Judged) =>
    [confidence, ...causes.map((cause) => `${cause.kind} ${cause.host}`)].join();
  return text(a) === text(b);
}

function begun(
  { from, to, address }: WatchedSeries,
  { sequence, sentAtMs, rttMs }: PingRequest,
  kind: FrameInterval['kind'],
  judged: Judged,
): FrameInterval {
  return {
    from,
    to,
    address,
    kind,
    firstSequence: sequence,
    lastSequence: sequence,
    count: 1,
    sentFromMs: sentAtMs,
    sentToMs: sentAtMs,
    longestWaitMs: rttMs,
    ...judged,
  };
}

function extended(interval: FrameInterval, { sequence, sentAtMs, rttMs }: PingRequest, judged: Judged): FrameInterval {
  return {
    ...interval,
    lastSequence: sequence,
    count: interval.count + 1,
    sentToMs: sentAtMs,
    longestWaitMs: rttMs === null ? null : Math.max(rttMs, interval.longestWaitMs ?? 0),
    errorMs: Math.max(interval.errorMs, judged.errorMs),
  };
}
