import fc from 'fast-check';
import t from 'tap';
import { concealed, type Grade, type GradedCheck, VISIBILITIES } from '../../../lib/model/grade.js';
import { gradesCsv } from '../../../lib/report/grade-csv.js';
import { gradescopeResults } from '../../../lib/report/grade-gradescope.js';
import { gradeText } from '../../../lib/report/grade-text.js';
import { gradeXml } from '../../../lib/report/grade-xml.js';
import { ERROR, FAILED, STYLE } from './grade-fixture.js';

function gradeOf(...checks: readonly GradedCheck[]): Grade {
  const [score, maxScore] = [1, 2];
  const ok = checks.every(({ status }) => status !== 'error');
  return {
    ok,
    rubric: 'mesh',
    submission: 'answer.yaml',
    score,
    maxScore,
    ungradedScore: ok ? 0 : 2,
    note: '',
    checks,
  };
}

const UNKNOWN: GradedCheck = { ...ERROR, name: 'reach', title: 'reach' };

t.test('the table tells what failed, why, and what to do', async (t) => {
  t.equal(
    gradeText(gradeOf(FAILED, { ...FAILED, title: 'Hosts', status: 'passed', score: 2, hint: '' }), STYLE),
    [
      'CHECK     STATUS  POINTS  VISIBILITY',
      'The VNIs  failed     0/2  visible',
      'Hosts     passed     2/2  visible',
      '',
      'The VNIs',
      '  [no] `vni` of network blue: 7 (expected: 5001)',
      '  hint look at blue',
      '',
      '1 of 2 points.',
    ].join('\n'),
  );
});

t.test('a check in error is no zero in any form', async (t) => {
  const grade = gradeOf(UNKNOWN);
  t.match(gradeText(grade, STYLE), /reach +error +\?\/2/);
  t.match(gradeText(grade, STYLE), /this is no final score/);
  t.match(gradeXml(grade), '<error message="it could not be carried out">');
  t.match(gradesCsv([grade]), '"reach","error",0,2,2,');
  t.match(gradescopeResults(grade), { output: /neither given nor lost/, tests: [{ score: 0, max_score: 0 }] });
});

t.test('Gradescope sums and hides by itself: no total of ours, and every test with its visibility', async (t) => {
  const results = gradescopeResults(gradeOf(FAILED, { ...FAILED, visibility: 'after_published', hint: '' }));
  t.notOk('score' in results);
  t.match(results.tests, [
    {
      name: 'The VNIs',
      visibility: 'visible',
      status: 'failed',
      score: 0,
      max_score: 2,
      output: /Hint: look at blue$/,
    },
    { visibility: 'after_published' },
  ]);
  t.equal(results.stdout_visibility, 'hidden');
});

t.test('a spreadsheet finds no formula, whatever stands before it', async (t) => {
  const of = (output: string) => gradesCsv([gradeOf({ ...FAILED, name: 'x', output, hint: '' })]).split('\r\n')[1];
  for (const evil of ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\n=1', '\ufeff=1', '\uff1d1', '|calc', '%0A=1'])
    t.match(of(evil), /,"'[^"]*","",?|,"\\ufeff/, JSON.stringify(evil));
  t.equal(of('say "so", and\nmore')?.endsWith(',"say ""so"", and\nmore",""'), true);
  t.equal(
    gradesCsv([]),
    '"submission","rubric","check","status","score","maxScore","ungraded","visibility","output","hint"\r\n',
  );
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat(0xffff), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(']]>', '</failure><x>', '&amp;', '"\'<>&', '\u0000\ufffe\ud800', '\r\n'),
);

const anyCheck: fc.Arbitrary<GradedCheck> = fc.record({
  name: anyText,
  title: anyText,
  kind: fc.constant('topology'),
  level: fc.constantFrom('error', 'warning'),
  score: fc.nat(10),
  maxScore: fc.nat(10),
  status: fc.constantFrom('passed', 'failed', 'skipped', 'error'),
  visibility: fc.constantFrom(...VISIBILITIES),
  output: anyText,
  hint: anyText,
  ungraded: fc.boolean(),
});

/**
 * The names of an XML document's open elements, all closed in the end; null: it is not well-formed (XML 1.0, without
 * doctypes and entities of its own).
 */
function wellFormed(text: string): boolean {
  if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(text)) return false;
  const open: string[] = [];
  const body = text.replace(/^<\?xml [^?]*\?>/, '');
  const token = /<(\/?)([a-z-]+)((?: [a-zA-Z]+="[^"<]*")*)(\/?)>|[^<]+|</gy;
  for (const [part, close, name, attributes, empty] of body.matchAll(token)) {
    if (part === '<' || /&(?!(?:amp|lt|gt|quot|#39);)/.test(part)) return false;
    if (name === undefined) {
      if (part.includes(']]>') || (open.length === 0 && part.trim() !== '')) return false;
    } else if (close === '/') {
      if (open.pop() !== name || attributes !== '') return false;
    } else if (empty !== '/') open.push(name);
  }
  return open.length === 0;
}

t.test('XML is well-formed whatever anybody wrote', async (t) => {
  t.notOk(wellFormed('<a><b></a>'));
  t.notOk(wellFormed('<a>&x;</a>'));
  t.notOk(wellFormed('<a>\u0000</a>'));
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 4 }), anyText, (checks, note) =>
        wellFormed(gradeXml({ ...gradeOf(...checks), note, submission: note, rubric: note })),
      ),
    ),
  );
});

t.test('CSV has the same columns in every row, whatever anybody wrote', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 4 }), (checks) => {
        const text = gradesCsv([gradeOf(...checks)]);
        const rows = text
          .replaceAll(/"(?:[^"]|"")*"/g, 'x')
          .trimEnd()
          .split('\r\n');
        return rows.length === checks.length + 2 && rows.every((row) => row.split(',').length === 10);
      }),
    ),
  );
});

t.test('of what is not visible to all, nothing that was seen or expected is shown to all', async (t) => {
  const SECRET = 'SECRET';
  const secret = anyCheck.map((check) => ({ ...check, name: 'n', title: SECRET, output: SECRET, hint: SECRET }));
  const [, ...others] = VISIBILITIES;
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...others),
        (checks, visibility) => {
          const grade = gradeOf(...checks.map((check) => ({ ...check, visibility })));
          const shown = concealed(grade);
          const texts = [gradeText(shown, STYLE), gradeXml(shown), gradesCsv([shown]), JSON.stringify(shown)];
          const { tests, ...top } = gradescopeResults(grade);
          const isKept = tests.every((test) => test.visibility === visibility);
          return isKept && [...texts, JSON.stringify(top)].every((text) => !text.includes(SECRET));
        },
      ),
    ),
  );
});
