import type { Change } from './change.js';

/** What `watch` knows of one host at a moment. */
export interface WatchedState {
  readonly host: string;
  readonly connected: boolean;
  readonly drifts: readonly Change[];
  /** Of the last look: when it ended (Unix time), and how long it took; null before the first. */
  readonly look: { readonly atMs: number; readonly durationMs: number } | null;
  /** Ports of tunnels that are in place. */
  readonly tunnels: number;
  readonly vmsRunning: number;
}
