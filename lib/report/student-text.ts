import type { StudentGrade } from '../model/batch-grade.js';
import { visibleOnly } from '../model/grade.js';
import { gradeText } from './grade-text.js';
import type { Style } from './style.js';

/** Of a file that is read anywhere. */
const PLAIN: Style = { colour: false, width: 100, unicode: true };

/** One student's report. Nothing of checks that are not visible is in it, but that there are some. */
export function studentText(grade: StudentGrade): string {
  const shown = visibleOnly(grade);
  const kept = shown.checks.length < grade.checks.length ? '\nThere are further checks, which are not shown here.' : '';
  return `${gradeText(shown, PLAIN)}${kept}`;
}
