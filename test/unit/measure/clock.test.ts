import fc from 'fast-check';
import t from 'tap';
import { estimateClockOffset, overTime } from '../../../lib/measure/clock.js';

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

t.test('over a run the error grows by what a clock may be slewed, and no more than the second answer says', (t) => {
  const first = { offsetMs: 10, errorMs: 0.2 };
  t.match(overTime(first, { offsetMs: 10.1, errorMs: 0.3 }, 100), { offsetMs: 10, errorMs: 0.2 + 0.1 });
  const long = overTime(first, { offsetMs: 10.1, errorMs: 0.3 }, 600_000);
  t.equal(long.offsetMs, 10);
  t.ok(Math.abs(long.errorMs - 0.4) < 1e-9);
  t.end();
});

t.test('a clock that was set during the run is not trusted any more', (t) => {
  const set = overTime({ offsetMs: 0, errorMs: 0.2 }, { offsetMs: 40, errorMs: 1 }, 3000);
  t.same(set, { offsetMs: 0, errorMs: 41 });
  t.end();
});
