import type { StageFigures } from '../model/migration-result.js';
import { type EndedStages, outcomeOf, type StagesOutcome, type Whereabouts } from './outcome.js';

/**
 * A stage of a migration. What kind it is says what happens when it fails:
 * - `check`: nothing has been changed by it; the stages before it are undone.
 * - `reversible`: it is undone first (its undoing copes with half of it), then the stages before it, as long as the VM
 *   is found to be where it was: an undoing can come too late, and a VM that has moved needs what the earlier stages
 *   made.
 * - `commit`: nobody knows by the error alone whether the VM has moved, so it is settled where it runs.
 * - `finish`: the VM has moved; the failure is reported and the remaining stages still run.
 */
export interface StageInfo {
  readonly kind: 'check' | 'reversible' | 'commit' | 'finish';
  readonly name: string;
  readonly purpose: string;
}

export interface StageHooks {
  started(stage: string): void;
  finished(stage: string, figures: StageFigures, error: unknown): void;
  nowMs(): number;
}

/**
 * How a stage is undone. `settle` also finds out where the VM is: where it fails nobody knows, and nothing more is
 * undone.
 */
export type Undoing = { readonly undo: () => Promise<void> } | { readonly settle: () => Promise<Whereabouts> };

/** Until the VM runs at its new place, and what follows it there. */
export interface Story {
  there(stages: Stages): Promise<void>;
  after(stages: Stages): Promise<void>;
}

/** Tells the story stage by stage; see StageInfo for what a failure leads to. Never throws for a failing stage. */
export async function runStages(story: Story, hooks: StageHooks): Promise<StagesOutcome> {
  const stages = new Stages(hooks);
  let failure: EndedStages['failure'] = null;
  try {
    await story.there(stages);
  } catch (error) {
    failure = { error: errorOf(error), ...(await stages.undo(error)) };
  }
  if (failure === null || failure.place === 'destination') await story.after(stages);
  else await stages.abandon();
  return { stages: stages.figures, ...outcomeOf({ failure, late: stages.late }) };
}

/** A stage that failed to commit; where the VM is has been settled. */
class Uncommitted {
  constructor(
    readonly error: unknown,
    readonly place: Whereabouts,
  ) {}
}

function errorOf(thrown: unknown): unknown {
  return thrown instanceof Uncommitted ? thrown.error : thrown;
}

export class Stages {
  readonly #figures: StageFigures[] = [];
  readonly #undoings: { readonly name: string; readonly undoing: Undoing }[] = [];
  readonly #late: unknown[] = [];
  readonly #early: Early<unknown>[] = [];

  constructor(private readonly hooks: StageHooks) {}

  get figures(): readonly StageFigures[] {
    return this.#figures;
  }

  /** Failures of finishing stages. */
  get late(): readonly unknown[] {
    return this.#late;
  }

  async check<Found>({ name }: StageInfo, work: () => Promise<Found>): Promise<Found> {
    return await this.#through(name, work);
  }

  async reversible<Found>({ name }: StageInfo, work: () => Promise<Found>, undoing: Undoing): Promise<Found> {
    this.#undoings.push({ name, undoing });
    return await this.#through(name, work);
  }

  /** @param settle makes the VM run once, and says where */
  async commit<Found>(
    { name }: StageInfo,
    work: () => Promise<Found>,
    settle: () => Promise<Whereabouts>,
  ): Promise<Found> {
    try {
      return await this.#through(name, work);
    } catch (error) {
      throw new Uncommitted(error, await settle().catch((): Whereabouts => 'unknown'));
    }
  }

  /**
   * A finishing stage that begins by itself, while the stages before it still run. It is given a promise of its turn.
   * Where it has not begun by then, its turn begins it.
   */
  early<Found>(info: StageInfo, begins: Promise<void>, work: (turn: Promise<void>) => Promise<Found>): Early<Found> {
    const early = new Early(info, work, this.hooks);
    this.#early.push(early);
    void begins.then(() => early.begin());
    return early;
  }

