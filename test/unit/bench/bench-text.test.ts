import t from 'tap';
import { applyFigures, migrateFigures, verdictsOn } from '../../../lib/bench/figures.js';
import type { ApplyBench, BenchResult, MigrateBench, MigrateRun } from '../../../lib/bench/result.js';
import { benchText } from '../../../lib/cli/bench-text.js';

const run = (tool: MigrateRun['tool'], wallMs: number, pingsLost: number): MigrateRun => ({
  tool,
  from: 'host-a',
  to: 'host-b',
  wallMs,
  downtimeMs: 100,
  pingsSent: 500,
  pingsLost,
  longestGapMs: 150,
  stages: [],
});
const runs = [run('vxmig', 3000, 0), run('virsh', 2000, 9), run('virsh', 2200, 7), run('vxmig', 3300, 0)];
const figures = { vxmig: migrateFigures(runs, 'vxmig'), virsh: migrateFigures(runs, 'virsh') };
const migrate: MigrateBench = {
  vm: 'web',
  memoryBytes: 2 ** 27,
  probes: ['host-c every 10 ms'],
  virshCommand: 'virsh migrate --live',
  figures,
  runs,
};
const applyRuns = [
  { way: 'script', wallMs: 300 },
  { way: 'first', wallMs: 420 },
  { way: 'again', wallMs: 280 },
] as const;
const apply: ApplyBench = { hosts: 3, script: '', figures: applyFigures(applyRuns), runs: applyRuns };
const result: BenchResult = {
  ok: true,
  vxmig: '0.1.0',
  startedAt: '2026-11-21T03:00:00.000Z',
  durationMs: 60_000,
  topology: 'bench-two-subnets',
  machine: {
    cpus: 2,
    cpuModel: 'a CPU',
    memoryBytes: 2 ** 33,
    kernel: '6.1.0',
    node: 'v20.12.0',
    libvirt: '11.3.0',
    qemu: '10.0.2',
    ovs: '3.1.0',
    loadBefore: 0.25,
  },
  migrate,
  apply,
  verdicts: verdictsOn(migrate, apply),
};
const plain = { colour: false, width: 100, unicode: true };

t.test('medians, ranges and ratios stand in one table each', async (t) => {
  const text = benchText(result, plain);
  t.match(text, /wall time +3\.15 s \(3 s to 3\.3 s\) +2\.1 s \(2 s to 2\.2 s\) +1\.50×/);
  t.match(text, /pings lost +0 \(0 to 0\) +8 \(7 to 9\) +-\n/, 'no ratio of counts');
  t.match(text, /vxmig apply, nothing there +420 ms \(420 ms to 420 ms\) +1\.40×/);
  t.notOk(text.includes('\u001b'), 'no colour');
});

t.test('what falls short is said', async (t) => {
  const text = benchText(result, plain);
  t.match(text, 'vxmig is worse than plain virsh in: wall time.');
  t.match(text, /missed {2}vxmig migrate.*1\.50× \(aim: 1\.3 times\)/);
  t.match(text, /met {5}first vxmig apply to the script: 1\.40× \(aim: 1\.5 times\)/);
  t.match(text, /met {5}vxmig apply with nothing to do.*0\.93× \(aim: no slower\)/);
});

t.test('a part that was left out is not told of', async (t) => {
  const text = benchText({ ...result, migrate: null, verdicts: verdictsOn(null, apply) }, plain);
  t.notMatch(text, 'Migrating');
  t.match(text, 'Bridges and tunnels on 3 hosts');
});
