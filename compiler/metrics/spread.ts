/** What many numbers are in two: their mean, and how far they lie from it. */

/** Gives the mean of numbers of which there is at least one. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Gives the mean of the numbers that there are; null where there is none. */
export function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : mean(known);
}

/** Gives the mean of numbers and their standard deviation (denominator n). */
export function meanAndDeviation(values: readonly number[]): {
  readonly mean: number;
  readonly deviation: number;
} {
  const center = mean(values);
  return { mean: center, deviation: Math.sqrt(mean(values.map((value) => (value - center) ** 2))) };
}
