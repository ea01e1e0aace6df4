import type { Grade, GradedCheck, Visibility } from '../model/grade.js';

/** Gradescope's `results.json` (gradescope-autograders.readthedocs.io, specs), as far as it is written here. */
export interface GradescopeResults {
  readonly output: string;
  readonly output_format: 'text';
  readonly test_output_format: 'text';
  readonly test_name_format: 'text';
  /** What the program printed may tell of hidden checks. */
  readonly stdout_visibility: 'hidden';
  readonly tests: readonly GradescopeTest[];
  readonly extra_data: Readonly<Record<string, unknown>>;
}

interface GradescopeTest {
  readonly name: string;
  readonly number: string;
  readonly visibility: Visibility;
  readonly output: string;
  readonly tags: readonly string[];
  readonly status: 'passed' | 'failed';
  readonly score: number;
  readonly max_score: number;
}

/**
 * Takes the whole grade, not a concealed one: Gradescope itself keeps back what is not visible, and shows it when its
 * time has come. There is no `score` at the top, so that Gradescope sums the tests, and keeps the sum back while one of
 * them is. What concerns all checks is told to everybody, so nothing in it comes from a check that is not visible.
 */
export function gradescopeResults(grade: Grade): GradescopeResults {
  const isError = !grade.ok;
  const lack = isError
    ? 'Some checks could not be carried out; their points are neither given nor lost. Please tell your teacher.'
    : '';
  return {
    output: [grade.note, lack].filter((text) => text !== '').join('\n\n'),
    output_format: 'text',
    test_output_format: 'text',
    test_name_format: 'text',
    stdout_visibility: 'hidden',
    tests: grade.checks.map(testOf),
    extra_data: { rubric: grade.rubric, ok: grade.ok },
  };
}

function testOf(check: GradedCheck, index: number): GradescopeTest {
  const { title, visibility, status, output, hint, level, score, maxScore, ungraded } = check;
  return {
    name: title,
    number: String(index + 1),
    visibility,
    output: [output, ...(hint === '' ? [] : [`Hint: ${hint}`])].join('\n'),
    tags: [check.kind, ...(level === 'warning' ? ['warning'] : [])],
    status: status === 'passed' ? 'passed' : 'failed',
    // Every test must have points; of one in error they are neither given nor lost.
    score: ungraded ? 0 : score,
    max_score: ungraded ? 0 : maxScore,
  };
}
