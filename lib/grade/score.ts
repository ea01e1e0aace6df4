import { messageOf } from '../model/errors.js';
import { type Grade, type GradedCheck, totals } from '../model/grade.js';
import { clipped, printable } from '../model/printable.js';
import { formatMs } from '../model/quantities.js';
import { speaksFor, type Worth, worthOf } from './credit.js';
import { pointsOf } from './points.js';
import type { Rubric, RubricCheck } from './rubric.js';
import { type Fact, MEASURES, type Outcome, type Sight } from './sight.js';

/**
 * Points for what the checks saw. A check that needs one that did not fully pass is skipped, whatever it saw; one
 * without an outcome could not be carried out. What hangs on errors is neither given nor lost.
 * @param note what concerns all checks, such as why the file could not be read
 */
export function scoreGrade(
  rubric: Rubric,
  outcomes: ReadonlyMap<string, Outcome>,
  { submission, note }: { readonly submission: string; readonly note: string },
): Grade {
  const graded = new Map<string, GradedCheck>();
  for (const check of inOrderOfNeeds(rubric.checks)) graded.set(check.name, scoreCheck(check, outcomes, graded));
  const checks = rubric.checks.flatMap(({ name }) => graded.get(name) ?? []);
  const told = [rubric.note ?? '', note].filter((text) => text !== '').join('\n');
  return { ...totals(checks), rubric: rubric.name, submission, note: told, checks };
}

/** Every check in error, because grading itself has failed: nothing is given, and nothing is lost. */
export function gradeInError(
  rubric: Rubric,
  { submission, why }: { readonly submission: string; readonly why: string },
): Grade {
  const checks = rubric.checks.map((check) => ({ ...check, needs: [] }));
  const outcomes = new Map(checks.map(({ name }): [string, Outcome] => [name, { kind: 'error', message: why }]));
  return scoreGrade({ ...rubric, checks }, outcomes, { submission, note: '' });
}

/** Each check after those that it needs; else as they stand. */
export function inOrderOfNeeds(checks: readonly RubricCheck[]): readonly RubricCheck[] {
  const byName = new Map(checks.map((check) => [check.name, check]));
  const ordered = new Set<RubricCheck>();
  const add = (check: RubricCheck): void => {
    if (ordered.has(check)) return;
    for (const need of check.needs) {
      const needed = byName.get(need);
      if (needed !== undefined) add(needed);
    }
    ordered.add(check);
  };
  for (const check of checks) add(check);
  return [...ordered];
}

/** What keeps a check from being carried out, of those that it needs; null: nothing does. */
export function obstacleTo(check: RubricCheck, graded: ReadonlyMap<string, GradedCheck>): GradedCheck | null {
  const needed = check.needs.flatMap((name) => graded.get(name) ?? []);
  // One that was lost by the student outweighs one that nobody knows of: fixed or not, this check could not have
  // counted.
  return (
    needed.find(({ status, ungraded }) => status !== 'passed' && !ungraded) ??
    needed.find(({ status }) => status !== 'passed') ??
    null
  );
}

/** @param graded the checks that it needs, at least */
export function scoreCheck(
  check: RubricCheck,
  outcomes: ReadonlyMap<string, Outcome>,
  graded: ReadonlyMap<string, GradedCheck>,
): GradedCheck {
  if (check.leftOut !== undefined)
    return { ...frameOf(check), status: 'skipped', score: 0, output: `left out: ${check.leftOut}`, ungraded: true };
  const obstacle = obstacleTo(check, graded);
  if (obstacle !== null) {
    const why = `${obstacle.status === 'failed' ? 'did not fully pass' : 'was not carried out'}`;
    const output = `skipped: it needs ${obstacle.name}, which ${why}`;
    return { ...frameOf(check), status: 'skipped', score: 0, output, ungraded: obstacle.ungraded };
  }
  const outcome = outcomes.get(check.name) ?? { kind: 'error', message: 'it was not carried out' };
  if (outcome.kind === 'error') return inError(check, outcome.message);
  let worth: Worth;
  try {
    worth = worthOf(check, outcome.sight);
  } catch (error) {
    return inError(check, messageOf(error));
  }
  return {
    ...frameOf(check),
    status: worth.passed ? 'passed' : 'failed',
    score: pointsOf(worth.hundredths),
    output: sightText(check, outcome.sight),
    hint: worth.passed ? '' : check.hint,
    ungraded: false,
  };
}

function inError(check: RubricCheck, message: string): GradedCheck {
  const output = clipped(`could not be carried out: ${printable(message)}`, OUTPUT_LIMIT);
  return { ...frameOf(check), status: 'error', score: 0, output, ungraded: true };
}

function frameOf(check: RubricCheck) {
  const { name, title, kind, level, visibility } = check;
  return { name, title, kind, level, visibility, maxScore: pointsOf(check.pointsHundredths), hint: '' };
}

/** Characters; what hosts answer may be without end. */
const OUTPUT_LIMIT = 16_384;

/** Of facts that are right more would bury those that are wrong. */
const GOOD_FACTS_TOLD = 5;

/** A line for each fact, those that are wrong first: of these what was expected, too. */
function sightText(check: RubricCheck, { facts, measures = {} }: Sight): string {
  const good = facts.filter((fact) => speaksFor(fact, check));
  const bad = facts.filter((fact) => !speaksFor(fact, check));
  const more = good.length - GOOD_FACTS_TOLD;
  const measured = MEASURES.flatMap((measure) => {
    const value = measures[measure];
    if (value === undefined || value === null) return [];
    return [`${measure}: ${measure === 'lost' ? value : formatMs(value)}`];
  });
  const lines = [
    ...bad.map((fact) => `[no] ${fact.what}: ${fact.seen}${expectation(check, fact)}`),
    ...good.slice(0, GOOD_FACTS_TOLD).map((fact) => `[ok] ${fact.what}: ${fact.seen}`),
    ...(more > 0 ? [`[ok] and ${more} more`] : []),
    ...measured,
  ];
  return clipped(lines.map((line) => printable(line.replaceAll('\n', '\n     '))).join('\n'), OUTPUT_LIMIT);
}

function expectation({ showsExpected, negative }: RubricCheck, { expected }: Fact): string {
  return showsExpected ? ` (expected: ${negative ? 'not ' : ''}${expected})` : '';
}
