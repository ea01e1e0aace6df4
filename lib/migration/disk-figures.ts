import type { DiskCopyChange } from '../compute/driver.js';
import { type DiskCopy, howCopied } from '../model/disk-copy.js';
import type { DiskFigures } from '../model/migration-result.js';

interface Followed {
  readonly beganAtMs: number | null;
  readonly inSyncAtMs: number | null;
  readonly bytes: number | null;
}

const UNSEEN: Followed = { beganAtMs: null, inSyncAtMs: null, bytes: null };

/** The copies of a VM's disks, as the source's hypervisor tells of them. */
export class DiskCopies {
  readonly #jobs = new Map<string, Followed>();

  constructor(readonly all: readonly DiskCopy[]) {}

  /** By the source's own clock: only differences are told. */
  hear({ kind, job, bytes, atMs }: DiskCopyChange): void {
    const before = this.#jobs.get(job) ?? UNSEEN;
    if (kind === 'disk began') this.#jobs.set(job, { ...UNSEEN, beganAtMs: atMs });
    else if (kind === 'disk in sync') this.#jobs.set(job, { ...before, bytes, inSyncAtMs: before.inSyncAtMs ?? atMs });
    else this.#jobs.set(job, { ...before, bytes: bytes ?? before.bytes });
  }

  figures(): DiskFigures[] {
    return this.all.map(({ target, path, base, job }) => {
      const { beganAtMs, inSyncAtMs, bytes } = this.#jobs.get(job) ?? UNSEEN;
      const durationMs = beganAtMs === null || inSyncAtMs === null ? null : Math.round(inSyncAtMs - beganAtMs);
      return { target, path, copied: howCopied(base), bytes, durationMs };
    });
  }
}
