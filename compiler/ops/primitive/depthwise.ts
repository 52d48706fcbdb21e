/** Answers for depthwise convolution and its two cotangents, closed under differentiation as those of conv2d are. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf, type Attrs } from '../../ir/node.ts';
import { f32, sizeOf, type Shape } from '../../ir/types.ts';
import {
  accumulate,
  along,
  attrDocs,
  checkCotangent,
  convolutionAttrs,
  eachMeeting,
  fitAxis,
  geometryOf,
  inferOutput,
} from './convolution.ts';
import type { Check } from '../../ir/builder.ts';
import { defineOp, list, type OpDefinition } from '../../ir/op.ts';
import { at, checkFloat, spreadPixels, sumRows, windowPlaces } from './support.ts';

function inferDepthwise(x: Shape, filter: Shape, attrs: Attrs, check: Check): Shape {
  const shape = inferOutput(x, filter, attrs, check);
  check(filter[3] === 1, 'the filter has one output for each channel: [h,w,C,1]', `[${filter}]`);
  return shape.with(3, at(x, 3));
}

/** Calls `visit` with flat offsets (x, filter, y) of every product; all three have C channels. */
function eachProduct(
  x: Shape,
  filter: Shape,
  y: Shape,
  attrs: Attrs,
  visit: (x: number, f: number, y: number) => void,
): void {
  const channels = at(x, 3);
  eachMeeting(x, filter, y, attrs, (xi, tap, yi) => {
    for (let c = 0; c < channels; c++) visit(xi * channels + c, tap * channels + c, yi * channels + c);
  });
}

/** Multiply-adds count as two operations; `y` is the shape of the convolution's output. */
const depthwiseFlops = (filter: Shape, y: Shape): number => 2 * at(filter, 0) * at(filter, 1) * sizeOf(y);

/** Convolutions that the three ops are tested on. */
const samples: readonly { x: Shape; filter: Shape; y: Shape; stride: number; padding: string }[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 1], y: [2, 5, 6, 3], stride: 1, padding: 'same' },
  { x: [1, 6, 6, 2], filter: [4, 4, 2, 1], y: [1, 3, 3, 2], stride: 1, padding: 'valid' },
  { x: [1, 6, 7, 4], filter: [3, 3, 4, 1], y: [1, 3, 4, 4], stride: 2, padding: 'same' },
  { x: [2, 8, 6, 2], filter: [3, 2, 2, 1], y: [2, 3, 3, 2], stride: 2, padding: 'valid' },
];

