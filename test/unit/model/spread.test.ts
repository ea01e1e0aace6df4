import fc from 'fast-check';
import t from 'tap';
import { ratioOf, spreadOf } from '../../../lib/model/spread.js';

t.test('median and range', async (t) => {
  t.equal(spreadOf([]), null);
  t.same(spreadOf([7]), { median: 7, min: 7, max: 7 });
  t.same(spreadOf([10, 2, 9]), { median: 9, min: 2, max: 10 });
  t.same(
    spreadOf([10, 2, 9, 4]),
    { median: 6.5, min: 2, max: 10 },
    'the mean of the two in the middle, sorted as numbers',
  );
});

t.test('half of the values lie on either side of the median, whatever their order', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }), (values) => {
      const spread = spreadOf(values);
      if (spread === null) return false;
      const below = values.filter((value) => value < spread.median).length;
      const above = values.filter((value) => value > spread.median).length;
      const bounded = values.every((value) => value >= spread.min && value <= spread.max);
      return bounded && below <= values.length / 2 && above <= values.length / 2;
    }),
  );
});

t.test('ratio of medians', async (t) => {
  t.equal(ratioOf(spreadOf([30, 20]), spreadOf([10])), 2.5);
  t.equal(ratioOf(null, spreadOf([10])), null);
  t.equal(ratioOf(spreadOf([10]), null), null);
  t.equal(ratioOf(spreadOf([10]), spreadOf([0])), null, 'nothing to divide by');
});
