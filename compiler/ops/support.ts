/** Answers for what several ops share: broadcasting, index arithmetic of the reference, and float-only checks. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { broadcastShapes, must, sameShape, sizeOf, type Shape, type TensorType } from '../ir/types.ts';
import type { Builder } from '../ir/builder.ts';
import { shapeOf, type Attrs, type Node } from '../ir/node.ts';
import { number, type Check, type RefTensor, type TensorFlow, type TfAttr } from './define.ts';

/** Takes operand `index`, which an op's operand list promises. */
export function at<T>(values: readonly T[], index: number): T {
  return must(values[index], `operand ${index} is missing`);
}

/** Requires float32 operands. */
export function checkFloat(types: readonly TensorType[], check: Check): void {
  check(
    types.every((type) => type.dtype === 'f32'),
    'operands are floating-point',
    types.map((type) => type.dtype).join(', '),
  );
}

/** Requires one rank of an operand. */
export function checkRank(type: TensorType, rank: number, what: string, check: Check): void {
  check(type.shape.length === rank, `${what} has rank ${rank}`, `[${type.shape}]`);
}

/** Requires a finite attribute: others have no text in JSON, which identity and printing are based on. */
export function checkFinite(attrs: Attrs, name: string, check: Check): void {
  check(Number.isFinite(number(attrs, name)), `${name} is a finite number`, String(attrs[name]));
}

/** Gives the shape of two operands after broadcasting. */
export function broadcastResult(a: TensorType, b: TensorType, check: Check): Shape {
  const shape = broadcastShapes(a.shape, b.shape);
  check(shape !== undefined, 'shapes are equal or broadcast (1 against n)');
  return shape ?? [];
}

/** Sums a cotangent over the axes along which an operand of `shape` was broadcast. */
export function unbroadcast(b: Builder, dy: Node, shape: Shape): Node {
  const from = shapeOf(dy);
  const extra = from.length - shape.length;
  const axes = from.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  );
  return axes.length === 0 ? dy : b.reshape(b.sum(dy, axes), shape);
}

/** Gives the row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = at(strides, axis + 1) * at(shape, axis + 1);
  return strides;
}

/** Makes a reference tensor by computing every entry from its index. */
export function tabulate(shape: Shape, entry: (index: readonly number[]) => number): RefTensor {
  const data = new Float64Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < data.length; flat++) {
    data[flat] = entry(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = at(index, axis) + 1;
      if (at(index, axis) < at(shape, axis)) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** Reads an entry of a reference tensor; the index is aligned at the last axis and clipped where an axis is 1. */
export function entryAt(tensor: RefTensor, index: readonly number[]): number {
  const extra = index.length - tensor.shape.length;
  let flat = 0;
  for (let axis = 0; axis < tensor.shape.length; axis++) {
    const size = at(tensor.shape, axis);
    flat = flat * size + (size === 1 ? 0 : at(index, axis + extra));
  }
  return must(tensor.data[flat], 'index outside the tensor');
}

/** TensorFlow's `T` attribute for float32. */
export const float: Readonly<Record<string, TfAttr>> = { T: { type: 'f32' } };

/** Puts stride - 1 zeros between (and after) the entries of axis 1 or 2 of [N,H,W,C]. */
export function spreadAxis(tf: TensorFlow, x: Tfjs.Tensor4D, axis: 1 | 2, stride: number): Tfjs.Tensor4D {
  if (stride === 1) return x;
  const [n, h, w, c] = x.shape;
  const flat = axis === 1 ? tf.reshape(x, [n * h, 1, w * c]) : tf.reshape(x, [n * h * w, 1, c]);
  const padded = tf.pad(flat, [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  return tf.reshape(padded, axis === 1 ? [n, h * stride, w, c] : [n, h, w * stride, c]);
}

/** Repeats x to fill `shape`. Adding zeros is a hundred times as fast as WebAssembly's own tiling. */
export function broadcast(tf: TensorFlow, x: Tfjs.Tensor, shape: Shape): Tfjs.Tensor {
  if (sameShape(x.shape, shape)) return tf.clone(x);
  return x.dtype === 'float32' ? tf.add(x, tf.zeros([...shape])) : tf.broadcastTo(x, [...shape]);
}
