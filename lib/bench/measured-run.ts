import type { SwitchRecord } from './delay-curve.js';
import type { MigrateRun } from './result.js';

/** A run's figures, and what its delay curve is drawn from. */
export interface MeasuredRun {
  readonly run: MigrateRun;
  readonly record: SwitchRecord;
}
