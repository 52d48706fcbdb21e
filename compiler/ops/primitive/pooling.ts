/** Answers for changing resolution: average pooling with its cotangent, and repetition of pixels. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf, type Attrs } from '../../ir/node.ts';
import { isSize, sizeOf, type Shape } from '../../ir/types.ts';
import type { Check } from '../../ir/builder.ts';
import { defineOp, list, number, type OpDefinition } from '../../ir/op.ts';
import { at, checkFloat, checkRank, entryAt, float, spreadPixels, tabulate } from './support.ts';

export interface Window {
  readonly size: number;
  readonly stride: number;
}
/** Reads the attributes that all pooling shares. */
export const windowOf = (attrs: Attrs): Window => ({
  size: number(attrs, 'size'),
  stride: number(attrs, 'stride'),
});

/** Checks a window against a picture and gives the shape of the pooled picture. */
export function pooledShape(x: Shape, attrs: Attrs, check: Check): Shape {
  check(x.length === 4, 'the picture has rank 4', `[${x}]`);
  const { size, stride } = windowOf(attrs);
  check(
    [size, stride].every(isSize),
    'size and stride are positive integers below 2^31',
    `size ${size}, stride ${stride}`,
  );
  const out = (all: number): number => Math.floor((all - size) / stride) + 1;
  const shape = [at(x, 0), out(at(x, 1)), out(at(x, 2)), at(x, 3)];
  check(
    shape[1]! >= 1 && shape[2]! >= 1,
    'the window fits into the picture',
    `window ${size}x${size} on ${x[1]}x${x[2]} (height x width)`,
  );
  return shape;
}

/** TensorFlow's attributes of pooling. */
export const poolAttrs = (attrs: Attrs) => {
  const { size, stride } = windowOf(attrs);
  return {
    ...float,
    ksize: { ints: [1, size, size, 1] },
    strides: { ints: [1, stride, stride, 1] },
    padding: { string: 'VALID' },
    data_format: { string: 'NHWC' },
  };
};

/** What the attributes of pooling mean. */
export const attrDocs = { size: 'side of the window', stride: 'step between windows' };

const avgPool = defineOp({
  name: 'avg_pool2d',
  doc: 'The mean over size x size windows that lie wholly inside x [N,H,W,C].',
  operands: ['x'],
  attrs: attrDocs,
  infer: ([x], attrs, check) => {
    checkFloat([x!], check);
    return { dtype: 'f32', shape: pooledShape(x!.shape, attrs, check) };
  },
  vjp: ({ b, node, x, dy }) => [
    () => b.op('avg_pool2d_grad', [dy], { ...node.attrs, shape: shapeOf(at(x, 0)) }),
  ],
  reference: ([x], node) => {
    const { size, stride } = windowOf(node.attrs);
    return tabulate(shapeOf(node), ([n, row, column, c]) => {
      let total = 0;
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          total += entryAt(x!, [n!, row! * stride + i, column! * stride + j, c!]);
      return total / (size * size);
    });
  },
  tensorflow: ({ emit, inputs, node }) => emit.op('AvgPool', inputs, poolAttrs(node.attrs)),
  tfjs: ({ tf, inputs, node }) => {
    const { size, stride } = windowOf(node.attrs);
    return tf.avgPool(at(inputs, 0) as Tfjs.Tensor4D, size, stride, 'valid');
  },
  flops: (node) => sizeOf(shapeOf(node)) * windowOf(node.attrs).size ** 2,
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 7, 6, 3] }], attrs: { size: 3, stride: 2 } },
    { operands: [{ dtype: 'f32', shape: [1, 4, 6, 2] }], attrs: { size: 2, stride: 2 } },
    { operands: [{ dtype: 'f32', shape: [1, 7, 8, 2] }], attrs: { size: 2, stride: 3 } },
  ],
});

