/**
 * The kernel distance of two sets of features (Binkowski et al. 2018, section 4): the squared maximum mean discrepancy
 * under the kernel (x'y / d + 1)^3, by its unbiased estimate, in the mean over random subsets.
 */
import { RandomStream } from '../ir/random.ts';
import { defineMetric } from './define.ts';
import { rowOf, type FeatureSet } from './features.ts';
import { meanAndDeviation } from './spread.ts';

/** Says how subsets are drawn. */
export interface KernelOptions {
  readonly subsets: number;
  /** Vectors in a subset of each set. */
  readonly size: number;
  readonly seed: number;
}

export interface KernelDistance {
  readonly mean: number;
  /** The standard deviation over the subsets. */
  readonly deviation: number;
}

/** Tables of kernel values up to this many entries are made once, and serve all subsets. */
const tableEntries = 2 ** 23;

/** Computes the distance of two sets; it may be below 0, as unbiased estimates of small numbers are. */
export function kernelDistance(
  a: FeatureSet,
  b: FeatureSet,
  { subsets, size, seed }: KernelOptions,
): KernelDistance {
  if (size > Math.min(a.count, b.count))
    throw new RangeError(`subsets of ${size} do not fit into sets of ${a.count} and ${b.count}`);
  const random = new RandomStream(seed, 'kernel distance');
  const kernels = [kernelOf(a, a), kernelOf(b, b), kernelOf(a, b)] as const;
  const estimates = Array.from({ length: subsets }, () =>
    estimate(...kernels, drawSubset(random, a.count, size), drawSubset(random, b.count, size)),
  );
  return meanAndDeviation(estimates);
}

/** Computes the unbiased estimate of the squared discrepancy between subsets, given by their rows; at least two of each. */
export function discrepancy(
  a: FeatureSet,
  b: FeatureSet,
  rowsOfA: readonly number[],
  rowsOfB: readonly number[],
): number {
  return estimate(kernelOf(a, a), kernelOf(b, b), kernelOf(a, b), rowsOfA, rowsOfB);
}

/** Gives the kernel's value for a row of one set and a row of the other. */
type Kernel = (row: number, column: number) => number;

function kernelOf(a: FeatureSet, b: FeatureSet): Kernel {
  if (a.size !== b.size) throw new RangeError(`features of ${a.size} and of ${b.size} numbers differ`);
  const compute: Kernel = (row, column) => {
    const [x, y] = [rowOf(a, row), rowOf(b, column)];
    let product = 0;
    for (let index = 0; index < x.length; index++) product += x[index]! * y[index]!;
    return (product / a.size + 1) ** 3;
  };
  if (a.count * b.count > tableEntries) return compute;
  const table = Float64Array.from({ length: a.count * b.count }, (_, index) =>
    compute(Math.floor(index / b.count), index % b.count),
  );
  return (row, column) => table[row * b.count + column]!;
}

function estimate(
  within: Kernel,
  withinOther: Kernel,
  between: Kernel,
  rows: readonly number[],
  others: readonly number[],
): number {
  return (
    meanOfDistinct(within, rows) +
    meanOfDistinct(withinOther, others) -
    (2 * sumOf(between, rows, others)) / (rows.length * others.length)
  );
}

function meanOfDistinct(kernel: Kernel, rows: readonly number[]): number {
  const same = rows.reduce((sum, row) => sum + kernel(row, row), 0);
  return (sumOf(kernel, rows, rows) - same) / (rows.length * (rows.length - 1));
}

function sumOf(kernel: Kernel, rows: readonly number[], columns: readonly number[]): number {
  let sum = 0;
  for (const row of rows) for (const column of columns) sum += kernel(row, column);
  return sum;
}

/** Draws `size` of `count` rows, none twice. */
function drawSubset(random: RandomStream, count: number, size: number): number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  for (let index = 0; index < size; index++) {
    const other = index + random.below(count - index);
    [rows[index], rows[other]] = [rows[other]!, rows[index]!];
  }
  return rows.slice(0, size);
}

/** The distance is estimated on so many subsets, of half of the pictures and at most so many. */
const subsets = 100;
const largestSubset = 1000;

export const kid = defineMetric({
  name: 'KID',
  better: 'lower',
  doc: 'how far these features are apart, fit for few pictures; with its deviation',
  measuredBy: ['evaluation'],
  needs: 'features',
  // With fewer there is no half that an unbiased estimate could be made of.
  fewest: 4,
  distance: (painted, photos, seed) => {
    const size = Math.min(largestSubset, Math.floor(Math.min(painted.count, photos.count) / 2));
    const { mean, deviation } = kernelDistance(painted, photos, { subsets, size, seed });
    return { value: mean, deviation };
  },
});
