import fc from 'fast-check';
import t from 'tap';
import { pingTimeline, timelineLegend } from '../../../lib/measure/timeline.js';
import type { PingRequest } from '../../../lib/model/probe-series.js';

function requests(waits: readonly (number | null)[], intervalMs = 10): PingRequest[] {
  return waits.map((rttMs, index) => ({ sequence: index + 1, sentAtMs: 1000 + index * intervalMs, rttMs }));
}

t.test('a column per slice: the longest wait above the usual one, losses, silence', (t) => {
  const waits = [1, 1, 1, 1, 1, 6, 25, 60, 150, 250, 900, null, 1, 1, 1, 1, 1, 1, 1, 1];
  const line = { fromMs: 1000, toMs: 1250, columns: 25 };
  t.equal(pingTimeline(requests(waits), { ...line, unicode: true }), '·····▁▂▃▅▇█x········     ');
  t.equal(pingTimeline(requests(waits), { ...line, unicode: false }), '.....:-=+*#x........     ');
  t.equal(pingTimeline(requests(waits), { ...line, columns: 5, unicode: false }), '.*x. ', 'a loss never hides');
  t.end();
});

t.test('a slow but steady path is usual', (t) => {
  t.equal(pingTimeline(requests([80, 81, 80, 82]), { fromMs: 1000, toMs: 1040, columns: 4, unicode: false }), '....');
  t.end();
});

t.test('marks stand between the columns and keep the width', (t) => {
  const marks = [
    { kind: 'resumed', atMs: 1060, label: '' },
    { kind: 'paused', atMs: 1040, label: '' },
    { kind: 'resumed', atMs: 5000, label: 'outside' },
  ] as const;
  const line = pingTimeline(requests([1, 1, 1, 1, 30, 20, 1, 1, 1, 1]), {
    fromMs: 1000,
    toMs: 1100,
    columns: 12,
    unicode: false,
    marks,
  });
  t.equal(line, '....[-:]....');
  t.end();
});

t.test('any series fits any width, and a loss is always seen', (t) => {
  const wait = fc.option(fc.integer({ min: 0, max: 2000 }), { nil: null });
  fc.assert(
    fc.property(fc.array(wait), fc.integer({ min: 1, max: 200 }), fc.boolean(), (waits, columns, unicode) => {
      const span = { fromMs: 1000, toMs: 1000 + Math.max(1, waits.length) * 10 };
      const line = pingTimeline(requests(waits), { ...span, columns, unicode });
      return [...line].length === columns && line.includes('x') === waits.includes(null);
    }),
  );
  t.equal(pingTimeline([], { fromMs: 0, toMs: 0, columns: 10, unicode: true }), '');
  t.end();
});

t.test('the legend names every glyph', (t) => {
  t.equal(
    timelineLegend(false),
    '. <5  : <20  - <50  = <100  + <200  * <500  # more (ms above usual)  x lost  [ paused  ] resumed',
  );
  t.end();
});
