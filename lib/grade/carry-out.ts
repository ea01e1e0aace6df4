import { messageOf, VxmigError } from '../model/errors.js';
import type { Grade, GradedCheck } from '../model/grade.js';
import { worthOf } from './credit.js';
import type { Rubric, RubricCheck } from './rubric.js';
import { inOrderOfNeeds, obstacleTo, scoreCheck, scoreGrade } from './score.js';
import type { Outcome, Sight } from './sight.js';

/** Time, so that tests need not wait. */
export interface Clock {
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Carries the checks out, one after another, each after those that it needs, and grades what they saw. A check that rejects is in error,
 * and the others go on.
 */
export async function carryOut(
  rubric: Rubric,
  look: (check: RubricCheck) => Promise<Sight>,
  { submission, clock }: { readonly submission: string; readonly clock: Clock },
): Promise<Grade> {
  const outcomes = new Map<string, Outcome>();
  const graded = new Map<string, GradedCheck>();
  for (const check of inOrderOfNeeds(rubric.checks)) {
    if (obstacleTo(check, graded) === null) outcomes.set(check.name, await outcomeOf(check, look, clock));
    graded.set(check.name, scoreCheck(check, outcomes, graded));
  }
  return scoreGrade(rubric, outcomes, { submission, note: '' });
}

/** The last look counts: with `retry` the first that passes, or the one at the deadline. */
async function outcomeOf(
  check: RubricCheck,
  look: (check: RubricCheck) => Promise<Sight>,
  { nowMs, sleep }: Clock,
): Promise<Outcome> {
  const deadline = nowMs() + (check.retry?.forMs ?? 0);
  for (;;) {
    const outcome = await oneLook(check, look);
    const left = deadline - nowMs();
    if (check.retry === null || left <= 0 || hasPassed(check, outcome)) return outcome;
    await sleep(Math.min(check.retry.everyMs, left));
  }
}

async function oneLook(check: RubricCheck, look: (check: RubricCheck) => Promise<Sight>): Promise<Outcome> {
  try {
    return { kind: 'seen', sight: await look(check) };
  } catch (error) {
    // Whoever interrupts wants no grade of the rest.
    if (error instanceof VxmigError && error.code === 'INTERRUPTED') throw error;
    return { kind: 'error', message: messageOf(error) };
  }
}

function hasPassed(check: RubricCheck, outcome: Outcome): boolean {
  if (outcome.kind === 'error') return false;
  try {
    return worthOf(check, outcome.sight).passed;
  } catch {
    return false;
  }
}
