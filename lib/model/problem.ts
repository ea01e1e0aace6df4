/** One mistake in a file that a user wrote. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** How to fix it; printed in parentheses. */
  readonly fix: string;
}

export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message} (${problem.fix})`;
}

/** As --json prints it: the key was `mend` before it was a fix, and whoever reads it goes on reading it. */
export function problemDocument({ fix, ...rest }: Problem): Omit<Problem, 'fix'> & Readonly<Record<'mend', string>> {
  return { ...rest, mend: fix };
}
