/** The features of a set of pictures: a vector for each, one after another. */
export interface FeatureSet {
  /** Row-major, [count, size]. */
  readonly values: Float32Array | Float64Array;
  readonly count: number;
  /** Numbers in a vector. */
  readonly size: number;
}

/** Makes a set of vectors of `size` numbers. */
export function featureSet(values: FeatureSet['values'], size: number): FeatureSet {
  const count = values.length / size;
  if (!Number.isInteger(count)) throw new RangeError(`${values.length} numbers are no vectors of ${size}`);
  return { values, count, size };
}

/** Puts rows of one length into one array. */
export function joinRows(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  rows.forEach((row, index) => all.set(row, index * size));
  return all;
}

/** Gives the vector of a picture, not copied. */
export function rowOf({ values, size }: FeatureSet, index: number): FeatureSet['values'] {
  return values.subarray(index * size, (index + 1) * size);
}
