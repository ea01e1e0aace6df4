/** Where a value lies on an axis, and the round values at which it is labelled. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/**
 * A linear axis from `from` to `to` over the pixels `start` to `end`, with about `count` ticks at 1, 2 or 5 times a
 * power of ten.
 */
export function linearScale(axis: { from: number; to: number; start: number; end: number; count: number }): Scale {
  const span = Math.max(axis.to - axis.from, Number.EPSILON);
  const place = (value: number) => axis.start + ((value - axis.from) / span) * (axis.end - axis.start);
  const rough = span / axis.count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  for (let index = Math.ceil(axis.from / step - 1e-9); index * step <= axis.to + span * 1e-9; index++) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return { place, ticks };
}

/** Tenths of a pixel are enough, and keep the page small. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
