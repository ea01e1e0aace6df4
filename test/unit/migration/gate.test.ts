import t from 'tap';
import { type JobStats, parseJobStats } from '../../../lib/measure/jobinfo.js';
import {
  GATE_SHUT,
  type GateState,
  goOn,
  nextGateStep,
  OPEN_MIB_PER_SECOND,
  withinLimit,
} from '../../../lib/migration/gate.js';
import { POST_COPY } from '../../../lib/strategies/post-copy.js';
import { PRE_COPY } from '../../../lib/strategies/pre-copy.js';
import type { Strategy } from '../../../lib/strategies/strategy.js';

const MIB = 1024 * 1024;

/** Statistics as libvirt prints them of a running job. */
function stats(figures: {
  iteration: number;
  remainingMib: number;
  processedMib?: number;
  mibPerSecond?: number;
}): JobStats {
  const { iteration, remainingMib, processedMib = 10, mibPerSecond = 32 } = figures;
  const parsed = parseJobStats(`Job type: 2

operation: 5
memory_total: ${128 * MIB}
memory_processed: ${processedMib * MIB}
memory_remaining: ${Math.round(remainingMib * MIB)}
memory_bps: ${mibPerSecond * MIB}
memory_iteration: ${iteration}
`);
  if (parsed === null) throw new Error('these are no statistics');
  return parsed;
}

/** The steps over a whole copy. */
function run(
  series: readonly JobStats[],
  strategy: Strategy = PRE_COPY,
  setting: { lookMs?: number; guestBytes?: number } = {},
): string[] {
  let state: GateState = GATE_SHUT;
  return series.map((each) => {
    const step = nextGateStep(state, each, { strategy, ...setting });
    state = step.state;
    if (step.kind === 'ready') return 'ready';
    return step.kind === 'limit' ? `${state.phase} ${step.mibPerSecond}` : 'wait';
  });
}

t.test('an idle guest: slowed down, crawling through the end of the first pass, then ready', async (t) => {
  const series = [
    stats({ iteration: 1, remainingMib: 100 }),
    stats({ iteration: 1, remainingMib: 5 }),
    stats({ iteration: 1, remainingMib: 4.5, mibPerSecond: 11 }),
    stats({ iteration: 1, remainingMib: 3.9, mibPerSecond: 11 }),
    stats({ iteration: 1, remainingMib: 3, mibPerSecond: 8 }),
    stats({ iteration: 1, remainingMib: 2, mibPerSecond: 8 }),
    stats({ iteration: 1, remainingMib: 0.4, mibPerSecond: 8 }),
    stats({ iteration: 1, remainingMib: 0.1, mibPerSecond: 1 }),
    stats({ iteration: 2, remainingMib: 0.5, mibPerSecond: 1 }),
  ];
  const steps = ['wait', 'slow 11', 'wait', 'walk 36', 'wait', 'walk 17', 'crawl 2', 'wait', 'ready'];
  t.strictSame(run(series), steps, 'a walk that has come far in one window goes on more slowly');
});

t.test('a link so fast that the slow part is never seen', async (t) => {
  t.strictSame(run([stats({ iteration: 1, remainingMib: 0.2 }), stats({ iteration: 2, remainingMib: 1 })]), [
    'crawl 2',
    'ready',
  ]);
});

t.test('a busy guest goes on at full speed until what is left fits', async (t) => {
  const series = [
    stats({ iteration: 1, remainingMib: 0.2 }),
    stats({ iteration: 2, remainingMib: 60, mibPerSecond: 1 }),
    stats({ iteration: 2, remainingMib: 30 }),
    stats({ iteration: 3, remainingMib: 7 }),
  ];
  t.strictSame(run(series), ['crawl 2', `sprint ${OPEN_MIB_PER_SECOND}`, 'wait', 'ready']);
});

t.test('a guest that never converges is never let through', async (t) => {
  const series = [2, 3, 4, 5, 6].map((iteration) => stats({ iteration, remainingMib: 40 }));
  t.strictSame(run(series), ['wait', 'wait', 'wait', 'wait', 'wait']);
});

t.test('judged by what a pass begins with, not by what is left in its middle', async (t) => {
  const series = [
    stats({ iteration: 2, remainingMib: 18 }),
    stats({ iteration: 2, remainingMib: 1 }),
    stats({ iteration: 3, remainingMib: 18 }),
    stats({ iteration: 3, remainingMib: 0.1 }),
  ];
  t.strictSame(run(series), ['wait', 'wait', 'wait', 'wait']);
});

