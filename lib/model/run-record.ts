import type { ClockOffset } from './clock-offset.js';
import type { MigrationResult } from './migration-result.js';
import type { ProbeSeries } from './probe-series.js';

/** All that is kept of one migration: enough to draw and judge it again. */
export interface RunRecord {
  /** By which its events are found in a log; files of earlier versions have none. */
  readonly id?: string;
  /** The version of vxmig that made it. */
  readonly vxmig: string;
  /** ISO 8601 in UTC. */
  readonly startedAt: string;
  readonly topology: string;
  readonly result: MigrationResult;
  readonly probes: readonly ProbeSeries[];
  /** By host name. */
  readonly clocks: Readonly<Record<string, ClockOffset>>;
  readonly events: readonly RunEvent[];
}

/** Something that happened during the run, for people and for a look at what came first. */
export interface RunEvent {
  /** Unix time in milliseconds by the controller's clock. */
  readonly atMs: number;
  /** null: the controller itself. */
  readonly host: string | null;
  readonly text: string;
}
