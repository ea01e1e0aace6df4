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
  /** When ping last said something. */
  readonly lastAtMs: number;
}

/**
 * All requests behind ping's output, with the time each one left. That time is the reply's arrival minus its round trip; for
 * an unanswered one, `no answer yet for N` is printed as N + 1 leaves; what is still unknown lies evenly between its neighbours.
 */
export function requestsOf(events: readonly PingEvent[], intervalMs: number, clockOffsetMs: number): SeenRequests {
  const replies = new Map<number, Reply>();
  const sentAtMs = new Map<number, number>();
  let last = 0;
  let transmitted: number | null = null;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  const saw = (sequence: number, atMs: number) => {
    last = Math.max(last, sequence);
    lastAtMs = Math.max(lastAtMs, atMs);
  };
  for (const event of events) {
    if (event.kind === 'statistics') {
      transmitted = event.transmitted;
    } else if (event.kind === 'reply') {
      const repliedAtMs = event.repliedAtMs - clockOffsetMs;
      saw(event.sequence, repliedAtMs);
      const earlier = replies.get(event.sequence);
      if (earlier) {
        replies.set(event.sequence, { ...earlier, duplicates: earlier.duplicates + 1 });
      } else {
        replies.set(event.sequence, { repliedAtMs, rttMs: event.rttMs, duplicates: event.duplicate ? 1 : 0 });
        sentAtMs.set(event.sequence, repliedAtMs - event.rttMs);
      }
    } else {
      const atMs = event.atMs - clockOffsetMs;
      if (event.kind === 'unanswered') {
        saw(event.sequence + 1, atMs);
        if (!sentAtMs.has(event.sequence + 1)) sentAtMs.set(event.sequence + 1, atMs);
      } else {
        saw(event.sequence, atMs);
      }
    }
  }
  const count = transmitted ?? last;
  const times = fillIn(sentAtMs, count, intervalMs);
  const requests = times.map((time, index) => {
    const sequence = index + 1;
    return { sequence, sentAtMs: time, rttMs: replies.get(sequence)?.rttMs ?? null };
  });
  return { requests, replies, lastAtMs };
}

/** Send times of 1…count. Empty where not one is known, for then nothing says when the requests left. */
function fillIn(known: ReadonlyMap<number, number>, count: number, intervalMs: number): number[] {
  const anchors = [...known].filter(([sequence]) => sequence <= count).sort(([a], [b]) => a - b);
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
