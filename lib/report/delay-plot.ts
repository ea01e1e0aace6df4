import type { ProbeSeries, TimeMark } from '../model/probe-series.js';
import { formatCount, formatMs } from '../model/quantities.js';
import { type Markup, markup } from './markup.js';
import { linearScale, px } from './plot-scale.js';

/** Something that lasted, in Unix milliseconds. */
export interface PlotInterval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
}

export interface DelayPlot {
  /** Unique in the page: it names the plot's title and description. */
  readonly id: string;
  readonly series: ProbeSeries;
  readonly marks: readonly TimeMark[];
  readonly intervals?: readonly PlotInterval[];
  /** What is shown, in Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The instant that the time axis counts from. */
  readonly zeroMs: number;
}

const WIDTH = 960;
const HEIGHT = 230;
const LEFT = 64;
/** Half of the longest label of a tick lies beyond the axis's end. */
const RIGHT = WIDTH - 30;
const TOP = 34;
const BOTTOM = HEIGHT - 38;
const LOST_Y = TOP - 8;
/** Of the labels' font, at the widest. */
const HALF_CHARACTER = 3.75;
/** A strip's height and the gap below it. */
const STRIP = 7;

/**
 * Reply delay over time as SVG: a dot per reply, a cross above for each lost request, the pause as a band, and lines at
 * the other marks.
 */
export function delayPlot(plot: DelayPlot): Markup {
  const { fromMs, toMs, zeroMs } = plot;
  const requests = plot.series.requests.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs <= toMs);
  const longestMs = requests.reduce((longest, { rttMs }) => Math.max(longest, rttMs ?? 0), 1);
  const x = linearScale({ from: fromMs - zeroMs, to: toMs - zeroMs, start: LEFT, end: RIGHT, count: 10 });
  const y = linearScale({ from: 0, to: longestMs * 1.08, start: BOTTOM, end: TOP, count: 4 });
  const at = (ms: number) => px(x.place(ms - zeroMs));
  const inSeconds = toMs - fromMs > 3000;
  const dots = requests.flatMap(({ sentAtMs, rttMs }) =>
    rttMs === null ? [] : `M${at(sentAtMs)} ${px(y.place(rttMs))}h0`,
  );
  const crosses = requests.flatMap(({ sentAtMs, rttMs }) =>
    rttMs === null ? `M${at(sentAtMs)} ${LOST_Y}m-3-3l6 6m0-6l-6 6` : [],
  );
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${plot.id}-t ${plot.id}-d">
<title id="${plot.id}-t">Reply delay, ${plot.series.from} to ${plot.series.address}</title>
<desc id="${plot.id}-d">${description(plot, requests)}</desc>
${y.ticks.map((tick) => delayTick(tick, y.place(tick)))}
${x.ticks.map((tick) => timeTick(inSeconds ? tick / 1000 : tick, px(x.place(tick))))}
<text class="axis" x="${RIGHT}" y="${HEIGHT - 4}" text-anchor="end">${inSeconds ? 's' : 'ms'} since the start</text>
<text class="axis" x="4" y="14">delay, ms</text>
${pause(plot, at)}
${strips(plot, at)}
${markLines(plot, at)}
<path class="frame" d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}"/>
<path class="dots" d="${dots.join('')}"/>
<path class="lost" d="${crosses.join('')}"/>
</svg>`;
}

function delayTick(text: number, y: number): Markup[] {
  return [
    markup`<path class="grid" d="M${LEFT} ${px(y)}H${RIGHT}"/>`,
    markup`<text class="tick" x="${LEFT - 6}" y="${px(y + 4)}" text-anchor="end">${text}</text>`,
  ];
}

function timeTick(text: number, x: string): Markup[] {
  return [
    markup`<path class="grid" d="M${x} ${BOTTOM}v5"/>`,
    markup`<text class="tick" x="${x}" y="${BOTTOM + 18}" text-anchor="middle">${text}</text>`,
  ];
}

function description(plot: DelayPlot, requests: ProbeSeries['requests']): string {
  const waits = requests.flatMap(({ rttMs }) => rttMs ?? []);
  const lost = requests.length - waits.length;
  const longest =
    waits.length === 0 ? 'no reply' : `longest wait ${formatMs(waits.reduce((a, b) => Math.max(a, b), 0))}`;
  return `${formatCount(requests.length, 'request')}, ${lost} lost, ${longest}; ${plot.marks
    .filter(({ atMs }) => atMs >= plot.fromMs && atMs <= plot.toMs)
    .map(({ label, atMs }) => `${label} at ${formatMs(atMs - plot.zeroMs)}`)
    .join(', ')}`;
}

function pause({ marks, fromMs, toMs }: DelayPlot, at: (ms: number) => string): Markup[] | null {
  const paused = marks.find(({ kind }) => kind === 'paused')?.atMs;
  const resumed = marks.find(({ kind }) => kind === 'resumed')?.atMs;
  if (paused === undefined || resumed === undefined || paused < fromMs || resumed > toMs || resumed < paused)
    return null;
  const width = px(Math.max(1, Number(at(resumed)) - Number(at(paused))));
  const label = `paused ${formatMs(resumed - paused)}`;
  // At either end of the axis it stays within the picture.
  const half = label.length * HALF_CHARACTER;
  const middle = px(Math.min(Math.max(Number(at((paused + resumed) / 2)), LEFT + half), WIDTH - half));
  return [
    markup`<rect class="pause" x="${at(paused)}" y="${TOP}" width="${width}" height="${BOTTOM - TOP}"/>`,
    markup`<text class="axis" x="${middle}" y="14" text-anchor="middle">${label}</text>`,
  ];
}

/** Thin strips below each other, with their labels for whoever points at one. */
function strips({ intervals = [], fromMs, toMs }: DelayPlot, at: (ms: number) => string): Markup[] {
  return intervals
    .filter((interval) => interval.toMs >= fromMs && interval.fromMs <= toMs)
    .map(({ label, ...interval }, index) => {
      const start = at(Math.max(interval.fromMs, fromMs));
      const width = px(Math.max(1, Number(at(Math.min(interval.toMs, toMs))) - Number(start)));
      const size = markup`y="${TOP + 2 + index * STRIP}" width="${width}" height="${STRIP - 2}"`;
      return markup`<rect class="strip" x="${start}" ${size}><title>${label}</title></rect>`;
    });
}

function markLines({ marks, fromMs, toMs }: DelayPlot, at: (ms: number) => string): Markup[] {
  return marks
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .map(
      ({ kind, atMs, label }) =>
        markup`<path class="mark ${kind}" d="M${at(atMs)} ${TOP}V${BOTTOM}"><title>${label}</title></path>`,
    );
}
