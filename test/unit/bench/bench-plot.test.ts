import t from 'tap';
import { type DelayPoint, delayCurve } from '../../../lib/bench/delay-curve.js';
import { benchPlot } from '../../../lib/cli/commands/bench-plot.js';
import { cutTexts } from '../report/svg-texts.js';
import { RECORDED } from './recorded.js';
import { benchOf, runOf } from './runs.js';

const point = (atMs: number, given: Partial<DelayPoint> = {}): DelayPoint => ({
  atMs,
  replies: 6,
  lost: 0,
  medianMs: 1,
  minMs: 1,
  maxMs: 1,
  ...given,
});
const runs = [runOf('vxmig'), runOf('ovn', { pingsLost: 3 })];
const lostPoint = (atMs: number, lost: number) => point(atMs, { replies: 6 - lost, lost });

t.test('one line per system that ran, and a bar wherever something was lost', async (t) => {
  const vxmig = [point(-20, { medianMs: 80 }), point(-10, { medianMs: 70 }), point(0)];
  const svg = benchPlot(
    benchOf(runs, { curves: { vxmig, ovn: [point(-20), lostPoint(-10, 6), lostPoint(0, 1), point(10)] } }),
  );
  t.equal(svg.match(/<path class="curve vxmig" d="M[^"]*L/g)?.length, 1);
  t.match(svg, /<title>6 of 6 lost<\/title>/);
  t.match(svg, /<title>1 of 6 lost<\/title>/);
  t.equal(svg.match(/class="lost"/g)?.length, 2);
  t.notMatch(svg, 'class="curve virsh"');
  t.match(svg, 'OVN: 3 of 500 lost');
  t.match(svg, 'vxmig: 0 of 500 lost');
});

t.test('a line ends where most were lost, and begins again', async (t) => {
  const ovn = [point(-30), point(-20), lostPoint(-10, 4), lostPoint(0, 2), point(10)];
  const svg = benchPlot(benchOf(runs, { curves: { ovn } }));
  const path = /<path class="curve ovn" d="(M\d[^"]*L[^"]*)"/.exec(svg)?.[1] ?? '';
  t.equal(path.match(/M/g)?.length, 2);
});

t.test('recorded migrations: each at its place in time, the lost ones before the guest runs again', async (t) => {
  const curves = { vxmig: delayCurve(RECORDED.vxmig), virsh: delayCurve(RECORDED.virsh) };
  t.equal(
    curves.vxmig.reduce((sum, { lost }) => sum + lost, 0),
    0,
  );
  const lost = curves.virsh.filter((slot) => slot.lost > 0);
  t.ok(lost.length >= 5 && lost.every(({ atMs }) => atMs < 50));
  const svg = benchPlot(benchOf([runOf('vxmig'), runOf('virsh')], { curves }));
  t.equal(svg.match(/class="lost"/g)?.length, lost.length);
  t.same(cutTexts(svg), []);
  for (const atMs of [120, 900, 8_900, 99_900])
    t.same(cutTexts(benchPlot(benchOf(runs, { curves: { ovn: [point(-20), lostPoint(atMs, 6)] } }))), []);
  const numbers = [...svg.matchAll(/ d="([^"]*)"/g)].flatMap(([, path = '']) => path.match(/-?[\d.]+/g) ?? []);
  t.ok(
    numbers.length > 100 && numbers.every((number) => Number(number) >= 0 && Number(number) <= 960),
    'within the picture',
  );
});

t.test('well-formed, by itself, for light and dark', async (t) => {
  const svg = benchPlot(benchOf(runs, { probes: ['<host> every 10 ms'], curves: { vxmig: [point(0)] } }));
  t.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  t.match(svg, '&lt;host&gt;');
  t.match(svg, 'prefers-color-scheme:dark');
  t.notMatch(svg, /NaN|Infinity|undefined|var\(/);
  t.doesNotThrow(() => benchPlot(benchOf([])), 'also of nothing');
  t.notMatch(benchPlot(benchOf([])), /NaN|Infinity/);
});
