/** When to look next: at the latest when its time has come, and earlier where something has changed. */
export class LookTimer {
  /** By performance.now(). */
  #atMs = 0;
  #wake: () => void = () => undefined;

  /** The next look is due at once. */
  reset(): void {
    this.#atMs = 0;
  }

  /** A look begins; the next one is due after so many milliseconds. */
  begun(nextInMs: number): void {
    this.#atMs = performance.now() + nextInMs;
  }

  /** Not later than in so many milliseconds. */
  within(ms: number): void {
    const atMs = performance.now() + ms;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#wake();
  }

  /**
   * Until the next look is due, or the signal; leaves no listener behind, for there are many pauses in a long watch.
   *
   * @returns false: it was woken before, for the next look has become due earlier, or not at all
   */
  async due(signal: AbortSignal): Promise<boolean> {
    const waitMs = this.#atMs - performance.now();
    if (waitMs <= 0) return true;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      signal.addEventListener('abort', end);
      this.#wake = end;
    });
    return false;
  }
}
