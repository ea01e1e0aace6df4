import { resolve } from 'node:path';
import { VxmigError } from '../model/errors.js';
import { MistakesError } from '../model/mistakes-error.js';
import type { Problem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import { aboutKey, aboutValue, type Complaint } from '../topology/complaint.js';
import { legible } from '../topology/legible.js';
import { placed } from '../topology/placed.js';
import { readTopology } from '../topology/read.js';
import { buildCheck } from './build-check.js';
import { FILTER_FIX, withNumbers } from './filter-numbers.js';
import { gradeTopology } from './grade-topology.js';
import {
  countComplaints,
  lookComplaints,
  lookDoubts,
  needsComplaints,
  needsReference,
  type WrittenCheck,
} from './meaning.js';
import type { Rubric, RubricCheck } from './rubric.js';
import { besides, type ReadOptions, type RubricSource, readRubricFile } from './rubric-file.js';

/** Why a display filter of a packet check is none; null: it is one, or nobody knows. */
export type FilterFault = (filter: string) => Promise<string | null>;

/**
 * Reads and checks a rubric with the files that it names.
 * @throws {VxmigError} NOT_FOUND where there is no such file
 * @throws {MistakesError} RUBRIC_INVALID with every mistake in all of them
 */
export async function readRubric(
  path: string,
  filterFault: FilterFault = async () => null,
  options: ReadOptions = { forStudent: false },
): Promise<Rubric> {
  const main = await readRubricFile(path, false);
  const hidden = await besides(main, { key: 'hidden', ...options }, async (file) => {
    if (resolve(file) === resolve(path)) throw new VxmigError('RUBRIC_INVALID', 'it is this file itself');
    return await readRubricFile(file, true);
  });
  const reference = await besides(
    main,
    { key: 'reference', ...options },
    async (file) => (await readTopology(file)).topology,
  );
  const files = hidden.found === null ? [main] : [main, hidden.found];
  const lost = (written: WrittenCheck) => reference.withheld !== null && needsReference(written);
  refuse([
    ...files.flatMap((file) =>
      problemsIn(file, files, { reference: reference.found, isWithheld: reference.withheld !== null, lost }),
    ),
    ...hidden.problems,
    ...reference.problems,
    ...(await Promise.all(files.map(async (file) => await filterProblems(file, filterFault)))).flat(),
  ]);
  const written = files.flatMap((file) => file.checks);
  const left = new Set(written.filter(lost).map(({ name }) => name));
  const checks = written.map(buildCheck).map((check): RubricCheck => {
    // What nobody can look at stands in nobody's way.
    const needs = check.needs.filter((name) => !left.has(name));
    if (!left.has(check.name)) return { ...check, needs };
    return { ...check, needs: [], leftOut: `what it expects stands in ${reference.withheld}, which is not here` };
  });
  const note = noteOf(hidden.withheld, { reference: reference.withheld, left: left.size });
  const remarks = files.flatMap((file) => remarksOn(file, reference.found));
  const rubric: Rubric = { name: main.value.name ?? 'grade', reference: reference.found, checks, remarks, ...note };
  refuse(problemsWithReference(rubric, files));
  return rubric;
}

function noteOf(
  hidden: string | null,
  { reference, left }: { readonly reference: string | null; readonly left: number },
): Pick<Rubric, 'note'> {
  const lines = [
    ...(reference === null || left === 0 ? [] : [`${left} checks were left out: ${reference} is not here.`]),
    ...(hidden === null ? [] : [`Hidden checks were left out: ${hidden} is not here.`]),
  ];
  return lines.length === 0 ? {} : { note: lines.join('\n') };
}

function problemsIn(
  file: RubricSource,
  files: readonly RubricSource[],
  {
    reference,
    isWithheld,
    lost,
  }: {
    readonly reference: Topology | null;
    readonly isWithheld: boolean;
    readonly lost: (written: WrittenCheck) => boolean;
  },
): readonly Problem[] {
  if (file.source === null) return file.problems;
  // Of two of one name the rubric's is meant.
  const checks = new Map(
    files
      .flatMap((one) => one.checks)
      .reverse()
      .map((written) => [written.name, written]),
  );
  const names = files.flatMap((one) => one.names);
  // Where the reference is named and broken, what is said of it elsewhere would only repeat that.
  const isLost = reference === null && !isWithheld && files.some(({ value }) => value.reference !== undefined);
  const complaints: Complaint[] = [
    ...(file.isHidden ? hiddenComplaints(file, files) : pointlessness(files)),
    ...file.checks.flatMap((written) => {
      const looks = isLost || !written.isWhole || lost(written) ? [] : lookComplaints(written, reference);
      const within = [...countComplaints(written), ...needsComplaints(written, { checks, names }), ...looks];
      return within.map((complaint) => ({ ...complaint, path: ['checks', written.name, ...complaint.path] }));
    }),
  ];
  return [...file.problems, ...placed(complaints, file.source, file.path)];
}

async function filterProblems(
  { path, source, checks }: RubricSource,
  filterFault: FilterFault,
): Promise<readonly Problem[]> {
  if (source === null) return [];
  const complaints = checks.map(async ({ name, check }): Promise<Complaint[]> => {
    const filter: unknown = check.packet?.filter;
    const fault = typeof filter === 'string' ? await filterFault(withNumbers(filter, null)) : null;
    const place = ['checks', name, 'packet', 'filter'];
    return fault === null ? [] : [aboutValue(place, `no display filter: ${fault}`, FILTER_FIX)];
  });
  return placed((await Promise.all(complaints)).flat(), source, path);
}

function hiddenComplaints({ value, names }: RubricSource, [main]: readonly RubricSource[]): Complaint[] {
  const foreign = (['name', 'reference', 'hidden'] as const).filter((key) => value[key] !== undefined);
  return [
    ...foreign.map((key) => aboutKey([key], `\`${key}\` in a file of hidden checks`, 'it belongs into the rubric')),
    ...names
      .filter((name) => main?.names.includes(name))
      .map((name) => aboutKey(['checks', name], `check ${name} is in ${main?.path} already`, 'rename one of the two')),
  ];
}

/** Checks that the reference itself would not pass, as far as its rules tell. */
function remarksOn({ path, source, checks }: RubricSource, reference: Topology | null): readonly Problem[] {
  if (source === null || reference === null) return [];
  const doubts = checks.flatMap((written) =>
    lookDoubts(written, reference).map((doubt) => ({ ...doubt, path: ['checks', written.name, ...doubt.path] })),
  );
  return placed(doubts, source, path);
}

/** Points are what a rubric is for. */
function pointlessness(files: readonly RubricSource[]): Complaint[] {
  const all = files.flatMap(({ checks }) => checks);
  if (all.length === 0 || all.some(({ isWhole }) => !isWhole)) return [];
  if (all.some(({ check }) => (check.points ?? 1) > 0 && check.level !== 'warning' && check.visibility !== 'hidden'))
    return [];
  return [aboutKey(['checks'], 'no check gives points', 'give at least one `points`')];
}

/** A reference that its own rubric would not give all points to: one of the two is wrong. */
function problemsWithReference(rubric: Rubric, files: readonly RubricSource[]): readonly Problem[] {
  if (rubric.reference === null) return [];
  const statics = rubric.checks.filter(({ kind }) => kind === 'topology').map((check) => ({ ...check, needs: [] }));
  const graded = gradeTopology({ ...rubric, checks: statics }, rubric.reference, 'reference').checks;
  return graded.flatMap(({ name, kind, status, output }) => {
    const file = files.find(({ names }) => names.includes(name));
    if (status === 'passed' || file?.source === undefined || file.source === null) return [];
    const wrong = output.split('\n').filter((line) => !line.startsWith('+'));
    const message = `the reference itself does not pass: ${wrong.join('; ').replace(/^- /, '')}`;
    return placed(
      [aboutKey(['checks', name, kind], message, 'fix the reference or the check')],
      file.source,
      file.path,
    );
  });
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const files = [...new Set(problems.map(({ file }) => file))];
  const inOrder = [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
  throw new MistakesError('RUBRIC_INVALID', legible(inOrder));
}
