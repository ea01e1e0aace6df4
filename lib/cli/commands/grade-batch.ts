import { randomBytes } from 'node:crypto';
import { gradeBatch, type StudentRun } from '../../examiner/batch.js';
import { filterFault } from '../../examiner/capture.js';
import { jobsFor, type Need, observeRoom } from '../../examiner/jobs.js';
import { removeRemains } from '../../examiner/lab-remains.js';
import { findSubmissions } from '../../examiner/submissions.js';
import { kindOf } from '../../grade/kinds.js';
import { readRubric } from '../../grade/read.js';
import type { Rubric } from '../../grade/rubric.js';
import { type BatchGrade, concealedBatch, type StudentGrade } from '../../model/batch-grade.js';
import { ERRORS, messageOf, VxmigError } from '../../model/errors.js';
import { printable, printableLine } from '../../model/printable.js';
import { formatProblem } from '../../model/problem.js';
import { formatCount, formatMs } from '../../model/quantities.js';
import { batchText } from '../../report/batch-text.js';
import { batchCsv } from '../../report/grade-csv.js';
import { batchXml } from '../../report/grade-xml.js';
import type { Style } from '../../report/style.js';
import type { CommandContext } from '../context.js';
import { requireWritable, writeOutput } from '../terminal/write-output.js';
import { openResults, writeResult } from './batch-results.js';
import type { GradeFormat, GradeOptions } from './grade.js';
import { leastScore } from './min-score.js';

export interface GradeBatchOptions extends GradeOptions {
  /** A directory of submissions. */
  readonly batch?: string;
  readonly jobs?: number;
  readonly results?: string;
}

/** A student's process that has come to its time limit takes its lab down; only then it is killed. */
const GRACE_MS = 60_000;

/**
 * Resolves to 4 where anybody is below `minScore`.
 * @throws VxmigError with the rubric's mistakes before anything is graded; GRADING_FAILED where checks are in error, INTERRUPTED: with what
 * has been graded as the result
 */
export async function gradeBatchCommand(
  { output, log, signal }: CommandContext,
  directory: string,
  options: GradeBatchOptions,
): Promise<number> {
  const rubric = await readRubric(options.rubric, filterFault);
  for (const remark of rubric.remarks ?? []) log.warn(formatProblem(remark));
  const found = await findSubmissions(directory);
  const keep = await keeper(directory, options);
  const jobs = options.jobs ?? jobsFor(needOf(rubric), await observeRoom());
  const { length } = found.submissions;
  log.info(`${formatCount(length, 'student')}, ${jobs} at a time`);
  let done = 0;
  const lost: string[] = [];
  const batch = await gradeBatch(rubric, found, {
    jobs,
    run: studentRuns(needOf(rubric), { options, log }),
    // The reference may have to be tried as well, with a lab and a time limit of its own.
    limits: { timeMs: 2 * (options.timeLimit + GRACE_MS), stopMs: GRACE_MS, signal },
    onGraded: async (grade) => {
      done++;
      log.info(
        `[${done}/${length}] ${printableLine(grade.student)}  ${scoreText(grade)}  ${formatMs(grade.durationMs)}`,
      );
      if (grade.stderr !== '')
        log.warn(`${printableLine(grade.student)}: ${printable(grade.stderr).replaceAll('\n', '\n    ')}`);
      await keep(grade).catch((error: unknown) => lost.push(messageOf(error)));
    },
  });
  const shown = options.reveal === true ? batch : concealedBatch(batch);
  const text = rendered(options.format, shown, output.style);
  const document = lost.length === 0 ? shown : { ...shown, ok: false };
  if (options.output === undefined) output.result(document, text);
  else {
    output.result({ ...document, file: options.output }, '');
    await writeOutput(options.output, text.endsWith('\n') ? text : `${text}\n`, () => output.result(document, text));
  }
  return verdict(batch, { options, signal, log, lost });
}

