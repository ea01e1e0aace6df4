import type { FinishStep } from './gate.js';

/** A guest that stands still for so long, and was not to, has lost more than a migration is worth. */
const LEAST_MS = 5_000;
const HEADROOM = 3;

/**
 * For so long the guest may stand still before the migration is given up, in milliseconds. A pause that was foretold is
 * given time; whatever lasts much longer has come to a halt.
 */
export function pauseLimitMs(finish: FinishStep): number {
  const atMostMs = finish.kind === 'stop' ? finish.atMostMs : 0;
  return Math.max(LEAST_MS, Math.ceil(atMostMs * HEADROOM));
}
