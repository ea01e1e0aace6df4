import t from 'tap';
import { readBusyboxPing } from '../../../lib/measure/busybox-ping.js';
import { measurePing } from '../../../lib/measure/ping.js';

const reply = (sequence: number, rttMs = 0.5, remark = '') =>
  `64 bytes from 10.9.0.5: seq=${sequence % 65536} ttl=64 time=${rttMs.toFixed(3)} ms${remark}`;

function output(lines: readonly string[], transmitted: number): string {
  const totals = `${transmitted} packets transmitted, ${lines.length} packets received, 0% packet loss`;
  return ['PING 10.9.0.5 (10.9.0.5): 56 data bytes', ...lines, '', '--- 10.9.0.5 ping statistics ---', totals, ''].join(
    '\n',
  );
}

const sequences = (count: number) => Array.from({ length: count }, (_, index) => index);

t.test('losses, duplicates and waits are exact', (t) => {
  const lines = sequences(500)
    .filter((sequence) => sequence !== 40 && sequence !== 41)
    .map((sequence) => reply(sequence, sequence === 60 ? 113 : 0.5));
  lines.splice(30, 0, reply(29, 0.7, ' (DUP!)'));
  const events = readBusyboxPing(output(lines, 500), { startedAtMs: 10_000, stoppedAtMs: 15_000 });
  const run = { from: 'web', to: 'db', address: '10.9.0.5', intervalMs: 10, startMs: 10_095, endMs: 12_995 };
  const { figures, doubts, disturbances } = measurePing(events, run);
  t.match(figures, { sent: 290, received: 288, lost: 2, duplicates: 1, longestWaitMs: 113 });
  t.same(doubts, []);
  t.match(disturbances, [
    { kind: 'lost', requests: 2 },
    { kind: 'late', requests: 1 },
  ]);
  t.end();
});

t.test('nothing answered, nothing printed', (t) => {
  const run = { from: 'web', to: 'db', address: '10.9.0.5', intervalMs: 10, startMs: 0, endMs: 1000 };
  const silent = readBusyboxPing(output([], 300), { startedAtMs: 0, stoppedAtMs: 3000 });
  t.match(measurePing(silent, run), { figures: { sent: 100, lost: 100 }, doubts: [] });
  const { figures, doubts } = measurePing(readBusyboxPing('', { startedAtMs: 0, stoppedAtMs: 3000 }), run);
  t.match(figures, { sent: 0 });
  t.match(doubts, [/sent nothing/]);
  t.end();
});

t.test('sequence numbers go on after 65535', (t) => {
  const lines = sequences(140_000).map((sequence) => reply(sequence));
  const events = readBusyboxPing(output(lines, 140_000), { startedAtMs: 0, stoppedAtMs: 140_000 });
  const replies = events.flatMap((event) => (event.kind === 'reply' ? event.sequence : []));
  t.ok(replies.every((sequence, index) => sequence === index + 1));
  t.end();
});
