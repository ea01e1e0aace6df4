import { type DelayPoint, SLOT_MS } from '../model/delay-point.js';
import type { ProbeSeries } from '../model/probe-series.js';
import { spreadOf } from '../model/spread.js';

/** What the probes of one migration saw, and when the guest ran again. */
export interface SwitchRecord {
  readonly series: readonly ProbeSeries[];
  /** Unix time in milliseconds by the clock of the series; null: not seen. */
  readonly resumedAtMs: number | null;
}

/** Allowed downtimes are 300 ms, and QEMU announces the guest for 800 ms after the resume. */
const BEFORE_MS = 1_000;
const AFTER_MS = 1_000;

/**
 * Several migrations laid over each other, so that the guest runs again at 0 in each. Slots in which nothing left are
 * not there.
 */
export function delayCurve(records: readonly SwitchRecord[]): DelayPoint[] {
  const slots = new Map<number, (number | null)[]>();
  for (const { series, resumedAtMs } of records) {
    if (resumedAtMs === null) continue;
    for (const { sentAtMs, rttMs } of series.flatMap(({ requests }) => requests)) {
      const atMs = sentAtMs - resumedAtMs;
      if (atMs < -BEFORE_MS || atMs >= AFTER_MS) continue;
      const slot = Math.floor(atMs / SLOT_MS) * SLOT_MS;
      const delays = slots.get(slot) ?? [];
      delays.push(rttMs);
      slots.set(slot, delays);
    }
  }
  return [...slots]
    .sort(([a], [b]) => a - b)
    .map(([atMs, delays]) => {
      const replies = delays.filter((delay) => delay !== null);
      const spread = spreadOf(replies);
      return {
        atMs,
        replies: replies.length,
        lost: delays.length - replies.length,
        medianMs: spread?.median ?? null,
        minMs: spread?.min ?? null,
        maxMs: spread?.max ?? null,
      };
    });
}

/** From the resume until every probe has had a reply again; null where one had none, or the resume was not seen. */
export function backAfterResume({ series, resumedAtMs }: SwitchRecord): number | null {
  if (resumedAtMs === null || series.length === 0) return null;
  const first = series.map(({ requests }) =>
    requests.reduce((earliest, { sentAtMs, rttMs }) => {
      const afterMs = rttMs === null ? Number.POSITIVE_INFINITY : sentAtMs + rttMs - resumedAtMs;
      return afterMs >= 0 && afterMs < earliest ? afterMs : earliest;
    }, Number.POSITIVE_INFINITY),
  );
  const last = Math.max(...first);
  return Number.isFinite(last) ? Math.round(last * 1000) / 1000 : null;
}
