import type { MigrateRun } from '../model/bench-result.js';
import type { SwitchRecord } from './delay-curve.js';

/** A run's figures, and what its delay curve is drawn from. */
export interface MeasuredRun {
  readonly run: MigrateRun;
  readonly record: SwitchRecord;
}
