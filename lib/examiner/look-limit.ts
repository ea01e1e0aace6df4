import { setTimeout as sleep } from 'node:timers/promises';
import type { RubricCheck } from '../grade/rubric.js';
import { TooLate } from '../grade/sight.js';
import { formatMs } from '../model/quantities.js';
import { parseDurationMs } from '../topology/units.js';

/** One look asks hosts a few questions, each with a limit of its own; a look that takes longer is kept waiting. */
const LOOK_LIMIT_MS = 120_000;

/** How long one look may take; null: it ends by itself, and would go on behind the back of whoever gave it up. */
export function lookLimitMs({ kind, wanted }: RubricCheck): number | null {
  if (kind === 'migrate') return null;
  const { within } = wanted as { readonly within?: string };
  return LOOK_LIMIT_MS + (within === undefined ? 0 : parseDurationMs(within));
}

/** @throws TooLate where it takes longer; it is then no longer waited for */
export async function withinLimit<Result>(work: Promise<Result>, limitMs: number | null): Promise<Result> {
  if (limitMs === null) return await work;
  const stop = new AbortController();
  const late = sleep(limitMs, undefined, { signal: stop.signal }).then(() => {
    throw new TooLate(`it took longer than ${formatMs(limitMs)}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