const avgPoolGrad = defineOp({
  name: 'avg_pool2d_grad',
  doc: 'The cotangent of avg_pool2d for its input of `shape`: every window spreads dy / size^2.',
  operands: ['dy'],
  attrs: { ...attrDocs, shape: 'shape of the input' },
  infer: ([dy], attrs, check) => {
    checkFloat([dy!], check);
    const shape = list(attrs, 'shape');
    const pooled = pooledShape(shape, attrs, check);
    check(String(pooled) === String(dy!.shape), 'dy has the shape of the pooled picture', `[${dy!.shape}]`);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, dy }) => [() => b.op('avg_pool2d', [dy], { ...windowOf(node.attrs) })],
  reference: ([dy], node) => {
    const { size, stride } = windowOf(node.attrs);
    const [, rows, columns] = dy!.shape as [number, number, number, number];
    return tabulate(shapeOf(node), ([n, h, w, c]) => {
      let total = 0;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const inside = (i: number, start: number): boolean => i >= start && i < start + size;
          if (inside(h!, row * stride) && inside(w!, column * stride))
            total += entryAt(dy!, [n!, row, column, c!]);
        }
      return total / (size * size);
    });
  },
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('AvgPoolGrad', [emit.constant('i32', [4], shapeOf(node)), at(inputs, 0)], poolAttrs(node.attrs)),
  // Mean over windows of dy, spread by the stride: dx[i] sums the windows that hold i. No backend lacks these kernels.
  tfjs: ({ tf, inputs, node }) => {
    const { size, stride } = windowOf(node.attrs);
    const [, height, width] = shapeOf(node);
    const trimmed = spreadPixels(tf, at(inputs, 0) as Tfjs.Tensor4D, stride);
    const around = (all: number, inner: number): [number, number] => [size - 1, all - inner];
    const padded = tf.pad(trimmed, [
      [0, 0],
      around(height!, trimmed.shape[1]),
      around(width!, trimmed.shape[2]),
      [0, 0],
    ]);
    return tf.avgPool(padded, size, 1, 'valid');
  },
  flops: (node) => sizeOf(shapeOf(at(node.operands, 0))) * windowOf(node.attrs).size ** 2,
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 3, 2, 3] }], attrs: { size: 3, stride: 2, shape: [2, 7, 6, 3] } },
    { operands: [{ dtype: 'f32', shape: [1, 2, 3, 2] }], attrs: { size: 2, stride: 2, shape: [1, 4, 6, 2] } },
    { operands: [{ dtype: 'f32', shape: [1, 2, 3, 2] }], attrs: { size: 2, stride: 3, shape: [1, 7, 8, 2] } },
  ],
});

const upsample = defineOp({
  name: 'upsample_nearest',
  doc: 'Repeats every pixel of x [N,H,W,C] factor x factor times.',
  operands: ['x'],
  attrs: { factor: 'how often, along both axes' },
  infer: ([x], attrs, check) => {
    checkFloat([x!], check);
    checkRank(x!, 4, 'x', check);
    const factor = number(attrs, 'factor');
    check(isSize(factor), 'factor is a positive integer below 2^31', String(factor));
    const [n, h, w, c] = x!.shape as [number, number, number, number];
    return { dtype: 'f32', shape: [n, h * factor, w * factor, c] };
  },
  // The sum over each factor x factor square is its mean times factor^2.
  vjp: ({ b, node, dy }) => {
    const factor = number(node.attrs, 'factor');
    return [() => b.mul(b.op('avg_pool2d', [dy], { size: factor, stride: factor }), factor * factor)];
  },
  reference: ([x], node) => {
    const factor = number(node.attrs, 'factor');
    return tabulate(shapeOf(node), ([n, h, w, c]) =>
      entryAt(x!, [n!, Math.floor(h! / factor), Math.floor(w! / factor), c!]),
    );
  },
  tensorflow: ({ emit, inputs, node }) => {
    const [, height, width] = shapeOf(node);
    return emit.op('ResizeNearestNeighbor', [at(inputs, 0), emit.constant('i32', [2], [height!, width!])], {
      ...float,
      align_corners: { bool: false },
      half_pixel_centers: { bool: false },
    });
  },
  tfjs: ({ tf, inputs, node }) => {
    const [, height, width] = shapeOf(node);
    return tf.image.resizeNearestNeighbor(at(inputs, 0) as Tfjs.Tensor4D, [height!, width!]);
  },
  flops: () => 0,
  samples: [{ operands: [{ dtype: 'f32', shape: [2, 3, 2, 3] }], attrs: { factor: 2 } }],
});

export const poolingOps: readonly OpDefinition[] = [avgPool, avgPoolGrad, upsample];
