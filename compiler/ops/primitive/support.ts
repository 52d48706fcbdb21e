/** What several ops share: broadcasting, index arithmetic of the reference, and float-only checks. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import {
  broadcastShapes,
  sameShape,
  sizeOf,
  type DType,
  type Shape,
  type TensorType,
} from '../../ir/types.ts';
import { brokenInvariant, must } from '../../../dsl/errors.ts';
import { shapeOf, type Builder, type Check, type Node } from '../../ir/node.ts';
import type { RefTensor, TensorFlow, TfAttr, TfEmitter } from '../../ir/emitter.ts';

/** Takes operand `index`, which an op's operand list promises. */
export function at<T>(values: readonly T[], index: number): T {
  return must(values[index], `an op has its operand ${index}`);
}

/** Takes the four numbers of a picture's shape [N,H,W,C], or of an index into one. */
export function four(values: readonly number[]): [number, number, number, number] {
  return [at(values, 0), at(values, 1), at(values, 2), at(values, 3)];
}

/** Gives a shape, or an index, with another number for one axis. */
export function withAxis(values: readonly number[], axis: number, value: number): number[] {
  return values.map((old, i) => (i === axis ? value : old));
}

/** The sizes of a shape beside 1. */
export const withoutOnes = (shape: Shape): Shape => shape.filter((size) => size !== 1);

/** What is said of the edges of ops that move numbers. */
export const handedOn = 'infinities and NaN are handed on as they are';

/** What is said of the edges of products, which `function` of PyTorch has. */
export const multiplied = (pytorch: string): string =>
  `a NaN meets every factor, and 0 times an infinity is NaN, as in ${pytorch}`;

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

/** Requires an attribute that is finite in float32; others have no text in JSON, which identity and printing are based on. */
export function checkFinite(value: number, name: string, check: Check): void {
  check(Number.isFinite(Math.fround(value)), `${name} is a finite number of float32`, String(value));
}

/** Takes a tensor for a picture [N,H,W,C], which it is. */
export function picture(x: Tfjs.Tensor): Tfjs.Tensor4D {
  if (!isPicture(x)) throw brokenInvariant(`a picture has rank 4, found [${x.shape}]`);
  return x;
}

const isPicture = (x: Tfjs.Tensor): x is Tfjs.Tensor4D => x.rank === 4;

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
  return axes.length === 0 ? dy : b.reshape(sumOver(b, dy, axes), { shape });
}

/** Adds x up over axes, which stay with size 1 unless `keep` is off; x itself where there are none. */
export function sumOver(b: Builder, x: Node, axes: readonly number[], keep = true): Node {
  return axes.length === 0 ? x : b.sum(x, { axes, keep });
}

/** The mean of x over axes, which stay with size 1 unless `keep` is off. */
export function mean(b: Builder, x: Node, axes: readonly number[], keep = true): Node {
  const count = axes.reduce((product, axis) => product * at(shapeOf(x), axis), 1);
  return b.mul(sumOver(b, x, axes, keep), 1 / count);
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
  return must(tensor.data[flat], 'an index lies inside of the tensor');
}

/** Adds to one of the numbers of a reference tensor. */
export function addAt(data: Float64Array, index: number, value: number): void {
  data[index] = must(data[index], 'an index lies inside of the tensor') + value;
}

/** TensorFlow's `T` attribute for float32. */
export const float: Readonly<Record<string, TfAttr>> = { T: { type: 'f32' } };

/** Emits a list of integers, such as a shape or axes. */
export function emitList(emit: TfEmitter, values: readonly number[]): string {
  return emit.constant('i32', [values.length], values);
}

/** Emits the slices of x at `indices` of an axis, in that order. */
export function emitGather(emit: TfEmitter, dtype: DType, x: string, indices: string, axis: number): string {
  return emit.op('GatherV2', [x, indices, emit.constant('i32', [], [axis])], {
    Tparams: { type: dtype },
    Tindices: { type: 'i32' },
    Taxis: { type: 'i32' },
    batch_dims: { int: 0 },
  });
}

