import type { Change } from './change.js';

/** What the program says while it works. Every kind has a renderer; a mapped type in report/ makes sure of it. */
export type VxmigEvent =
  | { readonly kind: 'connecting'; readonly hosts: readonly string[] }
  | { readonly kind: 'change-applied'; readonly change: Change }
  | { readonly kind: 'stage-started'; readonly vm: string; readonly stage: string }
  | {
      readonly kind: 'stage-finished';
      readonly vm: string;
      readonly stage: string;
      readonly durationMs: number;
      readonly error: string | null;
    }
  | ({ readonly kind: 'copy-progress'; readonly vm: string } & CopyProgress)
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string };

export interface CopyProgress {
  readonly processedBytes: number;
  readonly remainingBytes: number;
  readonly totalBytes: number;
  /** null until QEMU has measured it. */
  readonly bytesPerSecond: number | null;
  readonly dirtyBytesPerSecond: number | null;
  /** How much of its time QEMU takes from the guest's CPUs to slow it down; null or 0: none. */
  readonly throttlePercent: number | null;
  readonly iteration: number | null;
}

export type Emit = (event: VxmigEvent) => void;
