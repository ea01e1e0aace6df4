import t from 'tap';
import { carryOut } from '../../../lib/grade/carry-out.js';
import type { RubricCheck } from '../../../lib/grade/rubric.js';
import { scoreGrade } from '../../../lib/grade/score.js';
import { NothingToSee, type Sight } from '../../../lib/grade/sight.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { checkNamed, rubricOf } from './sample.js';

/** Time that passes by sleeping only. */
function clockwork() {
  let now = 0;
  const sleep = async (ms: number) => {
    now += ms;
  };
  return { nowMs: () => now, sleep };
}

function sight(holds: boolean): Sight {
  return { facts: [{ what: 'it', holds, expected: 'so', seen: 'thus' }] };
}

async function graded(checks: readonly RubricCheck[], look: (check: RubricCheck) => Promise<Sight>) {
  const rubric = rubricOf(...checks);
  const outcomes = await carryOut(rubric, look, clockwork());
  return scoreGrade(rubric, outcomes, { submission: 'answer.yaml', note: '' });
}

t.test('looks again until it passes', async (t) => {
  let looks = 0;
  const late = await graded([checkNamed('a', { retry: { forMs: 5000, everyMs: 1000 } })], async () =>
    sight(++looks === 3),
  );
  t.match(late, { score: 1 });
  t.equal(looks, 3);
});

t.test('looks a last time at the deadline, and no more', async (t) => {
  let looks = 0;
  const never = await graded([checkNamed('a', { retry: { forMs: 2500, everyMs: 1000 } })], async () => {
    looks += 1;
    return sight(false);
  });
  t.match(never, { ok: true, score: 0 });
  t.equal(looks, 4);
});

t.test('an error at one look is fixed by the next', async (t) => {
  let looks = 0;
  const fixed = await graded([checkNamed('a', { retry: { forMs: 1000, everyMs: 1000 } })], async () => {
    looks += 1;
    if (looks === 1) throw new Error('no answer');
    return sight(true);
  });
  t.match(fixed, { ok: true, score: 1 });
});

t.test('what must hold is looked at for as long, and the first look that fails counts', async (t) => {
  const seen = (...answers: readonly boolean[]) => {
    let looks = 0;
    return async () => sight(answers[looks++] ?? true);
  };
  const check = checkNamed('a', { holdMs: 2000, retry: { forMs: 1000, everyMs: 1000 } });
  t.match(await graded([check], seen(false, true)), { score: 1 });
  t.match(await graded([check], seen(false, true, true, true, false)), { score: 0 });
});

t.test('what cannot become another is not looked at again', async (t) => {
  const check = checkNamed('a', { retry: { forMs: 5000, everyMs: 1000 } });
  let looks = 0;
  const final = await graded([check], async () => {
    looks += 1;
    return { ...sight(false), isFinal: true };
  });
  t.match(final, { ok: true, score: 0 });
  t.equal(looks, 1);
  const lost = await graded([check], async () => {
    looks += 1;
    throw new NothingToSee('no hosts');
  });
  t.match(lost, { ok: false });
  t.equal(looks, 2);
});

t.test('nothing is looked at whose needs failed; the others go on after an error', async (t) => {
  const looked: string[] = [];
  const grade = await graded(
    [checkNamed('b', { needs: ['a'] }), checkNamed('a'), checkNamed('bug'), checkNamed('c')],
    async ({ name }) => {
      looked.push(name);
      if (name === 'bug') throw new TypeError('undefined is no function');
      return sight(name === 'c');
    },
  );
  t.strictSame(looked, ['a', 'bug', 'c']);
  t.match(grade, { ok: false, score: 1, ungradedScore: 1 });
  t.match(
    grade.checks.map(({ status }) => status),
    ['skipped', 'failed', 'error', 'passed'],
  );
});

t.test('an interrupt ends it all', async (t) => {
  await t.rejects(
    graded([checkNamed('a')], async () => {
      throw new VxmigError('INTERRUPTED', 'stopped');
    }),
    { code: 'INTERRUPTED' },
  );
});
