import { requestsOf } from './ping-requests.js';
import type { PingEvent } from './ping-stream.js';

/**
 * How many requests that left within [startMs, endMs) have no reply yet; null while ping has not yet shown that it sent
 * one after endMs, for until then some of the window may be missing. Times by the pinging host's clock.
 */
export function unansweredOf(
  events: readonly PingEvent[],
  intervalMs: number,
  window: { readonly startMs: number; readonly endMs: number },
): number | null {
  const { requests } = requestsOf(events, intervalMs, 0);
  const last = requests.at(-1);
  if (last === undefined || last.sentAtMs < window.endMs) return null;
  return requests.filter(
    ({ sentAtMs, rttMs }) => sentAtMs >= window.startMs && sentAtMs < window.endMs && rttMs === null,
  ).length;
}
