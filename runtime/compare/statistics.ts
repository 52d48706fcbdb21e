/** Computes statistics in float64: deviations over seeds, and intervals of differences over maps or seeds. */
import jStat from 'jstat';
import { RandomStream } from '../../compiler/ir/random.ts';
import { must } from '../../dsl/errors.ts';
import { mean } from '../../compiler/metrics/spread.ts';

/** The parameters of every interval of a comparison; the page mentions them. */
export const confidence = 0.95;
export const resamples = 10_000;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Gives the sample standard deviation; undefined for a single number. */
export function deviation(values: readonly number[]): number | undefined {
  return values.length < 2 ? undefined : Math.sqrt(variance(values));
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}

/**
 * Gives the percentile bootstrap interval of the mean (Efron and Tibshirani 1993, section 13.3). The resamples depend
 * only on the number of values, so all differences over the same maps use the same resamples.
 */
export function bootstrapInterval(values: readonly number[]): Interval {
  const drawn = drawsOf(values.length);
  const means = new Float64Array(resamples);
  for (let resample = 0, next = 0; resample < resamples; resample++) {
    let sum = 0;
    for (const end = next + values.length; next < end; next++) sum += values[drawn[next]!]!;
    means[resample] = sum / values.length;
  }
  return percentileInterval(means);
}

/** Gives the central interval of resampled values. */
export function percentileInterval(values: Float64Array): Interval {
  const sorted = values.slice().sort();
  const tail = (1 - confidence) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

const draws = new Map<number, Uint32Array>();

/** Draws all resamples of `count` values: indices, resample by resample. */
export function drawsOf(count: number): Uint32Array {
  const known = draws.get(count);
  if (known) return known;
  const random = new RandomStream(count, 'bootstrap');
  const made = Uint32Array.from({ length: resamples * count }, () => random.below(count));
  draws.set(count, made);
  return made;
}

/** Gives a quantile of sorted values, interpolated linearly. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = must(sorted[below], 'a quantile lies within the sorted values');
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}

/**
 * Gives the interval of the difference of two means from their spreads over seeds, which may be unequal (Welch 1947);
 * undefined if either has a single seed.
 */
export function welchInterval(ours: readonly number[], theirs: readonly number[]): Interval | undefined {
  if (ours.length < 2 || theirs.length < 2) return undefined;
  const difference = mean(ours) - mean(theirs);
  const [a, b] = [variance(ours) / ours.length, variance(theirs) / theirs.length];
  if (a + b === 0) return { low: difference, high: difference };
  const freedom = (a + b) ** 2 / (a ** 2 / (ours.length - 1) + b ** 2 / (theirs.length - 1));
  const reach = jStat.studentt.inv(1 - (1 - confidence) / 2, freedom) * Math.sqrt(a + b);
  return { low: difference - reach, high: difference + reach };
}

/** Tells whether an interval excludes 0. */
export function excludesZero({ low, high }: Interval): boolean {
  return low > 0 || high < 0;
}
