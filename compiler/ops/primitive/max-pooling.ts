/**
 * Answers for max pooling. Its cotangent goes to the first of the largest entries of each window, row by row; which one
 * that is does not change as x moves, so that differentiating again only picks entries from the same places.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf, type Node } from '../../ir/node.ts';
import { f32, sizeOf, type Shape } from '../../ir/types.ts';
import { defineOp, type OpDefinition, type RefTensor, type Sample, type TensorFlow } from '../../ir/op.ts';
import { attrDocs, poolAttrs, pooledShape, windowOf } from './pooling.ts';
import { at, checkFloat, entryAt, spreadPixels, tabulate, windowPlaces } from './support.ts';

/** Calls `visit` with the index of each window and that of its first largest entry. */
function eachMaximum(
  x: RefTensor,
  pooled: Shape,
  { attrs }: Node,
  visit: (target: readonly number[], largest: readonly number[]) => number,
): RefTensor {
  const { size, stride } = windowOf(attrs);
  return tabulate(pooled, (target) => {
    const [n, row, column, c] = target as [number, number, number, number];
    let largest = [n, row * stride, column * stride, c];
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const index = [n, row * stride + i, column * stride + j, c];
        if (entryAt(x, index) > entryAt(x, largest)) largest = index;
      }
    return visit(target, largest);
  });
}

/** Marks with 1 the first largest entry of each window: one tensor of the pooled shape for each place, row by row. */
function markFirst(tf: TensorFlow, x: Tfjs.Tensor4D, node: Node): Tfjs.Tensor4D[] {
  const { size, stride } = windowOf(node.attrs);
  const pooled = tf.maxPool(x, size, stride, 'valid');
  const [, rows, columns] = pooled.shape;
  let open: Tfjs.Tensor4D = tf.onesLike(pooled); // 1 where the window's largest entry has not been met
  return windowPlaces(tf, x, [size, size], [rows, columns], stride).map((met) => {
    const first: Tfjs.Tensor4D = tf.mul(tf.cast(tf.equal(met, pooled), 'float32'), open);
    open = tf.sub(open, first);
    return first;
  });
}

const windows: readonly { x: Shape; y: Shape; size: number; stride: number }[] = [
  { x: [2, 7, 6, 3], y: [2, 3, 2, 3], size: 3, stride: 2 },
  { x: [1, 4, 6, 2], y: [1, 2, 3, 2], size: 2, stride: 2 },
  { x: [1, 7, 8, 2], y: [1, 2, 3, 2], size: 2, stride: 3 },
  { x: [1, 4, 5, 2], y: [1, 2, 3, 2], size: 3, stride: 1 },
];

const samplesOf = (operands: (window: (typeof windows)[number]) => readonly Shape[]): Sample[] =>
  windows.map((window) => ({
    operands: operands(window).map((shape) => f32(...shape)),
    attrs: { size: window.size, stride: window.stride },
  }));

const maxPool = defineOp({
  name: 'max_pool2d',
  doc: 'The largest entry of size x size windows that lie wholly inside x [N,H,W,C].',
  operands: ['x'],
  attrs: attrDocs,
  infer: ([x], attrs, check) => {
    checkFloat([x!], check);
    return { dtype: 'f32', shape: pooledShape(x!.shape, attrs, check) };
  },
  vjp: ({ b, node, x, dy }) => [() => b.op('max_pool2d_grad', [at(x, 0), dy], node.attrs)],
  reference: ([x], node) => eachMaximum(x!, shapeOf(node), node, (_target, largest) => entryAt(x!, largest)),
  tensorflow: ({ emit, inputs, node }) => emit.op('MaxPool', inputs, poolAttrs(node.attrs)),
  tfjs: ({ tf, inputs, node }) => {
    const { size, stride } = windowOf(node.attrs);
    return tf.maxPool(at(inputs, 0) as Tfjs.Tensor4D, size, stride, 'valid');
  },
  flops: (node) => sizeOf(shapeOf(node)) * windowOf(node.attrs).size ** 2,
  samples: samplesOf(({ x }) => [x]),
});

