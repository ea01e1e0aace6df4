/** Who may see a check when, as Gradescope has it; from everybody to nobody. */
export const VISIBILITIES = ['visible', 'after_due_date', 'after_published', 'hidden'] as const;

export type Visibility = (typeof VISIBILITIES)[number];

/** `error`: it could not be carried out, which says nothing of what was submitted. */
export type CheckStatus = 'passed' | 'failed' | 'skipped' | 'error';

/** What `grade` prints. The keys of the contract are fixed. */
export interface Grade {
  /** Grading itself worked: no check is in error. */
  readonly ok: boolean;
  readonly rubric: string;
  readonly submission: string;
  /** Points, in steps of 0.01. */
  readonly score: number;
  readonly maxScore: number;
  /** Of `maxScore`, what hangs on checks in error or on checks that need one of those: neither given nor lost. */
  readonly ungradedScore: number;
  /** What concerns all checks, such as why the file could not be read; empty as a rule. */
  readonly note: string;
  readonly checks: readonly GradedCheck[];
}

export interface GradedCheck {
  readonly name: string;
  readonly title: string;
  readonly kind: string;
  readonly level: 'error' | 'warning';
  readonly score: number;
  readonly maxScore: number;
  readonly status: CheckStatus;
  readonly visibility: Visibility;
  /** What was looked at and seen, a line for each; why it was skipped or is in error. */
  readonly output: string;
  /** Empty but where it failed and the rubric has one. */
  readonly hint: string;
  /** Its points are neither given nor lost. */
  readonly ungraded: boolean;
}

/**
 * The grade without what checks saw that are not visible to all: of these only name, points and status, which are the
 * teacher's still.
 */
export function concealed(grade: Grade): Grade {
  const checks = grade.checks.map((check) =>
    check.visibility === 'visible' ? check : { ...check, title: check.name, output: '', hint: '' },
  );
  return { ...grade, checks };
}

const WITHHELD = 'what came of it is not shown here';

/**
 * The grade as it may be shown to students: of checks that are not visible to all, neither what they saw nor what came
 * of them; their points are told as if they were open.
 */
export function withheld(grade: Grade): Grade {
  const checks = grade.checks.map((check): GradedCheck => {
    if (check.visibility === 'visible') return check;
    return { ...check, title: check.name, status: 'skipped', score: 0, output: WITHHELD, hint: '', ungraded: true };
  });
  return { ...grade, ...totals(checks), checks };
}

/**
 * The grade as a student may have it in hand before anything else is published: checks that are not visible are not in
 * it at all.
 */
export function visibleOnly(grade: Grade): Grade {
  const checks = grade.checks.filter(({ visibility }) => visibility === 'visible');
  return { ...grade, ...totals(checks), checks };
}

/** Sums in whole hundredths: those of fractions drift. */
export function totals(checks: readonly GradedCheck[]): Pick<Grade, 'ok' | 'score' | 'maxScore' | 'ungradedScore'> {
  const sum = (of: (check: GradedCheck) => number) =>
    checks.reduce((hundredths, check) => hundredths + Math.round(of(check) * 100), 0) / 100;
  return {
    ok: checks.every(({ status }) => status !== 'error'),
    score: sum(({ score }) => score),
    maxScore: sum(({ maxScore }) => maxScore),
    ungradedScore: sum(({ ungraded, maxScore }) => (ungraded ? maxScore : 0)),
  };
}
