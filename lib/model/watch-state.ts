import type { Change } from './change.js';

/** What `watch` knows of one host at a moment, and what it has done since it began. */
export interface WatchedState {
  readonly host: string;
  readonly connected: boolean;
  readonly drifts: readonly Change[];
  readonly repairs: number;
  readonly failedRepairs: number;
  /** Of the last look: when it ended (Unix time), and how long it took; null before the first. */
  readonly look: { readonly atMs: number; readonly durationMs: number } | null;
  /** Ports of tunnels that are in place. */
  readonly tunnels: number;
  readonly vmsRunning: number;
}
