import t, { type Test } from 'tap';
import { gradeTopology } from '../../../lib/grade/grade-topology.js';
import { KIND_NAMES } from '../../../lib/grade/kinds.js';
import { readRubric } from '../../../lib/grade/read.js';
import type { Rubric } from '../../../lib/grade/rubric.js';
import { readTopology } from '../../../lib/topology/read.js';
import { TopologyError } from '../../../lib/topology/topology-error.js';
import { EXERCISES, type Exercise, type Submission } from './exercises.js';

/**
 * Of what needs no hosts: points in the file, by exercise and submission; null: it is no topology, and gets nothing.
 */
const OF_THE_FILE: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {
  'lossless-migration': {
    reference: 4.5,
    starter: 0.75,
    'wrong/coarse-at-one-end': 4,
    'wrong/deny-too-wide': 4.5,
    'wrong/jumbo-underlay': 3.75,
    'wrong/nothing-to-lose': 1.75,
    'wrong/one-ping-a-second': 2.5,
    'wrong/one-subnet': 3.5,
    'wrong/onlooker-left-out': 3.5,
    'wrong/schema-mistake': null,
    'wrong/there-already': 3.75,
    'wrong/too-slow': 4.5,
  },
  'mesh-repair': {
    reference: 2,
    starter: null,
    'wrong/deny-too-wide': 2,
    'wrong/host-in-the-wrong-segment': 1.8,
    'wrong/hub': 2,
    'wrong/loud-mistakes-only': 1.6,
    'wrong/mtu-1400': 2,
    'wrong/mtu-1500': null,
    'wrong/probe-left-out': 1.8,
    'wrong/two-hosts-are-a-mesh-too': 1.4,
    'wrong/vni-mistyped': 2,
    'wrong/yaml-mistake': null,
  },
  'vni-isolation': {
    reference: 2,
    starter: 1.4,
    'wrong/address-outside-the-prefix': null,
    'wrong/allow-any': 1.8,
    'wrong/another-prefix': 1.6,
    'wrong/deny-too-wide': 2,
    'wrong/neighbours': 1.6,
    'wrong/nic-on-the-wrong-network': 1.8,
    'wrong/probes-left-out': 1.6,
    'wrong/rules-in-place-of-a-vni': 1.8,
    'wrong/schema-mistake': null,
    'wrong/vni-mistyped': 1.8,
  },
};

for (const exercise of EXERCISES) {
  t.test(exercise.name, async (t) => {
    const rubric = await readRubric(exercise.rubricPath);
    isWhole(t, exercise, rubric);
    const { topology } = await readTopology(exercise.reference.path);
    t.equal(topology.name, exercise.name);
    t.equal(rubric.name, exercise.name);
    const submissions = [exercise.reference, exercise.starter, ...exercise.wrong];
    const given = submissions.map(async (each) => [each.name, await pointsOfFile(t, each, rubric)] as const);
    t.strictSame(Object.fromEntries(await Promise.all(given)), OF_THE_FILE[exercise.name]);
  });
}

t.test('together they use every kind of check', async (t) => {
  const rubrics = await Promise.all(EXERCISES.map(({ rubricPath }) => readRubric(rubricPath)));
  const used = new Set(rubrics.flatMap(({ checks }) => checks.map(({ kind }) => kind)));
  t.strictSame(
    KIND_NAMES.filter((kind) => !used.has(kind)),
    [],
  );
  t.ok(rubrics.some(({ checks }) => checks.some(({ negative }) => negative)));
});

/** What the contract wants of an exercise, and what makes one worth its students' time. */
function isWhole(t: Test, { readme, reference, starter, wrong }: Exercise, { checks }: Rubric): void {
  const sum = checks.reduce((hundredths, { pointsHundredths }) => hundredths + pointsHundredths, 0);
  t.equal(sum, 1000, 'ten points');
  t.ok(
    checks.some(({ visibility, pointsHundredths }) => visibility === 'after_published' && pointsHundredths > 0),
    'some are hidden until grades are published',
  );
  for (const { name, hint, visibility } of checks) if (visibility !== 'hidden') t.not(hint, '', `${name} has a hint`);
  t.match(readme, /^# .+\n/);
  t.match(readme, /\n```mermaid\n/);
  t.not(starter.text, reference.text);
  t.notMatch(starter.text, /score:/);
  t.ok(wrong.length >= 6 && wrong.length <= 10, `${wrong.length} wrong submissions`);
  for (const { name, score } of [starter, ...wrong]) {
    t.type(score, 'number', `${name} says its score`);
    t.ok((score ?? 10) < 10, `${name} is not the reference`);
  }
}

/** null: it is no topology. Neither given nor lost are the points that hang on hosts. */
async function pointsOfFile(t: Test, { name, path, score }: Submission, rubric: Rubric): Promise<number | null> {
  const topology = await readTopology(path).then(
    (read) => read.topology,
    (error: unknown) => {
      if (error instanceof TopologyError) return null;
      throw error;
    },
  );
  if (topology === null) {
    t.equal(score, 0, name);
    return null;
  }
  const grade = gradeTopology(rubric, topology, path);
  t.ok(score !== null && grade.score <= score, `${name}: ${grade.score} for the file, ${score} in all`);
  t.ok(
    score !== null && score <= grade.score + grade.ungradedScore,
    `${name}: hosts give ${grade.ungradedScore} at most`,
  );
  return grade.score;
}
