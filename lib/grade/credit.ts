import { shareOf } from './points.js';
import type { Credit, RubricCheck } from './rubric.js';
import type { Fact, Sight } from './sight.js';

/** What a sight is worth: of all points `hundredths`, and whether nothing is missing. */
export interface Worth {
  readonly hundredths: number;
  readonly passed: boolean;
}

/**
 * Whether the fact speaks for the check: it holds, or for a negative check it does not; never where what it is about is
 * not there.
 */
export function speaksFor(fact: Fact, { negative }: Pick<RubricCheck, 'negative'>): boolean {
  return fact.holds !== null && fact.holds !== negative;
}

/**
 * @throws Error where nothing was looked at, or what bands go by was not measured: then nothing can be said of the
 * student
 */
export function worthOf(check: Pick<RubricCheck, 'negative' | 'credit' | 'pointsHundredths'>, sight: Sight): Worth {
  const good = sight.facts.filter((fact) => speaksFor(fact, check)).length;
  const { length } = sight.facts;
  if (length === 0) throw new Error('there was nothing to look at');
  const max = check.pointsHundredths;
  if (check.credit.kind === 'ratio') return { hundredths: shareOf(max, good, length), passed: good === length };
  if (good < length) return { hundredths: 0, passed: false };
  const credit = check.credit.kind === 'bands' ? bandCredit(check.credit, sight) : 1;
  return { hundredths: shareOf(max, credit, 1), passed: credit === 1 };
}

/** The worst of the measures counts. */
function bandCredit({ bands }: Extract<Credit, { kind: 'bands' }>, { measures }: Sight): number {
  const credits = [...bands].map(([measure, of]) => {
    const value = measures?.[measure] ?? null;
    if (value === null) throw new Error(`${measure}: it was not measured`);
    return of.find(({ upTo }) => value <= upTo)?.credit ?? 0;
  });
  return Math.min(1, ...credits);
}
