/** Answers for what the rest of the program may use of measures: pure functions of arrays, without files, engines or clocks. */
export {
  countPixels,
  scoresOf,
  shortCounts,
  sumCounts,
  type ClassCounts,
  type SegmentationScore,
  type ShortCounts,
} from './class-counts.ts';
export { featureDistance, meanOfPairs, type FeatureMap } from './feature-distance.ts';
export { featureSet, joinRows, rowOf, type FeatureSet } from './features.ts';
export { frechetDistance } from './frechet.ts';
export { discrepancy, kernelDistance, type KernelDistance, type KernelOptions } from './kernel-distance.ts';
export {
  meanDifference,
  peakSignalToNoise,
  structuralSimilarity,
  type EightBitPicture,
} from './similarity.ts';
export { mean, meanAndDeviation, meanOfKnown } from './spread.ts';
