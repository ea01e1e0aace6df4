import type { JobStats } from '../measure/jobinfo.js';
import type { VxmigError } from '../model/errors.js';
import { neverBegan, stuckDisks, tooSlow } from './cause.js';
import type { Run } from './migration.js';

/** What has flowed of a copy so far, and until when it may. */
export class CopyFlow {
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** Of the disks that come along, at the last look. */
  #diskBytes = 0;
  /** Of memory; null: QEMU has not said anything yet. */
  #sentBytes: number | null = null;
  /** Since when memory flows, by our clocks: one that only goes on, and the one that others are compared with. */
  #memoryBegan: { readonly ms: number; readonly atMs: number } | null = null;
  #memoryBytes: number | null = null;

  constructor(private readonly run: Run) {}

  /** It has taken longer than it may. */
  get isLate(): boolean {
    return performance.now() > this.#deadlineMs;
  }

  /** When memory began to flow, by the controller's clock; null: it has not. */
  get memoryBeganAtMs(): number | null {
    return this.#memoryBegan?.atMs ?? null;
  }

  /** All that is sent of it once, video memory and ROMs included; null: it has not been told. */
  get memoryBytes(): number | null {
    return this.#memoryBytes;
  }

  /** Since memory began to flow. */
  elapsedMs(nowMs: number): number {
    return nowMs - (this.#memoryBegan?.ms ?? nowMs);
  }

  begin(): void {
    this.#deadlineMs = performance.now() + this.run.options.timeoutMs;
  }

  /** Disks go before the memory. They may take as long as they come forward; a time is for the memory alone. */
  follow({ diskProcessedBytes, memoryProcessedBytes, memoryTotalBytes }: JobStats, nowMs: number): void {
    this.#sentBytes = memoryProcessedBytes ?? this.#sentBytes;
    if ((memoryProcessedBytes ?? 0) > 0) {
      this.#memoryBegan ??= { ms: nowMs, atMs: Date.now() };
      this.#memoryBytes = memoryTotalBytes ?? this.#memoryBytes;
      return;
    }
    const bytes = diskProcessedBytes ?? 0;
    if (bytes <= this.#diskBytes) return;
    this.#diskBytes = bytes;
    this.begin();
  }

  /** Why it is late. */
  late(): VxmigError {
    if (this.#sentBytes === 0 && this.#diskBytes > 0) return stuckDisks(this.run, this.#diskBytes);
    return this.#sentBytes === 0 ? neverBegan(this.run) : tooSlow(this.run);
  }
}
