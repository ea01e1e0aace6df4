import type { PingFigures } from '../model/migration-result.js';
import type { Disturbance, PingRequest, ProbeSeries } from '../model/probe-series.js';
import { disturbancesOf } from './disturbances.js';
import { type Reply, requestsOf } from './ping-requests.js';
import type { PingEvent } from './ping-stream.js';

/** Lost means: no reply within this time after the run. ping must keep running for as long, see measurePing. */
export const PATIENCE_MS = 2000;

export interface PingRun {
  readonly from: string;
  readonly to: string;
  readonly network?: string;
  readonly address: string;
  readonly intervalMs: number;
  /** The run, in Unix milliseconds by the controller's clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** How far the pinging host's clock is ahead of the controller's. */
  readonly clockOffsetMs?: number;
}

export interface PingMeasurement {
  readonly figures: PingFigures;
  readonly series: ProbeSeries;
  readonly disturbances: readonly Disturbance[];
  /** Why the figures may not tell the whole truth, in words for people; empty where they do. */
  readonly doubts: readonly string[];
}

/**
 * What a probe saw of a run. Times in the result are by the controller's clock.
 *
 * A request belongs to the run if it *left* within [startMs, endMs). ping is therefore started before the run and
 * stopped (SIGINT) PATIENCE_MS after it, or earlier when every request of the run has its reply: then each had its full
 * time to be answered, and those still on their way when ping stops left after the run and are not counted. ping's own
 * totals, in which the last request is always unanswered or forgotten (`-w`, `-c`), are used only to know how far the
 * sequence went.
 */
export function measurePing(events: readonly PingEvent[], run: PingRun): PingMeasurement {
  const deadlineMs = run.endMs + PATIENCE_MS;
  const seen = requestsOf(events, run.intervalMs, run.clockOffsetMs ?? 0);
  const inRun = seen.requests.filter(({ sentAtMs }) => sentAtMs >= run.startMs && sentAtMs < run.endMs);
  const requests = inRun.map(({ sequence, sentAtMs }): PingRequest => {
    const reply = seen.replies.get(sequence);
    return { sequence, sentAtMs, rttMs: reply && reply.repliedAtMs <= deadlineMs ? reply.rttMs : null };
  });
  const received = requests.filter(({ rttMs }) => rttMs !== null).length;
  const duplicates = requests.reduce((sum, { sequence }) => sum + (seen.replies.get(sequence)?.duplicates ?? 0), 0);
  const waits = requests.flatMap(({ rttMs }) => rttMs ?? []);
  const { from, to, network, address, intervalMs } = run;
  const what = { from, to, ...(network === undefined ? {} : { network }), address, intervalMs };
  return {
    figures: {
      ...what,
      sent: requests.length,
      received,
      lost: requests.length - received,
      duplicates,
      longestGapMs: requests.length === 0 ? null : rounded(longestGap([...seen.replies.values()], run, seen.lastAtMs)),
      longestWaitMs: waits.length === 0 ? null : rounded(waits.reduce((longest, wait) => Math.max(longest, wait), 0)),
    },
    series: { ...what, requests },
    disturbances: disturbancesOf(requests, intervalMs),
    doubts: doubtsOf(seen.requests, { lastAtMs: seen.lastAtMs, isOpen: received < requests.length }, run),
  };
}

/** The longest time without a reply that touches the run: from the last reply before it to the first one after it. */
function longestGap(replies: readonly Reply[], run: PingRun, lastAtMs: number): number {
  const arrivals = replies.map(({ repliedAtMs }) => repliedAtMs).sort((a, b) => a - b);
  // Where ping saw nothing before or after the run, its ends bound the gap.
  const first = arrivals[0] ?? Number.POSITIVE_INFINITY;
  const last = arrivals.at(-1) ?? Number.NEGATIVE_INFINITY;
  const bounds = [
    ...(first > run.startMs ? [run.startMs] : []),
    ...arrivals,
    ...(last < run.endMs ? [Math.min(Math.max(lastAtMs, run.endMs), run.endMs + PATIENCE_MS)] : []),
  ];
  let longest = 0;
  for (const [index, until] of bounds.entries()) {
    const since = bounds[index - 1];
    if (since !== undefined && until > run.startMs && since < run.endMs) longest = Math.max(longest, until - since);
  }
  return longest;
}

/** @param isOpen a request of the run has no reply: what left after the run is on its way whenever ping is stopped */
function doubtsOf(
  requests: readonly PingRequest[],
  { lastAtMs, isOpen }: { readonly lastAtMs: number; readonly isOpen: boolean },
  run: PingRun,
): string[] {
  const first = requests[0];
  const last = requests.at(-1);
  if (first === undefined || last === undefined) return ['ping sent nothing'];
  const toleranceMs = Math.max(500, 5 * run.intervalMs);
  const doubts = [];
  const lateMs = Math.round(first.sentAtMs - run.startMs);
  if (lateMs > toleranceMs) doubts.push(`ping began ${lateMs} ms after the run did`);
  const earlyMs = Math.round(run.endMs - last.sentAtMs);
  if (earlyMs > toleranceMs) doubts.push(`ping ended ${earlyMs} ms before the run did`);
  else if (isOpen && lastAtMs < run.endMs + PATIENCE_MS - toleranceMs) {
    doubts.push(`ping was stopped ${Math.round(lastAtMs - run.endMs)} ms after the run: replies may have come later`);
  }
  return doubts;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