function verdict(
  batch: BatchGrade,
  {
    options,
    signal,
    log,
    lost,
  }: Pick<CommandContext, 'signal' | 'log'> & {
    readonly options: GradeBatchOptions;
    readonly lost: readonly string[];
  },
): number {
  if (batch.notGraded.length > 0) signal.throwIfAborted();
  if (lost.length > 0) throw new VxmigError('USAGE', `reports could not be written: ${lost.join('; ')}`);
  const names = batch.students.filter(({ ok }) => !ok).map(({ student }) => student);
  if (names.length > 0)
    throw new VxmigError(
      'GRADING_FAILED',
      `not everything could be carried out: ${names.map(printableLine).join(', ')}`,
    );
  const least = leastScore(options.minScore, batch);
  const below = batch.students.filter(({ score }) => score < least).map(({ student }) => student);
  if (below.length === 0) return 0;
  // Not thrown: grading itself has worked, and `ok` says so.
  log.error(`Fewer than ${least} of ${batch.maxScore} points: ${below.map(printableLine).join(', ')}.`);
  return ERRORS.CHECKS_FAILED.exit;
}

/**
 * Keeps each student's report where one is asked for. Looks before anything is graded whether what is asked for can be written.
 * @throws VxmigError USAGE
 */
async function keeper(
  directory: string,
  { format, results, output, reveal = false }: GradeBatchOptions,
): Promise<(grade: StudentGrade) => Promise<void>> {
  if (output !== undefined) await requireWritable(output, '--output');
  if (results === undefined) {
    if (format !== 'gradescope') return async () => undefined;
    const hint = 'Add --results DIR: Gradescope reads one results.json for each student.';
    throw new VxmigError('USAGE', '--batch with --format gradescope needs --results', { where: 'vxmig grade', hint });
  }
  await openResults(results, directory);
  return async (grade) => await writeResult(results, grade, { gradescope: format === 'gradescope', reveal });
}

function needOf({ checks, reference }: Rubric): Need {
  const isLive = checks.some(({ kind }) => kindOf(kind).look.at === 'hosts');
  return isLive ? { kind: 'lab', topology: reference } : { kind: 'file' };
}

/** This very program, for one of them. Labs are named here, so that they are found whatever becomes of it. */
function studentRuns(
  { kind }: Need,
  { options, log }: Pick<CommandContext, 'log'> & { readonly options: GradeBatchOptions },
): (path: string) => StudentRun {
  const script = process.argv[1];
  if (script === undefined) throw new Error('it is not known which program this is');
  const batch = randomBytes(4).toString('hex');
  let count = 0;
  return (path) => {
    count++;
    const lab = `grade-${batch}-${count}`;
    const limit = ['--time-limit', `${options.timeLimit}ms`, '--lab-name', lab];
    const argv = [process.execPath, script, 'grade', '--json', '--reveal', '--rubric', options.rubric, ...limit];
    if (kind === 'file') return { argv: [...argv, '--', path], tidy: async () => undefined };
    log.debug(`${printableLine(path)}: lab ${lab}`);
    return {
      argv: [...argv, '--', path],
      tidy: async () =>
        await removeRemains(lab).catch((error: unknown) => {
          log.warn(`${messageOf(error)} (\`vxmig lab down ${lab}\` removes it)`);
        }),
    };
  };
}

function scoreText({ ok, score, maxScore, ungradedScore }: StudentGrade): string {
  return `${score}/${maxScore}${ok ? '' : ` (${ungradedScore} open)`}`;
}

function rendered(format: GradeFormat, batch: BatchGrade, style: Style): string {
  switch (format) {
    case 'json':
      return JSON.stringify(batch, null, 2);
    case 'junit':
      return batchXml(batch);
    case 'csv':
      return batchCsv(batch);
    case 'table':
    case 'gradescope':
      return batchText(batch, style);
  }
}
