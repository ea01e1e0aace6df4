import type { Grade, GradedCheck } from '../model/grade.js';
import { paint, type Style, type Tone } from './style.js';
import { columnsText, indented } from './table.js';

const TONES: Readonly<Record<GradedCheck['status'], Tone>> = {
  passed: 'good',
  failed: 'bad',
  skipped: 'quiet',
  error: 'warning',
};

/**
 * A grade for people: a line for each check, then what was seen where it did not pass, and the sum; no newline at the
 * end.
 */
export function gradeText(grade: Grade, style: Style): string {
  const columns = [
    { title: 'CHECK' },
    { title: 'STATUS' },
    { title: 'POINTS', align: 'right' as const },
    { title: 'VISIBILITY' },
  ];
  const rows = grade.checks.map((check) => [
    check.title,
    paint(
      style,
      TONES[check.status],
      check.level === 'warning' && check.status === 'failed' ? 'warning' : check.status,
    ),
    check.maxScore === 0 ? '–' : `${check.ungraded ? '?' : check.score}/${check.maxScore}`,
    check.visibility,
  ]);
  const details = grade.checks
    .filter(({ status, hint }) => status !== 'passed' || hint !== '')
    .map((check) => detail(check, style));
  return [
    ...(grade.note === '' ? [] : [grade.note, '']),
    columnsText(columns, rows, style),
    '',
    ...details.filter((text) => text !== '').flatMap((text) => [text, '']),
    totals(grade, style),
  ].join('\n');
}

function detail({ title, output, hint }: GradedCheck, style: Style): string {
  if (output === '' && hint === '') return '';
  return [
    paint(style, 'heading', title),
    ...(output === '' ? [] : [indented(output)]),
    ...(hint === '' ? [] : [indented(`${paint(style, 'warning', 'hint')} ${hint}`)]),
  ].join('\n');
}

function totals({ ok, score, maxScore, ungradedScore }: Grade, style: Style): string {
  const text = `${score} of ${maxScore} points.`;
  if (ok && ungradedScore === 0) return paint(style, 'heading', text);
  const lack = ok
    ? `${ungradedScore} of them hang on checks that were not made, or are not shown here.`
    : `${ungradedScore} of them could not be graded, or are not shown: this is no final score.`;
  return `${paint(style, 'heading', text)} ${paint(style, 'warning', lack)}`;
}
