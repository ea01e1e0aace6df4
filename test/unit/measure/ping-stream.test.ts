import fc from 'fast-check';
import t from 'tap';
import { type PingEvent, PingStream, pingArgv } from '../../../lib/measure/ping-stream.js';

function read(text: string): PingEvent[] {
  const stream = new PingStream();
  return [...stream.push(text), ...stream.end()];
}

const OUTPUT = `PING 198.18.9.2 (198.18.9.2) 56(84) bytes of data.
[1795247722.471070] 64 bytes from 198.18.9.2: icmp_seq=1 ttl=64 time=0.211 ms
[1795247722.674641] 64 bytes from 198.18.9.2: icmp_seq=2 ttl=64 time=1034 ms
[1795247722.674655] 64 bytes from 198.18.9.2: icmp_seq=2 ttl=64 time=1034 ms (DUP!)
[1795247723.490558] no answer yet for icmp_seq=5
[1795247690.738917] From 192.0.2.1 icmp_seq=6 Destination Host Unreachable
6/11 packets, 45% loss, min/avg/ewma/max = 0.044/0.079/0.134/0.211 ms

--- 198.18.9.2 ping statistics ---
18 packets transmitted, 11 received, +1 duplicates, 38.8889% packet loss, time 3464ms
rtt min/avg/max/mdev = 0.044/0.068/0.211/0.045 ms
`;

const EVENTS: readonly PingEvent[] = [
  { kind: 'reply', sequence: 1, repliedAtMs: 1795247722471.07, rttMs: 0.211, duplicate: false },
  { kind: 'reply', sequence: 2, repliedAtMs: 1795247722674.641, rttMs: 1034, duplicate: false },
  { kind: 'reply', sequence: 2, repliedAtMs: 1795247722674.655, rttMs: 1034, duplicate: true },
  { kind: 'unanswered', sequence: 5, atMs: 1795247723490.558 },
  { kind: 'error', sequence: 6, atMs: 1795247690738.917, reason: 'Destination Host Unreachable' },
  { kind: 'statistics', transmitted: 18, received: 11, duplicates: 1 },
];

/** Unix milliseconds with microseconds are at the edge of a double: compared to the microsecond. */
function toMicros(events: readonly PingEvent[]): unknown[] {
  return events.map((event) => ({
    ...event,
    ...('atMs' in event ? { atMs: event.atMs.toFixed(3) } : {}),
    ...('repliedAtMs' in event ? { repliedAtMs: event.repliedAtMs.toFixed(3) } : {}),
  }));
}

t.test('every line of iputils ping', (t) => {
  t.same(toMicros(read(OUTPUT)), toMicros(EVENTS));
  t.end();
});

t.test('IPv6, names, and statistics with errors', (t) => {
  const events = read(`PING ::1(::1) 56 data bytes
[1795247642.393950] 64 bytes from ::1: icmp_seq=1 ttl=64 time=0.112 ms
[1795247642.493950] 64 bytes from web.blue (fd00:9::1): icmp_seq=2 ttl=64 time=12.5 ms
[1795247690.739036] From fd00:99::1 icmp_seq=3 Destination unreachable: Address unreachable
9 packets transmitted, 0 received, +6 errors, 100% packet loss, time 4097ms
`);
  t.match(events, [
    { kind: 'reply', sequence: 1, rttMs: 0.112 },
    { kind: 'reply', sequence: 2, rttMs: 12.5 },
    { kind: 'error', sequence: 3, reason: 'Destination unreachable: Address unreachable' },
    { kind: 'statistics', transmitted: 9, received: 0, duplicates: 0 },
  ]);
  t.end();
});

t.test('a corrupted reply, or one from another machine, is no reply', (t) => {
  t.same(read('[1.000000] 64 bytes from 10.9.0.1: icmp_seq=1 ttl=64 time=1.00 ms (BAD CHECKSUM!)\n'), []);
  t.same(read('[1.000000] 64 bytes from 10.9.0.9: icmp_seq=1 ttl=64 time=1.00 ms (DIFFERENT ADDRESS!)\n'), []);
  t.end();
});

t.test('chunks may be cut anywhere', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: OUTPUT.length }), { maxLength: 30 }), (cuts) => {
      const bounds = [0, ...cuts.sort((a, b) => a - b), OUTPUT.length];
      const stream = new PingStream();
      const events = bounds.slice(1).flatMap((end, index) => stream.push(OUTPUT.slice(bounds[index], end)));
      t.same(toMicros([...events, ...stream.end()]), toMicros(EVENTS));
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('a last line that was cut says nothing, a whole one without its end of line does', (t) => {
  const line = '[1795247722.471070] 64 bytes from 198.18.9.2: icmp_seq=123 ttl=64 time=100 ms';
  t.equal(read(line).length, 1);
  for (let length = 0; length < line.length; length++) t.same(read(line.slice(0, length)), [], line.slice(0, length));
  const unanswered = '[1795247722.471070] no answer yet for icmp_seq=12';
  t.same(read(unanswered), [], 'may have been 123');
  t.equal(read(`${unanswered}\n`).length, 1);
  t.end();
});

t.test('sequence numbers go on after 65535, also with replies out of order', (t) => {
  const stream = new PingStream();
  const sequences: number[] = [];
  for (let sequence = 1; sequence <= 200_000; sequence++) {
    // Each pair is swapped, as late replies are.
    const swapped = sequence % 2 === 1 ? sequence + 1 : sequence - 1;
    const line = `[1.000000] 64 bytes from 10.9.0.1: icmp_seq=${swapped % 65536} ttl=64 time=1.00 ms\n`;
    for (const event of stream.push(line)) if (event.kind === 'reply') sequences.push(event.sequence);
  }
  t.equal(sequences.length, 200_000);
  t.ok(sequences.every((sequence, index) => sequence === (index % 2 === 0 ? index + 2 : index)));
  t.end();
});

t.test('the command', (t) => {
  t.same(
    pingArgv({ address: '10.9.0.1', intervalMs: 10 }).join(' '),
    'env LC_ALL=C ping -n -D -O -l 2 -i 0.01 10.9.0.1',
  );
  t.match(pingArgv({ address: 'fd00:9::1', intervalMs: 1, device: 'blue' }).join(' '), '-i 0.001 -I blue fd00:9::1');
  t.end();
});
