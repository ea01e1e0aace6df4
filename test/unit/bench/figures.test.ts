import t from 'tap';
import { applyFigures, migrateFigures, ratiosOf, verdictsOn, worseThanPeers } from '../../../lib/bench/figures.js';
import type { ApplyBench, MigrateRun } from '../../../lib/model/bench-result.js';
import { benchOf, runOf } from './runs.js';

t.test('figures are of one tool only, and leave out what was not told', async (t) => {
  const figures = migrateFigures(
    [
      runOf('vxmig', { wallMs: 3000, downtimeMs: null }),
      runOf('virsh', { pingsLost: 9 }),
      runOf('no-redirect', { pingsLost: 8 }),
      runOf('vxmig', { wallMs: 4000, pingsLost: 2, downtimeMs: 80 }),
    ],
    'vxmig',
  );
  t.same(figures.wallMs, { median: 3500, min: 3000, max: 4000 });
  t.same(figures.pingsLost, { median: 1, min: 0, max: 2 });
  t.same(figures.downtimeMs, { median: 80, min: 80, max: 80 });
  t.equal(figures.convergedAfterResumeMs, null);
});

const lossless = (count: number): MigrateRun[] => Array.from({ length: count }, () => runOf('vxmig'));
const firstVerdict = (runs: readonly MigrateRun[]) => verdictsOn(benchOf(runs), null)[0];

t.test('zero loss: in 19 of 20 runs, and never more than one ping', async (t) => {
  const met = (runs: readonly MigrateRun[]) => firstVerdict(runs)?.met;
  t.equal(met(lossless(10)), true);
  t.equal(met([...lossless(19), runOf('vxmig', { pingsLost: 1 })]), true);
  t.equal(met([...lossless(19), runOf('vxmig', { pingsLost: 2 })]), false, 'two in one run');
  t.equal(met([...lossless(18), ...[1, 1].map((pingsLost) => runOf('vxmig', { pingsLost }))]), false, 'two runs of 20');
  t.equal(met([...lossless(9), runOf('vxmig', { pingsLost: 1 })]), false, '9 of 10 is less than 19 of 20');
  t.equal(met([...lossless(18), ...[1, 1].map((duplicates) => runOf('vxmig', { duplicates }))]), false, 'duplicates');
  t.equal(met([runOf('virsh')]), false, 'nothing was measured');
  t.match(firstVerdict([...lossless(19), runOf('vxmig', { pingsLost: 1 })]), {
    ratio: 0.95,
    seen: /^19 of 20, at most 1/,
  });
});

t.test('aims of times: met on the line, missed above it', async (t) => {
  const bench = benchOf([
    runOf('vxmig', { wallMs: 2400, longestWaitMs: 150 }),
    runOf('virsh', { wallMs: 2000 }),
    runOf('ovn', { longestGapMs: 150, longestWaitMs: 10 }),
  ]);
  const runs = [
    { way: 'script', wallMs: 300 },
    { way: 'first', wallMs: 460 },
    { way: 'again', wallMs: 290 },
  ] as const;
  const apply: ApplyBench = { hosts: 3, script: '', figures: applyFigures(runs), runs };
  t.same(
    verdictsOn(bench, apply).map(({ aim, met }) => [aim, met]),
    [
      [0.95, true],
      [1, true],
      [1.2, true],
      [1.5, false],
      [1, true],
    ],
  );
  const late = benchOf([
    runOf('vxmig', { wallMs: 2401, longestWaitMs: 151 }),
    runOf('virsh', { wallMs: 2000 }),
    runOf('ovn', { longestGapMs: 150 }),
  ]);
  t.same(
    verdictsOn(late, null).map(({ met }) => met),
    [true, false, false],
  );
  t.same(verdictsOn(null, null), []);
});

t.test('what was not measured has not been met; a peer that was not asked for is no aim', async (t) => {
  t.match(verdictsOn(benchOf([runOf('vxmig')]), null).slice(1), [
    { ratio: null, met: false, seen: 'not measured' },
    { ratio: null, met: false },
  ]);
  t.equal(verdictsOn(benchOf([runOf('vxmig')], { contenders: ['vxmig', 'no-redirect'] }), null).length, 1);
});

t.test('where vxmig is worse, and than whom', async (t) => {
  const bench = benchOf([
    runOf('vxmig', { wallMs: 2600, downtimeMs: 120, convergedAfterResumeMs: 5 }),
    runOf('virsh', { pingsLost: 9 }),
    runOf('ovn', { wallMs: 2700, longestWaitMs: 100, downtimeMs: null }),
  ]);
  t.same(worseThanPeers(bench), { ovn: ['longestWaitMs'], virsh: ['wallMs', 'downtimeMs'] });
});

t.test('ratios: of each that ran, to plain virsh and to OVN', async (t) => {
  const ratios = ratiosOf(
    benchOf([runOf('vxmig', { wallMs: 3000 }), runOf('no-redirect'), runOf('virsh', { pingsLost: 4 })]),
  );
  t.same(Object.keys(ratios), ['vxmig', 'no-redirect', 'virsh']);
  t.match(ratios.vxmig, {
    virsh: { wallMs: 1.5, downtimeMs: 1, pingsLost: 0, convergedAfterResumeMs: null, duplicates: null },
  });
  t.same(Object.keys(ratios['no-redirect'] ?? {}), ['virsh'], 'OVN did not run');
  t.same(ratios.virsh, {});
});
