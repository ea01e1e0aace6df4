import fc from 'fast-check';
import t from 'tap';
import type { CheckRules, RubricCheck } from '../../../lib/grade/rubric.js';
import { scoreGrade } from '../../../lib/grade/score.js';
import type { Fact, Outcome } from '../../../lib/grade/sight.js';
import { checkNamed, rubricOf } from './sample.js';

const ABOUT = { submission: 'answer.yaml', note: '' };

function fact(holds: boolean | null): Fact {
  return { what: 'it', holds, expected: 'so', seen: 'thus' };
}

function saw(...holds: readonly (boolean | null)[]): Outcome {
  return { kind: 'seen', sight: { facts: holds.map(fact) } };
}

function grade(rules: Partial<CheckRules>, outcome: Outcome) {
  const [checked] = scoreGrade(rubricOf(checkNamed('a', rules)), new Map([['a', outcome]]), ABOUT).checks;
  return checked;
}

t.test('all or nothing, unless the rubric says else', async (t) => {
  t.match(grade({}, saw(true, true)), { status: 'passed', score: 1, hint: '' });
  t.match(grade({ hint: 'fix it' }, saw(true, false)), { status: 'failed', score: 0, hint: 'fix it' });
  t.match(grade({ credit: { kind: 'ratio' } }, saw(true, true, false)), { status: 'failed', score: 0.67 });
  t.match(grade({ credit: { kind: 'ratio' } }, saw(true)), { status: 'passed', score: 1 });
});

t.test('only a whole credit gives all points, however near it comes', async (t) => {
  const almost = saw(...Array.from({ length: 999 }, () => true), false);
  t.match(grade({ credit: { kind: 'ratio' } }, almost), { status: 'failed', score: 0.99 });
  t.match(grade({ credit: { kind: 'ratio' }, pointsHundredths: 0 }, almost), { status: 'failed', score: 0 });
});

t.test('bands: by what was measured, to the limit and including it; the worst measure counts', async (t) => {
  const bands = new Map([
    [
      'lost',
      [
        { upTo: 0, credit: 1 },
        { upTo: 5, credit: 0.5 },
      ],
    ],
    [
      'downtime',
      [
        { upTo: 200, credit: 1 },
        { upTo: 1000, credit: 0.25 },
      ],
    ],
  ] as const);
  const moved = (lost: number | null, downtime: number | null) =>
    grade(
      { credit: { kind: 'bands', bands } },
      { kind: 'seen', sight: { facts: [fact(true)], measures: { lost, downtime } } },
    );
  t.match(moved(0, 200), { status: 'passed', score: 1 });
  t.match(moved(5, 100), { status: 'failed', score: 0.5 });
  t.match(moved(5, 1000), { status: 'failed', score: 0.25 });
  t.match(moved(6, 0), { status: 'failed', score: 0 });
  t.match(moved(0, null), { status: 'error', output: /downtime: it was not measured/ });
});

t.test('a negative check passes where nothing of it is so, and not where it could not be', async (t) => {
  t.match(grade({ negative: true }, saw(false, false)), { status: 'passed' });
  t.match(grade({ negative: true }, saw(false, true)), { status: 'failed', output: /expected: not so/ });
  t.match(grade({ negative: true }, saw(null)), { status: 'failed' });
  t.match(grade({ negative: true }, saw()), { status: 'error', output: /nothing to look at/ });
  t.match(grade({ negative: true }, { kind: 'error', message: 'no answer' }), { status: 'error', ungraded: true });
});

t.test('what was expected is kept back where the rubric says so', async (t) => {
  t.notMatch(grade({ showsExpected: false }, saw(false)), { output: /so/ });
  t.match(grade({ showsExpected: false }, saw(false)), { output: '[no] it: thus' });
});

