import { ERRORS, type ErrorCode, messageOf, VxmigError } from '../model/errors.js';
import type { StageFigures } from '../model/migration-result.js';

/** Where the VM runs, as all hosts that were asked say together. */
export type Whereabouts = 'source' | 'destination' | 'both' | 'unknown';

export interface StagesOutcome {
  readonly outcome: 'migrated' | 'rolled-back' | 'failed';
  readonly stages: readonly StageFigures[];
  /** The first failure; later ones (of an undoing, of finishing stages) are joined to its message. */
  readonly error: VxmigError | null;
}

/** All that is known when the stages are over. */
export interface EndedStages {
  /** What kept the VM from arriving, or seemed to; null: nothing did. */
  readonly failure: {
    readonly error: unknown;
    /** Where the VM is then. */
    readonly place: Whereabouts;
    /** Failures of what should have undone the stages before it. */
    readonly notUndone: readonly unknown[];
  } | null;
  /** Failures of stages that follow the VM to its new place. */
  readonly late: readonly unknown[];
}

/** A code that says where the VM is, or what became of what was begun: only the outcome makes one true. */
const OUTCOME_CODES: readonly ErrorCode[] = ['MIGRATION_ROLLED_BACK', 'MIGRATION_FAILED', 'INTERRUPTED'];

const LOOK =
  'Nothing more was touched. Run `virsh domstate` on both hosts; keep the one that runs, then `vxmig apply`.';
const CLEAR = 'The VM runs where it was. `vxmig apply FILE` clears what is left.';

/** The only place where a migration gets its code: by where the VM is, and what became of what was begun. */
export function outcomeOf({ failure, late }: EndedStages): Pick<StagesOutcome, 'outcome' | 'error'> {
  if (failure !== null && failure.place !== 'destination') return notMoved(failure, failure.place);
  // The VM had moved, and is not where it should be all the same.
  const fatal = late.filter((error) => error instanceof VxmigError && error.code === 'MIGRATION_FAILED');
  const others = late.filter((error) => !fatal.includes(error));
  const before = failure === null ? [] : [movedAllTheSame(failure.error), ...failure.notUndone];
  const [first, ...rest] = [...fatal, ...before, ...others];
  return {
    outcome: fatal.length === 0 ? 'migrated' : 'failed',
    error: first === undefined ? null : joined(first, rest, fatal.length === 0 ? 'and then' : 'besides'),
  };
}

function notMoved(
  { error, notUndone }: NonNullable<EndedStages['failure']>,
  place: Exclude<Whereabouts, 'destination'>,
): Pick<StagesOutcome, 'outcome' | 'error'> {
  if (place !== 'source') return { outcome: 'failed', error: lost(error, place, notUndone) };
  if (notUndone.length > 0) return { outcome: 'failed', error: leftBehind(error, notUndone) };
  return { outcome: 'rolled-back', error: rolledBack(error) };
}

function lost(error: unknown, place: 'both' | 'unknown', notUndone: readonly unknown[]): VxmigError {
  const where = place === 'both' ? 'both hosts show the VM' : 'it could not be found out where the VM runs';
  const message = [messageOf(error), where, ...notUndone.map(messageOf)].join('; ');
  // What the failure itself advises stays: where storage stands still, nothing else helps.
  const own = hintOf(error);
  return withCode('MIGRATION_FAILED', error, message, own === undefined ? LOOK : `${own} ${LOOK}`);
}

function leftBehind(error: unknown, notUndone: readonly unknown[]): VxmigError {
  const message = [messageOf(error), ...notUndone.map((one) => `an undo failed too: ${messageOf(one)}`)].join('; ');
  return withCode('MIGRATION_FAILED', error, message, CLEAR);
}

/** Who failed could not know that the VM had moved by then. */
function movedAllTheSame(error: unknown): VxmigError {
  const code = ofItsOwn(error) ?? 'MIGRATION_FAILED';
  return withCode(code, error, `${messageOf(error)}; the VM has moved all the same`, hintOf(error));
}

/**
 * Who failed could not know that all would be undone. What was wrong before anything moved keeps its name; an
 * interruption is known by its own.
 */
function rolledBack(error: unknown): VxmigError {
  const interrupted = error instanceof VxmigError && error.code === 'INTERRUPTED' ? error.code : null;
  const code = ofItsOwn(error) ?? interrupted ?? 'MIGRATION_ROLLED_BACK';
  return error instanceof VxmigError && error.code === code
    ? error
    : withCode(code, error, messageOf(error), hintOf(error));
}

/** The others join the first one's message. */
function joined(first: unknown, others: readonly unknown[], between: string): VxmigError {
  const code = ofItsOwn(first) ?? 'MIGRATION_FAILED';
  if (first instanceof VxmigError && first.code === code && others.length === 0) return first;
  const message = [messageOf(first), ...others.map((error) => `${between}: ${messageOf(error)}`)].join('; ');
  return withCode(code, first, message, hintOf(first));
}

/** A code that holds whatever the outcome; null: it has none. */
function ofItsOwn(error: unknown): ErrorCode | null {
  return error instanceof VxmigError && !OUTCOME_CODES.includes(error.code) ? error.code : null;
}

/** undefined: that of the code. */
function hintOf(error: unknown): string | undefined {
  return error instanceof VxmigError && error.hint !== ERRORS[error.code].fix ? error.hint : undefined;
}

function withCode(code: ErrorCode, cause: unknown, message: string, hint: string | undefined): VxmigError {
  const where = cause instanceof VxmigError ? cause.where : undefined;
  return new VxmigError(code, message, {
    cause,
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
  });
}