const maxPoolGrad = defineOp({
  name: 'max_pool2d_grad',
  doc: 'The cotangent of max_pool2d: adds dy up at the first largest entry of each window of x.',
  operands: ['x', 'dy'],
  attrs: attrDocs,
  infer: ([x, dy], attrs, check) => {
    checkFloat([x!, dy!], check);
    const pooled = pooledShape(x!.shape, attrs, check);
    check(String(pooled) === String(dy!.shape), 'dy has the shape of the pooled picture', `[${dy!.shape}]`);
    return x!;
  },
  vjp: ({ b, node, x, dy }) => [undefined, () => b.op('max_pool2d_pick', [at(x, 0), dy], node.attrs)],
  reference: ([x, dy], node) => {
    const data = new Float64Array(sizeOf(x!.shape));
    const [, height, width, channels] = x!.shape as [number, number, number, number];
    eachMaximum(x!, dy!.shape, node, (target, [n, h, w, c]) => {
      data[((n! * height + h!) * width + w!) * channels + c!]! += entryAt(dy!, target);
      return 0;
    });
    return { shape: x!.shape, data };
  },
  // The pooled picture is made again: TensorFlow finds that it has it already.
  tensorflow: ({ emit, inputs, node }) => {
    const [x, dy] = inputs as [string, string];
    const attrs = poolAttrs(node.attrs);
    return emit.op('MaxPoolGrad', [x, emit.op('MaxPool', [x], attrs), dy], attrs);
  },
  tfjs: ({ tf, inputs, node }) => {
    const { size, stride } = windowOf(node.attrs);
    const [x, dy] = inputs as [Tfjs.Tensor4D, Tfjs.Tensor4D];
    const spread = markFirst(tf, x, node).map((first, place) => {
      const pixels = spreadPixels(tf, tf.mul(dy, first), stride);
      const around = (axis: 1 | 2, before: number): [number, number] => [
        before,
        x.shape[axis] - before - pixels.shape[axis],
      ];
      return tf.pad(pixels, [[0, 0], around(1, Math.floor(place / size)), around(2, place % size), [0, 0]]);
    });
    return tf.addN(spread);
  },
  flops: (node) => sizeOf(shapeOf(at(node.operands, 1))) * windowOf(node.attrs).size ** 2,
  samples: samplesOf(({ x, y }) => [x, y]),
});

const maxPoolPick = defineOp({
  name: 'max_pool2d_pick',
  doc: 'The entries of t at the first largest entry of each window of x: the cotangent of max_pool2d_grad.',
  operands: ['x', 't'],
  attrs: attrDocs,
  infer: ([x, t], attrs, check) => {
    checkFloat([x!, t!], check);
    const shape = pooledShape(x!.shape, attrs, check);
    check(String(x!.shape) === String(t!.shape), 't has the shape of x', `t [${t!.shape}], x [${x!.shape}]`);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, x, dy }) => [undefined, () => b.op('max_pool2d_grad', [at(x, 0), dy], node.attrs)],
  reference: ([x, t], node) =>
    eachMaximum(x!, shapeOf(node), node, (_target, largest) => entryAt(t!, largest)),
  tensorflow: ({ emit, inputs, node }) => {
    const [x, t] = inputs as [string, string];
    const attrs = poolAttrs(node.attrs);
    return emit.op('MaxPoolGradGrad', [x, emit.op('MaxPool', [x], attrs), t], attrs);
  },
  tfjs: ({ tf, inputs, node }) => {
    const { size, stride } = windowOf(node.attrs);
    const [x, t] = inputs as [Tfjs.Tensor4D, Tfjs.Tensor4D];
    const [, rows, columns] = shapeOf(node) as [number, number, number, number];
    const marks = markFirst(tf, x, node);
    const places = windowPlaces(tf, t, [size, size], [rows, columns], stride);
    return tf.addN(places.map((met, place) => tf.mul(met, at(marks, place))));
  },
  flops: (node) => sizeOf(shapeOf(node)) * windowOf(node.attrs).size ** 2,
  samples: samplesOf(({ x }) => [x, x]),
});

export const maxPoolOps: readonly OpDefinition[] = [maxPool, maxPoolGrad, maxPoolPick];
