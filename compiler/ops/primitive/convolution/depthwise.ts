/** Depthwise convolution, whose every channel of the result is made of its own of the input, and its two cotangents. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Op } from '../../../ir/node.ts';
import { defineOp, type Method } from '../../../ir/op.ts';
import { perChannel } from '../../../locality/rule.ts';
import { at, four, spreadPixels, sumRows, windowPlaces } from '../support.ts';
import { familyOf, ownChannel, type ConvolutionSample, type Kind } from './family.ts';
import { fitAxis } from './fit-axis.ts';
import { geometryAttrs, inferOutput, shapeOfFilter, shapeOfInput, zerosBefore } from './geometry.ts';

const samples: readonly ConvolutionSample[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 1], y: [2, 5, 6, 3], attrs: { stride: 1, padding: 'same' } },
  { x: [1, 6, 6, 2], filter: [4, 4, 2, 1], y: [1, 3, 3, 2], attrs: { stride: 1, padding: 'valid' } },
  { x: [1, 6, 7, 4], filter: [3, 3, 4, 1], y: [1, 3, 4, 4], attrs: { stride: 2, padding: 'same' } },
  { x: [2, 8, 6, 2], filter: [3, 2, 2, 1], y: [2, 3, 3, 2], attrs: { stride: 2, padding: 'valid' } },
];

const tfjs: Kind['tfjs'] = {
  convolution: (tf, x, filter, { stride, padding }) => tf.depthwiseConv2d(x, filter, stride, padding),

  // A convolution of dy, spread by the stride, with the filter turned round.
  inputGrad: (tf, dy, filter, { shape, ...geometry }) => {
    const [, height, width] = four(shape);
    const spread = spreadPixels(tf, dy, geometry.stride);
    const around = (size: number, kernel: number, inner: number): [number, number] => {
      const before = zerosBefore(size, kernel, geometry);
      return [kernel - 1 - before, size - inner + before];
    };
    const padded = tf.pad(spread, [
      [0, 0],
      around(height, filter.shape[0], spread.shape[1]),
      around(width, filter.shape[1], spread.shape[2]),
      [0, 0],
    ]);
    return tf.depthwiseConv2d(padded, tf.reverse(filter, [0, 1]), 1, 'valid');
  },

  // For each place of the kernel, the sum of dy times the pixels that this place meets.
  filterGrad: (tf, x, dy, { shape, ...geometry }) => {
    const { stride } = geometry;
    const [kh, kw, channels] = four(shape);
    const [batch, rows, columns] = dy.shape;
    const fit = (picture: Tfjs.Tensor4D, axis: 1 | 2, kernel: number, out: number): Tfjs.Tensor4D => {
      const before = zerosBefore(x.shape[axis], kernel, geometry);
      return fitAxis(tf, picture, axis, before, (out - 1) * stride + kernel);
    };
    const fitted = fit(fit(x, 1, kh, rows), 2, kw, columns);
    const places = windowPlaces(tf, fitted, [kh, kw], [rows, columns], stride).map((met) =>
      sumRows(tf, tf.reshape(tf.mul(met, dy), [batch * rows * columns, channels])),
    );
    return tf.reshape(tf.concat(places, 0), [kh, kw, channels, 1]);
  },
};

const rules = familyOf({
  infer: (x, filter, geometry, check) => {
    const shape = inferOutput(x, filter, geometry, check);
    check(filter[3] === 1, 'the filter has one output for each channel: [h,w,C,1]', `[${filter}]`);
    return shape.with(3, at(x, 3));
  },
  channels: ownChannel,
  locality: perChannel,
  make: {
    convolution: (b, x, filter, geometry) => b.depthwiseConv2d(x, filter, geometry),
    inputGrad: (b, dy, filter, geometry) => b.depthwiseConv2dInputGrad(dy, filter, geometry),
    filterGrad: (b, x, dy, geometry) => b.depthwiseConv2dFilterGrad(x, dy, geometry),
  },
  tensorflow: {
    convolution: 'DepthwiseConv2dNative',
    inputGrad: 'DepthwiseConv2dNativeBackpropInput',
    filterGrad: 'DepthwiseConv2dNativeBackpropFilter',
  },
  tfjs,
  samples,
});

// The attributes are named, since the rules would do for dilations as well, for which no backend has kernels here.
export const depthwiseConv2d = defineOp<readonly ['x', 'filter'], typeof geometryAttrs>({
  ...rules.convolution,
  name: 'depthwise_conv2d',
  doc: 'Cross-correlates each channel of x [N,H,W,C] with its own filter of [h,w,C,1].',
  attrs: geometryAttrs,
});

export const depthwiseConv2dInputGrad = defineOp<
  readonly ['dy', 'filter'],
  typeof geometryAttrs & typeof shapeOfInput
>({
  ...rules.inputGrad,
  name: 'depthwise_conv2d_input_grad',
  doc: 'The cotangent of depthwise_conv2d for its input of `shape`.',
  attrs: { ...geometryAttrs, ...shapeOfInput },
});

export const depthwiseConv2dFilterGrad = defineOp<
  readonly ['x', 'dy'],
  typeof geometryAttrs & typeof shapeOfFilter
>({
  ...rules.filterGrad,
  name: 'depthwise_conv2d_filter_grad',
  doc: 'The cotangent of depthwise_conv2d for its filter of `shape`.',
  attrs: { ...geometryAttrs, ...shapeOfFilter },
});

export const depthwiseOps: readonly Op[] = [
  depthwiseConv2d,
  depthwiseConv2dInputGrad,
  depthwiseConv2dFilterGrad,
];

declare module '../../../ir/node.ts' {
  interface Builder {
    depthwiseConv2d: Method<typeof depthwiseConv2d>;
    depthwiseConv2dInputGrad: Method<typeof depthwiseConv2dInputGrad>;
    depthwiseConv2dFilterGrad: Method<typeof depthwiseConv2dFilterGrad>;
  }
}
