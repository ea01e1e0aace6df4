/** What is told of several measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** null without values. The median of an even number of values is the mean of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = [...values].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? min;
  // Microseconds, where the values are milliseconds; more digits would be noise of the floating point.
  return { median: Math.round(((lower + upper) / 2) * 1000) / 1000, min, max };
}

/** How many times `b` goes into `a`, by their medians; null where one is missing or there is nothing to divide by. */
export function ratioOf(a: Spread | null, b: Spread | null): number | null {
  return a === null || b === null || b.median === 0 ? null : a.median / b.median;
}
