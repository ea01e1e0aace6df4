import t from 'tap';
import { STRATEGIES, STRATEGY_NAMES, strategyChoices, strategyOf } from '../../../lib/strategies/registry.js';
import { LEAST_DOWNTIME_MS, stopWhenItFits } from '../../../lib/strategies/strategy.js';

t.test('names are told apart, and each is found by its own', async (t) => {
  t.equal(new Set(STRATEGY_NAMES).size, STRATEGIES.length);
  for (const strategy of STRATEGIES) t.equal(strategyOf(strategy.name), strategy);
  t.throws(() => strategyOf('teleport'), /no strategy teleport/);
  t.equal(strategyChoices(), '`pre-copy`, `stop-and-copy`, `auto-converge`, `post-copy`, `hybrid` or `bounded`');
});

t.test('a pass that fits the allowed downtime is the last one, with some headroom', async (t) => {
  const pass = { iteration: 2, bytes: 1, allowedDowntimeMs: 300 };
  t.same(stopWhenItFits({ ...pass, ms: 301 }), { kind: 'another pass' });
  t.same(stopWhenItFits({ ...pass, ms: Number.POSITIVE_INFINITY }), { kind: 'another pass' });
  t.match(stopWhenItFits({ ...pass, ms: 100 }), { kind: 'stop', downtimeMs: 150, hurriedDowntimeMs: 300 });
  t.same(
    stopWhenItFits({ ...pass, iteration: 1, ms: 0 }),
    { kind: 'another pass' },
    'nobody knows what the first one leaves',
  );
  t.match(stopWhenItFits({ ...pass, ms: 299 }), { kind: 'stop', downtimeMs: 300 });
  t.match(stopWhenItFits({ ...pass, ms: 0 }), { kind: 'stop', downtimeMs: LEAST_DOWNTIME_MS });
});
