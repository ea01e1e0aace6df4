import type { Disturbance, PingRequest } from '../model/probe-series.js';

/**
 * Runs of lost requests, and of replies that took more than four times the median (10 ms at least), in order of time.
 */
export function disturbancesOf(requests: readonly PingRequest[], intervalMs: number): Disturbance[] {
  const lateAfterMs = Math.max(10, 4 * medianRttMs(requests));
  const disturbances: Disturbance[] = [];
  let continues = false;
  for (const { sentAtMs, rttMs } of requests) {
    const kind = rttMs === null ? 'lost' : rttMs > lateAfterMs ? 'late' : null;
    const last = disturbances.at(-1);
    if (kind !== null) {
      const toMs = sentAtMs + (rttMs ?? intervalMs);
      if (continues && last?.kind === kind) {
        disturbances[disturbances.length - 1] = {
          ...last,
          toMs: Math.max(last.toMs, toMs),
          requests: last.requests + 1,
        };
      } else {
        disturbances.push({ kind, fromMs: sentAtMs, toMs, requests: 1 });
      }
    }
    continues = kind !== null;
  }
  return disturbances;
}

/** 0 where nothing was answered. */
export function medianRttMs(requests: readonly PingRequest[]): number {
  const sorted = requests.flatMap(({ rttMs }) => rttMs ?? []).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
