/** The share of pixels whose class is found (Long et al. 2015, section 5). */
import { perClassOf, ratio } from './class-counts.ts';
import { defineMetric } from './define.ts';

export const pixelAccuracy = defineMetric({
  name: 'pixel accuracy',
  better: 'higher',
  doc: 'the share of pixels that a segmenter finds right',
  measuredBy: ['evaluation', 'training'],
  needs: 'class counts',
  score: (counts) => {
    let [allInMaps, allRight] = [0, 0];
    perClassOf(counts, (inMaps, _found, right) => {
      allInMaps += inMaps;
      allRight += right;
    });
    return ratio(allRight, allInMaps);
  },
  recordedAs: 'pixelAccuracy',
});
