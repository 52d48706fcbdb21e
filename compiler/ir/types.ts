/**
 * The types of values in a graph: a dtype and a shape. Images are NHWC, filters HWIO. Shapes are static, except for the
 * numbers of rows of patch tables: they are symbols until a method is called.
 */
import { must } from '../../dsl/errors.ts';

export type DType = 'f32' | 'i32' | 'bool';

export type Shape = readonly number[];

/** The largest size of an axis, and the largest step: engines take both as int32. */
export const largestSize = 2 ** 31 - 1;

/** Tells whether a value is one that a size or a step may have. */
export const isSize = (value: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= largestSize;

/** Sizes from here on are symbols: numbers of rows that only a call of a method tells. Far above any size, and exact in sums. */
const firstSymbol = 2 ** 32;

/** Makes the symbol number `index`, a size that is not known yet; equal symbols are equal sizes. */
export function symbol(index: number): number {
  return firstSymbol + index;
}

/** Tells whether a size is a symbol. */
export function isSymbolic(size: number): boolean {
  return size >= firstSymbol;
}

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Makes a float32 type. */
export const f32 = (...shape: number[]): TensorType => ({ dtype: 'f32', shape });
/** Makes an int32 type. */
export const i32 = (...shape: number[]): TensorType => ({ dtype: 'i32', shape });

/** Bytes of one element as the executors store it. */
export const bytesOf: Readonly<Record<DType, number>> = { f32: 4, i32: 4, bool: 1 };

/** Counts the elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Counts the bytes of a value; a size that is a symbol counts as `rows`, which has to be given where there is one. */
export function bytesIn(type: TensorType, rows?: number): number {
  const sizeIn = (size: number): number =>
    isSymbolic(size) ? must(rows, `there is a number of rows for ${formatType(type)}`) : size;
  return type.shape.reduce((bytes, size) => bytes * sizeIn(size), bytesOf[type.dtype]);
}

/** Prints a type as `f32[1,256,256,64]`; symbols are `r0`, `r1`, … */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.map((size) => (isSymbolic(size) ? `r${size - firstSymbol}` : size)).join(',')}]`;
}

/** Tells whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Tells whether two types are the same. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/** Gives the shape that NumPy's broadcasting makes of two shapes, or undefined where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    result.push(left === 1 ? right : left);
  }
  return result;
}

/** Pairs a flat list of (before, after) amounts, one pair an axis. */
export function pairs(flat: readonly number[]): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, axis) => [
    must(flat[2 * axis], 'amounts come in pairs'),
    must(flat[2 * axis + 1], 'amounts come in pairs'),
  ]);
}
