import type { BoundFigures, EndingFigures } from '../model/migration-result.js';
import { boundBytes } from '../strategies/bounded.js';
import type { Run } from './migration.js';
import type { Findings } from './stages.js';

/** How the copy came to its end, and what it used of what was promised; nothing where it did not begin. */
export function endingOf(run: Run, found: Findings): { ending?: EndingFigures; bound?: BoundFigures } {
  const { copy } = found;
  if (copy === null || copy.flow.memoryBeganAtMs === null) return {};
  const bound = boundOf(run, found);
  return { ...(copy.hasEnded ? { ending: figuresOf(copy.finish) } : {}), ...(bound === null ? {} : { bound }) };
}

function figuresOf(finish: NonNullable<Findings['copy']>['finish']): EndingFigures {
  const { kind, why } = finish;
  const [predicted, worst] = finish.kind === 'stop' ? [finish.expectedMs, finish.atMostMs] : [null, null];
  return { kind, why, predictedDowntimeMs: whole(predicted), worstDowntimeMs: whole(worst) };
}

function boundOf({ strategy, switchover }: Run, { copy, transfer }: Findings): BoundFigures | null {
  const { bound } = strategy;
  const [beganAtMs, memoryBytes] = [copy?.flow.memoryBeganAtMs ?? null, copy?.flow.memoryBytes ?? null];
  if (bound === null || copy === null || beganAtMs === null || memoryBytes === null) return null;
  const { resumedAtMs, endedAtMs } = switchover.state;
  // A guest that fetches its memory has it when the job is over.
  const atMs = copy.finish.kind === 'post-copy' && resumedAtMs !== null ? endedAtMs : resumedAtMs;
  const usedMs = atMs === null ? null : Math.max(0, Math.round(atMs - beganAtMs));
  const usedBytes = transfer?.memoryBytes ?? null;
  const bytes = boundBytes(bound, memoryBytes);
  const kept = (usedBytes ?? 0) <= bytes && (usedMs ?? 0) <= bound.durationMs;
  return { bytes, usedBytes, durationMs: bound.durationMs, usedMs, kept };
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
