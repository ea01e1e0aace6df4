import type { Change } from './change.js';
import type { LabEvent } from './lab-event.js';
import type { NegotiationStep } from './negotiation.js';
import type { WatchNews } from './watch-event.js';

/**
 * All that is told while the program works. Every kind has a renderer; a mapped type in cli/terminal/ makes sure of it.
 */
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
  | ({ readonly kind: 'negotiated'; readonly vm: string } & Pick<NegotiationStep, 'step' | 'host' | 'ok' | 'why'>)
  | ({ readonly kind: 'copy-progress'; readonly vm: string } & CopyProgress)
  | Observed
  /** What a host that `watch` looks at has come to. */
  | { readonly kind: 'watch'; readonly host: string; readonly news: WatchNews }
  | LabEvent
  | { readonly kind: 'note'; readonly text: string }
  /** With `vm` it is about that VM, and the text does not name it again. */
  | { readonly kind: 'warning'; readonly vm?: string; readonly text: string }
  /** What the command ends with that is no error of its own: too few points. */
  | { readonly kind: 'failure'; readonly text: string }
  /** For who wants every detail. */
  | { readonly kind: 'detail'; readonly text: string };

/** What a migration's file keeps of a host: when it happened is known better than when it was heard of. */
type Observed = {
  readonly vm: string;
  /** null: the controller itself. */
  readonly host: string | null;
  /** When it happened, by the host's clock put right by the controller's: Unix time in milliseconds. */
  readonly observedAtMs: number;
} & (
  | { readonly kind: 'guest-paused' }
  | { readonly kind: 'guest-resumed' }
  /** Where the host's table has the MAC from now on; null: nowhere. */
  | { readonly kind: 'table-moved'; readonly mac: string; readonly place: string | null }
  | { readonly kind: 'observed'; readonly text: string }
);

export interface CopyProgress {
  /** Of disks that come along; null or left out: none does. */
  readonly disks?: { readonly processedBytes: number; readonly totalBytes: number } | null;
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

/** An event as it is delivered. */
export interface Envelope {
  /** When it was told, by the controller's clock: Unix time in milliseconds. */
  readonly at: number;
  /** The piece of work it belongs to: one migration, or all else that one command does. null: neither. */
  readonly run: string | null;
  readonly event: VxmigEvent;
}
