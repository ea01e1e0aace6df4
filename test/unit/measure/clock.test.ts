import fc from 'fast-check';
import t from 'tap';
import { estimateClockOffset } from '../../../lib/measure/clock.js';

t.test('one sample: the middle, off by half the round trip', (t) => {
  const offset = estimateClockOffset([{ askedAtMs: 100, hostMs: 1105, answeredAtMs: 110 }], { resolutionMs: 0.5 });
  t.same(offset, { offsetMs: 1000, errorMs: 5.5 });
  t.end();
});

t.test('the true offset is always within the error', (t) => {
  const way = fc.double({ min: 0, max: 500, noNaN: true });
  const trips = fc.array(fc.record({ there: way, back: way }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(trips, fc.integer({ min: -1_000_000, max: 1_000_000 }), (ways, trueOffsetMs) => {
      const samples = ways.map(({ there, back }, index) => {
        const askedAtMs = index * 2000;
        return { askedAtMs, hostMs: askedAtMs + there + trueOffsetMs, answeredAtMs: askedAtMs + there + back };
      });
      const { offsetMs, errorMs } = estimateClockOffset(samples);
      const shortest = Math.min(...ways.map(({ there, back }) => there + back));
      return Math.abs(offsetMs - trueOffsetMs) <= errorMs + 1e-6 && errorMs <= shortest / 2 + 1e-6;
    }),
  );
  t.end();
});

t.test('a clock that was set in between: the shortest round trip decides', (t) => {
  const samples = [
    { askedAtMs: 0, hostMs: 5, answeredAtMs: 10 },
    { askedAtMs: 1000, hostMs: 6001, answeredAtMs: 1002 },
  ];
  t.same(estimateClockOffset(samples), { offsetMs: 5000, errorMs: 1 });
  t.end();
});

t.test('nonsense is refused', (t) => {
  t.throws(() => estimateClockOffset([]), { name: 'RangeError' });
  t.throws(() => estimateClockOffset([{ askedAtMs: 2, hostMs: 1, answeredAtMs: 1 }]), { name: 'RangeError' });
  t.end();
});
