import t from 'tap';
import { caughtUpAt } from '../../../lib/measure/caught-up.js';
import { countMoves, lastChangeTo, settledMove } from '../../../lib/measure/table-moves.js';

const move = (atMs: number | null, place: string | null) => ({ atMs, place });

t.test('the last change counts, and repetitions are none', (t) => {
  const moves = [move(null, 'host-a'), move(5, 'host-b'), move(40, 'host-b')];
  t.equal(settledMove(moves, 'host-b'), 5);
  t.equal(settledMove(moves, 'host-a'), null, 'it is not there any more');
  t.equal(countMoves(moves), 1);
  t.end();
});

t.test('a table that went back and forth has settled only then', (t) => {
  const moves = [move(null, 'host-a'), move(5, 'host-b'), move(7, 'host-a'), move(30, 'host-b')];
  t.equal(settledMove(moves, 'host-b'), 30);
  t.equal(countMoves(moves), 3);
  t.end();
});

t.test('an entry that is removed to be learned anew', (t) => {
  const moves = [move(null, 'host-a'), move(1000, null), move(1001, null), move(1010, 'host-b')];
  t.equal(settledMove(moves, 'host-b'), 1010);
  t.equal(countMoves(moves), 1);
  t.equal(countMoves([move(null, 'host-a'), move(1, null), move(2, 'host-a')]), 0, 'it came back as it was');
  t.end();
});

t.test('what was there from the start has not moved', (t) => {
  t.equal(settledMove([move(null, 'host-b')], 'host-b'), null);
  t.equal(settledMove([], 'host-b'), null);
  t.same(lastChangeTo([], null), null);
  t.equal(countMoves([]), 0);
  t.end();
});

t.test('a guest has caught up when all has its reply that was sent before its first one', (t) => {
  const requests = [
    { sequence: 1, sentAtMs: -50, rttMs: 1 },
    { sequence: 2, sentAtMs: -20, rttMs: 60 },
    { sequence: 3, sentAtMs: 10, rttMs: 50 },
    { sequence: 4, sentAtMs: 30, rttMs: null },
    { sequence: 5, sentAtMs: 45, rttMs: 500 },
  ];
  t.same(caughtUpAt([{ requests, errorMs: 2 }], 0), { atMs: 60, earlierMs: 2, laterMs: 2 });
  t.equal(caughtUpAt([{ requests, errorMs: 2 }], null), null);
  t.equal(caughtUpAt([{ requests: [], errorMs: 2 }], 0), null);
  t.end();
});
