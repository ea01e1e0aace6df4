import fc from 'fast-check';
import t from 'tap';
import { measurePing, PATIENCE_MS, type PingRun } from '../../../lib/measure/ping.js';
import { type PingEvent, PingStream, REPLY_TIMEOUT_MS } from '../../../lib/measure/ping-stream.js';

const BASE_MS = 1_795_247_722_000;

/** What became of one request: the wait until its reply, and how many copies of it came. null: lost. */
type Fate = { readonly rttMs: number; readonly copies: number } | null;

/**
 * What fping prints when request N, sent at BASE + (N − 1) × interval, meets the N-th fate, and SIGINT comes one
 * interval after the last.
 */
function pingOutput(fates: readonly Fate[], intervalMs: number): string {
  const lines: { atMs: number; text: string }[] = [];
  const endMs = BASE_MS + fates.length * intervalMs;
  for (const [index, fate] of fates.entries()) {
    const sentAtMs = BASE_MS + index * intervalMs;
    const timeoutAtMs = sentAtMs + REPLY_TIMEOUT_MS;
    if (fate === null && timeoutAtMs <= endMs) {
      lines.push({
        atMs: timeoutAtMs,
        text: `${stamp(timeoutAtMs)} 10.9.0.1 : [${index}], timed out (NaN avg, 9% loss)`,
      });
    }
    const repliedAtMs = fate === null ? Number.POSITIVE_INFINITY : sentAtMs + fate.rttMs;
    for (let copy = 1; copy <= (fate?.copies ?? 0); copy++) {
      if (repliedAtMs > endMs) continue;
      const text = `${stamp(repliedAtMs)} 10.9.0.1 : [${index}], 64 bytes, ${fate?.rttMs} ms (1.00 avg, 0% loss)`;
      lines.push({ atMs: repliedAtMs, text });
    }
  }
  lines.sort((a, b) => a.atMs - b.atMs);
  return [
    `${stamp(BASE_MS)} started`,
    ...lines.map(({ text }) => text),
    '',
    '10.9.0.1 : xmt/rcv/%loss = 7/7/0%, min/avg/max = 0.013/0.025/0.047',
    '',
    `${fates.length} ICMP Echos sent`.padStart(8),
    '',
  ].join('\n');
}

function stamp(atMs: number): string {
  return `[${(atMs / 1000).toFixed(5)}]`;
}

function eventsOf(output: string): PingEvent[] {
  const stream = new PingStream();
  return [...stream.push(output), ...stream.end()];
}

function run(over: Partial<PingRun> = {}): PingRun {
  const { intervalMs = 10 } = over;
  return {
    from: 'host-c',
    to: 'web',
    address: '10.9.0.1',
    intervalMs,
    startMs: BASE_MS,
    endMs: BASE_MS + 1000,
    ...over,
  };
}

const answered = (count: number, rttMs = 1): Fate[] => Array.from({ length: count }, () => ({ rttMs, copies: 1 }));

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ rttMs: fc.integer({ min: 1, max: 9 }), copies: fc.constant(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ rttMs: fc.integer({ min: 1, max: 1900 }), copies: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.constant(null) },
);

