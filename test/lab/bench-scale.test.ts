import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { scaleTopology } from '../../lib/bench/scale-topology.js';
import { labDown } from '../../lib/lab/down.js';
import { labList } from '../../lib/lab/list.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { parseTopology } from '../../lib/topology/read.js';
import type { Document } from './harness.js';
import { tracesOf } from './traces.js';

const PROGRAM = fileURLToPath(new URL('./vxmig.js', import.meta.url));
const HOSTS = 3;
const WAYS = ['script', 'plan', 'first', 'again', 'plan-again', 'verify'];

t.setTimeout(300_000);
const why = await whyNoLab(parseTopology(scaleTopology({ name: 'x', hosts: HOSTS, mesh: 'full' }), 'x.yaml'));

/** Its lab is named after its process. */
function bench(...options: readonly string[]) {
  const argv = [PROGRAM, 'bench', 'scale', '--hosts', String(HOSTS), ...options];
  const process_ = execa(process.execPath, argv, { reject: false, stdin: 'ignore' });
  const lab = `bench-scale-${HOSTS}-${process_.pid}`;
  t.teardown(() => labDown(lab, () => undefined).catch(() => undefined));
  return { process: process_, lab };
}

if (why !== null) {
  t.plan(0, why);
} else {
  await t.test('both meshes are measured in turns on one lab, which is gone afterwards', async (t) => {
    const { process, lab } = bench('--json', '--runs', '1', '--mesh', 'full,hub');
    const ran = await process;
    t.equal(ran.exitCode, 0, ran.stderr);
    const { sizes, verdicts }: Document = JSON.parse(ran.stdout);
    t.same(
      sizes.map((size: Document) => [size.hosts, size.mesh, size.runs]),
      [
        [HOSTS, 'full', 1],
        [HOSTS, 'hub', 1],
      ],
    );
    for (const { mesh, figures, labUpMs } of sizes) {
      t.ok(labUpMs > 0);
      t.same(Object.keys(figures), WAYS);
      for (const way of WAYS) {
        const { wallMs, peakBytes } = figures[way];
        t.ok(wallMs.median > 0, `${way}, ${mesh} mesh`);
        // Node alone has more than 30 MiB; without a figure of the process itself this would be the bench's or nothing.
        t.ok(way === 'script' ? peakBytes === null : peakBytes.max > 30 * 2 ** 20, `memory of ${way}, ${mesh} mesh`);
      }
    }
    t.equal(verdicts.length, 6);
    t.same(await tracesOf(lab, new Set()), []);
  });

  await t.test('interrupted, it takes its lab down', async (t) => {
    const { process, lab } = bench('--runs', '9');
    const isUp = async () => (await labList()).some(({ name, phase }) => name === lab && phase === 'up');
    while (!(await isUp()) && process.exitCode === null) await sleep(50);
    process.kill('SIGINT');
    t.equal((await process).exitCode, 130);
    t.same(await tracesOf(lab, new Set()), []);
  });
}
