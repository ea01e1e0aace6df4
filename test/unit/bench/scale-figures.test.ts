import t from 'tap';
import { scaleFigures, scaleVerdicts } from '../../../lib/bench/scale-figures.js';
import type { ScaleResult, ScaleRun, ScaleSize, ScaleWay } from '../../../lib/bench/scale-result.js';
import { benchScaleText } from '../../../lib/cli/commands/bench-scale-text.js';

const MIB = 2 ** 20;
const PLAIN = { colour: false, width: 120, unicode: true };

function run(way: ScaleWay, wallMs: number, peakMib: number | null, mesh = 'full'): ScaleRun {
  return { way, mesh, wallMs, peakBytes: peakMib === null ? null : peakMib * MIB };
}

function size(hosts: number, runs: readonly ScaleRun[]): ScaleSize {
  const place = { hosts, mesh: 'full' };
  return { ...place, runs: 2, labUpMs: 3000, loadBefore: 0.5, figures: scaleFigures(runs, place) };
}

const small = size(8, [
  run('script', 800, null),
  run('script', 1200, null),
  run('first', 1200, 80),
  run('again', 480, 90),
  run('script', 1, null, 'hub'),
]);
const large = size(64, [
  run('script', 6000, null),
  run('first', 9600, 150),
  run('again', 6000, 210),
  run('verify', 9000, 120),
]);

t.test('figures: medians, ratios to the script, and what a host costs; of the mesh that is asked for', async (t) => {
  t.match(small.figures, {
    script: { wallMs: { median: 1000, min: 800, max: 1200 }, toScript: 1, perHostMs: 125, peakBytes: null },
    first: { toScript: 1.2, perHostMs: 150, peakBytes: { max: 80 * MIB } },
    plan: { wallMs: null, toScript: null, perHostMs: null, peakBytes: null },
  });
});

t.test(
  'aims: each size against the script and the first apply, memory where it is largest, cost per host flat',
  async (t) => {
    const verdicts = scaleVerdicts([small, large]).map(({ what, seen, met }) => [what, seen, met]);
    t.same(verdicts, [
      ['first apply to the script, 8 hosts, full mesh', '1.20×', true],
      ['apply with nothing to do to the first, 8 hosts, full mesh', '0.40×', true],
      ['first apply to the script, 64 hosts, full mesh', '1.60×', false],
      ['apply with nothing to do to the first, 64 hosts, full mesh', '0.63×', false],
      ['memory of the controller at most, 64 hosts, full mesh', '210 MiB', false],
      ['first apply for each host, 64 hosts, full mesh to 8', '1.00×', true],
    ]);
    t.equal(scaleVerdicts([small]).length, 3, 'one size says nothing of growth');
    t.match(scaleVerdicts([size(8, [])]), [{ ratio: null, met: false, seen: 'not measured' }, {}, { met: false }]);
  },
);

t.test('the table', async (t) => {
  const sizes = [small, large];
  const machine = {
    cpus: 2,
    cpuModel: 'a CPU',
    memoryBytes: 2 ** 33,
    kernel: '6.1.0',
    node: 'v20.12.0',
    libvirt: '',
    qemu: '',
    ovs: '3.1.0',
    ovn: '',
    loadBefore: 0.25,
  };
  const result: ScaleResult = {
    ok: true,
    vxmig: '0.1.0',
    startedAt: '',
    durationMs: 1,
    machine,
    sizes,
    verdicts: scaleVerdicts(sizes),
  };
  const text = benchScaleText(result, PLAIN);
  t.match(text, /^8 hosts, full mesh, 2 times each: lab up in 3 s, load 0\.5 before the first run\n/m);
  t.match(text, / WALL TIME +TO SCRIPT +FOR EACH HOST +MEMORY\n/);
  t.match(text, /script: .* 1\.00 s \(0\.80–1\.20\) +1\.00× +125 ms +-\n/);
  t.match(text, /vxmig apply, everything there +480 ms \(480–480\) +0\.48× +60 ms +90 MiB\n/);
  t.match(text, /vxmig verify +- +- +- +-\n/, 'what was not measured');
  t.match(text, /missed +memory of the controller at most, 64 hosts, full mesh: 210 MiB \(aim: 200 MiB\)/);
});
