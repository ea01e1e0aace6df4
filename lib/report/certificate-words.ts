import type { Cause, CauseKind, Certificate, FrameInterval, Overflow } from '../model/certificate.js';
import { formatCount, formatMs } from '../model/quantities.js';

const WORDS: Readonly<Partial<Record<CauseKind, (host: string) => string>>> = {
  before: () => 'before the copy began',
  copying: (host) => `while ${host} copied`,
  'left-behind': (host) => `perhaps unread in its tap at ${host}`,
  'redirect-late': (host) => `${host} was paused before its redirect stood`,
  'arming-undone': (host) => `sent ahead to ${host} in an attempt that was undone`,
  'sent-ahead': (host) => `waiting at ${host} for the pause`,
  paused: () => 'the guest was paused',
  waking: (host) => `${host} was catching up`,
  converging: (host) => `${host} had not learned the new place`,
  fetching: (host) => `${host} fetched memory`,
  overflow: (host) => `a queue of ${host} was full`,
};

export function causeWords({ kind, host }: Cause): string {
  // A run's file may come from a version that knows more kinds.
  return WORDS[kind]?.(host) ?? `${kind} (${host})`;
}

/** All causes that are possible, with how sure that is. */
export function causesWords({ causes, confidence, errorMs }: FrameInterval): string {
  if (causes.length === 0) return 'unknown';
  const words = causes.map(causeWords).join(' or ');
  return confidence === 'sure' ? words : `perhaps ${words} (undecidable within ±${formatMs(errorMs)})`;
}

/** `3 lost: the guest was paused` and the like, for all probes together; the most frequent cause first. */
export function fateSummary(frames: readonly FrameInterval[], kind: FrameInterval['kind']): string | null {
  const counts = new Map<string, number>();
  const ofKind = frames.filter((frame) => frame.kind === kind);
  for (const frame of ofKind) {
    const words = frame.causes.map(causeWords).join(' or ') || 'unknown why';
    counts.set(words, (counts.get(words) ?? 0) + frame.count);
  }
  if (counts.size === 0) return null;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const waits = ofKind.map(({ longestWaitMs }) => longestWaitMs ?? 0);
  const longest = kind === 'late' ? `, by up to ${formatMs(Math.max(...waits))}` : '';
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([words, count]) => `${count} ${words}`);
  const shown = parts.length > SHOWN ? [...parts.slice(0, SHOWN), `${rest(counts)} others`] : parts;
  return `${formatCount(total, 'frame')}${longest}: ${shown.join(', ')}`;
}

const SHOWN = 3;

function rest(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()]
    .sort((a, b) => b - a)
    .slice(SHOWN)
    .reduce((sum, count) => sum + count, 0);
}

/** What the switches have shown, and how well the clocks are known. */
export function proofSummary({ hosts, clocks, verdict }: Certificate, to: string): string {
  const traces = hosts.flatMap((host) => host.traces);
  const errorMs = Math.max(0, ...clocks.map((clock) => clock.errorMs));
  const known = `clocks known to ±${formatMs(errorMs)}`;
  if (verdict.ok) return `${formatCount(traces.length, 'trace')}: every switch sends to ${to}; ${known}`;
  const wrong = hosts.filter((host) => host.traces.some((trace) => !trace.ok)).map(({ host }) => host);
  if (traces.length > 0 && hosts.every((host) => host.traces.length > 0 && host.traces.every((trace) => trace.ok)))
    return (
      `${formatCount(traces.length, 'trace')}: every switch sends to ${to}, but not for all that may be ` +
      `behind it; ${known}`
    );
  return wrong.length === 0 ? `not proven; ${known}` : `not by ${[...new Set(wrong)].join(', ')}; ${known}`;
}

/** How it came to be that frames were sent ahead, where it did not go well at once; null: it did, or was not tried. */
export function armingWords({ arming = [] }: Certificate): string | null {
  const slow = arming.filter(({ inTime }) => !inTime).map(({ tookMs }) => formatMs(Math.round(tookMs)));
  if (slow.length === 0) return null;
  const took = `arranging it took ${slow.join(', ')}, longer than frames can wait for it`;
  return slow.length === arming.length
    ? `no frames were sent ahead: ${took}`
    : `frames were sent ahead at attempt ${arming.length}: before, ${took}`;
}

export function overflowWords({ host, queue, device, frames }: Overflow): string {
  return `${host}: the ${queue} of ${device} had no room for ${formatCount(frames, 'frame')}`;
}

/** How far a place in the table's history can be trusted, for people. */
export function monitorWords({ monitorComplete, monitorGap }: Certificate['hosts'][number]): string {
  return monitorComplete ? 'complete' : `incomplete: ${monitorGap ?? 'unknown why'}`;
}
