/** How unlike the paintings of one map are: the mean distance of all pairs (Zhu et al. 2017, section 5). */
import { defineMetric } from './define.ts';

/** Gives the mean of a distance over all pairs of different items; there are at least two. */
export function meanOfPairs<T>(items: readonly T[], distance: (a: T, b: T) => number): number {
  if (items.length < 2) throw new RangeError('pairs need two items');
  let sum = 0;
  items.forEach((one, index) => items.slice(0, index).forEach((other) => (sum += distance(one, other))));
  return sum / ((items.length * (items.length - 1)) / 2);
}

export const diversity = defineMetric({
  name: 'diversity',
  better: 'higher',
  doc: 'how unlike the pictures of one map look',
  measuredBy: ['evaluation'],
  needs: 'styles',
  spread: meanOfPairs,
});
