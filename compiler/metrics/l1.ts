/** The mean absolute difference of colors, in shares of the whole range of a channel. */
import { defineMetric } from './define.ts';
import { checkSizes, range, type EightBitPicture } from './pictures.ts';

/** Computes the mean absolute difference of two pictures. */
export function meanDifference(a: EightBitPicture, b: EightBitPicture): number {
  checkSizes(a, b);
  const sum = a.data.reduce((all, value, index) => all + Math.abs(value - b.data[index]!), 0);
  return sum / a.data.length / range;
}

export const l1 = defineMetric({
  name: 'L1',
  better: 'lower',
  doc: 'how far the colors of each picture are from those of its photograph',
  measuredBy: ['training'],
  needs: 'photographs',
  compare: meanDifference,
});
