/** The ops that change resolution: average pooling with its cotangent, and repetition of pixels. */
import type { Fact } from '../../locality/facts.ts';
import type { Walk } from '../../locality/rule.ts';
import { upTo } from '../../locality/axis.ts';
import { type Node, shapeOf, type Check, type Cotangents, type Op } from '../../ir/node.ts';
import type { TfAttrs } from '../../ir/emitter.ts';
import { list, number, type Method } from '../../ir/op.ts';
import { f32, isSize, sizeOf, type Shape } from '../../ir/types.ts';
import { deriveOp } from './derive.ts';
import { add, div } from './pointwise.ts';
import {
  at,
  checkFloat,
  checkRank,
  emitList,
  float,
  four,
  handedOn,
  picture,
  spreadPixels,
} from './support.ts';
import { take, takeGrad } from './take.ts';

/** Square windows over a picture. */
export interface Window {
  readonly size: number;
  readonly stride: number;
}

/** The attributes that all pooling shares. */
export const poolAttrs = { size: number('side of the window'), stride: number('step between windows') };

/** Checks a window against a picture and gives the shape of the pooled picture. */
export function pooledShape(x: Shape, { size, stride }: Window, check: Check): Shape {
  check(x.length === 4, 'the picture has rank 4', `[${x}]`);
  check(
    [size, stride].every(isSize),
    'size and stride are positive integers below 2^31',
    `size ${size}, stride ${stride}`,
  );
  const [batch, height, width, channels] = four(x);
  const out = (all: number): number => Math.floor((all - size) / stride) + 1;
  check(
    out(height) >= 1 && out(width) >= 1,
    'the window fits into the picture',
    `window ${size}x${size} on ${height}x${width} (height x width)`,
  );
  return [batch, out(height), out(width), channels];
}

/** TensorFlow's attributes of pooling. */
export const emittedPool = ({ size, stride }: Window): TfAttrs => ({
  ...float,
  ksize: { ints: [1, size, size, 1] },
  strides: { ints: [1, stride, stride, 1] },
  padding: { string: 'VALID' },
  data_format: { string: 'NHWC' },
});

type PoolingNode = Node & { readonly operands: readonly [Node]; readonly attrs: Window };

/** Windows of pixels, for each channel. */
export function overWindows(node: PoolingNode, walk: Walk): readonly Fact[] {
  const { size, stride } = node.attrs;
  const out = shapeOf(node);
  return walk.each(node.operands[0], (pixels) =>
    walk.alongBoth(pixels, (axis, which) => walk.pixels.axes.slide(axis, at(out, which), size, stride, 0)),
  );
}

/** For each place of a window along an axis, the indices that the windows have there. */
const placesAlong = (length: number, { size, stride }: Window): number[][] =>
  upTo(size).map((place) => upTo(Math.floor((length - size) / stride) + 1).map((i) => i * stride + place));

export const avgPool2d = deriveOp({
  name: 'avg_pool2d',
  doc: 'The mean over size x size windows that lie wholly inside x [N,H,W,C].',
  edges: 'a NaN makes the means of its windows NaN, as F.avg_pool2d; -Infinity on WebAssembly',
  operands: ['x'],
  attrs: poolAttrs,
  infer: ({ x, size, stride }, check) => {
    checkFloat([x], check);
    return f32(...pooledShape(x.shape, { size, stride }, check));
  },
  of: [add, div, take],
  expand: ({ x, size, stride }, b): Node => {
    const summed = ([2, 1] as const).reduce(
      (sums, axis) =>
        placesAlong(at(shapeOf(sums), axis), { size, stride })
          .map((indices) => b.take(sums, { axis, indices }))
          .reduce((sum, next) => b.add(sum, next)),
      x,
    );
    return b.div(summed, size ** 2);
  },
  vjp: ({ x, size, stride }, { b, dy }): Cotangents => [
    () => b.avgPool2dGrad(dy, { size, stride, shape: shapeOf(x) }),
  ],
  tensorflow: ({ x, size, stride }, { emit }) => emit.op('AvgPool', [x], emittedPool({ size, stride })),
  tfjs: ({ x, size, stride }, { tf }) => tf.avgPool(picture(x), size, stride, 'valid'),
  fuse: ({ operands: [x], attrs: { size, stride } }) => {
    const [, height, width] = four(shapeOf(x));
    const coversAll = size === stride && height % size === 0 && width % size === 0;
    return coversAll ? { kind: 'pool', factor: size } : undefined;
  },
  actsOnParts: () => true,
  locality: overWindows,
  flops: ({ size }, node) => sizeOf(shapeOf(node)) * size ** 2,
  samples: [
    { operands: [f32(2, 7, 6, 3)], attrs: { size: 3, stride: 2 } },
    { operands: [f32(1, 4, 6, 2)], attrs: { size: 2, stride: 2 } },
    { operands: [f32(1, 7, 8, 2)], attrs: { size: 2, stride: 3 } },
  ],
});

