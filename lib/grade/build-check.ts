import { parseDurationMs } from '../topology/units.js';
import type { Check } from './file.js';
import { bandLimit, kindsIn, visibilityOf, type WrittenCheck } from './meaning.js';
import { listOf } from './names.js';
import { hundredthsOf } from './points.js';
import type { Credit, Retry, RubricCheck } from './rubric.js';
import { MEASURES } from './sight.js';

const DEFAULT_RETRY_EVERY = '1s';

/** Fills in the defaults. The check has passed every test. */
export function buildCheck(written: WrittenCheck): RubricCheck {
  const { name, check } = written;
  const visibility = visibilityOf(written);
  const level = check.level ?? 'error';
  const isWorthNothing = level === 'warning' || visibility === 'hidden';
  const [kind] = kindsIn(check);
  if (kind === undefined) throw new Error(`check ${name} looks at nothing`);
  const rules = {
    name,
    title: check.title ?? name,
    pointsHundredths: hundredthsOf(check.points ?? (isWorthNothing ? 0 : 1)) ?? 0,
    credit: creditOf(check.partial),
    needs: listOf(check.needs),
    retry: retryOf(check.retry),
    holdMs: check.hold === undefined ? 0 : parseDurationMs(check.hold),
    negative: check.not ?? false,
    hint: check.hint ?? '',
    visibility,
    level,
    showsExpected: check.showExpected ?? true,
  };
  // What stands under a kind's key is what that kind wants.
  return { ...rules, kind, wanted: check[kind] } as RubricCheck;
}

function creditOf(partial: Check['partial']): Credit {
  if (partial === undefined) return { kind: 'whole' };
  if (typeof partial === 'string') return { kind: 'ratio' };
  const bands = MEASURES.flatMap((measure) => {
    const written = partial[measure];
    return written === undefined
      ? []
      : [[measure, written.map(({ upTo, credit }) => ({ upTo: bandLimit(upTo), credit }))] as const];
  });
  return { kind: 'bands', bands: new Map(bands) };
}

function retryOf(retry: Check['retry']): Retry | null {
  if (retry === undefined) return null;
  const { for: time, every = DEFAULT_RETRY_EVERY } = typeof retry === 'string' ? { for: retry } : retry;
  return { forMs: parseDurationMs(time), everyMs: parseDurationMs(every) };
}
