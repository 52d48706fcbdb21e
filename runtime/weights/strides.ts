/** Copies strided views of tensors to row-major arrays, and permutes axes. */
import { sizeOf } from '../../compiler/ir/types.ts';

/** Gives the strides of a row-major tensor. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] ?? 1;
  }
  return strides;
}

/** Copies a view of `source` (`shape`, and `strides` in numbers) to a row-major array. */
export function gather(
  source: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (values.length === 0) return values;
  const columns = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 1;
  const index = new Array<number>(Math.max(0, shape.length - 1)).fill(0);
  let from = 0;
  for (let to = 0; to < values.length;) {
    for (let column = 0, at = from; column < columns; column++, at += step) values[to++] = source[at] ?? 0;
    // Advances the outer axes by one, the last of them fastest.
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const [size, stride] = [shape[axis] ?? 1, strides[axis] ?? 0];
      index[axis] = (index[axis] ?? 0) + 1;
      from += stride;
      if ((index[axis] ?? 0) < size) break;
      index[axis] = 0;
      from -= size * stride;
    }
  }
  return values;
}

/** Reorders axes: axis i of the result is axis order[i] of `values`, which has `shape`. */
export function permute(
  values: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const strides = rowMajor(shape);
  return gather(
    values,
    order.map((axis) => shape[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 1),
  );
}

/** Gives the inverse of the permutation `order`. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}