t.test('what a check needs: failed skips it at the student’s cost, error at nobody’s', async (t) => {
  const rubric = rubricOf(
    checkNamed('last', { needs: ['middle'] }),
    checkNamed('middle', { needs: ['first'] }),
    checkNamed('first', { credit: { kind: 'ratio' } }),
  );
  const after = (first: Outcome) =>
    scoreGrade(
      rubric,
      new Map([
        ['first', first],
        ['middle', saw(true)],
        ['last', saw(true)],
      ]),
      ABOUT,
    );
  t.match(after(saw(true)), { ok: true, score: 3, maxScore: 3, ungradedScore: 0 });
  const failed = after(saw(true, false));
  t.match(failed, { ok: true, score: 0.5, ungradedScore: 0 });
  t.match(failed.checks, [{ status: 'skipped', ungraded: false }, { status: 'skipped' }, { status: 'failed' }]);
  const broken = after({ kind: 'error', message: 'host-a does not answer' });
  t.match(broken, { ok: false, score: 0, maxScore: 3, ungradedScore: 3 });
  t.match(broken.checks[0], { status: 'skipped', ungraded: true, output: /needs middle, which was not carried out/ });
});

t.test('a check without an outcome is in error, never a zero', async (t) => {
  t.match(scoreGrade(rubricOf(checkNamed('a')), new Map(), ABOUT), { ok: false, ungradedScore: 1 });
});

t.test('what hosts print cannot steer a terminal', async (t) => {
  const outcome: Outcome = { kind: 'seen', sight: { facts: [{ ...fact(false), seen: '\u001b[31m\u202ered' }] } };
  t.match(grade({}, outcome), { output: /\\u001b\[31m\\u202ered/ });
});

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.array(fc.constantFrom(true, false, null), { maxLength: 5 }).map((holds) => saw(...holds)),
  fc.constant<Outcome>({ kind: 'error', message: 'no answer' }),
);

/** Checks of which each may need those before it, and what they saw. */
const scenes = fc
  .array(
    fc.record({
      pointsHundredths: fc.nat(1000),
      isRatio: fc.boolean(),
      negative: fc.boolean(),
      needs: fc.array(fc.nat(9), { maxLength: 2 }),
      outcome: outcomes,
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((drawn) => {
    const checks = drawn.map(({ pointsHundredths, isRatio, negative, needs }, index) =>
      checkNamed(`c${index}`, {
        pointsHundredths,
        negative,
        credit: { kind: isRatio ? 'ratio' : 'whole' },
        needs: needs.filter((need) => need < index).map((need) => `c${need}`),
      }),
    );
    return { checks, outcomes: new Map(drawn.map(({ outcome }, index) => [`c${index}`, outcome])) };
  });

t.test('no score is above its maximum, sums are exact, and what is ungraded makes the grade not ok', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(scenes, ({ checks, outcomes: seen }) => {
        const result = scoreGrade(rubricOf(...checks), seen, ABOUT);
        const inOrder = result.checks.every(({ score, maxScore }) => 0 <= score && score <= maxScore);
        const max = checks.reduce((sum, { pointsHundredths }) => sum + pointsHundredths, 0) / 100;
        const isTwoDecimals = Number(result.score.toFixed(2)) === result.score;
        const isBounded = result.score + result.ungradedScore <= result.maxScore + 1e-9;
        const fullIsPassed = result.checks.every(
          ({ status, score, maxScore }) => maxScore === 0 || (score === maxScore) === (status === 'passed'),
        );
        const isHonest = result.ok || result.checks.some(({ status, ungraded }) => status === 'error' && ungraded);
        return inOrder && result.maxScore === max && isTwoDecimals && isBounded && fullIsPassed && isHonest;
      }),
    ),
  );
});

t.test('the order of the checks in the rubric does not matter', async (t) => {
  const shuffled = scenes.chain((scene) =>
    fc
      .shuffledSubarray([...scene.checks], { minLength: scene.checks.length })
      .map((order: RubricCheck[]) => ({ ...scene, order })),
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(shuffled, ({ checks, order, outcomes: seen }) => {
        const one = scoreGrade(rubricOf(...checks), seen, ABOUT);
        const other = scoreGrade(rubricOf(...order), seen, ABOUT);
        const verdicts = ({ checks: graded }: typeof one) =>
          graded
            .map(({ name, status, score, ungraded }) => `${name} ${status} ${score} ${ungraded}`)
            .sort()
            .join();
        return one.score === other.score && verdicts(one) === verdicts(other);
      }),
    ),
  );
});
