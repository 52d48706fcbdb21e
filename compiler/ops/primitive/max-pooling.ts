/**
 * Max pooling with its cotangent, which goes to the first of the largest entries of each window, row by row; which one
 * that is does not change as x moves, so that differentiating again only picks entries from the same places.
 */
import { overWindows, emittedPool, poolAttrs, pooledShape, type Window } from './pooling.ts';
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { RefTensor, TensorFlow } from '../../ir/emitter.ts';
import { shapeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, type Method } from '../../ir/op.ts';
import { f32, sizeOf, type Shape, type TensorType } from '../../ir/types.ts';
import {
  addAt,
  at,
  checkFloat,
  entryAt,
  four,
  picture,
  spreadPixels,
  tabulate,
  windowPlaces,
} from './support.ts';

/** Calls `visit` with the index of each window and that of its first largest entry, or of its last that is no number. */
function eachMaximum(
  x: RefTensor,
  pooled: Shape,
  { size, stride }: Window,
  visit: (target: readonly number[], largest: readonly number[]) => number,
): RefTensor {
  return tabulate(pooled, (target) => {
    const [n, row, column, c] = four(target);
    let largest = [n, row * stride, column * stride, c];
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const index = [n, row * stride + i, column * stride + j, c];
        if (entryAt(x, index) > entryAt(x, largest) || Number.isNaN(entryAt(x, index))) largest = index;
      }
    return visit(target, largest);
  });
}

/** Marks with 1 the first largest entry of each window: one tensor of the pooled shape for each place, row by row. */
function markFirst(tf: TensorFlow, x: Tfjs.Tensor4D, { size, stride }: Window): Tfjs.Tensor4D[] {
  const pooled = tf.maxPool(x, size, stride, 'valid');
  const [, rows, columns] = pooled.shape;
  let open: Tfjs.Tensor4D = tf.onesLike(pooled); // 1 where the window's largest entry has not been met
  return windowPlaces(tf, x, [size, size], [rows, columns], stride).map((met) => {
    const first: Tfjs.Tensor4D = tf.mul(tf.cast(tf.equal(met, pooled), 'float32'), open);
    open = tf.sub(open, first);
    return first;
  });
}

const poolingOfNaN =
  'Where a window holds NaN PyTorch takes its last, while engines may pass over it, and take the lowest float32 for -Infinity';

/** Pictures that the three ops are tested on. */
const windows: readonly { x: TensorType; y: TensorType; attrs: Window }[] = [
  { x: f32(2, 7, 6, 3), y: f32(2, 3, 2, 3), attrs: { size: 3, stride: 2 } },
  { x: f32(1, 4, 6, 2), y: f32(1, 2, 3, 2), attrs: { size: 2, stride: 2 } },
  { x: f32(1, 7, 8, 2), y: f32(1, 2, 3, 2), attrs: { size: 2, stride: 3 } },
  { x: f32(1, 4, 5, 2), y: f32(1, 2, 3, 2), attrs: { size: 3, stride: 1 } },
];

export const maxPool2d = defineOp({
  name: 'max_pool2d',
  doc: 'The largest entry of size x size windows that lie wholly inside x [N,H,W,C].',
  edges: `the gradient goes to the first of equal entries, row by row, as that of F.max_pool2d. ${poolingOfNaN}`,
  operands: ['x'],
  attrs: poolAttrs,
  infer: ({ x, size, stride }, check) => {
    checkFloat([x], check);
    return { dtype: 'f32', shape: pooledShape(x.shape, { size, stride }, check) };
  },
  vjp: ({ x, size, stride }, { b, dy }): Cotangents => [() => b.maxPool2dGrad(x, dy, { size, stride })],
  reference: ({ x, size, stride }, node) =>
    eachMaximum(x, shapeOf(node), { size, stride }, (_target, largest) => entryAt(x, largest)),
  tensorflow: ({ x, size, stride }, { emit }) => emit.op('MaxPool', [x], emittedPool({ size, stride })),
  tfjs: ({ x, size, stride }, { tf }) => tf.maxPool(picture(x), size, stride, 'valid'),
  actsOnParts: () => true,
  locality: overWindows,
  flops: ({ size }, node) => sizeOf(shapeOf(node)) * size ** 2,
  samples: windows.map(({ x, attrs }) => ({ operands: [x], attrs })),
});

