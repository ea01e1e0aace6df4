import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { labDown } from '../../lib/lab/down.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import type { GradedCheck } from '../../lib/model/grade.js';
import { readTopology } from '../../lib/topology/read.js';
import { EXERCISES, type Exercise, type Submission } from '../unit/grade/exercises.js';
import { guardLab, TestLab, whyNoGuest } from './harness.js';

/**
 * Those that the suite grades; VXMIG_EXERCISES=all grades all, and VXMIG_EXERCISES=TEXT those whose
 * `EXERCISE: SUBMISSION` holds it.
 */
const USUAL = [
  'lossless-migration: reference',
  'mesh-repair: reference',
  'mesh-repair: starter',
  'mesh-repair: wrong/hub',
  'vni-isolation: reference',
];
const asked = process.env.VXMIG_EXERCISES;

function isChosen(exercise: Exercise, { name }: Submission): boolean {
  const called = `${exercise.name}: ${name}`;
  return asked === undefined ? USUAL.includes(called) : asked === 'all' || called.includes(asked);
}

/** For all of them, on a machine that has much else to do. */
const LIMIT_MS = 3_600_000;

t.setTimeout(LIMIT_MS);
for (const exercise of EXERCISES) {
  const chosen = [exercise.reference, exercise.starter, ...exercise.wrong].filter((each) => isChosen(exercise, each));
  if (chosen.length === 0) continue;
  const { topology } = await readTopology(exercise.reference.path);
  const why = (await whyNoLab(topology)) ?? (await whyNoGuest());
  await t.test(exercise.name, { skip: why ?? false, timeout: LIMIT_MS }, async (t) => {
    // The process id keeps labs of parallel test runs apart.
    const name = `t${process.pid}-${exercise.name}`;
    const guard = guardLab(name);
    t.teardown(async () => {
      await labDown(name, () => undefined).catch(() => undefined);
      guard.release();
    });
    // What grading leaves beside a file is none of the package's.
    const folder = t.testdir();
    cpSync(dirname(exercise.rubricPath), folder, { recursive: true });
    for (const each of chosen)
      await t.test(each.name, async (t) => {
        const lab = new TestLab({ ...topology, name }, join(folder, `${each.name}.yaml`));
        await isGraded(t, lab, { rubric: join(folder, 'rubric.yaml'), score: each.score });
      });
  });
}

async function isGraded(
  t: Test,
  lab: TestLab,
  { rubric, score }: { readonly rubric: string; readonly score: number | null },
): Promise<void> {
  const begun = performance.now();
  const options = ['--rubric', rubric, '--lab-name', lab.name, '--reveal'];
  const { exitCode, document, stderr } = await lab.run('grade', lab.file, ...options);
  const tookSeconds = (performance.now() - begun) / 1000;
  t.comment(`${document?.score} of ${document?.maxScore} in ${tookSeconds.toFixed(1)} s`);
  t.equal(exitCode, 0, stderr);
  t.match(document, { ok: true, maxScore: 10, score });
  if (!t.passing()) t.comment(checksText(document?.checks ?? []));
}

/** All that checks saw, for whoever has to find out why a score is another one. */
function checksText(checks: readonly GradedCheck[]): string {
  return checks
    .map(({ name, status, score, maxScore, output }) => `${name}: ${status} ${score}/${maxScore}\n${output}`)
    .join('\n');
}
