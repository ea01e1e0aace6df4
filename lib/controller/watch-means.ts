import { setTimeout as sleep } from 'node:timers/promises';
import { WatchedHost } from './watched-host.js';

/** What a watch works with: hosts, and time. */
export interface WatchMeans {
  readonly open: typeof WatchedHost.open;
  /** Resolves after so long, or with the signal. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly times: {
    /** Events of one change come in a row. */
    readonly debounceMs: number;
    /** While another controller works on a host. */
    readonly busyRetryMs: number;
    /** While a host cannot be judged, because its switch is down, or something is in the way. */
    readonly troubleRetryMs: number;
    /** For what nobody tells of: nftables, routes, the inside of probes' namespaces. */
    readonly lookEveryMs: number;
    readonly reconnectMs: GrowingWait;
    readonly repairRetryMs: GrowingWait;
  };
}

/** Twice as long each time. */
interface GrowingWait {
  readonly first: number;
  readonly most: number;
}

export const WATCH_MEANS: WatchMeans = {
  open: WatchedHost.open,
  pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  times: {
    debounceMs: 100,
    busyRetryMs: 500,
    troubleRetryMs: 2_000,
    lookEveryMs: 30_000,
    reconnectMs: { first: 1_000, most: 30_000 },
    repairRetryMs: { first: 1_000, most: 60_000 },
  },
};
