import t from 'tap';
import { applyFigures, migrateFigures, verdictsOn, worseThanVirsh } from '../../../lib/bench/figures.js';
import { turns } from '../../../lib/bench/migrate-bench.js';
import type { ApplyBench, MigrateBench, MigrateRun } from '../../../lib/bench/result.js';

const run = (
  tool: MigrateRun['tool'],
  wallMs: number,
  pingsLost: number,
  downtimeMs: number | null = 100,
): MigrateRun => ({
  tool,
  from: 'host-a',
  to: 'host-b',
  wallMs,
  downtimeMs,
  pingsSent: 500,
  pingsLost,
  longestGapMs: 150,
  stages: [],
});

function migrateBench(runs: readonly MigrateRun[]): MigrateBench {
  const figures = { vxmig: migrateFigures(runs, 'vxmig'), virsh: migrateFigures(runs, 'virsh') };
  return {
    vm: 'web',
    memoryBytes: 2 ** 27,
    probes: ['host-c every 10 ms'],
    virshCommand: 'virsh migrate',
    figures,
    runs,
  };
}

t.test('figures are of one tool only, and leave out what was not told', async (t) => {
  const figures = migrateFigures(
    [run('vxmig', 3000, 0, null), run('virsh', 2000, 9), run('vxmig', 4000, 2, 80)],
    'vxmig',
  );
  t.same(figures.wallMs, { median: 3500, min: 3000, max: 4000 });
  t.same(figures.pingsLost, { median: 1, min: 0, max: 2 });
  t.same(figures.downtimeMs, { median: 80, min: 80, max: 80 });
});

t.test('aims: met on the line, missed above it', async (t) => {
  const migrate = migrateBench([run('vxmig', 2600, 0), run('virsh', 2000, 9)]);
  const runs = [
    { way: 'script', wallMs: 300 },
    { way: 'first', wallMs: 460 },
    { way: 'again', wallMs: 290 },
  ] as const;
  const apply: ApplyBench = { hosts: 3, script: '', figures: applyFigures(runs), runs };
  t.same(
    verdictsOn(migrate, apply).map(({ aim, met }) => [aim, met]),
    [
      [1.3, true],
      [1.5, false],
      [1, true],
    ],
  );
  t.same(verdictsOn(null, null), []);
  const nothing = verdictsOn(migrateBench([run('vxmig', 2600, 0)]), null);
  t.match(nothing, [{ ratio: null, met: false }], 'what was not measured has not been met');
});

t.test('where vxmig is worse', async (t) => {
  const bench = migrateBench([run('vxmig', 2600, 0, 120), run('virsh', 2000, 9, 100)]);
  t.same(worseThanVirsh(bench), ['wallMs', 'downtimeMs']);
});

t.test('either tool goes as often there as back', async (t) => {
  const order = turns(4);
  const there = order.filter((_, index) => index % 2 === 0);
  t.equal(order.length, 8);
  t.equal(there.filter((tool) => tool === 'vxmig').length, 2);
  t.equal(there.filter((tool) => tool === 'virsh').length, 2);
});