t.test('what was sent before the look counts: a slow look judges with more care', async (t) => {
  const begun = [stats({ iteration: 2, remainingMib: 8 })];
  t.strictSame(run(begun, PRE_COPY, { lookMs: 10 }), ['ready']);
  t.strictSame(run(begun, PRE_COPY, { lookMs: 60 }), ['wait']);
});

t.test('where the looks are quick, full speed lasts until the walk begins', async (t) => {
  const series = [stats({ iteration: 1, remainingMib: 5 }), stats({ iteration: 1, remainingMib: 3 })];
  t.strictSame(run(series, PRE_COPY, { lookMs: 12 }), ['wait', 'walk 27']);
  t.strictSame(run(series, PRE_COPY, { lookMs: 60 }), ['slow 11', 'walk 27']);
});

t.test('slow before the video memory, whose zeros pass in no time', async (t) => {
  const setting = { lookMs: 12, guestBytes: 111 * MIB };
  const before = [
    stats({ iteration: 1, remainingMib: 18.8 }),
    stats({ iteration: 1, remainingMib: 17.3 }),
    stats({ iteration: 2, remainingMib: 0.5, mibPerSecond: 1 }),
  ];
  t.strictSame(run(before, PRE_COPY, setting), ['walk 15', 'crawl 2', 'ready']);
  const filled = [
    stats({ iteration: 1, remainingMib: 17.3 }),
    stats({ iteration: 1, remainingMib: 16.9 }),
    stats({ iteration: 1, remainingMib: 9 }),
    stats({ iteration: 1, remainingMib: 0.4 }),
  ];
  t.strictSame(run(filled, PRE_COPY, setting), ['crawl 2', 'tail 4', 'wait', 'crawl 2'], 'no zeros');
});

t.test('the ROMs at the end are no reserve: much of them is zeros', async (t) => {
  const series = [
    stats({ iteration: 1, remainingMib: 2.5 }),
    stats({ iteration: 1, remainingMib: 1.1 }),
    stats({ iteration: 1, remainingMib: 0.3 }),
    stats({ iteration: 2, remainingMib: 0.5, mibPerSecond: 1 }),
  ];
  t.strictSame(run(series, PRE_COPY, { lookMs: 12, guestBytes: 127.25 * MIB }), [
    'walk 15',
    'crawl 2',
    'wait',
    'ready',
  ]);
});

t.test('post-copy needs one pass only', async (t) => {
  t.strictSame(run([stats({ iteration: 1, remainingMib: 90 }), stats({ iteration: 2, remainingMib: 90 })], POST_COPY), [
    'wait',
    'ready',
  ]);
});

t.test('zeros at the start of a job do not mean that nothing is left', async (t) => {
  t.strictSame(
    run([
      stats({ iteration: 0, remainingMib: 0, processedMib: 0 }),
      stats({ iteration: 1, remainingMib: 0, processedMib: 0 }),
    ]),
    ['wait', 'wait'],
  );
});

t.test("a user's limit holds", async (t) => {
  t.equal(withinLimit(OPEN_MIB_PER_SECOND, 8 * MIB), 8);
  t.equal(withinLimit(1, 8 * MIB), 1);
  t.equal(withinLimit(OPEN_MIB_PER_SECOND, null), OPEN_MIB_PER_SECOND);
});

t.test('a copy that was held in vain goes on so that its pass takes a moment, and is held at a later one', (t) => {
  const hold = nextGateStep(
    { ...GATE_SHUT, phase: 'crawl', speed: 100 * MIB },
    stats({ iteration: 2, remainingMib: 20 }),
    {
      strategy: PRE_COPY,
      lookMs: 10,
    },
  );
  t.match(hold, { kind: 'ready', mibPerSecond: 1 });
  for (const [left, speed] of [
    [0.1, 1],
    [20, 40],
    [8000, OPEN_MIB_PER_SECOND],
  ] as const) {
    t.match(goOn(hold.state, stats({ iteration: 2, remainingMib: left })), { kind: 'limit', mibPerSecond: speed });
  }
  const { state } = goOn(hold.state, stats({ iteration: 2, remainingMib: 20 }));
  const setting = { strategy: PRE_COPY, lookMs: 10 } as const;
  t.match(
    nextGateStep(state, stats({ iteration: 2, remainingMib: 1 }), setting),
    { kind: 'wait' },
    'that pass is spent',
  );
  t.match(nextGateStep(state, stats({ iteration: 3, remainingMib: 10 }), setting), { kind: 'ready' });
  t.match(
    nextGateStep(state, stats({ iteration: 3, remainingMib: 60 }), setting),
    { kind: 'limit', mibPerSecond: OPEN_MIB_PER_SECOND },
    'a guest that has dirtied too much meanwhile gets a pass at full speed',
  );
  t.end();
});
