import type { ClockOffset } from '../model/clock-offset.js';
import type { MacCoverage, StageFigures } from '../model/migration-result.js';
import type { ProbeSeries } from '../model/probe-series.js';
import { macsOf } from './coverage.js';
import type { Run } from './migration.js';
import type { Overflowed } from './queues.js';
import type { Arming, Redirects } from './redirects.js';
import type { Findings } from './stages.js';
import type { SwitchState } from './switchover.js';
import type { TableWatch } from './tables.js';
import type { Verification } from './verify.js';

/** Date.now() and ovs-ofctl cut off what is less than a millisecond. */
export const STAMP_MS = 1;

export interface CertifiedRun {
  readonly startMs: number;
  readonly stages: readonly StageFigures[];
  /** One for each of the run's probes, in order; times by the controller's clock. */
  readonly series: readonly ProbeSeries[];
  /** As the run's clocks, with the error that they had over the whole run. */
  readonly clocks: ReadonlyMap<string, ClockOffset>;
  readonly overflowed: Overflowed | null;
}

/** A run with all that was seen of it. */
export type Witnessed = Run &
  Pick<SwitchState, 'copyBeganAtMs' | 'stoppedAtMs' | 'resumedAtMs'> &
  Pick<Verification, 'convergence' | 'proofs' | 'repairs'> &
  Redirects['instants'] & {
    readonly armings: readonly Arming[];
    readonly tables: TableWatch | null;
    readonly macs: readonly MacCoverage[];
    /** The guest ran at the destination before all of its memory was there. */
    readonly isFetched: boolean;
  };

export function witnessedOf(run: Run, { reservation, verification, copy }: Findings): Witnessed {
  const none = { armingAtMs: null, armedAtMs: null, liftedAtMs: null };
  return {
    ...run,
    ...run.switchover.state,
    convergence: verification?.convergence ?? [],
    proofs: verification?.proofs ?? [],
    repairs: verification?.repairs ?? [],
    ...(reservation?.redirects.instants ?? none),
    armings: reservation?.redirects.armings ?? [],
    tables: reservation?.tables ?? null,
    macs: macsOf(reservation?.moving ?? { macs: [], left: [] }),
    isFetched: copy?.finish.kind === 'post-copy',
  };
}

/** How far a host's clock can be off, in milliseconds. */
export function clockError({ clocks }: CertifiedRun, host: string): number {
  return clocks.get(host)?.errorMs ?? 0;
}
