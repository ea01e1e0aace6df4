import t from 'tap';
import { GATE_SHUT, type GateState, nextGateStep } from '../../../lib/migration/gate.js';
import { PRE_COPY } from '../../../lib/strategies/pre-copy.js';
import { type Look, leftAtPassEndMs, recordedLooks } from './recorded-jobs.js';

/**
 * Every look at which the gate would have let the guest go, had it been shut again each time; and the steps on the way.
 */
function replay(looks: readonly Look[]) {
  let state: GateState = GATE_SHUT;
  const limits: { iteration: number | null; phase: string }[] = [];
  const ready: { index: number; iteration: number | null; downtimeMs: number }[] = [];
  for (const [index, { stats }] of looks.entries()) {
    const step = nextGateStep(state, stats, { strategy: PRE_COPY });
    if (step.kind === 'ready')
      ready.push({
        index,
        iteration: stats.iteration,
        downtimeMs: step.finish.kind === 'stop' ? step.finish.downtimeMs : 0,
      });
    if (step.kind === 'limit') limits.push({ iteration: stats.iteration, phase: step.state.phase });
    state = step.state;
  }
  return { limits, ready };
}

t.test('an idle guest is slowed down before the first pass ends, and let go after it', async (t) => {
  const { limits, ready } = replay(recordedLooks('idle'));
  t.ok(limits.length > 0 && limits.every(({ iteration }) => iteration === 1), 'limits in the first pass');
  t.equal(limits.at(-1)?.phase, 'crawl');
  t.equal(ready[0]?.iteration, 2);
});

for (const name of ['busy-5-mib', 'busy-20-mib'] as const) {
  t.test(`${name}: let go when the next pass's end brings the pause`, async (t) => {
    const looks = recordedLooks(name);
    const { ready } = replay(looks);
    const [first] = ready;
    if (first === undefined) return t.fail('it is never let go');
    t.ok((first.iteration ?? 0) >= 2, 'not in the first pass');
    const judged = ready.flatMap(({ index, downtimeMs }) => {
      const leftMs = leftAtPassEndMs(looks, index);
      return leftMs === null ? [] : { leftMs, downtimeMs };
    });
    const paused = judged.filter(({ leftMs, downtimeMs }) => leftMs <= downtimeMs).length;
    t.comment(`${paused} of ${judged.length} times`);
    t.ok(paused >= 0.9 * judged.length, 'nine times in ten');
  });
}

t.test('a guest that never converges is never let go', async (t) => {
  const { ready } = replay(recordedLooks('never-converging'));
  t.same(ready, [], 'not once');
});
