import type { Change } from './change.js';

/**
 * What has to be done in one scope of a network: a host, or a database that all hosts share. Of what else it is made
 * only the backend knows that has planned it, and it alone carries it out.
 */
export interface ScopePlan {
  readonly backend: string;
  /** null: all hosts share it. */
  readonly host: string | null;
  readonly changes: readonly Change[];
}
