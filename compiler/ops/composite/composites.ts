/** What several composites are made of: statistics, padding and numbers that count up. */
import { shapeOf, type Builder, type Node } from '../../ir/node.ts';
import { mean as meanOver } from '../primitive/support.ts';

/** Mean and biased variance over `axes`, kept as axes of size 1. */
export function moments(
  b: Builder,
  x: Node,
  axes: readonly number[],
): { mean: Node; centered: Node; variance: Node } {
  const mean = meanOver(b, x, axes);
  const centered = b.sub(x, mean);
  return { mean, centered, variance: meanOver(b, b.square(centered), axes) };
}

/** (x - mean) / sqrt(variance + epsilon) with statistics over `axes`. */
export function normalizeOver(b: Builder, x: Node, axes: readonly number[], epsilon: number): Node {
  const { centered, variance } = moments(b, x, axes);
  return b.mul(centered, b.rsqrt(b.add(variance, epsilon)));
}

/** Lists the axes of a value from `first` on, less the last `less`. */
export function axesOf(x: Node, first = 0, less = 0): number[] {
  return shapeOf(x).flatMap((_, axis, all) => (axis >= first && axis < all.length - less ? [axis] : []));
}

/** Amounts (before, after) along an axis. */
export type Amounts = readonly [before: number, after: number];

/** Lays amounts for rows and columns out for all axes of a picture. */
export function aroundPixels(rows: Amounts, columns: Amounts): number[] {
  return [0, 0, ...rows, ...columns, 0, 0];
}

/** Puts `amount` zeros on every side of a picture. */
export function zeroPad(b: Builder, x: Node, amount: number): Node {
  if (amount === 0) return x;
  return b.pad(x, { amounts: aroundPixels([amount, amount], [amount, amount]), value: 0 });
}

/** The numbers 0 .. count - 1 as [count], out of a few nodes: the graph has constants of one value only. */
export function countUp(b: Builder, count: number): Node {
  if (count === 1) return b.constant({ value: 0, shape: [1] });
  const half = Math.ceil(count / 2);
  const upper = b.add(countUp(b, count - half), half);
  return b.concat([countUp(b, half), upper], { axis: 0 });
}

/** Given numbers as [values.length]. */
export function vectorOf(b: Builder, values: readonly number[]): Node {
  return join(
    b,
    values.map((value) => b.constant({ value, shape: [1] })),
    0,
  );
}

/** Joins parts along an axis; a single one is the result itself. */
export function join(b: Builder, parts: readonly Node[], axis: number): Node {
  const [only, ...others] = parts;
  return only && others.length === 0 ? only : b.concat(parts, { axis });
}
