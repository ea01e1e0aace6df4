import t from 'tap';
import { readBusyboxPing } from '../../../lib/measure/busybox-ping.js';
import { measurePing } from '../../../lib/measure/ping.js';

const START_MS = 10_000;
const same = (guestMs: number) => guestMs;
const stamp = (atMs: number) => (atMs / 1000).toFixed(6);

/** A ping every 10 ms from START_MS on, sequence from 0 as busybox counts. */
const reply = (sequence: number, rttMs = 0.5, remark = '') =>
  `${stamp(START_MS + sequence * 10 + rttMs)} 64 bytes from 10.9.0.5: seq=${sequence % 65536} ttl=64 time=${rttMs.toFixed(3)} ms${remark}`;

function output(lines: readonly string[], transmitted: number): string {
  const end = stamp(START_MS + transmitted * 10);
  const totals = `${transmitted} packets transmitted, ${lines.length} packets received, 0% packet loss`;
  return [
    'now 99.5',
    `${stamp(START_MS)} PING 10.9.0.5 (10.9.0.5): 56 data bytes`,
    ...lines,
    `${end} ${totals}`,
    '',
  ].join('\n');
}

const sequences = (count: number) => Array.from({ length: count }, (_, index) => index);
const probe = { from: 'web', to: 'db', address: '10.9.0.5', intervalMs: 10 };

t.test('losses, duplicates and waits are exact', (t) => {
  const lines = sequences(500)
    .filter((sequence) => sequence !== 40 && sequence !== 41)
    .map((sequence) => reply(sequence, sequence === 60 ? 113 : 0.5));
  lines.splice(30, 0, reply(29, 0.7, ' (DUP!)'));
  const { figures, disturbances } = measurePing(readBusyboxPing(output(lines, 500), same), {
    ...probe,
    startMs: 10_095,
    endMs: 12_995,
  });
  t.match(figures, { sent: 290, received: 288, lost: 2, duplicates: 1, longestWaitMs: 113 });
  t.match(disturbances, [
    { kind: 'lost', requests: 2 },
    { kind: 'late', requests: 1 },
  ]);
  t.end();
});

t.test("the guest's clock is put right", (t) => {
  const events = readBusyboxPing(output([reply(0)], 1), (guestMs) => guestMs + 1000);
  t.match(events[0], { kind: 'reply', sequence: 1, repliedAtMs: START_MS + 1000.5 });
  t.end();
});

t.test('nothing answered, nothing printed', (t) => {
  const silent = readBusyboxPing(output([], 300), same);
  // The totals tell within one interval when the last request left, so the window begins and ends between two.
  t.match(measurePing(silent, { ...probe, startMs: START_MS + 5, endMs: START_MS + 1005 }), {
    figures: { sent: 100, lost: 100 },
  });
  const { figures, doubts } = measurePing(readBusyboxPing('', same), { ...probe, startMs: 0, endMs: 1000 });
  t.match(figures, { sent: 0 });
  t.match(doubts, [/sent nothing/]);
  t.end();
});

t.test('sequence numbers go on after 65535', (t) => {
  const lines = sequences(140_000).map((sequence) => reply(sequence));
  const replies = readBusyboxPing(output(lines, 140_000), same).flatMap((event) =>
    event.kind === 'reply' ? event.sequence : [],
  );
  t.ok(replies.every((sequence, index) => sequence === index + 1));
  t.end();
});
