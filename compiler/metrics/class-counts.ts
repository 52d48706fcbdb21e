/** How class ids that a segmenter finds agree with label maps: pixels counted by class, of which scores are made. */

/**
 * Pixels by class, [classes, 3]: in the maps, found, and found right. Pixels whose true class is void count nowhere, and void
 * itself has no counts.
 */
export type ClassCounts = Float64Array;

/** The counts of one map in short, for the classes that it has any of: id, pixels in the map, found, and found right. */
export type ShortCounts = readonly (readonly [id: number, inMap: number, found: number, right: number])[];

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

/** Computes something of each class, by id. */
export function perClassOf<T>(
  counts: ClassCounts,
  compute: (inMaps: number, found: number, right: number) => T,
): T[] {
  const rows: T[] = [];
  for (let at = 0; at < counts.length; at += kinds)
    rows.push(compute(counts[at]!, counts[at + 1]!, counts[at + 2]!));
  return rows;
}

/** Gives a share; null of nothing. */
export const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
