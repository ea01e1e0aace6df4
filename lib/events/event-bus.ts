import { messageOf } from '../model/errors.js';
import type { Emit, Envelope, VxmigEvent } from '../model/event.js';

export interface Subscriber {
  /** For the warning, where it fails: `the log x.log`. */
  readonly name: string;
  readonly receive: (envelope: Envelope) => void;
  /** Only what belongs to this run; left out: everything. */
  readonly run?: string;
}

/**
 * Brings every event to all who want to know of it, at once and in order. Who subscribes gets what comes from then on;
 * nothing is kept for him. One that throws keeps nothing from the others, nor from whoever has something to tell.
 */
export class EventBus {
  readonly #subscribers = new Set<Subscriber>();
  readonly #failed = new WeakSet<Subscriber>();
  /** What was told by a subscriber while another event was being delivered: it comes after that one, for all. */
  readonly #waiting: Envelope[] = [];
  #delivering = false;

  constructor(private readonly nowMs: () => number = () => Date.now()) {}

  /** Until the function that it returns is called. */
  subscribe(subscriber: Subscriber): () => void {
    // A copy: the same may subscribe twice.
    const own = { ...subscriber };
    this.#subscribers.add(own);
    return () => {
      this.#subscribers.delete(own);
    };
  }

  publish(event: VxmigEvent, run: string | null): void {
    this.#waiting.push({ at: this.nowMs(), run, event });
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#deliver(next);
    this.#delivering = false;
  }

  /** Tells events of one run. */
  forRun(run: string): Emit {
    return (event) => this.publish(event, run);
  }

  #deliver(envelope: Envelope): void {
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.run !== undefined && subscriber.run !== envelope.run) continue;
      // It may have gone while the others were told.
      if (!this.#subscribers.has(subscriber)) continue;
      try {
        subscriber.receive(envelope);
      } catch (error) {
        this.#tellOnce(subscriber, error);
      }
    }
  }

  #tellOnce(subscriber: Subscriber, error: unknown): void {
    if (this.#failed.has(subscriber)) return;
    this.#failed.add(subscriber);
    this.publish({ kind: 'warning', text: `${subscriber.name} has missed events: ${messageOf(error)}` }, null);
  }
}
