import { randomBytes } from 'node:crypto';
import { endWithBatch, isOfBatch, tellBatch } from '../../examiner/batch-channel.js';
import { filterFault } from '../../examiner/capture.js';
import { gradeSubmission } from '../../examiner/live-grade.js';
import { readRubric } from '../../grade/read.js';
import { ERRORS, VxmigError } from '../../model/errors.js';
import { concealed, withheld } from '../../model/grade.js';
import { formatProblem } from '../../model/problem.js';
import { formatGrade, type GradeFormat } from '../../report/grade-format.js';
import type { MinScore } from '../command-line/arguments.js';
import type { CommandContext } from '../context.js';
import { requireWritable, writeOutput } from '../terminal/write-output.js';
import { leastScore } from './min-score.js';

export interface GradeOptions {
  readonly rubric: string;
  readonly format: GradeFormat;
  readonly output?: string;
  readonly minScore?: MinScore;
  readonly reveal?: boolean;
  readonly live?: boolean;
  /** By whom: students lack the reference and the hidden checks. */
  readonly for?: 'student';
  readonly timeLimit: number;
  readonly labName?: string;
}

/**
 * Resolves to 4 below `minScore`.
 * @throws VxmigError with the rubric's mistakes before anything is graded; GRADING_FAILED where checks are in error
 */
export async function gradeCommand(
  { output, log, emit, bus, signal }: CommandContext,
  file: string,
  options: GradeOptions,
): Promise<number> {
  endWithBatch(signal);
  if (options.output !== undefined) await requireWritable(options.output, '--output');
  const rubric = await readRubric(options.rubric, isOfBatch() ? undefined : filterFault, {
    forStudent: options.for === 'student',
  });
  if (!isOfBatch()) for (const remark of rubric.remarks ?? []) emit({ kind: 'warning', text: formatProblem(remark) });
  const grade = await gradeSubmission(rubric, file, {
    live: options.live ?? false,
    labName: options.labName ?? `grade-${randomBytes(4).toString('hex')}`,
    timeLimitMs: options.timeLimit,
    emit,
    bus,
    signal,
  });
  await tellBatch();
  // Tables, CSV and JUnit are what students get to see; who reads JSON can tell by `visibility` what is theirs.
  const shown =
    options.reveal === true ? { whole: grade, forAll: grade } : { whole: concealed(grade), forAll: withheld(grade) };
  const asJson = output.options.json && options.format === 'table' ? 'json' : options.format;
  const { text, document } = formatGrade(asJson, { grade, ...shown }, output.style);
  if (options.output === undefined) output.result(document, text);
  else {
    await writeOutput(options.output, text.endsWith('\n') ? text : `${text}\n`, () => output.result(document, text));
    output.result({ ...shown.whole, file: options.output }, '');
  }
  if (!grade.ok) {
    const names = grade.checks.filter(({ status }) => status === 'error').map(({ name }) => name);
    throw new VxmigError('GRADING_FAILED', `could not be carried out: ${names.join(', ')}`);
  }
  const least = leastScore(options.minScore, grade);
  if (grade.score >= least) return 0;
  // Not thrown: grading itself has worked, and `ok` says so.
  log.error(`${grade.score} of ${grade.maxScore} points are fewer than ${least}.`);
  return ERRORS.CHECKS_FAILED.exit;
}
