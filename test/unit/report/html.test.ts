import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { delayPlot } from '../../../lib/report/delay-plot.js';
import { runPage } from '../../../lib/report/html.js';
import { marksOf } from '../../../lib/report/marks.js';
import { Markup, markup } from '../../../lib/report/markup.js';
import { linearScale } from '../../../lib/report/plot-scale.js';
import { MIGRATED, RUN } from './run-fixture.js';
import { cutTexts } from './svg-texts.js';

const START_MS = Date.parse(RUN.startedAt);

t.test('marks are put right by the clock of the host that stamped them', (t) => {
  const marks = marksOf(MIGRATED, RUN.clocks);
  t.same(
    marks.map(({ kind, atMs }) => [kind, atMs - START_MS]),
    [
      ['paused', 2000],
      ['resumed', 2113],
      ['converged', 2122],
      ['converged', 2125],
    ],
  );
  t.same(marksOf({ ...MIGRATED, switchover: null }, {}), []);
  t.end();
});

t.test('the page needs nothing from outside and runs nothing', (t) => {
  const page = runPage(RUN);
  t.notMatch(page, /<script|<link|<img|src=|url\(|@import|href=/);
  t.match(page, "default-src 'none'");
  t.match(page, /<html lang="en">/);
  t.end();
});

t.test('it tells all figures', (t) => {
  const page = runPage(RUN);
  for (const text of [
    'web: host-a → host-b',
    'no ping lost',
    '113 ms',
    '52:54:00:09:00:01',
    'converge',
    'paused 113 ms',
  ]) {
    t.match(page, text, text);
  }
  t.match(
    page,
    /<desc id="probe-0-d">400 requests, 0 lost, longest wait 113 ms; paused on host-a at 2 s, resumed on host-b/,
  );
  t.equal((page.match(/class="dots" d="[^"]+"/g) ?? []).length, 2, 'the whole run and the close-up');
  t.equal((page.match(/M[\d.]+ [\d.]+h0/g) ?? []).length, 400 + 112, 'a dot for each reply');
  t.end();
});

t.test('lost requests are crosses', (t) => {
  const [probe] = RUN.probes;
  const probes = probe
    ? [{ ...probe, requests: probe.requests.map((one, index) => (index < 3 ? { ...one, rttMs: null } : one)) }]
    : [];
  const page = runPage({ ...RUN, probes });
  t.equal((page.match(/m-3-3l6 6m0-6l-6 6/g) ?? []).length, 3);
  t.match(page, '400 requests, 3 lost');
  t.end();
});

t.test('nothing from outside becomes markup', (t) => {
  t.match(runPage(RUN), 'STOP &lt;web&gt; &amp; &quot;more&quot;');
  const error = { code: 'X', message: '<script>alert(1)</script>', hint: '' };
  t.match(runPage({ ...RUN, result: { ...MIGRATED, ok: false, error } }), '&lt;script&gt;');
  fc.assert(fc.property(fc.string(), (text) => !/[<>"']/.test(markup`${text}`.text)));
  t.equal(markup`<b>${[new Markup('<i>'), 1, null, '&']}</b>`.text, '<b><i>1&amp;</b>');
  t.end();
});

t.test(
  'it is well formed',
  { skip: spawnSync('xmllint', ['--version']).status === 0 ? false : 'xmllint is not installed' },
  (t) => {
    const run = {
      ...RUN,
      result: { ...MIGRATED, switchover: null, transfer: null, ping: [], stages: [] },
      probes: [],
      events: [],
    };
    for (const page of [runPage(RUN), runPage(run)]) {
      // HTML but for its void elements, which XML wants closed.
      const xml = page.replaceAll(/<(meta|br)([^>]*)>/g, '<$1$2/>').replace('<!DOCTYPE html>', '');
      const { status, stderr } = spawnSync('xmllint', ['--noout', '-'], { input: xml });
      t.equal(status, 0, String(stderr));
    }
    t.end();
  },
);

t.test('no label is cut by the edge of its picture', (t) => {
  t.same(cutTexts(runPage(RUN)), []);
  t.same(cutTexts('<svg viewBox="0 0 100 10"><text x="90" text-anchor="middle">10000</text></svg>').length, 1);
  const series = { from: 'host-a', to: 'web', address: '10.9.0.1', intervalMs: 10, requests: [] };
  const spans = fc.record({
    fromMs: fc.integer({ min: 0, max: 3_600_000 }),
    spanMs: fc.integer({ min: 500, max: 600_000 }),
    paused: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  fc.assert(
    fc.property(spans, ({ fromMs, spanMs, paused }) => {
      const [a, b] = [...paused].sort((x, y) => x - y).map((part) => fromMs + part * spanMs);
      const marks = [
        { kind: 'paused', atMs: a ?? 0, label: '' },
        { kind: 'resumed', atMs: b ?? 0, label: '' },
      ] as const;
      const picture = delayPlot({ id: 'x', series, marks, fromMs, toMs: fromMs + spanMs, zeroMs: 0 }).text;
      const cut = cutTexts(picture);
      if (cut.length > 0) throw new Error(cut.join('; '));
    }),
  );
  t.end();
});

t.test('an axis has round labels within its ends', (t) => {
  t.same(linearScale({ from: 0, to: 121, start: 0, end: 100, count: 4 }).ticks, [0, 50, 100]);
  t.same(linearScale({ from: -100, to: 613, start: 0, end: 1, count: 5 }).ticks, [0, 200, 400, 600]);
  const bounds = fc.record({
    from: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    span: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(bounds, fc.integer({ min: 2, max: 12 }), ({ from, span }, count) => {
      const { ticks } = linearScale({ from, to: from + span, start: 0, end: 100, count });
      const slack = span * 1e-6 + Math.abs(from) * 1e-9;
      return ticks.length <= count + 1 && ticks.every((tick) => tick >= from - slack && tick <= from + span + slack);
    }),
  );
  t.end();
});
