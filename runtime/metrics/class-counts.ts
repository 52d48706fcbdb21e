/** Answers for how class ids that a segmenter finds agree with label maps: pixels counted by class, and the scores made of them. */
import { meanOfKnown } from './spread.ts';

/**
 * Pixels by class, [classes, 3]: in the maps, found, and found right. Pixels whose true class is void count nowhere, and void
 * itself has no counts.
 */
export type ClassCounts = Float64Array;

/** The counts of one map in short, for the classes that it has any of: id, pixels in the map, found, and found right. */
export type ShortCounts = readonly (readonly [id: number, inMap: number, found: number, right: number])[];

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

/** The scores that are one number. */
export type SegmentationScore = Exclude<keyof SegmentationScores, 'perClass'>;

const kinds = 3;

/** Counts the pixels of a map. */
export function countPixels(
  truth: ArrayLike<number>,
  found: ArrayLike<number>,
  { classes, voidIds }: { readonly classes: number; readonly voidIds: readonly number[] },
): ClassCounts {
  if (truth.length !== found.length)
    throw new RangeError(`${truth.length} true ids and ${found.length} found ones are of different maps`);
  const counts = new Float64Array(kinds * classes);
  const isVoid = new Set(voidIds);
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const [inMap, seen] = [truth[pixel]!, found[pixel]!];
    if (inMap >= classes || seen >= classes)
      throw new RangeError(`id ${Math.max(inMap, seen)} is none of ${classes} classes`);
    if (isVoid.has(inMap)) continue;
    counts[kinds * inMap]!++;
    if (!isVoid.has(seen)) counts[kinds * seen + 1]!++;
    if (inMap === seen) counts[kinds * inMap + 2]!++;
  }
  return counts;
}

/** Adds up counts of several maps; there is at least one. */
export function sumCounts(parts: readonly ClassCounts[]): ClassCounts {
  const [first] = parts;
  if (!first) throw new RangeError('there are no counts to add up');
  const sum = new Float64Array(first.length);
  for (const counts of parts) counts.forEach((count, index) => (sum[index]! += count));
  return sum;
}

/** Leaves out the classes that a map has nothing of. */
export function shortCounts(counts: ClassCounts): ShortCounts {
  const rows = Array.from({ length: counts.length / kinds }, (_, id) => {
    const [inMap = 0, found = 0, right = 0] = counts.subarray(kinds * id, kinds * (id + 1));
    return [id, inMap, found, right] as const;
  });
  return rows.filter(([, inMap, found]) => inMap + found > 0);
}

/** Scores counts (Long et al. 2015, section 5). */
export function scoresOf(counts: ClassCounts): SegmentationScores {
  const accuracies: (number | null)[] = [];
  const perClass: (number | null)[] = [];
  let [allInMaps, allRight] = [0, 0];
  for (let at = 0; at < counts.length; at += kinds) {
    const [inMaps, found, right] = [counts[at]!, counts[at + 1]!, counts[at + 2]!];
    accuracies.push(ratio(right, inMaps));
    perClass.push(ratio(right, inMaps + found - right));
    allInMaps += inMaps;
    allRight += right;
  }
  return {
    pixelAccuracy: ratio(allRight, allInMaps),
    classAccuracy: meanOfKnown(accuracies),
    meanIoU: meanOfKnown(perClass),
    perClass,
  };
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
