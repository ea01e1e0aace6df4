import t from 'tap';
import { applyFigures, verdictsOn } from '../../../lib/bench/figures.js';
import type { ApplyBench, BenchResult, MigrateBench } from '../../../lib/bench/result.js';
import { benchText } from '../../../lib/cli/commands/bench-text.js';
import { benchOf, runOf } from './runs.js';

const migrate = benchOf([
  runOf('vxmig', { wallMs: 3000, convergedAfterResumeMs: 4 }),
  runOf('virsh', { wallMs: 2000, pingsLost: 9 }),
  runOf('virsh', { wallMs: 2200, pingsLost: 7 }),
  runOf('ovn', { wallMs: 2100, pingsLost: 8, longestWaitMs: 60, longestGapMs: 200 }),
  runOf('vxmig', { wallMs: 3300, convergedAfterResumeMs: 6 }),
]);
const applyRuns = [
  { way: 'script', wallMs: 300 },
  { way: 'first', wallMs: 420 },
  { way: 'again', wallMs: 280 },
] as const;
const apply: ApplyBench = { hosts: 3, script: '', figures: applyFigures(applyRuns), runs: applyRuns };
const plain = { colour: false, width: 100, unicode: true };

function resultOf(bench: MigrateBench | null): BenchResult {
  return {
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
      ovn: '',
      loadBefore: 0.25,
    },
    migrate: bench,
    apply,
    verdicts: verdictsOn(bench, apply),
  };
}

t.test('medians with ranges stand in one table, ratios in the next', async (t) => {
  const text = benchText(resultOf(migrate), plain);
  t.match(text, /VXMIG +OVN +PLAIN VIRSH\n/, 'who did not run has no column');
  t.match(text, /pings lost +0 \(0–0\) +8 \(8–8\) +8 \(7–9\)\n/);
  t.match(text, /wall time +3\.15 s \(3\.00–3\.30\) +2\.10 s \(2\.10–2\.10\) +2\.10 s \(2\.00–2\.20\)\n/);
  t.match(text, /all tables moved after +5 ms \(4–6\) +- +-\n/);
  t.match(text, /VXMIG\/VIRSH +VXMIG\/OVN +OVN\/VIRSH +PLAIN VIRSH\/OVN\n/);
  t.match(text, /longest wait +1\.00× +2\.00× +0\.50× +2\.00×\n/);
  t.equal(text.match(/^ *pings lost/gm)?.length, 1, 'no ratio of counts');
  t.match(text, /vxmig apply, nothing there +420 ms \(420–420\) +1\.40×/);
  t.notOk(text.includes('\u001b'), 'no colour');
  t.match(benchText(resultOf(migrate), { ...plain, unicode: false }), /pings lost +0 \(0-0\)/);
});

t.test('what falls short is said, and than whom', async (t) => {
  const text = benchText(resultOf(migrate), plain);
  t.match(text, 'vxmig is worse than plain virsh in: wall time.');
  t.match(text, 'vxmig is worse than OVN in: longest wait, wall time.');
  t.match(text, /missed {2}vxmig migrate.*1\.50× \(aim: 1\.2 times\)/);
  t.match(text, /met {5}vxmig migrations in which nothing .*: 2 of 2, at most 0 lost in one \(aim: 19 of 20/);
  t.match(text, /met {5}vxmig's longest wait to OVN's longest gap, medians: 0\.60× \(aim: no more\)/);
  t.match(text, /met {5}first vxmig apply to the script: 1\.40× \(aim: 1\.5 times\)/);
  t.match(text, /met {5}vxmig apply with nothing to do.*0\.93× \(aim: no more\)/);
});

t.test('who is missing, and what failed, is said with the mend', async (t) => {
  const bench = benchOf([runOf('vxmig'), runOf('virsh')], {
    missing: [{ tool: 'ovn', why: 'OVN is not installed', hint: 'apt-get install ovn-central.' }],
    failures: [{ tool: 'virsh', round: 2, message: 'operation failed' }],
  });
  const text = benchText(resultOf(bench), plain);
  t.match(text, 'OVN is missing: OVN is not installed. apt-get install ovn-central.');
  t.match(text, 'plain virsh failed in round 2, which counts nowhere: operation failed');
  t.match(text, /missed .*OVN's longest gap, medians: not measured/);
  t.notMatch(text, 'Wall time, OVN');
  t.match(text, 'OVN not installed');
});

t.test('a part that was left out is not told of', async (t) => {
  const text = benchText(resultOf(null), plain);
  t.notMatch(text, 'Migrating');
  t.match(text, 'Bridges and tunnels on 3 hosts');
});
