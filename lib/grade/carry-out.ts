import { messageOf, VxmigError } from '../model/errors.js';
import type { GradedCheck } from '../model/grade.js';
import { worthOf } from './credit.js';
import type { Retry, Rubric, RubricCheck } from './rubric.js';
import { inOrderOfNeeds, obstacleTo, scoreCheck } from './score.js';
import { NothingToSee, nothingThere, type Outcome, OwnFault, type Sight, SubmissionFault } from './sight.js';

/** Time, so that tests need not wait. */
export interface Clock {
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Carries the checks out, one after another, each after those that it needs, and tells what they saw. A check that
 * rejects is in error, and the others go on.
 */
export async function carryOut(
  rubric: Rubric,
  look: (check: RubricCheck) => Promise<Sight>,
  clock: Clock,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const graded = new Map<string, GradedCheck>();
  for (const check of inOrderOfNeeds(rubric.checks)) {
    if (check.leftOut === undefined && obstacleTo(check, graded) === null)
      outcomes.set(check.name, await outcomeOf(check, look, clock));
    graded.set(check.name, scoreCheck(check, outcomes, graded));
  }
  return outcomes;
}

/**
 * With `retry` the first look counts that passes, or the one at the deadline. With `hold` what has passed must go on to
 * pass until that time is over, and the first look that does not counts: what is absent may only not have come yet.
 */
async function outcomeOf(
  check: RubricCheck,
  look: (check: RubricCheck) => Promise<Sight>,
  clock: Clock,
): Promise<Outcome> {
  const { retry, holdMs } = check;
  const again = async (isDone: (outcome: Outcome) => boolean, { forMs, everyMs }: Retry) => {
    const deadline = clock.nowMs() + forMs;
    for (;;) {
      const outcome = await oneLook(check, look);
      const left = deadline - clock.nowMs();
      if (left <= 0 || isFinal(outcome) || isDone(outcome)) return outcome;
      await clock.sleep(Math.min(everyMs, left));
    }
  };
  const first = await again((outcome) => hasPassed(check, outcome), retry ?? ONE_LOOK);
  if (holdMs === 0 || !hasPassed(check, first)) return first;
  return await again((outcome) => !hasPassed(check, outcome), { forMs: holdMs, everyMs: HOLD_EVERY_MS });
}

const ONE_LOOK: Retry = { forMs: 0, everyMs: 0 };
const HOLD_EVERY_MS = 500;

async function oneLook(check: RubricCheck, look: (check: RubricCheck) => Promise<Sight>): Promise<Outcome> {
  try {
    return { kind: 'seen', sight: await look(check) };
  } catch (error) {
    // Whoever interrupts wants no grade of the rest.
    if (error instanceof VxmigError && error.code === 'INTERRUPTED') throw error;
    if (error instanceof SubmissionFault) return { kind: 'seen', sight: nothingThere(error.message, error.isFinal) };
    const isFinal = error instanceof NothingToSee;
    return { kind: 'error', message: messageOf(error), isFinal, isOurs: error instanceof OwnFault };
  }
}

function isFinal(outcome: Outcome): boolean {
  return (outcome.kind === 'seen' ? outcome.sight.isFinal : outcome.isFinal) ?? false;
}

function hasPassed(check: RubricCheck, outcome: Outcome): boolean {
  if (outcome.kind === 'error') return false;
  try {
    return worthOf(check, outcome.sight).passed;
  } catch {
    return false;
  }
}
