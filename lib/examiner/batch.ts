import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { gradeOfUnread } from '../grade/grade-topology.js';
import { pointsOf } from '../grade/points.js';
import type { Rubric } from '../grade/rubric.js';
import { gradeInError } from '../grade/score.js';
import { type BatchGrade, type StudentGrade, tallies } from '../model/batch-grade.js';
import { messageOf } from '../model/errors.js';
import type { Grade } from '../model/grade.js';
import { type ChildLimits, runChild } from './child.js';
import { answerOf } from './child-answer.js';
import type { Submission } from './student-files.js';
import type { Submissions } from './submissions.js';

/** How one student is graded. */
export interface StudentRun {
  /** A program that prints the grade as JSON, of every check all that there is. */
  readonly argv: readonly string[];
  /** Takes down whatever the program has left; called when it has ended, however it has. */
  readonly tidy: () => Promise<void>;
}

export interface BatchOptions {
  /** How many students are graded at the same time. */
  readonly jobs: number;
  readonly run: (path: string) => StudentRun;
  readonly limits: ChildLimits;
  /** As each student is done, in whatever order. It must not reject. */
  readonly onGraded: (grade: StudentGrade) => Promise<void>;
}

/**
 * Grades a class, each student by a process of its own: one that crashes, hangs or takes too much memory is its own
 * error, and the others go on. When the signal aborts, those that are being graded are stopped, and what is there is
 * told. Never rejects for what a student's process does.
 */
export async function gradeBatch(
  rubric: Rubric,
  { submissions, ignored }: Submissions,
  { jobs, run, limits, onGraded }: BatchOptions,
): Promise<BatchGrade> {
  // Each process that runs listens; more than 10 would be taken for a leak.
  setMaxListeners(0, limits.signal);
  const limit = pLimit(jobs);
  const graded = await Promise.all(
    submissions.map((submission) =>
      limit(async () => {
        const student = limits.signal.aborted ? null : await gradeStudent(rubric, submission, { run, limits });
        if (student !== null) await onGraded(student);
        return student;
      }),
    ),
  );
  const students = graded.filter((student) => student !== null);
  const notGraded = submissions.map(({ student }) => student).filter((_, index) => graded[index] === null);
  return {
    ok: notGraded.length === 0 && students.every(({ ok }) => ok),
    rubric: rubric.name,
    maxScore: pointsOf(rubric.checks.reduce((sum, { pointsHundredths }) => sum + pointsHundredths, 0)),
    students,
    checks: tallies(students),
    notGraded,
    ignored,
  };
}

/** null: it was interrupted. */
async function gradeStudent(
  rubric: Rubric,
  submission: Submission,
  { run, limits }: Pick<BatchOptions, 'run' | 'limits'>,
): Promise<StudentGrade | null> {
  const { student, path } = submission;
  const NO_RUN = { durationMs: 0, peakMemoryBytes: null, stderr: '' };
  if (submission.kind !== 'file') return studentGrade(student, gradeOfUnread(rubric, path, submission), NO_RUN);
  const { argv, tidy } = run(path);
  try {
    const end = await runChild(argv, limits);
    const answer = answerOf(end, rubric);
    if ('why' in answer && end.cut === 'interrupt') return null;
    const grade = 'why' in answer ? gradeInError(rubric, { submission: path, why: answer.why }) : answer.grade;
    const { durationMs, peakMemoryBytes } = end;
    return studentGrade(student, grade, { durationMs, peakMemoryBytes, stderr: grade.ok ? '' : end.stderr });
  } catch (error) {
    return studentGrade(student, gradeInError(rubric, { submission: path, why: messageOf(error) }), NO_RUN);
  } finally {
    await tidy();
  }
}

function studentGrade(
  student: string,
  grade: Grade,
  run: Pick<StudentGrade, 'durationMs' | 'peakMemoryBytes' | 'stderr'>,
): StudentGrade {
  return { student, status: grade.ok ? 'graded' : 'error', ...grade, ...run };
}
