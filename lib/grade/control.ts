import { worthOf } from './credit.js';
import type { Rubric, RubricCheck } from './rubric.js';
import { inOrderOfNeeds } from './score.js';
import { nothingThere, type Outcome } from './sight.js';

type Outcomes = ReadonlyMap<string, Outcome>;

/**
 * The checks to try the reference by, for those that a submission has left in error: they and all before them, since a
 * migration changes what comes after it; null: nothing is to be found out.
 */
export function controlRubric(rubric: Rubric, outcomes: Outcomes): Rubric | null {
  const inOrder = inOrderOfNeeds(rubric.checks);
  const last = inOrder.findLastIndex((check) => isOpen(check, outcomes));
  return last < 0 ? null : { ...rubric, checks: inOrder.slice(0, last + 1) };
}

/**
 * What the reference manages on this machine, and a submission does not, is the submission's failure. What neither
 * manages stays an error, and so does a fault of vxmig's.
 */
export function judged(rubric: Rubric, outcomes: Outcomes, control: Outcomes): Outcomes {
  const managed = rubric.checks.filter((check) => isOpen(check, outcomes) && hasPassed(check, control));
  const failed = managed.flatMap(({ name }): [string, Outcome][] => {
    const outcome = outcomes.get(name);
    if (outcome?.kind !== 'error') return [];
    const why = `${outcome.message}; with the reference it can be carried out on this machine`;
    return [[name, { kind: 'seen', sight: nothingThere(why) }]];
  });
  return new Map([...outcomes, ...failed]);
}

function isOpen({ name }: RubricCheck, outcomes: Outcomes): boolean {
  const outcome = outcomes.get(name);
  return outcome?.kind === 'error' && outcome.isOurs !== true;
}

function hasPassed(check: RubricCheck, outcomes: Outcomes): boolean {
  const outcome = outcomes.get(check.name);
  if (outcome?.kind !== 'seen') return false;
  try {
    return worthOf(check, outcome.sight).hundredths > 0 || worthOf(check, outcome.sight).passed;
  } catch {
    return false;
  }
}
