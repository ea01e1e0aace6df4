import fc from 'fast-check';
import t from 'tap';
import {
  type BatchGrade,
  concealedBatch,
  medianScore,
  type StudentGrade,
  tallies,
} from '../../../lib/model/batch-grade.js';
import { type GradedCheck, totals, visibleOnly } from '../../../lib/model/grade.js';
import { batchText } from '../../../lib/report/batch-text.js';
import { batchCsv } from '../../../lib/report/grade-csv.js';
import { batchXml } from '../../../lib/report/grade-xml.js';
import { ERROR, FAILED, STYLE } from './grade-fixture.js';

const CHECK: GradedCheck = { ...FAILED, score: 2, status: 'passed', output: 'as it should be', hint: '' };

function studentOf(student: string, checks: readonly GradedCheck[], note = ''): StudentGrade {
  const sums = totals(checks);
  return {
    student,
    status: sums.ok ? 'graded' : 'error',
    rubric: 'mesh',
    submission: `${student}.yaml`,
    ...sums,
    note,
    checks,
    durationMs: 1234,
    peakMemoryBytes: 2 ** 26,
    stderr: sums.ok ? '' : 'SECRET said',
  };
}

function batchOf(...students: readonly StudentGrade[]): BatchGrade {
  const ok = students.every((student) => student.ok);
  return {
    ok,
    rubric: 'mesh',
    maxScore: 2,
    students,
    checks: tallies(students),
    notGraded: ['zoe'],
    ignored: ['x.pdf'],
  };
}

t.test('the table tells who has what, of whom nothing is known, and how many passed each check', async (t) => {
  const batch = batchOf(
    studentOf('ann', [CHECK]),
    studentOf('bo\u001bb', [ERROR]),
    studentOf('cy', [FAILED], 'The file has mistakes:\n1\n2\n3\n4'),
  );
  t.equal(
    batchText(batch, STYLE),
    [
      'STUDENT    POINTS  OF  OPEN  STATUS    TIME',
      'ann             2   2     –  graded  1.23 s',
      'bo\\u001bb       0   2     2  error   1.23 s',
      'cy              0   2     –  graded  1.23 s',
      '',
      'bo\\u001bb',
      '  vnis could not be carried out: no answer',
      '',
      'cy',
      '  The file has mistakes:',
      '  1',
      '  2',
      '  … and 2 more lines',
      '',
      'CHECK     PASSED  FAILED  SKIPPED  ERROR  MEAN  OF  VISIBILITY',
      'The VNIs       1       1        0      1     1   2  visible',
      '',
      '2 students graded, median 1 of 2 points.',
      'No final score: bo\\u001bb.',
      'Not graded: zoe.',
      "Nobody's submission, by its name: x.pdf.",
    ].join('\n'),
  );
});

t.test('a mean and a median are of those of whom something is known', async (t) => {
  const students = [
    studentOf('a', [CHECK]),
    studentOf('b', [FAILED]),
    studentOf('c', [CHECK]),
    studentOf('d', [ERROR]),
  ];
  t.equal(medianScore(students), 2);
  t.match(tallies(students), [{ passed: 2, failed: 1, skipped: 0, error: 1, meanScore: 1.33 }]);
  t.equal(medianScore([studentOf('d', [ERROR])]), null);
  t.match(tallies([studentOf('d', [ERROR])]), [{ meanScore: null }]);
  t.strictSame(tallies([]), []);
});

t.test('CSV: a column for each check, no zero for what is open, and no formula', async (t) => {
  const second = { ...CHECK, name: 'web' };
  const text = batchCsv(batchOf(studentOf('@ann', [CHECK, ERROR]), studentOf('+1', [FAILED, second], '=note')));
  t.strictSame(text.split('\r\n'), [
    '"student","score","maxScore","ungraded","status","vnis","vnis","note"',
    '"\'@ann",2,4,2,"error",2,"?",""',
    '"\'+1",2,4,0,"graded",0,2,"\'=note"',
    '"zoe","?",2,2,"interrupted","?","?","not graded: the batch was interrupted"',
    '',
  ]);
});

t.test('JUnit: a suite for each student, named as the student', async (t) => {
  const text = batchXml(batchOf(studentOf('<ann>', [CHECK]), studentOf('bob', [ERROR])));
  t.match(text, /<testsuites>\s+<testsuite name="&lt;ann&gt;" tests="1" failures="0" errors="0"/);
  t.match(text, /<testsuite name="bob" tests="1" failures="0" errors="1".*<\/testsuite>\s*<\/testsuites>$/s);
});

const SECRET = 'SECRET';
const anyCheck: fc.Arbitrary<GradedCheck> = fc
  .record({
    visibility: fc.constantFrom('visible', 'after_due_date', 'after_published', 'hidden'),
    status: fc.constantFrom('passed', 'failed', 'skipped', 'error'),
    score: fc.nat(100).map((hundredths) => hundredths / 100),
  })
  .map(({ visibility, status, score }) => {
    const text = visibility === 'visible' ? 'plain' : SECRET;
    const kept = visibility === 'visible' ? 'x' : 'kept';
    const ungraded = status === 'error';
    return { ...CHECK, name: kept, title: text, output: text, hint: text, visibility, status, score, ungraded };
  });
const someChecks = fc.array(anyCheck, { minLength: 1, maxLength: 5 });

t.test('nothing that was seen by checks that are not visible to all is in what is shown to all', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(someChecks, { minLength: 1, maxLength: 3 }), (all) => {
        const shown = concealedBatch(batchOf(...all.map((checks, index) => studentOf(`s${index}`, checks))));
        const texts = [batchText(shown, STYLE), batchCsv(shown), batchXml(shown), JSON.stringify(shown)];
        return texts.every((text) => !text.includes(SECRET));
      }),
    ),
  );
});

t.test('a student’s own report has the visible checks only, and sums of no others', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(someChecks, (checks) => {
        const visible = checks.filter(({ visibility }) => visibility === 'visible');
        const { score, maxScore, ok, checks: shown } = visibleOnly(studentOf('ann', checks));
        const expected = studentOf('ann', visible);
        return (
          !/SECRET|kept/.test(JSON.stringify(shown)) &&
          Math.abs(score - expected.score) < 1e-9 &&
          maxScore === expected.maxScore &&
          ok === expected.ok
        );
      }),
    ),
  );
});
