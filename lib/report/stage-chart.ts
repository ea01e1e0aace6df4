import type { StageFigures } from '../model/migration-result.js';
import { formatMs } from '../model/quantities.js';
import { type Markup, markup } from './markup.js';
import { linearScale, px } from './plot-scale.js';

const WIDTH = 960;
const LEFT = 190;
const RIGHT = WIDTH - 80;
const ROW = 24;
const TOP = 6;

/** The stages of a migration as bars over time, in SVG. */
export function stageChart(stages: readonly StageFigures[]): Markup {
  const bars = stages.map(({ stage, startedAt, durationMs }) => ({ stage, fromMs: Date.parse(startedAt), durationMs }));
  const zeroMs = Math.min(...bars.map(({ fromMs }) => fromMs));
  const endMs = Math.max(...bars.map(({ fromMs, durationMs }) => fromMs + durationMs));
  const x = linearScale({ from: 0, to: Math.max(1, endMs - zeroMs), start: LEFT, end: RIGHT, count: 8 });
  const bottom = TOP + bars.length * ROW;
  const rows = bars.map(({ stage, fromMs, durationMs }, index) => {
    const left = x.place(fromMs - zeroMs);
    const width = Math.max(2, x.place(fromMs - zeroMs + durationMs) - left);
    const top = TOP + index * ROW;
    return [
      markup`<text class="name" x="${LEFT - 8}" y="${top + 16}" text-anchor="end">${stage}</text>`,
      markup`<rect class="stage" x="${px(left)}" y="${top + 4}" width="${px(width)}" height="${ROW - 8}" rx="2"/>`,
      markup`<text class="tick" x="${px(left + width + 5)}" y="${top + 16}">${formatMs(durationMs)}</text>`,
    ];
  });
  const ticks = x.ticks.map((tick) => {
    const at = px(x.place(tick));
    return [
      markup`<path class="grid" d="M${at} ${TOP}V${bottom + 4}"/>`,
      markup`<text class="tick" x="${at}" y="${bottom + 20}" text-anchor="middle">${formatMs(tick)}</text>`,
    ];
  });
  return markup`<svg viewBox="0 0 ${WIDTH} ${bottom + 30}" role="img" aria-labelledby="stages-t">
<title id="stages-t">The stages over time; the table below holds the same figures</title>
${ticks}
${rows}
</svg>`;
}
