import t from 'tap';
import type { PingEvent } from '../../../lib/measure/ping-stream.js';
import { unansweredOf } from '../../../lib/measure/unanswered.js';

const START_MS = 1_000_000;
const INTERVAL_MS = 10;

/** Request N leaves at START_MS + 10 N; what is in `lost` has no reply. */
function events(count: number, lost: readonly number[] = []): PingEvent[] {
  const sequences = Array.from({ length: count }, (_, index) => index + 1);
  return sequences.flatMap((sequence): PingEvent[] => {
    const repliedAtMs = START_MS + sequence * INTERVAL_MS + 1;
    return lost.includes(sequence) ? [] : [{ kind: 'reply', sequence, repliedAtMs, rttMs: 1, duplicate: false }];
  });
}

const window = (from: number, to: number) => ({
  startMs: START_MS + from * INTERVAL_MS,
  endMs: START_MS + to * INTERVAL_MS,
});

t.test('every request of the window has its reply', async (t) => {
  t.equal(unansweredOf(events(50), INTERVAL_MS, window(1, 40)), 0);
});

t.test('open requests are counted, but only those of the window', async (t) => {
  t.equal(unansweredOf(events(50, [10, 20, 21]), INTERVAL_MS, window(15, 40)), 2);
  t.equal(unansweredOf(events(50, [10, 20, 21]), INTERVAL_MS, window(30, 40)), 0);
  t.equal(unansweredOf(events(50, [20]), INTERVAL_MS, window(20, 21)), 1, 'the start belongs to it');
  t.equal(unansweredOf(events(50, [20]), INTERVAL_MS, window(10, 20)), 0, 'the end does not');
});

t.test('a late reply closes its request', async (t) => {
  const late: PingEvent = { kind: 'reply', sequence: 20, repliedAtMs: START_MS + 900, rttMs: 700, duplicate: false };
  t.equal(unansweredOf([...events(50, [20]), late], INTERVAL_MS, window(1, 40)), 0);
});

t.test('until ping has shown that it sent one after the window nothing is sure', async (t) => {
  t.equal(unansweredOf([], INTERVAL_MS, window(1, 40)), null);
  t.equal(unansweredOf(events(39), INTERVAL_MS, window(1, 40)), null);
  t.equal(unansweredOf(events(40), INTERVAL_MS, window(1, 40)), 0);
});
