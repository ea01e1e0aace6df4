import type { Connection } from './connection.js';
import type { Json } from './wire.js';

/**
 * A lock of the database server (RFC 7047 §4.1.8): one session at a time has it, the others queue. It ends with the
 * session, so a controller that dies leaves none behind.
 */
export class Lock {
  readonly #connection: Connection;
  readonly #id: string;
  readonly #stop: () => void;
  readonly #waiters = new Set<() => void>();
  #isHeld = false;
  #wasStolen = false;
  #tellStolen: () => void = () => undefined;
  /** Resolves when somebody has taken it from us; never, where nobody does. */
  readonly stolen: Promise<void> = new Promise((resolve) => {
    this.#tellStolen = resolve;
  });

  private constructor(connection: Connection, id: string) {
    this.#connection = connection;
    this.#id = id;
    this.#stop = connection.subscribe(({ method, params }) => {
      if (params[0] !== id) return;
      if (method === 'locked') this.#take();
      if (method === 'stolen') {
        this.#isHeld = false;
        this.#wasStolen = true;
        this.#tellStolen();
      }
    });
  }

  /** Asks for it and returns at once: see {@link isHeld}. `id` is of letters, digits and `_` (RFC 7047 §3.1). */
  static async request(connection: Connection, id: string): Promise<Lock> {
    return Lock.#ask(connection, 'lock', id);
  }

  /** Takes it from whoever has it. */
  static async steal(connection: Connection, id: string): Promise<Lock> {
    return Lock.#ask(connection, 'steal', id);
  }

  static async #ask(connection: Connection, method: 'lock' | 'steal', id: string): Promise<Lock> {
    const lock = new Lock(connection, id);
    try {
      if (isLocked(await connection.call(method, [id]))) lock.#take();
    } catch (error) {
      lock.#stop();
      throw error;
    }
    return lock;
  }

  get isHeld(): boolean {
    return this.#isHeld && this.#connection.isOpen;
  }

  get wasStolen(): boolean {
    return this.#wasStolen;
  }

  /** true as soon as it is ours; false after `timeoutMs` or when the session ends: then it is still asked for. */
  async held(timeoutMs: number): Promise<boolean> {
    if (this.isHeld) return true;
    let wake: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = setTimeout(wake, timeoutMs);
    this.#waiters.add(wake);
    await Promise.race([taken, this.#connection.closed]);
    clearTimeout(timer);
    this.#waiters.delete(wake);
    return this.isHeld;
  }

  /** Gives it back, or leaves the queue. */
  async release(): Promise<void> {
    this.#isHeld = false;
    this.#stop();
    await this.#connection.call('unlock', [this.#id]);
  }

  #take(): void {
    this.#isHeld = true;
    for (const wake of this.#waiters) wake();
  }
}

function isLocked(result: Json): boolean {
  return typeof result === 'object' && result !== null && 'locked' in result && result.locked === true;
}
