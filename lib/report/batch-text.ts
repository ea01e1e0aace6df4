import { type BatchGrade, medianScore, type StudentGrade } from '../model/batch-grade.js';
import { printableLine } from '../model/printable.js';
import { formatCount, formatMs } from '../model/quantities.js';
import { paint, type Style } from './style.js';
import { columnsText, indented } from './table.js';

/** Of what is to be told of one student; the reports of their own hold it all. */
const NOTE_LINES = 3;
/** Exports hold much that is no submission. */
const IGNORED_TOLD = 20;

/**
 * A class's grades for its teacher: a line for each student, what is to be said of single ones, a line for each check;
 * no newline at the end.
 */
export function batchText(batch: BatchGrade, style: Style): string {
  const notes = batch.students.flatMap((student) => noteOn(student, style));
  return [
    studentsTable(batch, style),
    '',
    ...notes.flatMap((note) => [note, '']),
    checksTable(batch, style),
    '',
    ...totals(batch, style),
  ].join('\n');
}

function studentsTable({ students }: BatchGrade, style: Style): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'STUDENT' },
    right('POINTS'),
    right('OF'),
    right('OPEN'),
    { title: 'STATUS' },
    right('TIME'),
  ];
  const rows = students.map((student) => [
    printableLine(student.student),
    String(student.score),
    String(student.maxScore),
    student.ok ? '–' : String(student.ungradedScore),
    student.ok ? 'graded' : paint(style, 'warning', 'error'),
    student.durationMs === 0 ? '–' : formatMs(student.durationMs),
  ]);
  return columnsText(columns, rows, style);
}

/** Why somebody has no points, or no final ones. */
function noteOn({ student, note, checks }: StudentGrade, style: Style): string[] {
  const lacking = checks.filter(({ status }) => status === 'error');
  // Where grading failed as a whole every check says the same.
  const reasons = new Map(lacking.map(({ name, output }) => [output, name]));
  const lines = [
    ...(note === '' ? [] : note.split('\n')),
    ...(reasons.size === 1 && lacking.length > 1
      ? [...reasons.keys()]
      : lacking.map(({ name, output }) => `${name} ${output.split('\n')[0] ?? ''}`.trim())),
  ];
  if (lines.length === 0) return [];
  const told = lines.slice(0, NOTE_LINES);
  const more = lines.length > NOTE_LINES ? [`… and ${formatCount(lines.length - NOTE_LINES, 'more line')}`] : [];
  return [`${paint(style, 'heading', printableLine(student))}\n${indented([...told, ...more].join('\n'))}`];
}

function checksTable({ checks }: BatchGrade, style: Style): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'CHECK' },
    ...['PASSED', 'FAILED', 'SKIPPED', 'ERROR', 'MEAN', 'OF'].map(right),
    { title: 'VISIBILITY' },
  ];
  const rows = checks.map((check) => [
    check.title,
    ...[check.passed, check.failed, check.skipped, check.error].map(String),
    check.meanScore === null ? '–' : String(check.meanScore),
    String(check.maxScore),
    check.visibility,
  ]);
  return columnsText(columns, rows, style);
}

function totals({ students, notGraded, ignored, maxScore }: BatchGrade, style: Style): string[] {
  const names = (list: readonly string[]) => list.map(printableLine).join(', ');
  const errors = students.filter(({ ok }) => !ok).map(({ student }) => student);
  const rest = ignored.length > IGNORED_TOLD ? ` and ${ignored.length - IGNORED_TOLD} more` : '';
  const median = medianScore(students);
  const middle = median === null ? '' : `, median ${median} of ${maxScore} points`;
  return [
    paint(style, 'heading', `${formatCount(students.length - errors.length, 'student')} graded${middle}.`),
    ...(errors.length === 0 ? [] : [paint(style, 'warning', `No final score: ${names(errors)}.`)]),
    ...(notGraded.length === 0 ? [] : [paint(style, 'warning', `Not graded: ${names(notGraded)}.`)]),
    ...(ignored.length === 0
      ? []
      : [`Nobody's submission, by its name: ${names(ignored.slice(0, IGNORED_TOLD))}${rest}.`]),
  ];
}
