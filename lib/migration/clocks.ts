import type { ClockOffset } from '../model/clock-offset.js';

/** How far each host's clock is ahead of the controller's; a host that has not been asked counts as in step. */
export class Clocks {
  readonly #offsets = new Map<string, ClockOffset>();

  set(host: string, offset: ClockOffset): void {
    this.#offsets.set(host, offset);
  }

  get offsets(): ReadonlyMap<string, ClockOffset> {
    return this.#offsets;
  }

  offsetMs(host: string): number {
    return this.#offsets.get(host)?.offsetMs ?? 0;
  }

  /** An instant of a host's clock by the controller's. */
  byController(host: string, atMs: number): number {
    return atMs - this.offsetMs(host);
  }
}
