import { access, constants, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { StudentGrade } from '../../model/batch-grade.js';
import { messageOf, VxmigError } from '../../model/errors.js';
import { visibleOnly } from '../../model/grade.js';
import { gradescopeResults } from '../../report/grade-gradescope.js';
import { gradeText } from '../../report/grade-text.js';
import type { Style } from '../../report/style.js';

/** Of a file that is read anywhere. */
const PLAIN: Style = { colour: false, width: 100, unicode: true };

/**
 * The directory for the students' reports, made where it is missing.
 * @throws VxmigError USAGE where it can't be, or lies among the submissions, where it would be taken for one
 */
export async function openResults(directory: string, submissions: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new VxmigError('USAGE', `cannot make or write ${directory}: ${messageOf(cause)}`, {
      where: directory,
      hint: 'Give --results a directory that may be made and written.',
      cause,
    });
  }
  const way = relative(await realpath(submissions), await realpath(directory));
  if (way === '..' || way.startsWith(`..${sep}`)) return;
  throw new VxmigError('USAGE', `${directory} lies within ${submissions}, and would be taken for a submission`, {
    where: directory,
    hint: 'Give --results a directory outside.',
  });
}

/** One student's report. The name is that of a directory's entry, so it leads nowhere else. */
export async function writeResult(
  directory: string,
  grade: StudentGrade,
  { gradescope, reveal }: { readonly gradescope: boolean; readonly reveal: boolean },
): Promise<void> {
  if (gradescope) {
    const own = join(directory, grade.student);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'results.json'), `${JSON.stringify(gradescopeResults(grade), null, 2)}\n`);
    return;
  }
  // What the program said is told of all checks.
  const own = reveal ? grade : { ...grade, ...visibleOnly(grade), stderr: '' };
  await writeFile(join(directory, `${grade.student}.json`), `${JSON.stringify(own, null, 2)}\n`);
  await writeFile(join(directory, `${grade.student}.txt`), `${studentText(grade)}\n`);
}

/** Nothing of checks that are not visible is in it, but that there are some. */
function studentText(grade: StudentGrade): string {
  const shown = visibleOnly(grade);
  const kept = shown.checks.length < grade.checks.length ? '\nThere are further checks, which are not shown here.' : '';
  return `${gradeText(shown, PLAIN)}${kept}`;
}
