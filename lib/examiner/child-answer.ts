import { pointsOf } from '../grade/points.js';
import type { Rubric } from '../grade/rubric.js';
import type { Grade } from '../model/grade.js';
import type { ChildEnd, Cut } from './child.js';

/** The grade that a student's process has printed, or why there is none. */
export type ChildAnswer = { readonly grade: Grade } | { readonly why: string };

const CUTS: Readonly<Record<Cut, string>> = {
  time: 'grading took longer than its time limit, and was stopped',
  output: 'grading printed more than it can have to say, and was stopped',
  interrupt: 'grading was interrupted',
};

/** What a process says that has crashed, was stopped, or graded by another rubric is not taken. */
export function answerOf({ stdout, exitCode, signal, cut }: ChildEnd, rubric: Rubric): ChildAnswer {
  if (cut !== null) return { why: CUTS[cut] };
  if (exitCode === null) return { why: `grading was ended by ${signal}` };
  const document = parsed(stdout);
  if (document === null) return { why: `grading ended with status ${exitCode}, and printed no grade` };
  const { error, ...grade } = document;
  if (!isGrade(grade))
    return { why: messageIn(error) ?? `grading ended with status ${exitCode}, and printed no grade` };
  if (!isBy(rubric, grade)) return { why: 'the rubric has changed since the batch began' };
  return { grade };
}

function parsed(text: string): (Partial<Grade> & { readonly error?: unknown }) | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

/** As far as it takes to tell a grade from a failure: both are vxmig's own. */
function isGrade(document: Partial<Grade>): document is Grade {
  return typeof document.score === 'number' && Array.isArray(document.checks);
}

function messageIn(error: unknown): string | null {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : null;
}

function isBy(rubric: Rubric, { checks }: Grade): boolean {
  const expected = rubric.checks.map(({ name, pointsHundredths }) => `${name} ${pointsOf(pointsHundredths)}`);
  return expected.join('\n') === checks.map(({ name, maxScore }) => `${name} ${maxScore}`).join('\n');
}