/** Puts stride - 1 zeros between (and after) the entries of axis 1 or 2 of [N,H,W,C]. */
function spreadAxis(tf: TensorFlow, x: Tfjs.Tensor4D, axis: 1 | 2, stride: number): Tfjs.Tensor4D {
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

/** Puts stride - 1 zeros between the pixels of x [N,H,W,C], along both axes. */
export function spreadPixels(tf: TensorFlow, x: Tfjs.Tensor4D, stride: number): Tfjs.Tensor4D {
  if (stride === 1) return x;
  const spread = spreadAxis(tf, spreadAxis(tf, x, 1, stride), 2, stride);
  const [n, h, w, c] = spread.shape;
  return tf.slice(spread, [0, 0, 0, 0], [n, h - stride + 1, w - stride + 1, c]);
}

/**
 * Gives, for each place of a `size` window, row by row, the pixels of x [N,H,W,C] that the `counts` (rows, columns) of
 * windows have there. WebAssembly's own strided slices take ten times as long as whole slices of x cut into phases.
 */
export function windowPlaces(
  tf: TensorFlow,
  x: Tfjs.Tensor4D,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  stride: number,
): Tfjs.Tensor4D[] {
  const [batch, , , channels] = x.shape;
  const past: [number, number] = [0, stride - 1]; // so that the last window's step lies inside too
  const whole = stride === 1 ? x : tf.pad(x, [[0, 0], past, past, [0, 0]]);
  const places: Tfjs.Tensor4D[] = [];
  for (let i = 0; i < height; i++) {
    const band = tf.slice(whole, [0, i, 0, 0], [batch, rows * stride, whole.shape[2], channels]);
    const lines = firstOfEach(tf, band, 1, stride);
    for (let j = 0; j < width; j++) {
      const strip = tf.slice(lines, [0, 0, j, 0], [batch, rows, columns * stride, channels]);
      places.push(firstOfEach(tf, strip, 2, stride));
    }
  }
  return places;
}

/** Keeps the first of every `stride` entries of axis 1 or 2 of [N,H,W,C]. */
function firstOfEach(tf: TensorFlow, x: Tfjs.Tensor4D, axis: 1 | 2, stride: number): Tfjs.Tensor4D {
  if (stride === 1) return x;
  const [n, h, w, c] = x.shape;
  const [before, after] = axis === 1 ? [(n * h) / stride, w * c] : [(n * h * w) / stride, c];
  const first = tf.slice(tf.reshape(x, [before, stride, after]), [0, 0, 0], [before, 1, after]);
  return tf.reshape(first, axis === 1 ? [n, h / stride, w, c] : [n, h, w / stride, c]);
}

/** Repeats x to fill `shape`. Adding zeros is a hundred times as fast as WebAssembly's own tiling. */
export function broadcast(tf: TensorFlow, x: Tfjs.Tensor, shape: Shape): Tfjs.Tensor {
  if (sameShape(x.shape, shape)) return tf.clone(x);
  return x.dtype === 'float32' ? tf.add(x, tf.zeros([...shape])) : tf.broadcastTo(x, [...shape]);
}

/** Gives the largest divisor of `count` that is at most its square root. */
function divisorNearRoot(count: number): number {
  let divisor = Math.floor(Math.sqrt(count));
  while (count % divisor !== 0) divisor--;
  return divisor;
}

/**
 * Multiplies matrices. WebAssembly's kernel keeps the right one in packed form by the memory that it lies in, whatever its shape: memory
 * that is multiplied as [4,6] and, reshaped, as [8,3], would be read as [4,6] both times, beyond its end. So the right one is copied.
 */
export function product(
  tf: TensorFlow,
  a: Tfjs.Tensor,
  b: Tfjs.Tensor,
  { transposeA = false, transposeB = false } = {},
): Tfjs.Tensor {
  return tf.matMul(
    a,
    tf.slice(
      b,
      b.shape.map(() => 0),
    ),
    transposeA,
    transposeB,
  );
}

/**
 * Adds up the rows of x [rows,C], giving [1,C]: as products with ones, which every backend does fast. In two stages, since a
 * product adds number after number: two short runs keep more digits than a long one.
 */
export function sumRows(tf: TensorFlow, x: Tfjs.Tensor): Tfjs.Tensor {
  const [rows, width] = [at(x.shape, 0), at(x.shape, 1)];
  const stage = divisorNearRoot(rows);
  const part = product(tf, tf.ones([1, rows / stage]), tf.reshape(x, [rows / stage, stage * width]));
  return stage === 1 ? part : product(tf, tf.ones([1, stage]), tf.reshape(part, [stage, width]));
}

/** Gives the order of axes that undoes `order`, whose entry `i` says which axis comes `i`-th. */
export function inverseOrder(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

/** Chooses an id for a sample, of some that maps may hold: few and dense, as in Cityscapes, beyond what a float holds, no id at all. */
export function wildId(uniform: number): number {
  const ids = [0, 3, 4, 6, 11, 26_001, 2 ** 24 + 1, 2 ** 31 - 1, -1, -(2 ** 31)];
  return at(ids, Math.floor(((uniform + 1) / 2) * ids.length));
}
