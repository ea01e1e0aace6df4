import type { JobOutcome } from '../compute/driver.js';

/**
 * What is known of the switch, from the first byte of memory to the end of the job. QEMU's events and the job's end
 * are its only inputs; times are by the controller's clock, in milliseconds.
 *
 *     before ──copy began──► copying ──stopped──► paused ──resumed there──► arrived
 *                               ▲                    │                         ▲
 *                               └──resumed here──────┘        post-copy began ─┘ (the rest of the memory follows)
 *
 * `ended` may come in any state: it says how the driver's job ended, and not where the guest is.
 */
export interface SwitchState {
  readonly phase: 'before' | 'copying' | 'paused' | 'arrived';
  readonly copyBeganAtMs: number | null;
  /** The last time that the guest was paused at the source. */
  readonly stoppedAtMs: number | null;
  /** The guest runs at the destination. */
  readonly resumedAtMs: number | null;
  /** From here on what the guest has changed may be at one end only: neither has a whole memory. */
  readonly tornSinceMs: number | null;
  /** null: the job is not over. */
  readonly ended: JobOutcome | null;
  readonly endedAtMs: number | null;
}

export type SwitchEvent =
  | { readonly kind: 'copy began'; readonly atMs: number }
  | { readonly kind: 'stopped'; readonly atMs: number }
  | { readonly kind: 'resumed'; readonly atMs: number; readonly where: 'source' | 'destination' }
  | { readonly kind: 'post-copy began'; readonly atMs: number }
  | { readonly kind: 'ended'; readonly atMs: number; readonly outcome: JobOutcome };

export const BEFORE: SwitchState = {
  phase: 'before',
  copyBeganAtMs: null,
  stoppedAtMs: null,
  resumedAtMs: null,
  tornSinceMs: null,
  ended: null,
  endedAtMs: null,
};

/**
 * Pure. Events of two hosts come in any order: once the guest has run at the destination, nothing at the source counts.
 */
export function next(state: SwitchState, event: SwitchEvent): SwitchState {
  const { atMs } = event;
  const hasArrived = state.phase === 'arrived';
  switch (event.kind) {
    case 'copy began':
      return { ...state, phase: state.phase === 'before' ? 'copying' : state.phase, copyBeganAtMs: atMs };
    case 'stopped':
      return { ...state, phase: hasArrived ? 'arrived' : 'paused', stoppedAtMs: atMs };
    case 'resumed':
      if (event.where === 'source') return hasArrived ? state : { ...state, phase: 'copying' };
      return { ...state, phase: 'arrived', resumedAtMs: atMs, tornSinceMs: state.tornSinceMs ?? atMs };
    case 'post-copy began':
      return { ...state, tornSinceMs: state.tornSinceMs ?? atMs };
    case 'ended':
      return { ...state, ended: event.outcome, endedAtMs: atMs };
  }
}

/** The state with those who wait for it. */
export class Switchover {
  #state: SwitchState = BEFORE;
  readonly #listeners = new Set<() => void>();
  /** Resolves when the guest runs at the destination; never, where it does not come to that. */
  readonly arrived: Promise<void>;

  constructor() {
    this.arrived = this.#when(({ phase }) => phase === 'arrived');
  }

  get state(): SwitchState {
    return this.#state;
  }

  apply(event: SwitchEvent): void {
    this.#state = next(this.#state, event);
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * True as soon as the condition holds; false when the time is over. @throws the signal's reason when it is aborted
   */
  async until(condition: (state: SwitchState) => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    const ended = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      if (timeoutMs !== Number.POSITIVE_INFINITY) timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { signal: ended.signal });
    });
    try {
      const held = this.#when(condition, ended.signal).then(() => true as const);
      return await Promise.race([held, late, aborted]);
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }

  #when(condition: (state: SwitchState) => boolean, ended?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition(this.#state)) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      ended?.addEventListener('abort', () => this.#listeners.delete(look));
      look();
    });
  }
}

/** The guest does not run at the source any more. */
export function isStopped({ phase }: SwitchState): boolean {
  return phase === 'paused' || phase === 'arrived';
}

/** How long the guest stood still; null: it was not seen. */
export function downtimeMs({ stoppedAtMs, resumedAtMs }: SwitchState): number | null {
  return stoppedAtMs === null || resumedAtMs === null ? null : Math.max(0, Math.round(resumedAtMs - stoppedAtMs));
}