const depthwise = defineOp({
  name: 'depthwise_conv2d',
  doc: 'Cross-correlates each channel of x [N,H,W,C] with its own filter of [h,w,C,1].',
  operands: ['x', 'filter'],
  attrs: attrDocs,
  infer: ([x, filter], attrs, check) => {
    checkFloat([x!, filter!], check);
    return { dtype: 'f32', shape: inferDepthwise(x!.shape, filter!.shape, attrs, check) };
  },
  vjp: ({ b, node, x, dy }) => [
    () => b.op('depthwise_conv2d_input_grad', [dy, at(x, 1)], { ...node.attrs, shape: shapeOf(at(x, 0)) }),
    () => b.op('depthwise_conv2d_filter_grad', [at(x, 0), dy], { ...node.attrs, shape: shapeOf(at(x, 1)) }),
  ],
  reference: ([x, f], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(x!.shape, f!.shape, shapeOf(node), node.attrs, (xi, fi, yi) => {
        data[yi]! += x!.data[xi]! * f!.data[fi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('DepthwiseConv2dNative', inputs, convolutionAttrs(node.attrs)),
  tfjs: ({ tf, inputs, node }) => {
    const { stride, padding } = geometryOf(node.attrs);
    return tf.depthwiseConv2d(
      at(inputs, 0) as Tfjs.Tensor4D,
      at(inputs, 1) as Tfjs.Tensor4D,
      stride,
      padding,
    );
  },
  flops: (node) => depthwiseFlops(shapeOf(at(node.operands, 1)), shapeOf(node)),
  samples: samples.map(({ x, filter, stride, padding }) => ({
    operands: [f32(...x), f32(...filter)],
    attrs: { stride, padding },
  })),
});

const depthwiseInputGrad = defineOp({
  name: 'depthwise_conv2d_input_grad',
  doc: 'The cotangent of depthwise_conv2d for its input of `shape`.',
  operands: ['dy', 'filter'],
  attrs: { ...attrDocs, shape: 'shape of the input' },
  infer: ([dy, filter], attrs, check) => {
    checkFloat([dy!, filter!], check);
    const shape = list(attrs, 'shape');
    checkCotangent(dy!.shape, inferDepthwise(shape, filter!.shape, attrs, check), check);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, x, dy }) => {
    const { shape: _shape, ...geometry } = node.attrs;
    return [
      () => b.op('depthwise_conv2d', [dy, at(x, 1)], geometry),
      () => b.op('depthwise_conv2d_filter_grad', [dy, at(x, 0)], { ...geometry, shape: shapeOf(at(x, 1)) }),
    ];
  },
  reference: ([dy, f], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(shapeOf(node), f!.shape, dy!.shape, node.attrs, (xi, fi, yi) => {
        data[xi]! += dy!.data[yi]! * f!.data[fi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op(
      'DepthwiseConv2dNativeBackpropInput',
      [emit.constant('i32', [4], shapeOf(node)), at(inputs, 1), at(inputs, 0)],
      convolutionAttrs(node.attrs),
    ),
  // A convolution of dy, spread by the stride, with the filter turned round.
  tfjs: ({ tf, inputs, node }) => {
    const geometry = geometryOf(node.attrs);
    const [, height, width] = shapeOf(node);
    const filter = at(inputs, 1) as Tfjs.Tensor4D;
    const spread = spreadPixels(tf, at(inputs, 0) as Tfjs.Tensor4D, geometry.stride);
    const around = (size: number, kernel: number, inner: number): [number, number] => {
      const { before } = along(size, kernel, geometry);
      return [kernel - 1 - before, size - inner + before];
    };
    const padded = tf.pad(spread, [
      [0, 0],
      around(height!, filter.shape[0], spread.shape[1]),
      around(width!, filter.shape[1], spread.shape[2]),
      [0, 0],
    ]);
    return tf.depthwiseConv2d(padded, tf.reverse(filter, [0, 1]), 1, 'valid');
  },
  flops: (node) => depthwiseFlops(shapeOf(at(node.operands, 1)), shapeOf(at(node.operands, 0))),
  samples: samples.map(({ x, filter, y, stride, padding }) => ({
    operands: [f32(...y), f32(...filter)],
    attrs: { stride, padding, shape: x },
  })),
});

const depthwiseFilterGrad = defineOp({
  name: 'depthwise_conv2d_filter_grad',
  doc: 'The cotangent of depthwise_conv2d for its filter of `shape`.',
  operands: ['x', 'dy'],
  attrs: { ...attrDocs, shape: 'shape of the filter' },
  infer: ([x, dy], attrs, check) => {
    checkFloat([x!, dy!], check);
    const shape = list(attrs, 'shape');
    checkCotangent(dy!.shape, inferDepthwise(x!.shape, shape, attrs, check), check);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, x, dy }) => {
    const { shape: _shape, ...geometry } = node.attrs;
    return [
      () => b.op('depthwise_conv2d_input_grad', [at(x, 1), dy], { ...geometry, shape: shapeOf(at(x, 0)) }),
      () => b.op('depthwise_conv2d', [at(x, 0), dy], geometry),
    ];
  },
  reference: ([x, dy], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(x!.shape, shapeOf(node), dy!.shape, node.attrs, (xi, fi, yi) => {
        data[fi]! += x!.data[xi]! * dy!.data[yi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op(
      'DepthwiseConv2dNativeBackpropFilter',
      [at(inputs, 0), emit.constant('i32', [4], shapeOf(node)), at(inputs, 1)],
      convolutionAttrs(node.attrs),
    ),
  // For each place of the kernel, the sum of dy times the pixels that this place meets.
  tfjs: ({ tf, inputs, node }) => {
    const geometry = geometryOf(node.attrs);
    const { stride } = geometry;
    const [x, dy] = [at(inputs, 0) as Tfjs.Tensor4D, at(inputs, 1) as Tfjs.Tensor4D];
    const [kh, kw, channels] = shapeOf(node) as [number, number, number, number];
    const [batch, rows, columns] = dy.shape;
    const fit = (picture: Tfjs.Tensor4D, axis: 1 | 2, kernel: number, out: number): Tfjs.Tensor4D =>
      fitAxis(tf, picture, axis, along(x.shape[axis], kernel, geometry).before, (out - 1) * stride + kernel);
    const fitted = fit(fit(x, 1, kh, rows), 2, kw, columns);
    const places = windowPlaces(tf, fitted, [kh, kw], [rows, columns], stride).map((met) =>
      sumRows(tf, tf.reshape(tf.mul(met, dy), [batch * rows * columns, channels])),
    );
    return tf.reshape(tf.concat(places, 0), [kh, kw, channels, 1]);
  },
  flops: (node) => depthwiseFlops(shapeOf(node), shapeOf(at(node.operands, 1))),
  samples: samples.map(({ x, filter, y, stride, padding }) => ({
    operands: [f32(...x), f32(...y)],
    attrs: { stride, padding, shape: filter },
  })),
});

export const depthwiseOps: readonly OpDefinition[] = [depthwise, depthwiseInputGrad, depthwiseFilterGrad];
