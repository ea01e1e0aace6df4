import { concealed, type Grade, type Visibility } from './grade.js';

/** What `grade --batch` prints. */
export interface BatchGrade {
  /** Grading itself worked, for everybody: no check of any student is in error, and nobody was left out. */
  readonly ok: boolean;
  readonly rubric: string;
  readonly maxScore: number;
  /** By name. */
  readonly students: readonly StudentGrade[];
  readonly checks: readonly CheckTally[];
  /** Students whose turn had not come, or whose grading was stopped, when the batch was interrupted. */
  readonly notGraded: readonly string[];
  /** What lies in the directory and was taken for nobody's submission. */
  readonly ignored: readonly string[];
}

export interface StudentGrade extends Grade {
  readonly student: string;
  /** `error`: at least one check could not be carried out. */
  readonly status: 'graded' | 'error';
  /** From the start of the student's own process to its end. */
  readonly durationMs: number;
  /**
   * The most memory that this process has had; what the daemons and VMs of its lab take is not in it. null where there
   * was none, and where it died before it could tell.
   */
  readonly peakMemoryBytes: number | null;
  /** The last that it said on stderr; empty but where something could not be carried out. */
  readonly stderr: string;
}

/** How many came how far. */
export interface CheckTally {
  readonly name: string;
  readonly title: string;
  readonly visibility: Visibility;
  readonly maxScore: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly error: number;
  /** Points of those for whom it counts, in steps of 0.01; null where there is nobody. */
  readonly meanScore: number | null;
}

/**
 * The batch as it may be shown to everybody, as `concealed` has it for one; without what the programs said, who are
 * told all checks.
 */
export function concealedBatch(batch: BatchGrade): BatchGrade {
  const students = batch.students.map((student) => ({ ...student, ...concealed(student), stderr: '' }));
  return { ...batch, students, checks: tallies(students) };
}

/** The checks in the order of the rubric, which is that of every grade. */
export function tallies(grades: readonly Grade[]): readonly CheckTally[] {
  const [first] = grades;
  return (first?.checks ?? []).map(({ name, title, visibility, maxScore }) => {
    const all = grades.flatMap(({ checks }) => checks.filter((check) => check.name === name));
    const count = (wanted: string) => all.filter(({ status }) => status === wanted).length;
    const scores = all.filter(({ ungraded }) => !ungraded).map(({ score }) => score);
    return {
      name,
      title,
      visibility,
      maxScore,
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
      error: count('error'),
      meanScore: scores.length === 0 ? null : rounded(sumOf(scores) / scores.length),
    };
  });
}

/** Of the scores that are final; null where there is none. */
export function medianScore(grades: readonly Grade[]): number | null {
  const scores = grades
    .filter(({ ok }) => ok)
    .map(({ score }) => score)
    .sort((a, b) => a - b);
  const [low, high] = [scores[Math.floor((scores.length - 1) / 2)], scores[Math.floor(scores.length / 2)]];
  return low === undefined || high === undefined ? null : rounded((low + high) / 2);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function rounded(points: number): number {
  return Math.round(points * 100) / 100;
}
