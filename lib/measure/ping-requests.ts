import type { PingRequest } from '../model/probe-series.js';
import type { PingEvent } from './ping-stream.js';

export interface Reply {
  readonly repliedAtMs: number;
  readonly rttMs: number;
  readonly duplicates: number;
}

export interface SeenRequests {
  /** Every request that ping made, in order of sequence; `rttMs` is null where no reply came at all. */
  readonly requests: readonly PingRequest[];
  readonly replies: ReadonlyMap<number, Reply>;
  /** The last time at which ping is known to have run: it said something, or sent a request. */
  readonly lastAtMs: number;
}

/**
 * All requests behind ping's output, with the time each one left. That time is the reply's arrival minus its round
 * trip; what is still unknown lies evenly between its neighbours, for ping keeps its interval.
 */
export function requestsOf(events: readonly PingEvent[], intervalMs: number, clockOffsetMs: number): SeenRequests {
  const replies = new Map<number, Reply>();
  const sentAtMs = new Map<number, number>();
  let startedAtMs: number | null = null;
  let count = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  const saw = (sequence: number, atMs: number) => {
    count = Math.max(count, sequence);
    lastAtMs = Math.max(lastAtMs, atMs);
  };
  for (const event of events) {
    if (event.kind === 'started') {
      startedAtMs = event.atMs - clockOffsetMs;
    } else if (event.kind === 'statistics') {
      count = Math.max(count, event.transmitted);
    } else if (event.kind === 'unanswered') {
      saw(event.sequence, event.atMs - clockOffsetMs);
      if (!sentAtMs.has(event.sequence)) sentAtMs.set(event.sequence, event.sentAtMs - clockOffsetMs);
    } else {
      const repliedAtMs = event.repliedAtMs - clockOffsetMs;
      saw(event.sequence, repliedAtMs);
      const earlier = replies.get(event.sequence);
      if (earlier) {
        replies.set(event.sequence, { ...earlier, duplicates: earlier.duplicates + 1 });
      } else {
        replies.set(event.sequence, { repliedAtMs, rttMs: event.rttMs, duplicates: event.duplicate ? 1 : 0 });
        sentAtMs.set(event.sequence, repliedAtMs - event.rttMs);
      }
    }
  }
  if (sentAtMs.size === 0 && startedAtMs !== null && count > 0) sentAtMs.set(1, startedAtMs);
  const times = fillIn(sentAtMs, count, intervalMs);
  const requests = times.map((time, index) => {
    const sequence = index + 1;
    return { sequence, sentAtMs: time, rttMs: replies.get(sequence)?.rttMs ?? null };
  });
  return { requests, replies, lastAtMs: Math.max(lastAtMs, times.at(-1) ?? lastAtMs) };
}

/** Send times of 1…count. Empty where not one is known, for then nothing says when the requests left. */
function fillIn(known: ReadonlyMap<number, number>, count: number, intervalMs: number): number[] {
  const anchors = inOrder(known);
  const firstAnchor = anchors[0];
  if (firstAnchor === undefined) return [];
  const times: number[] = [];
  let [fromSequence, fromMs] = firstAnchor;
  for (let sequence = 1; sequence < fromSequence; sequence++) {
    times.push(fromMs - (fromSequence - sequence) * intervalMs);
  }
  for (const [toSequence, toMs] of anchors) {
    const stepMs = toSequence === fromSequence ? 0 : (toMs - fromMs) / (toSequence - fromSequence);
    for (let sequence = fromSequence + 1; sequence < toSequence; sequence++) {
      times.push(fromMs + (sequence - fromSequence) * stepMs);
    }
    times.push(toMs);
    [fromSequence, fromMs] = [toSequence, toMs];
  }
  for (let sequence = fromSequence + 1; sequence <= count; sequence++) {
    times.push(fromMs + (sequence - fromSequence) * intervalMs);
  }
  return times;
}

/** By sequence. Of a request without a reply the time is the latest possible: it did not leave after the next one. */
function inOrder(known: ReadonlyMap<number, number>): [number, number][] {
  let latestMs = Number.POSITIVE_INFINITY;
  return [...known]
    .sort(([a], [b]) => b - a)
    .map(([sequence, atMs]): [number, number] => {
      latestMs = Math.min(latestMs, atMs);
      return [sequence, latestMs];
    })
    .reverse();
}
