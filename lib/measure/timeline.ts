import type { PingRequest, TimeMark } from '../model/probe-series.js';
import { medianRttMs } from './disturbances.js';

export interface TimelineOptions {
  readonly fromMs: number;
  readonly toMs: number;
  /** The whole line's width, marks included. */
  readonly columns: number;
  readonly unicode: boolean;
  readonly marks?: readonly TimeMark[];
}

/**
 * How much longer than usual the slowest reply of a column took, in milliseconds: below the n-th bound it gets the n-th
 * glyph.
 */
const BOUNDS_MS = [5, 20, 50, 100, 200, 500] as const;
const GLYPHS = { unicode: '·▁▂▃▅▇█', ascii: '.:-=+*#' } as const;
const MARKS: Readonly<Record<TimeMark['kind'], string>> = {
  paused: '[',
  resumed: ']',
  converged: '|',
  redirected: '>',
};

/**
 * One line for one probe: each column is a slice of time and shows the longest wait of the requests sent in it, or `x`
 * if one of them was lost. A slice in which nothing was sent is blank. Marks stand between the columns: `[` the guest
 * is paused, `]` it runs again.
 */
export function pingTimeline(requests: readonly PingRequest[], options: TimelineOptions): string {
  const { fromMs, toMs } = options;
  const marks = (options.marks ?? [])
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .sort((a, b) => a.atMs - b.atMs);
  const columns = options.columns - marks.length;
  if (columns < 1 || toMs <= fromMs) return '';
  const columnOf = (atMs: number) => Math.min(columns - 1, Math.floor(((atMs - fromMs) / (toMs - fromMs)) * columns));
  const usualMs = medianRttMs(requests);
  const longestWaitMs = new Map<number, number>();
  for (const { sentAtMs, rttMs } of requests) {
    if (sentAtMs < fromMs || sentAtMs >= toMs) continue;
    const column = columnOf(sentAtMs);
    longestWaitMs.set(column, Math.max(longestWaitMs.get(column) ?? 0, rttMs ?? Number.POSITIVE_INFINITY));
  }
  const glyphs = [...GLYPHS[options.unicode ? 'unicode' : 'ascii']];
  let line = '';
  for (let column = 0; column < columns; column++) {
    line += marks
      .filter(({ atMs }) => columnOf(atMs) === column)
      .map(({ kind }) => MARKS[kind])
      .join('');
    line += glyphOf(longestWaitMs.get(column), usualMs, glyphs);
  }
  return line;
}

/** What the signs mean, for the line below a timeline. */
export function timelineLegend(unicode: boolean): string {
  const glyphs = [...GLYPHS[unicode ? 'unicode' : 'ascii']];
  const steps = BOUNDS_MS.map((bound, index) => `${glyphs[index]} <${bound}`).join('  ');
  return `${steps}  ${glyphs[BOUNDS_MS.length]} more (ms above usual)  x lost  [ paused  ] resumed`;
}

function glyphOf(waitMs: number | undefined, usualMs: number, glyphs: readonly string[]): string {
  if (waitMs === undefined) return ' ';
  if (waitMs === Number.POSITIVE_INFINITY) return 'x';
  const level = BOUNDS_MS.findIndex((bound) => waitMs - usualMs < bound);
  return glyphs[level === -1 ? BOUNDS_MS.length : level] ?? ' ';
}
