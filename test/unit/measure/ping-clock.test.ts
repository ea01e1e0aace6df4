import t from 'tap';
import { byOtherClock } from '../../../lib/measure/ping-clock.js';
import type { PingEvent } from '../../../lib/measure/ping-stream.js';

/** A clock that is 1000 ms behind, and stood still for 60 ms when it showed 5000. */
const toMs = (guestMs: number) => (guestMs < 5000 ? guestMs + 1000 : guestMs + 1060);
const reply = (repliedAtMs: number, rttMs: number): PingEvent => ({
  kind: 'reply',
  sequence: 1,
  repliedAtMs,
  rttMs,
  duplicate: false,
});

t.test('instants are put right', async (t) => {
  t.same(byOtherClock({ kind: 'started', atMs: 10 }, toMs), { kind: 'started', atMs: 1010 });
  t.same(byOtherClock(reply(4500, 2), toMs), reply(5500, 2));
  t.same(byOtherClock(reply(6500, 2), toMs), reply(7560, 2));
  t.same(byOtherClock({ kind: 'unanswered', sequence: 3, sentAtMs: 4000, atMs: 6000 }, toMs), {
    kind: 'unanswered',
    sequence: 3,
    sentAtMs: 5000,
    atMs: 7060,
  });
  t.same(byOtherClock({ kind: 'statistics', transmitted: 7 }, toMs), { kind: 'statistics', transmitted: 7 });
});

t.test('a round trip over the pause took as much longer as the clock stood still', async (t) => {
  t.same(byOtherClock(reply(5010, 20), toMs), reply(6070, 80));
});
