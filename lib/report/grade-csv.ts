import type { BatchGrade } from '../model/batch-grade.js';
import type { Grade } from '../model/grade.js';
import { printable, printableLine } from '../model/printable.js';

const HEAD = [
  'submission',
  'rubric',
  'check',
  'status',
  'score',
  'maxScore',
  'ungraded',
  'visibility',
  'output',
  'hint',
];

/** Grades as CSV (RFC 4180): a row for each check, and one named `total` for each grade. Ends with a line end. */
export function gradesCsv(grades: readonly Grade[]): string {
  const rows = grades.flatMap((grade) => [
    ...grade.checks.map(({ name, status, score, maxScore, ungraded, visibility, output, hint }) => [
      printableLine(grade.submission),
      grade.rubric,
      name,
      status,
      score,
      maxScore,
      ungraded ? maxScore : 0,
      visibility,
      output,
      hint,
    ]),
    [
      printableLine(grade.submission),
      grade.rubric,
      'total',
      grade.ok ? 'graded' : 'error',
      grade.score,
      grade.maxScore,
      grade.ungradedScore,
      '',
      grade.note,
      '',
    ],
  ]);
  return csvText([HEAD, ...rows]);
}

/**
 * The same of a class: a row for each student, with the points of each check in a column of its own; `?` where they are
 * open. Who was not graded, because the batch was interrupted, has a row that says so.
 */
export function batchCsv({ students, checks, maxScore, notGraded }: BatchGrade): string {
  const head = ['student', 'score', 'maxScore', 'ungraded', 'status', ...checks.map(({ name }) => name), 'note'];
  const rows = students.map((grade) => [
    printableLine(grade.student),
    grade.score,
    grade.maxScore,
    grade.ungradedScore,
    grade.status,
    ...grade.checks.map(({ ungraded, score }) => (ungraded ? '?' : score)),
    grade.note,
  ]);
  const left = notGraded.map((student) => [
    printableLine(student),
    '?',
    maxScore,
    maxScore,
    'interrupted',
    ...checks.map(() => '?'),
    'not graded: the batch was interrupted',
  ]);
  return csvText([head, ...rows, ...left]);
}

function csvText(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/**
 * What a spreadsheet would take for a formula, also behind blanks (OWASP, CSV Injection); full-width signs are signs to
 * some.
 */
const FORMULA = /^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/;

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = printable(value);
  const tame = FORMULA.test(text) || /^[\t\r\n]/.test(text) ? `'${text}` : text;
  return `"${tame.replaceAll('"', '""')}"`;
}
