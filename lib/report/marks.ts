import type { ClockOffset } from '../model/clock-offset.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { TimeMark } from '../model/probe-series.js';

/** Clock offsets by host name; a host that is missing counts as in step with the controller. */
export type HostClocks = Readonly<Record<string, ClockOffset>>;

/**
 * The instants of a migration that plots point out, by the controller's clock, in order. STOP is stamped by the
 * source's clock, RESUME by the destination's; each is put right by its host's offset.
 */
export function marksOf(result: MigrationResult, clocks: HostClocks): TimeMark[] {
  const pausedMs = instant(result.switchover?.stoppedAt, clocks[result.from]);
  const resumedMs = instant(result.switchover?.resumedAt, clocks[result.to]);
  const marks: TimeMark[] = [];
  if (pausedMs !== null) marks.push({ kind: 'paused', atMs: pausedMs, label: `paused on ${result.from}` });
  if (resumedMs !== null) {
    marks.push({ kind: 'resumed', atMs: resumedMs, label: `resumed on ${result.to}` });
    for (const { host, network, afterResumeMs } of result.convergence.hosts) {
      if (afterResumeMs === null) continue;
      marks.push({ kind: 'converged', atMs: resumedMs + afterResumeMs, label: `${host} converged in ${network}` });
    }
  }
  const certificate = result.certificate;
  const ahead = certificate?.timeline.find(({ kind }) => kind === 'sent-ahead' || kind === 'redirect-late');
  const aheadMs = ahead?.kind === 'redirect-late' ? ahead.toMs : ahead?.fromMs;
  if (certificate !== undefined && aheadMs !== undefined && aheadMs !== null) {
    marks.push({
      kind: 'redirected',
      atMs: Date.parse(certificate.zeroAt) + aheadMs,
      label: `frames are sent ahead to ${result.to}`,
    });
  }
  return marks.sort((a, b) => a.atMs - b.atMs);
}

function instant(iso: string | null | undefined, clock: ClockOffset | undefined): number | null {
  return iso === null || iso === undefined ? null : Date.parse(iso) - (clock?.offsetMs ?? 0);
}
