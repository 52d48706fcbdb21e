/** Answers for what several spec ops are made of: statistics, padding and numbers that count up. */
import type { Builder } from '../builder.ts';
import { shapeOf, type Node } from '../../ir/node.ts';

/** Mean and biased variance over `axes`, kept as axes of size 1. */
export function moments(
  b: Builder,
  x: Node,
  axes: readonly number[],
): { mean: Node; centered: Node; variance: Node } {
  const mean = b.mean(x, axes);
  const centered = b.sub(x, mean);
  return { mean, centered, variance: b.mean(b.op('square', [centered]), axes) };
}

/** (x - mean) / sqrt(variance + epsilon) with statistics over `axes`. */
export function normalizeOver(b: Builder, x: Node, axes: readonly number[], epsilon: number): Node {
  const { centered, variance } = moments(b, x, axes);
  return b.mul(centered, b.op('rsqrt', [b.add(variance, b.constant(epsilon))]));
}

/** Lists the axes of a value from `first` on, less the last `less`. */
export function axesOf(x: Node, first = 0, less = 0): number[] {
  return shapeOf(x).flatMap((_, axis, all) => (axis >= first && axis < all.length - less ? [axis] : []));
}

/** Lays amounts for rows and columns (before, after) out for all axes of a picture. */
export function aroundPixels(rows: readonly [number, number], columns: readonly [number, number]): number[] {
  return [0, 0, ...rows, ...columns, 0, 0];
}

/** Puts `amount` zeros on every side of a picture. */
export function zeroPad(b: Builder, x: Node, amount: number): Node {
  if (amount === 0) return x;
  const both = [amount, amount] as const;
  return b.op('pad', [x], { amounts: aroundPixels(both, both), value: 0 });
}

/** The numbers 0 .. count - 1 as [count], out of a few nodes: the graph has constants of one value only. */
export function countUp(b: Builder, count: number): Node {
  if (count === 1) return b.constant(0, [1]);
  const half = Math.ceil(count / 2);
  const upper = b.add(countUp(b, count - half), b.constant(half));
  return b.op('concat', [countUp(b, half), upper], { axis: 0 });
}

/** Given numbers as [values.length]. */
export function vectorOf(b: Builder, values: readonly number[]): Node {
  const parts = values.map((value) => b.constant(value, [1]));
  return parts.length === 1 ? parts[0]! : b.op('concat', parts, { axis: 0 });
}
