import { ERRORS, type ErrorCode, messageOf, VxmigError } from '../model/errors.js';
import type { StageFigures } from '../model/migration-result.js';

/**
 * A stage of a migration. What kind it is says what happens when it fails:
 * - `check`: nothing has been changed by it; the stages before it are undone.
 * - `reversible`: it is undone first (`rollback` copes with a half-done `enter`), then the stages before it, as long as the VM is found to be
 *   where it was: an undoing can come too late, and a VM that has moved needs what the earlier stages made.
 * - `commit`: nobody knows by the error alone whether the VM has moved, so the hosts are asked where it runs.
 * - `finish`: the VM has moved; the failure is reported and the remaining stages still run.
 */
export type Stage<Context> =
  | {
      readonly kind: 'check' | 'commit' | 'finish';
      readonly name: string;
      readonly purpose: string;
      enter(context: Context): Promise<void>;
    }
  | {
      readonly kind: 'reversible';
      readonly name: string;
      readonly purpose: string;
      enter(context: Context): Promise<void>;
      /** @returns where the VM is */
      rollback(context: Context): Promise<Whereabouts>;
    };

/** Where the VM runs, as all hosts that were asked say together. */
export type Whereabouts = 'source' | 'destination' | 'both' | 'unknown';

export interface StageHooks {
  started(stage: string): void;
  finished(stage: string, figures: StageFigures, error: unknown): void;
  whereabouts(): Promise<Whereabouts>;
  nowMs(): number;
}

export interface StagesOutcome {
  readonly outcome: 'migrated' | 'rolled-back' | 'failed';
  readonly stages: readonly StageFigures[];
  /** The first failure; later ones (of a rollback, of finishing stages) are joined to its message. */
  readonly error: VxmigError | null;
}

/** Runs the stages in order; see Stage for what a failure leads to. Never throws for a failing stage. */
export async function runStages<Context>(
  stages: readonly Stage<Context>[],
  context: Context,
  hooks: StageHooks,
): Promise<StagesOutcome> {
  const figures: StageFigures[] = [];
  const entered: Stage<Context>[] = [];
  const late: unknown[] = [];
  let moved: unknown = null;
  for (const stage of stages) {
    const error = await timed(stage.name, () => stage.enter(context), hooks, figures);
    entered.push(stage);
    if (error === null) continue;
    if (stage.kind === 'finish') {
      late.push(error);
      continue;
    }
    const place = stage.kind === 'commit' ? await hooks.whereabouts().catch((): Whereabouts => 'unknown') : 'source';
    if (place === 'destination') {
      moved = error;
      continue;
    }
    if (place !== 'source') return { outcome: 'failed', stages: figures, error: lost(error, place) };
    const undone = await rollBack(entered, context, hooks, figures);
    if (undone.place === 'destination') {
      moved = error;
      continue;
    }
    if (undone.place !== 'source') return { outcome: 'failed', stages: figures, error: lost(error, undone.place) };
    if (undone.error !== null) return { outcome: 'failed', stages: figures, error: notUndone(error, undone.error) };
    return { outcome: 'rolled-back', stages: figures, error: rolledBack(error) };
  }
  // The VM had moved, and is not where it should be all the same.
  const grave = late.filter((error) => error instanceof VxmigError && error.code === 'MIGRATION_FAILED');
  const others = late.filter((error) => !grave.includes(error));
  const [first, ...rest] = [...grave, ...(moved === null ? [] : [movedAllTheSame(moved)]), ...others];
  return {
    outcome: grave.length === 0 ? 'migrated' : 'failed',
    stages: figures,
    error: first === undefined ? null : joined(first, rest, grave.length === 0 ? 'and then' : 'besides'),
  };
}

async function rollBack<Context>(
  entered: readonly Stage<Context>[],
  context: Context,
  hooks: StageHooks,
  figures: StageFigures[],
): Promise<{ readonly place: Whereabouts; readonly error: unknown }> {
  for (const stage of [...entered].reverse()) {
    if (stage.kind !== 'reversible') continue;
    let place: Whereabouts = 'source';
    const undo = async () => {
      place = await stage.rollback(context);
    };
    const error = await timed(`undo ${stage.name}`, undo, hooks, figures);
    if (error !== null || place !== 'source') return { place, error };
  }
  return { place: 'source', error: null };
}

async function timed(
  name: string,
  work: () => Promise<void>,
  hooks: StageHooks,
  figures: StageFigures[],
): Promise<unknown> {
  const startedMs = hooks.nowMs();
  hooks.started(name);
  let error: unknown = null;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  const figure = {
    stage: name,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Math.round(hooks.nowMs() - startedMs),
  };
  figures.push(figure);
  hooks.finished(name, figure, error);
  return error;
}

/** A code that says where the VM is, or what became of what was begun: only the outcome makes one true. */
const OUTCOME_CODES: readonly ErrorCode[] = ['MIGRATION_ROLLED_BACK', 'MIGRATION_FAILED', 'INTERRUPTED'];

const LOOK =
  'Nothing more was touched. Run `virsh domstate` on both hosts; keep the one that runs, then `vxmig apply`.';

function lost(error: unknown, place: Whereabouts): VxmigError {
  const message =
    place === 'both'
      ? `${messageOf(error)}; libvirt shows the VM on both hosts`
      : `${messageOf(error)}; it could not be found out where the VM runs`;
  return withCode('MIGRATION_FAILED', error, message, LOOK);
}

function notUndone(error: unknown, undoing: unknown): VxmigError {
  return withCode(
    'MIGRATION_FAILED',
    error,
    `${messageOf(error)}; the rollback failed too: ${messageOf(undoing)}`,
    LOOK,
  );
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

/** The first of finishing failures; the others join its message. */
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
