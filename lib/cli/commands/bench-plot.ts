import { type DelayPoint, SLOT_MS } from '../../bench/delay-curve.js';
import { MIGRATE_TOOLS, type MigrateBench, type MigrateTool } from '../../bench/result.js';
import { formatBytes, formatMs } from '../../model/quantities.js';
import { type Markup, markup } from '../../report/markup.js';
import { linearScale, px } from '../../report/plot-scale.js';
import { TOOL_TITLES } from './bench-text.js';

const WIDTH = 960;
const LEFT = 132;
/** Half of the longest label of a tick lies beyond the axis's end. */
const RIGHT = WIDTH - 30;
const LEGEND_TOP = 42;
const ROW = 20;
const PLOT_HEIGHT = 250;
/** A row of bars for what is lost, one for each system. */
const STRIP = 26;

interface Palette extends Readonly<Record<MigrateTool, string>> {
  readonly ground: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly lost: string;
}

const LIGHT: Palette = {
  ...{ ground: '#ffffff', text: '#1a1d21', quiet: '#5a6270', line: '#d5d9df', lost: '#b3261e' },
  ...{ vxmig: '#1f5fbf', 'no-redirect': '#7d3fa8', ovn: '#a85500', virsh: '#4d5560' },
};
const DARK: Palette = {
  ...{ ground: '#15181c', text: '#e6e8eb', quiet: '#a2abb8', line: '#3a414b', lost: '#ff8a80' },
  ...{ vxmig: '#7fb2ff', 'no-redirect': '#cf9bf2', ovn: '#ffb066', virsh: '#b4bcc8' },
};
/** Who sees no colours tells the lines apart by these. */
const DASHES: Readonly<Record<MigrateTool, string>> = {
  vxmig: 'none',
  'no-redirect': '7 4',
  ovn: '1 5',
  virsh: '9 4 2 4',
};

/**
 * Its own ground and colours: it is shown as an image, where the page's style does not reach. Without custom properties, which
 * not everything that draws SVG knows.
 */
const STYLE = [
  'text{font:12px system-ui,sans-serif}.name{font-size:13px}.grid,.frame,.zero,.curve{fill:none}.zero{stroke-dasharray:2 3}',
  '.curve{stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}',
  ...MIGRATE_TOOLS.map((tool) => `.${tool}{stroke-dasharray:${DASHES[tool]}}`),
  colours(LIGHT),
  `@media (prefers-color-scheme:dark){${colours(DARK)}}`,
].join('\n');

function colours(palette: Palette): string {
  return [
    `.ground{fill:${palette.ground}}text{fill:${palette.quiet}}.name{fill:${palette.text}}.lost{fill:${palette.lost}}`,
    `.grid{stroke:${palette.line}}.frame{stroke:${palette.quiet}}.zero{stroke:${palette.text}}`,
    ...MIGRATE_TOOLS.map((tool) => `.${tool}{stroke:${palette[tool]}}`),
  ].join('');
}

interface System {
  readonly tool: MigrateTool;
  readonly points: readonly DelayPoint[];
}

/**
 * How long replies took around the switch, all systems in one picture: the median of all runs and probes by the time at which the request
 * left, and below what share of the requests was lost. It ends where less than half was answered.
 */