t.test('sent, lost, duplicates and waits are those of the requests that left within the run', (t) => {
  const stream = fc.record({
    before: fc.array(fate, { minLength: 10, maxLength: 60 }),
    during: fc.array(fate, { minLength: 1, maxLength: 200 }),
    intervalMs: fc.constantFrom(1, 2, 10, 20),
    clockOffsetMs: fc.integer({ min: -5000, max: 5000 }),
  });
  fc.assert(
    fc.property(stream, ({ before, during, intervalMs, clockOffsetMs }) => {
      // The first request before the run is answered, so that its time is known exactly; ping goes on for PATIENCE_MS
      // after it.
      const after = answered(PATIENCE_MS / intervalMs, 1);
      const fates = [...answered(1, 0.5), ...before, ...during, ...after];
      // Half an interval off, so that no request leaves on the edge.
      const startMs = BASE_MS + (before.length + 0.5) * intervalMs - clockOffsetMs;
      const endMs = startMs + during.length * intervalMs;
      const { figures, series, doubts } = measurePing(
        eventsOf(pingOutput(fates, intervalMs)),
        run({ intervalMs, startMs, endMs, clockOffsetMs }),
      );
      const replies = during.filter((one) => one !== null);
      t.match(
        figures,
        {
          sent: during.length,
          received: replies.length,
          lost: during.length - replies.length,
          duplicates: replies.reduce((sum, { copies }) => sum + copies - 1, 0),
          longestWaitMs: replies.length === 0 ? null : Math.max(...replies.map(({ rttMs }) => rttMs)),
        },
        JSON.stringify({ before, during, intervalMs }),
      );
      t.same(
        series.requests.map(({ rttMs }) => rttMs),
        during.map((one) => one?.rttMs ?? null),
      );
      t.same(doubts, []);
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('requests that are still on their way when ping stops are not counted as lost', (t) => {
  const fates = [...answered(100), ...answered(150), ...answered(50, 900)];
  const { figures } = measurePing(eventsOf(pingOutput(fates, 10)), run());
  t.match(figures, { sent: 100, received: 100, lost: 0 });
  t.end();
});

t.test('a reply later than 2 s after the run is a loss', (t) => {
  const fates: Fate[] = [...answered(99), { rttMs: 2100, copies: 1 }, ...answered(400)];
  t.match(measurePing(eventsOf(pingOutput(fates, 10)), run()).figures, {
    sent: 100,
    received: 99,
    lost: 1,
    longestWaitMs: 1,
  });
  t.end();
});

t.test('the longest gap runs from the last reply before a pause to the first after it', (t) => {
  // 50 answered, a pause of 30 intervals in which requests wait, then all of them are answered at once.
  const waiting = Array.from({ length: 30 }, (_, index): Fate => ({ rttMs: 300 - index * 10 + 1, copies: 1 }));
  const { figures, disturbances } = measurePing(
    eventsOf(pingOutput([...answered(50), ...waiting, ...answered(250)], 10)),
    run(),
  );
  t.match(figures, { lost: 0, longestGapMs: 310, longestWaitMs: 301 });
  t.match(disturbances, [{ kind: 'late', fromMs: BASE_MS + 500, requests: 30 }]);
  t.end();
});

t.test('a gap that begins before the run or ends after it is told whole', (t) => {
  const silence = Array.from({ length: 120 }, () => null);
  const output = pingOutput([...answered(50), ...silence, ...answered(400)], 10);
  const { figures } = measurePing(eventsOf(output), run({ startMs: BASE_MS + 1000, endMs: BASE_MS + 1500 }));
  t.match(figures, { sent: 50, lost: 50, received: 0, longestWaitMs: null, longestGapMs: 1210 });
  t.end();
});

t.test('losses in a row are one disturbance, placed where the requests left', (t) => {
  const output = pingOutput([...answered(20), null, null, null, ...answered(10), null, ...answered(300)], 10);
  const { disturbances } = measurePing(eventsOf(output), run());
  t.match(disturbances, [
    { kind: 'lost', fromMs: BASE_MS + 200, toMs: BASE_MS + 230, requests: 3 },
    { kind: 'lost', fromMs: BASE_MS + 330, toMs: BASE_MS + 340, requests: 1 },
  ]);
  t.end();
});

t.test('nothing is ever answered', (t) => {
  const output = pingOutput(
    Array.from({ length: 320 }, () => null),
    10,
  );
  const { figures, doubts } = measurePing(eventsOf(output), run());
  t.match(
    figures,
    { sent: 100, lost: 100, received: 0, longestGapMs: 3000 },
    'the time at which ping began places the requests',
  );
  t.same(doubts, []);
  t.end();
});

t.test('the last answer came long before the end', (t) => {
  const silence = Array.from({ length: 1200 }, () => null);
  const output = pingOutput([...answered(50), ...silence], 10);
  const { figures, doubts } = measurePing(eventsOf(output), run({ endMs: BASE_MS + 10_500 }));
  t.match(figures, { sent: 1050, received: 50, lost: 1000, longestGapMs: 12_009 });
  t.same(doubts, []);
  t.end();
});

t.test('requests that timed out place themselves where ping was killed before it told the totals', (t) => {
  const silence = Array.from({ length: 1200 }, () => null);
  const output = pingOutput(silence, 10).split('\n\n')[0] ?? '';
  const { figures, series } = measurePing(eventsOf(output), run());
  t.match(figures, { sent: 100, lost: 100 });
  t.equal(series.requests[0]?.sentAtMs, BASE_MS);
  t.end();
});

t.test('a timeout that is told late moves no request behind the next one', (t) => {
  const late = BASE_MS + 10 + REPLY_TIMEOUT_MS + 500;
  const lines = [0, 2, 3].map(
    (index) => `${stamp(BASE_MS + index * 10 + 1)} 10.9.0.1 : [${index}], 64 bytes, 1.00 ms (-)`,
  );
  const output = [...lines, `${stamp(late)} 10.9.0.1 : [1], timed out (-)`, ''].join('\n');
  const { figures, series } = measurePing(eventsOf(output), run({ endMs: BASE_MS + 40 }));
  t.match(figures, { sent: 4, lost: 1 });
  t.same(
    series.requests.map(({ sentAtMs }) => Math.round(sentAtMs - BASE_MS)),
    [0, 20, 20, 30],
  );
  t.end();
});

t.test('a killed ping leaves no statistics: the replies say how far it went', (t) => {
  const output = pingOutput([...answered(50), null, null, ...answered(300)], 10).split('\n\n')[0] ?? '';
  t.match(measurePing(eventsOf(output), run()).figures, { sent: 100, lost: 2 });
  t.end();
});

t.test('figures that may not tell all come with the reason', (t) => {
  const events = eventsOf(pingOutput(answered(100), 10));
  t.strictSame(measurePing(events, run()).doubts, [], 'every request has its reply: nothing more can come');
  const afterwards = eventsOf(pingOutput([...answered(110), null, ...answered(9)], 10));
  t.strictSame(measurePing(afterwards, run()).doubts, [], 'what left after the run is not asked about');
  const open = eventsOf(pingOutput([...answered(50), null, ...answered(49)], 10));
  t.match(measurePing(open, run()).doubts, [/stopped/]);
  t.match(measurePing(events, run({ endMs: BASE_MS + 5000 })).doubts, [/ended 4010 ms before/]);
  t.match(measurePing(events, run({ startMs: BASE_MS - 1000, endMs: BASE_MS - 900 })).doubts, [/began 1000 ms after/]);
  t.match(measurePing([], run()), {
    doubts: [/sent nothing/],
    figures: { sent: 0, longestGapMs: null, longestWaitMs: null },
  });
  t.end();
});

t.test('more than 65536 requests', (t) => {
  const fates = answered(70_000);
  fates[66_000] = null;
  const events = eventsOf(pingOutput(fates, 1));
  t.match(measurePing(events, run({ intervalMs: 1, endMs: BASE_MS + 68_000 })).figures, {
    sent: 68_000,
    lost: 1,
    duplicates: 0,
  });
  t.end();
});