export const maxPool2dGrad = defineOp({
  name: 'max_pool2d_grad',
  doc: 'The cotangent of max_pool2d: adds dy up at the first largest entry of each window of x.',
  edges: `the first of equal entries, row by row, as the gradient of F.max_pool2d. ${poolingOfNaN}`,
  operands: ['x', 'dy'],
  attrs: poolAttrs,
  infer: ({ x, dy, size, stride }, check) => {
    checkFloat([x, dy], check);
    const pooled = pooledShape(x.shape, { size, stride }, check);
    check(String(pooled) === String(dy.shape), 'dy has the shape of the pooled picture', `[${dy.shape}]`);
    return x;
  },
  vjp: ({ x, size, stride }, { b, dy }): Cotangents => [
    undefined,
    () => b.maxPool2dPick(x, dy, { size, stride }),
  ],
  reference: ({ x, dy, size, stride }) => {
    const data = new Float64Array(sizeOf(x.shape));
    const [, height, width, channels] = four(x.shape);
    eachMaximum(x, dy.shape, { size, stride }, (target, largest) => {
      const [n, h, w, c] = four(largest);
      addAt(data, ((n * height + h) * width + w) * channels + c, entryAt(dy, target));
      return 0;
    });
    return { shape: x.shape, data };
  },
  // The pooled picture is made again: TensorFlow finds that it has it already.
  tensorflow: ({ x, dy, size, stride }, { emit }) => {
    const attrs = emittedPool({ size, stride });
    return emit.op('MaxPoolGrad', [x, emit.op('MaxPool', [x], attrs), dy], attrs);
  },
  tfjs: ({ x, dy, size, stride }, { tf }) => {
    const [, height, width] = picture(x).shape;
    const spread = markFirst(tf, picture(x), { size, stride }).map((first, place) => {
      const pixels = spreadPixels(tf, tf.mul(picture(dy), first), stride);
      const [, rows, columns] = pixels.shape;
      const [above, before] = [Math.floor(place / size), place % size];
      return tf.pad(pixels, [
        [0, 0],
        [above, height - above - rows],
        [before, width - before - columns],
        [0, 0],
      ]);
    });
    return tf.addN(spread);
  },
  flops: ({ dy, size }) => sizeOf(dy.shape) * size ** 2,
  samples: windows.map(({ x, y, attrs }) => ({ operands: [x, y], attrs })),
});

export const maxPool2dPick = defineOp({
  name: 'max_pool2d_pick',
  doc: 'The entries of t at the first largest entry of each window of x: the cotangent of max_pool2d_grad.',
  edges: `the first of equal entries, row by row, as F.max_pool2d picks. ${poolingOfNaN}`,
  operands: ['x', 't'],
  attrs: poolAttrs,
  infer: ({ x, t, size, stride }, check) => {
    checkFloat([x, t], check);
    const shape = pooledShape(x.shape, { size, stride }, check);
    check(String(x.shape) === String(t.shape), 't has the shape of x', `t [${t.shape}], x [${x.shape}]`);
    return { dtype: 'f32', shape };
  },
  vjp: ({ x, size, stride }, { b, dy }): Cotangents => [
    undefined,
    () => b.maxPool2dGrad(x, dy, { size, stride }),
  ],
  reference: ({ x, t, size, stride }, node) =>
    eachMaximum(x, shapeOf(node), { size, stride }, (_target, largest) => entryAt(t, largest)),
  tensorflow: ({ x, t, size, stride }, { emit }) => {
    const attrs = emittedPool({ size, stride });
    return emit.op('MaxPoolGradGrad', [x, emit.op('MaxPool', [x], attrs), t], attrs);
  },
  tfjs: ({ x, t, size, stride }, { tf, node }) => {
    const [, rows, columns] = four(shapeOf(node));
    const marks = markFirst(tf, picture(x), { size, stride });
    const places = windowPlaces(tf, picture(t), [size, size], [rows, columns], stride);
    return tf.addN(places.map((met, place) => tf.mul(met, at(marks, place))));
  },
  flops: ({ size }, node) => sizeOf(shapeOf(node)) * size ** 2,
  samples: windows.map(({ x, attrs }) => ({ operands: [x, x], attrs })),
});

export const maxPoolOps: readonly Op[] = [maxPool2d, maxPool2dGrad, maxPool2dPick];

declare module '../../ir/node.ts' {
  interface Builder {
    maxPool2d: Method<typeof maxPool2d>;
    maxPool2dGrad: Method<typeof maxPool2dGrad>;
    maxPool2dPick: Method<typeof maxPool2dPick>;
  }
}
