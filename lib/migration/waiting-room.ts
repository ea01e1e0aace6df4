import type { TapRoom } from '../measure/tap-room.js';
import { messageOf } from '../model/errors.js';
import { formatCount, formatMs } from '../model/quantities.js';
import type { FinishStep } from './gate.js';
import type { HostParts } from './host-parts.js';
import type { Run } from './migration.js';

/** Shorter pauses fit any queue: to look would cost more than it could save. */
const LONG_PAUSE_MS = 1_000;
/** Who waits for a reply sends again meanwhile. */
const HEADROOM = 2;
/** Full frames of so many are some 80 MB of the kernel's memory. */
const MOST_FRAMES = 50_000;

/**
 * Room in the destination's taps for what comes while the guest stands still: for a long pause their queues are
 * lengthened, and put back when the guest runs. Never rejects: without it frames may be dropped, which is counted.
 */
export class WaitingRoom {
  #before: Promise<{ readonly atMs: number; readonly taps: readonly TapRoom[] }> | null = null;
  /** As they were. */
  #lengthened: readonly TapRoom[] = [];

  constructor(private readonly run: Run) {}

  /** From now on it is counted how many frames come for the guest. */
  begin(): void {
    this.#before ??= this.#taps(this.run.source).then((taps) => ({ atMs: performance.now(), taps }));
  }

  /** Makes room for what comes while the copy ends like that. */
  async make(finish: FinishStep): Promise<void> {
    if (finish.kind !== 'stop' || finish.atMostMs < LONG_PAUSE_MS || this.#before === null) return;
    const { source, destination, journal } = this.run;
    const [before, now, there] = await Promise.all([this.#before, this.#taps(source), this.#taps(destination)]);
    const elapsedMs = Math.max(1, performance.now() - before.atMs);
    for (const tap of there) {
      const { device, holds } = tap;
      const countOf = (taps: readonly TapRoom[]) => taps.find((other) => other.device === device)?.frames ?? 0;
      const expected = ((countOf(now) - countOf(before.taps)) / elapsedMs) * finish.atMostMs;
      const wanted = Math.min(MOST_FRAMES, Math.ceil(expected * HEADROOM));
      if (expected > MOST_FRAMES)
        journal.warn(
          `in a pause of up to ${formatMs(finish.atMostMs)} some ${formatCount(Math.ceil(expected), 'frame')} come ` +
            `for ${device}, and it is made to hold ${MOST_FRAMES}: others are dropped, and counted`,
        );
      // An attempt before may have lengthened it already.
      if (wanted <= holds) continue;
      await this.#setRoom(device, wanted);
      if (!this.#lengthened.some((other) => other.device === device)) this.#lengthened = [...this.#lengthened, tap];
    }
  }

  /** What waited has been read: the queues are as long as before. */
  async putBack(): Promise<void> {
    const lengthened = this.#lengthened;
    this.#lengthened = [];
    for (const { device, holds } of lengthened) await this.#setRoom(device, holds);
  }

  async #setRoom(device: string, holds: number): Promise<void> {
    const { destination, journal } = this.run;
    try {
      await destination.path.setTapRoom(device, holds);
      journal.note(destination.name, Date.now(), `${device} holds ${holds} frames`);
    } catch (error) {
      journal.warn(`${destination.name}: ${device} could not be made to hold ${holds} frames: ${messageOf(error)}`);
    }
  }

  async #taps(host: HostParts): Promise<readonly TapRoom[]> {
    try {
      return await host.path.tapRoom(this.run.vm.name);
    } catch {
      return [];
    }
  }
}
