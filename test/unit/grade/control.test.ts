import t from 'tap';
import { controlRubric, judged } from '../../../lib/grade/control.js';
import { scoreGrade } from '../../../lib/grade/score.js';
import type { Outcome } from '../../../lib/grade/sight.js';
import { checkNamed, rubricOf } from './sample.js';

const RUBRIC = rubricOf(
  checkNamed('first'),
  checkNamed('slow'),
  checkNamed('after', { needs: ['slow'] }),
  checkNamed('both'),
  checkNamed('bug'),
  checkNamed('last'),
);

const passed: Outcome = { kind: 'seen', sight: { facts: [{ what: 'it', holds: true, expected: 'so', seen: 'so' }] } };
const failed: Outcome = { kind: 'seen', sight: { facts: [{ what: 'it', holds: false, expected: 'so', seen: 'no' }] } };
const late: Outcome = { kind: 'error', message: 'the time limit of 2 s was over' };

const SEEN = new Map<string, Outcome>([
  ['first', passed],
  ['slow', late],
  ['both', late],
  ['bug', { kind: 'error', message: 'a fault of vxmig itself', isOurs: true }],
  ['last', failed],
]);

t.test('what the reference manages and a submission does not is a failure; what neither manages is open', async (t) => {
  const control = new Map<string, Outcome>([...SEEN, ['slow', passed], ['bug', passed], ['after', passed]]);
  const open = scoreGrade(RUBRIC, SEEN, { submission: 'a.yaml', note: '' });
  t.match(open, { ok: false, ungradedScore: 4 });
  const { checks, ...grade } = scoreGrade(RUBRIC, judged(RUBRIC, SEEN, control), { submission: 'a.yaml', note: '' });
  t.strictSame(
    checks.map(({ name, status, ungraded }) => `${name} ${status}${ungraded ? ', open' : ''}`),
    ['first passed', 'slow failed', 'after skipped', 'both error, open', 'bug error, open', 'last failed'],
  );
  t.match(grade, { ok: false, score: 1, ungradedScore: 2 });
  t.match(checks[1]?.output, /the time limit of 2 s was over; with the reference it can be carried out/);
});

t.test('the reference is tried by all checks up to the last that is open, and by none where none is', async (t) => {
  t.strictSame(
    controlRubric(RUBRIC, SEEN)?.checks.map(({ name }) => name),
    ['first', 'slow', 'after', 'both'],
  );
  t.equal(controlRubric(RUBRIC, new Map([['first', failed]])), null);
});
