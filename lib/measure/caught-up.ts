import type { PingRequest } from '../model/probe-series.js';
import type { Instant } from './causes.js';

/** One probe's requests, and how far their times can be off against the controller's clock. */
export interface Watcher {
  readonly requests: readonly PingRequest[];
  readonly errorMs: number;
}

/**
 * When a guest had answered all that was sent before its first reply after `resumedAtMs`: until then newer requests
 * wait behind them. Null where nothing was answered.
 */
export function caughtUpAt(watchers: readonly Watcher[], resumedAtMs: number | null): Instant | null {
  if (resumedAtMs === null) return null;
  const replies = watchers.flatMap(({ requests, errorMs }) =>
    requests.flatMap(({ sentAtMs, rttMs }) => {
      if (rttMs === null || sentAtMs + rttMs <= resumedAtMs) return [];
      return [{ sentAtMs, atMs: sentAtMs + rttMs, earlierMs: errorMs, laterMs: errorMs }];
    }),
  );
  const firstMs = replies.reduce((earliest, { atMs }) => Math.min(earliest, atMs), Number.POSITIVE_INFINITY);
  const waited = replies.filter(({ sentAtMs }) => sentAtMs < firstMs);
  const last = waited.sort((a, b) => b.atMs - a.atMs)[0];
  return last === undefined ? null : { atMs: last.atMs, earlierMs: last.earlierMs, laterMs: last.laterMs };
}
