/** Points in hundredths; null for what is no multiple of 0.01. */
export function hundredthsOf(points: number): number | null {
  const hundredths = Math.round(points * 100);
  return Math.abs(points * 100 - hundredths) < 1e-6 ? hundredths : null;
}

export function pointsOf(hundredths: number): number {
  return hundredths / 100;
}

/**
 * The share of the points for a credit of `numerator / denominator`, rounded half up to a hundredth; but only a whole
 * credit gives all of them.
 */
export function shareOf(hundredths: number, numerator: number, denominator: number): number {
  if (numerator >= denominator) return hundredths;
  const share = Math.floor((hundredths * numerator) / denominator + 0.5);
  return Math.max(0, Math.min(share, hundredths - 1));
}