  /** The story does not come to the stages that begin by themselves: those that have begun come to their end. */
  async abandon(): Promise<void> {
    await Promise.all(this.#early.map((early) => early.abandon()));
  }

  /** @returns what it found; null: it failed, which is told at the end */
  async finish<Found>(stage: Early<Found>): Promise<Found | null>;
  async finish<Found>(stage: StageInfo, work: () => Promise<Found>): Promise<Found | null>;
  async finish<Found>(stage: Early<Found> | StageInfo, work?: () => Promise<Found>): Promise<Found | null> {
    const early = stage instanceof Early ? stage : new Early(stage, async () => await work?.(), this.hooks);
    const { figures, end } = await early.takeTurn();
    this.#figures.push(figures);
    if ('error' in end) this.#late.push(end.error);
    this.hooks.finished(early.info.name, figures, 'error' in end ? end.error : null);
    return 'error' in end ? null : (end.found as Found);
  }

  /**
   * Undoes what was begun, in reverse, as long as the VM is where it was.
   *
   * @returns where the VM is, and what could not be undone
   */
  async undo(failure: unknown): Promise<{ readonly place: Whereabouts; readonly notUndone: readonly unknown[] }> {
    const notUndone: unknown[] = [];
    if (failure instanceof Uncommitted && failure.place !== 'source') return { place: failure.place, notUndone };
    for (const { name, undoing } of [...this.#undoings].reverse()) {
      let place: Whereabouts = 'source';
      try {
        await this.#through(`undo ${name}`, async () => {
          if ('settle' in undoing) place = await undoing.settle();
          else await undoing.undo();
        });
      } catch (error) {
        notUndone.push(error);
        if ('settle' in undoing) return { place: 'unknown', notUndone };
      }
      if (place !== 'source') return { place, notUndone };
    }
    return { place: 'source', notUndone };
  }

  async #through<Found>(name: string, work: () => Promise<Found>): Promise<Found> {
    const { figures, end } = await timed(name, work, this.hooks);
    this.#figures.push(figures);
    this.hooks.finished(name, figures, 'error' in end ? end.error : null);
    if ('error' in end) throw end.error;
    return end.found;
  }
}

/** See Stages.early. */
export class Early<Found> {
  #running: Promise<Timed<Found>> | null = null;
  #isAbandoned = false;
  #takeTurn: () => void = () => {};
  #missTurn: (why: Error) => void = () => {};
  readonly #turn = new Promise<void>((resolve, reject) => {
    this.#takeTurn = resolve;
    this.#missTurn = reject;
  });

  constructor(
    readonly info: StageInfo,
    private readonly work: (turn: Promise<void>) => Promise<Found>,
    private readonly hooks: StageHooks,
  ) {}

  begin(): Promise<Timed<Found>> | null {
    if (this.#isAbandoned) return this.#running;
    this.#running ??= timed(this.info.name, () => this.work(this.#turn), this.hooks);
    return this.#running;
  }

  async takeTurn(): Promise<Timed<Found>> {
    this.#takeTurn();
    const running = this.begin();
    if (running === null) throw new Error(`${this.info.name} was given up`);
    return await running;
  }

  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    // Who waits for its turn hears of it; else nobody does.
    this.#turn.catch(() => {});
    this.#missTurn(new Error('the migration has ended before this'));
    await this.#running;
  }
}

interface Timed<Found> {
  readonly figures: StageFigures;
  readonly end: { readonly found: Found } | { readonly error: unknown };
}

/** Never rejects. */
async function timed<Found>(name: string, work: () => Promise<Found>, hooks: StageHooks): Promise<Timed<Found>> {
  const startedMs = hooks.nowMs();
  hooks.started(name);
  const end = await work().then(
    (found) => ({ found }),
    (error: unknown) => ({ error }),
  );
  const figures = {
    stage: name,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Math.round(hooks.nowMs() - startedMs),
  };
  return { figures, end };
}
