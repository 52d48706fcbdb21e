/** Answers for how class ids that a segmenter finds agree with a label map: counts of pairs, and the scores made of them. */
import { meanOfKnown } from './spread.ts';

export interface Confusion {
  readonly classes: number;
  /** The classes that count nowhere. */
  readonly voidIds: readonly number[];
  /** Pixels by true class (rows) and found class (columns), [classes, classes]. */
  readonly counts: Float64Array;
}

/** Scores of counted pixels; null where there is nothing to score. */
export interface SegmentationScores {
  /** Share of the pixels that are found right. */
  readonly pixelAccuracy: number | null;
  /** That share for each class by itself, in the mean over the classes that the maps hold. */
  readonly classAccuracy: number | null;
  /** Intersection over union, in the mean over classes that are in the maps or found. */
  readonly meanIoU: number | null;
  /** Intersection over union by class; null for void and for classes that are neither in the maps nor found. */
  readonly perClass: readonly (number | null)[];
}

/** Makes counts of nothing. */
export function emptyConfusion(classes: number, voidIds: readonly number[]): Confusion {
  return { classes, voidIds, counts: new Float64Array(classes * classes) };
}

/** Adds the pixels of a map to counts; those whose true class is void are left out. */
export function addPixels(
  { classes, voidIds, counts }: Confusion,
  truth: ArrayLike<number>,
  found: ArrayLike<number>,
): void {
  if (truth.length !== found.length)
    throw new RangeError(`${truth.length} true ids and ${found.length} found ones are of different maps`);
  const isVoid = new Set(voidIds);
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const [row, column] = [truth[pixel]!, found[pixel]!];
    if (row >= classes || column >= classes)
      throw new RangeError(`id ${Math.max(row, column)} is none of ${classes} classes`);
    if (!isVoid.has(row)) counts[row * classes + column]!++;
  }
}

/** Adds up counts of several maps; there is at least one. */
export function mergeConfusions(parts: readonly Confusion[]): Confusion {
  const [first] = parts;
  if (!first) throw new RangeError('there are no counts to add up');
  const sum = emptyConfusion(first.classes, first.voidIds);
  for (const { counts } of parts) counts.forEach((count, index) => (sum.counts[index]! += count));
  return sum;
}

/** Scores counts (Long et al. 2015, section 5). */
export function scoresOf({ classes, voidIds, counts }: Confusion): SegmentationScores {
  const inMaps = new Float64Array(classes);
  const found = new Float64Array(classes);
  counts.forEach((count, index) => {
    inMaps[Math.floor(index / classes)]! += count;
    found[index % classes]! += count;
  });
  const right = Array.from({ length: classes }, (_, id) => counts[id * classes + id]!);
  const perClass = right.map((pixels, id) => {
    if (voidIds.includes(id)) return null;
    return ratio(pixels, inMaps[id]! + found[id]! - pixels);
  });
  return {
    pixelAccuracy: ratio(total(right), total(inMaps)),
    classAccuracy: meanOfKnown(right.map((pixels, id) => ratio(pixels, inMaps[id]!))),
    meanIoU: meanOfKnown(perClass),
    perClass,
  };
}

const total = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
