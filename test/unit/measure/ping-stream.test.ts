import fc from 'fast-check';
import t from 'tap';
import { type PingEvent, PingStream, pingArgv, REPLY_TIMEOUT_MS } from '../../../lib/measure/ping-stream.js';

function read(text: string): PingEvent[] {
  const stream = new PingStream();
  return [...stream.push(text), ...stream.end()];
}

/** As fping 5.1 prints it, both of its streams in one. */
const OUTPUT = `[1795253681.009112] started
[1795253681.00963] 10.9.0.1 : [0], 64 bytes, 0.032 ms (0.032 avg, 0% loss)
[1795253681.01972] 10.9.0.1 : [1], 64 bytes, 1034 ms (517 avg, 0% loss)
[1795253681.01974] 10.9.0.1 : [1], 64 bytes, 1034 ms (517 avg, 0% loss)
ICMP Host Unreachable from 192.0.2.1 for ICMP Echo sent to 10.9.0.1
[1795253690.56978] 10.9.0.1 : [3], timed out (0.024 avg, 4% loss)
[1795253690.57978] 10.9.0.1 : [4], 64 bytes, -0.011 ms (0.023 avg, 108% return)

10.9.0.1 : xmt/rcv/%loss = 7/5/28%, min/avg/max = 0.012/0.023/0.065

       1 targets
       1 alive
       0 unreachable
       0 unknown addresses

       1 timeouts (waiting for response)
      18 ICMP Echos sent
       5 ICMP Echo Replies received
       1 other ICMP received

 0.012 ms (min round trip time)
 0.023 ms (avg round trip time)
 0.065 ms (max round trip time)
        3.000 sec (elapsed real time)

`;

const EVENTS: readonly PingEvent[] = [
  { kind: 'started', atMs: 1795253681009.112 },
  { kind: 'reply', sequence: 1, repliedAtMs: 1795253681009.63, rttMs: 0.032, duplicate: false },
  { kind: 'reply', sequence: 2, repliedAtMs: 1795253681019.72, rttMs: 1034, duplicate: false },
  { kind: 'reply', sequence: 2, repliedAtMs: 1795253681019.74, rttMs: 1034, duplicate: true },
  { kind: 'unanswered', sequence: 4, sentAtMs: 1795253690569.78 - REPLY_TIMEOUT_MS, atMs: 1795253690569.78 },
  { kind: 'reply', sequence: 5, repliedAtMs: 1795253690579.78, rttMs: -0.011, duplicate: false },
  { kind: 'statistics', transmitted: 18 },
];

/** Unix milliseconds with microseconds are at the edge of a double: compared to the microsecond. */
function toMicros(events: readonly PingEvent[]): unknown[] {
  return events.map((event) =>
    Object.fromEntries(
      Object.entries(event).map(([key, value]) => [key, typeof value === 'number' ? value.toFixed(3) : value]),
    ),
  );
}

t.test('every line of fping', (t) => {
  t.same(toMicros(read(OUTPUT)), toMicros(EVENTS));
  t.end();
});

t.test('IPv6, and names that are padded', (t) => {
  const events = read(`[1795253681.52873] fd00:99::1 : [0], 64 bytes, 0.034 ms (0.034 avg, 0% loss)
[1795253681.75876] fd00:99::1   : [1], timed out (NaN avg, 100% loss)
`);
  t.match(events, [
    { kind: 'reply', sequence: 1, rttMs: 0.034 },
    { kind: 'unanswered', sequence: 2 },
  ]);
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
  for (const line of OUTPUT.split('\n')) {
    const whole = read(line).length;
    t.equal(read(`${line}\n`).length, whole);
    for (let length = 0; length < line.length; length++) t.same(read(line.slice(0, length)), [], line.slice(0, length));
  }
  t.end();
});

t.test('a duplicate may come much later than the first reply', (t) => {
  const stream = new PingStream();
  const reply = (index: number) =>
    stream.push(`[1.00000] 10.9.0.1 : [${index}], 64 bytes, 1.00 ms (1.00 avg, 0% loss)\n`);
  for (let index = 0; index < 70_000; index++) reply(index);
  t.match(reply(3), [{ kind: 'reply', sequence: 4, duplicate: true }]);
  t.match(reply(70_000), [{ kind: 'reply', sequence: 70_001, duplicate: false }]);
  t.end();
});

t.test('the command', (t) => {
  const options = (argv: readonly string[]) => argv.slice(4).join(' ');
  t.equal(
    options(pingArgv({ address: '10.9.0.1', intervalMs: 10 })),
    `-l -D -s -p 10 -i 1 -t ${REPLY_TIMEOUT_MS} 10.9.0.1`,
  );
  t.match(
    options(pingArgv({ address: 'fd00:9::1', intervalMs: 1, device: 'blue' })),
    '-p 1 -i 0.1 -t 9500 -I blue fd00:9::1',
  );
  t.end();
});
