/** The peak signal-to-noise ratio in decibels: 10 log10(255^2 / mean squared difference). */
import { defineMetric } from './define.ts';
import { checkSizes, range } from './pictures.ts';

/** Equal pictures have no noise; their ratio is given as this many decibels, more than any others of 8 bits reach. */
const mostDecibels = 100;

export const psnr = defineMetric({
  name: 'PSNR',
  better: 'higher',
  doc: 'how near each picture is to its photograph, pixel by pixel',
  measuredBy: ['evaluation', 'training'],
  needs: 'photographs',
  compare: (a, b) => {
    checkSizes(a, b);
    const squares = a.data.reduce((sum, value, index) => sum + (value - b.data[index]!) ** 2, 0);
    return Math.min(mostDecibels, 10 * Math.log10(range ** 2 / (squares / a.data.length)));
  },
});
