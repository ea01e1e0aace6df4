import type { BoundFigures, MigrationResult } from '../model/migration-result.js';
import { formatBytes, formatMs } from '../model/quantities.js';

/** A pause that is sure to be shorter needs no explanation. */
const TOLD_FROM_MS = 1_000;

/** What the pause was to be, and why it came when it did; empty where it was short, or nothing was foretold. */
export function endingWords({ ending }: MigrationResult): string {
  if (ending === undefined) return '';
  const { predictedDowntimeMs: predicted, worstDowntimeMs: worst, why } = ending;
  if (worst !== null && worst < TOLD_FROM_MS) return '';
  const foretold =
    predicted === null || worst === null ? '' : ` (predicted ${formatMs(predicted)}, ${formatMs(worst)} at the worst)`;
  return `${foretold}: ${why}`;
}

/** `101 MiB of 290 MiB, 9.1 s of 60 s`. */
export function boundWords({ bytes, usedBytes, durationMs, usedMs }: BoundFigures): string {
  const used = (what: string | null, of: string) => `${what ?? 'not told how much'} of ${of}`;
  const [sent, took] = [usedBytes === null ? null : formatBytes(usedBytes), usedMs === null ? null : formatMs(usedMs)];
  return `${used(sent, formatBytes(bytes))}, ${used(took, formatMs(durationMs))}`;
}
