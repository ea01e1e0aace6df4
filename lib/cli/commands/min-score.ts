import type { MinScore } from '../command-line/arguments.js';

/** What `--min-score` asks for, in steps of 0.01, as scores are; 0 where it asks for nothing. */
export function leastScore(minScore: MinScore | undefined, { maxScore }: { readonly maxScore: number }): number {
  if (minScore === undefined) return 0;
  const points = 'points' in minScore ? minScore.points : minScore.share * maxScore;
  // A share of a sum has a tail that no score has: 7 % of 100 is 7.000000000000001.
  return Math.ceil(points * 100 - 1e-6) / 100;
}
