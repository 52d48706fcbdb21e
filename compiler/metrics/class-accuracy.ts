/** The share of a class's pixels that are found, in the mean over the classes of the maps (Long et al. 2015, section 5). */
import { perClassOf, ratio } from './class-counts.ts';
import { defineMetric } from './define.ts';
import { meanOfKnown } from './spread.ts';

export const classAccuracy = defineMetric({
  name: 'class accuracy',
  better: 'higher',
  doc: 'that share for each class, in the mean over the classes of the maps',
  measuredBy: ['evaluation'],
  needs: 'class counts',
  score: (counts) => meanOfKnown(perClassOf(counts, (inMaps, _found, right) => ratio(right, inMaps))),
  recordedAs: 'classAccuracy',
});