export function benchPlot(bench: MigrateBench): string {
  const systems = bench.contenders.flatMap((tool): System[] => {
    const points = bench.curves[tool];
    return points === undefined || points.length === 0 ? [] : [{ tool, points }];
  });
  const { fromMs, toMs } = windowOf(systems);
  const shown = systems.map(({ tool, points }) => ({
    tool,
    points: points.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
  }));
  const top = LEGEND_TOP + systems.length * ROW + 18;
  const bottom = top + PLOT_HEIGHT;
  const stripsBottom = bottom + 26 + shown.length * STRIP;
  const height = stripsBottom + 46;
  const heights = shown.flatMap(({ points }) => points.flatMap((point) => heightOf(point) ?? []));
  const x = linearScale({ from: fromMs, to: toMs, start: LEFT, end: RIGHT, count: 10 });
  const y = linearScale({ from: 0, to: Math.max(1, ...heights) * 1.08, start: bottom, end: top, count: 5 });
  const place = { x: (ms: number) => px(x.place(ms)), y: (ms: number) => px(y.place(ms)) };
  const zero = place.x(0);
  const strips = shown.map((system, index) => strip(system, bottom + 26 + index * STRIP, place.x));
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t d">
<title id="t">Reply delay around the switch</title>
<desc id="d">${shown.map(({ tool }) => summary(bench, tool)).join('; ')}</desc>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="name" x="${LEFT}" y="16">Reply delay around the switch, medians of all runs and streams</text>
<text x="${LEFT}" y="34">pings from ${bench.probes.join(', ')}, to ${bench.vm} (${formatBytes(bench.memoryBytes)})</text>
${shown.map(({ tool }, index) => legend(bench, tool, LEGEND_TOP + (index + 0.5) * ROW))}
<text x="${LEFT - 6}" y="${top - 8}" text-anchor="end">delay, ms</text>
${y.ticks.map((tick) => markup`<path class="grid" d="M${LEFT} ${place.y(tick)}H${RIGHT}"/><text x="${LEFT - 6}" y="${px(y.place(tick) + 4)}" text-anchor="end">${tick}</text>`)}
${x.ticks.map((tick) => markup`<path class="grid" d="M${place.x(tick)} ${top}V${stripsBottom}"/><text x="${place.x(tick)}" y="${stripsBottom + 18}" text-anchor="middle">${tick}</text>`)}
<path class="zero" d="M${zero} ${top}V${stripsBottom}"/>
<text x="${px(Number(zero) + 5)}" y="${top + 13}">the guest runs again</text>
<path class="frame" d="M${LEFT} ${top}V${bottom}H${RIGHT}"/>
${[...shown].reverse().map((system) => curve(system, place))}
<text x="${LEFT - 6}" y="${bottom + 18}" text-anchor="end">share lost</text>
${strips}
<text x="${RIGHT}" y="${height - 8}" text-anchor="end">when the request left, ms after the guest runs again</text>
</svg>
`.text;
}

/** From a little before the first disturbance of any system to a little after the last. */
function windowOf(systems: readonly System[]): { fromMs: number; toMs: number } {
  const disturbed = systems.flatMap(({ points }) => {
    const usual = [...points].map(({ medianMs }) => medianMs ?? 0).sort((a, b) => a - b)[points.length >> 1] ?? 0;
    return points.filter(({ lost, medianMs }) => lost > 0 || (medianMs ?? 0) > usual + 20).map(({ atMs }) => atMs);
  });
  return { fromMs: Math.min(-200, ...disturbed) - 100, toMs: Math.max(100, ...disturbed) + 100 };
}

/** null where most were lost: what the few had to wait says nothing of the rest. */
function heightOf({ replies, lost, medianMs }: DelayPoint): number | null {
  return replies > lost ? medianMs : null;
}

interface Place {
  readonly x: (ms: number) => string;
  readonly y: (ms: number) => string;
}

function curve({ tool, points }: System, place: Place): Markup {
  let path = '';
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const height = heightOf(point);
    if (height === null) continue;
    const joined = point.atMs - previousMs <= SLOT_MS;
    path += `${joined ? 'L' : 'M'}${place.x(point.atMs + SLOT_MS / 2)} ${place.y(height)}${joined ? '' : 'h0'}`;
    previousMs = point.atMs;
  }
  return markup`<path class="curve ${tool}" d="${path}"/>`;
}

function strip({ tool, points }: System, top: number, x: Place['x']): Markup {
  const width = px(Number(x(SLOT_MS)) - Number(x(0)));
  const full = STRIP - 8;
  const bars = points.flatMap(({ atMs, replies, lost }) => {
    if (lost === 0) return [];
    const tall = Math.max(2, (full * lost) / (lost + replies));
    return [
      markup`<rect class="lost" x="${x(atMs)}" y="${px(top + full - tall)}" width="${width}" height="${px(tall)}"><title>${lost} of ${lost + replies} lost</title></rect>`,
    ];
  });
  const label = markup`<text x="${LEFT - 6}" y="${top + full - 3}" text-anchor="end">${TOOL_TITLES[tool]}</text>`;
  return markup`<path class="grid" d="M${LEFT} ${top + full}H${RIGHT}"/>${bars}${label}`;
}

function legend(bench: MigrateBench, tool: MigrateTool, middle: number): Markup {
  return markup`<path class="curve ${tool}" d="M${LEFT} ${middle}h44"/><text class="name" x="${LEFT + 54}" y="${middle + 4}">${summary(bench, tool)}</text>`;
}

function summary({ figures, runs }: MigrateBench, tool: MigrateTool): string {
  const { pingsLost, longestWaitMs, downtimeMs } = figures[tool];
  const sent = runs.filter((run) => run.tool === tool).reduce((sum, run) => sum + run.pingsSent, 0);
  const lost = runs.filter((run) => run.tool === tool).reduce((sum, run) => sum + run.pingsLost, 0);
  return [
    `${TOOL_TITLES[tool]}: ${lost} of ${sent.toLocaleString('en')} lost`,
    ...(pingsLost === null ? [] : [`${pingsLost.median} per migration`]),
    ...(longestWaitMs === null ? [] : [`longest wait ${formatMs(longestWaitMs.median)}`]),
    ...(downtimeMs === null ? [] : [`paused ${formatMs(downtimeMs.median)}`]),
  ].join(', ');
}
