/** Checks that random crops are not larger than the picture that they are taken from. */
import { scaleSize } from '../../format/queries.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const cropsCoverThePicture: Rule = {
  name: 'crops-cover-the-picture',
  check: ({ data }, locate) => {
    if (!data) return [];
    const { size, crop_from: from = size, scale: [low = 1, high = 1] = [] } = data;
    if (low > high) return [messages.rangeUpsideDown('scale', low, high, locate('/data/scale', 'value'))];
    const smallest = scaleSize(from, low);
    if (smallest.width >= size.width && smallest.height >= size.height) return [];
    const setting = data.scale === undefined ? 'crop_from' : 'scale';
    return [messages.cropTooSmall(smallest, size, locate(`/data/${setting}`, 'value'))];
  },
};
