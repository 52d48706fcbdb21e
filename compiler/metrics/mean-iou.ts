/** Intersection over union, in the mean over classes that are in the maps or found (Long et al. 2015, section 5). */
import { perClassOf, ratio, type ClassCounts } from './class-counts.ts';
import { defineMetric } from './define.ts';
import { meanOfKnown } from './spread.ts';

/** Gives intersection over union by class; null for void and for classes that are neither in the maps nor found. */
const overlaps = (counts: ClassCounts): readonly (number | null)[] =>
  perClassOf(counts, (inMaps, found, right) => ratio(right, inMaps + found - right));

export const meanIoU = defineMetric({
  name: 'mIoU',
  better: 'higher',
  doc: 'how well a segmenter finds the label map again in the picture',
  measuredBy: ['evaluation', 'training'],
  decides: true,
  needs: 'class counts',
  score: (counts) => meanOfKnown(overlaps(counts)),
  recordedAs: 'meanIoU',
  perClass: overlaps,
});
