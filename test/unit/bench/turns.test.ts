import fc from 'fast-check';
import t from 'tap';
import { turns } from '../../../lib/bench/turns.js';
import { MIGRATE_TOOLS, type MigrateTool } from '../../../lib/model/bench-result.js';

const contenders = fc.subarray([...MIGRATE_TOOLS], { minLength: 1 });

t.test('each has one turn in each round', async () => {
  fc.assert(
    fc.property(contenders, fc.integer({ min: 1, max: 20 }), (tools, rounds) => {
      const order = turns(tools, rounds);
      return order.length === rounds && order.every((round) => [...round].sort().join() === [...tools].sort().join());
    }),
  );
});

t.test('the order changes with every round', async (t) => {
  const order = turns(MIGRATE_TOOLS, 6).map((round) => round.join(' '));
  for (const [index, round] of order.entries()) t.not(round, order[index + 1]);
  t.same(
    [...new Set(turns(MIGRATE_TOOLS, 12).map(([first]) => first))].sort(),
    [...MIGRATE_TOOLS].sort(),
    'everybody is first at times',
  );
});

t.test('of those that share a VM each goes about as often there as back', async () => {
  const there = (order: readonly MigrateTool[], tool: MigrateTool) =>
    order.filter((candidate, index) => candidate === tool && index % 2 === 0).length;
  fc.assert(
    fc.property(contenders, fc.integer({ min: 1, max: 20 }), (tools, rounds) => {
      const shared = turns(tools, rounds)
        .flat()
        .filter((tool) => tool !== 'ovn');
      return tools.every((tool) => tool === 'ovn' || Math.abs(2 * there(shared, tool) - rounds) <= 3);
    }),
  );
});