export const avgPool2dGrad = deriveOp({
  name: 'avg_pool2d_grad',
  doc: 'The cotangent of avg_pool2d for its input of `shape`: every window spreads dy / size^2.',
  edges:
    'a NaN makes the entries of its window NaN, as the gradient of F.avg_pool2d; -Infinity on WebAssembly',
  operands: ['dy'],
  attrs: { ...poolAttrs, shape: list('shape of the input') },
  infer: ({ dy, size, stride, shape }, check) => {
    checkFloat([dy], check);
    const pooled = pooledShape(shape, { size, stride }, check);
    check(String(pooled) === String(dy.shape), 'dy has the shape of the pooled picture', `[${dy.shape}]`);
    return f32(...shape);
  },
  of: [add, div, takeGrad],
  expand: ({ dy, size, stride, shape }, b): Node =>
    ([1, 2] as const).reduce(
      (spread, axis) =>
        placesAlong(at(shape, axis), { size, stride })
          .map((indices) => b.takeGrad(spread, { axis, indices, size: at(shape, axis) }))
          .reduce((sum, next) => b.add(sum, next)),
      b.div(dy, size ** 2),
    ),
  vjp: ({ size, stride }, { b, dy }): Cotangents => [() => b.avgPool2d(dy, { size, stride })],
  tensorflow: ({ dy, size, stride, shape }, { emit }) =>
    emit.op('AvgPoolGrad', [emitList(emit, shape), dy], emittedPool({ size, stride })),
  // Mean over windows of dy, spread by the stride: dx[i] sums the windows that hold i. No backend lacks these kernels.
  tfjs: ({ dy, size, stride, shape }, { tf }) => {
    const trimmed = spreadPixels(tf, picture(dy), stride);
    const around = (axis: 1 | 2): [number, number] => [size - 1, at(shape, axis) - trimmed.shape[axis]];
    return tf.avgPool(tf.pad(trimmed, [[0, 0], around(1), around(2), [0, 0]]), size, 1, 'valid');
  },
  flops: ({ dy, size }) => sizeOf(dy.shape) * size ** 2,
  samples: [
    { operands: [f32(2, 3, 2, 3)], attrs: { size: 3, stride: 2, shape: [2, 7, 6, 3] } },
    { operands: [f32(1, 2, 3, 2)], attrs: { size: 2, stride: 2, shape: [1, 4, 6, 2] } },
    { operands: [f32(1, 2, 3, 2)], attrs: { size: 2, stride: 3, shape: [1, 7, 8, 2] } },
  ],
});

export const upsampleNearest = deriveOp({
  name: 'upsample_nearest',
  doc: 'Repeats every pixel of x [N,H,W,C] factor x factor times.',
  edges: handedOn,
  operands: ['x'],
  attrs: { factor: number('how often, along both axes') },
  requires: ({ x, factor }, check) => {
    checkFloat([x], check);
    checkRank(x, 4, 'x', check);
    check(isSize(factor), 'factor is a positive integer below 2^31', String(factor));
  },
  of: [take],
  expand: ({ x, factor }, b): Node =>
    [1, 2].reduce((repeated, axis) => {
      const indices = upTo(at(shapeOf(x), axis) * factor).map((i) => Math.floor(i / factor));
      return b.take(repeated, { axis, indices });
    }, x),
  // The sum over each factor x factor square is its mean times factor^2.
  vjp: ({ factor }, { b, dy }): Cotangents => [
    () => b.mul(b.avgPool2d(dy, { size: factor, stride: factor }), factor * factor),
  ],
  tensorflow: ({ x }, { emit, node }) => {
    const [, height, width] = four(shapeOf(node));
    return emit.op('ResizeNearestNeighbor', [x, emitList(emit, [height, width])], {
      ...float,
      align_corners: { bool: false },
      half_pixel_centers: { bool: false },
    });
  },
  tfjs: ({ x }, { tf, node }) => {
    const [, height, width] = four(shapeOf(node));
    return tf.image.resizeNearestNeighbor(picture(x), [height, width]);
  },
  traits: { isCheap: true },
  fuse: ({ attrs: { factor } }) => ({ kind: 'upsample', factor }),
  actsOnParts: (_attrs, axis) => axis === 0,
  samples: [{ operands: [f32(2, 3, 2, 3)], attrs: { factor: 2 } }],
});

export const poolingOps: readonly Op[] = [avgPool2d, avgPool2dGrad, upsampleNearest];

declare module '../../ir/node.ts' {
  interface Builder {
    avgPool2d: Method<typeof avgPool2d>;
    avgPool2dGrad: Method<typeof avgPool2dGrad>;
    upsampleNearest: Method<typeof upsampleNearest>;
  }
}
