/** Convolution, whose every channel of the result is made of all channels of the input, and its two cotangents. */
import type { Op, TfContext } from '../../../ir/node.ts';
import { defineOp, is, type Method } from '../../../ir/op.ts';
import { convolution } from '../../../locality/rule.ts';
import { bytesOf, isSize, sizeOf, type Shape } from '../../../ir/types.ts';
import { reducible } from '../precision.ts';
import { conv2dTfjs } from './conv2d-tfjs.ts';
import { allChannels, familyOf, shapesOf, type ConvolutionSample } from './family.ts';
import { dilatedAttrs, inferOutput, shapeOfFilter, shapeOfInput } from './geometry.ts';
import { convolutionOnRows } from './rows.ts';
import { emitFiltered, emitFilteredFilterGrad, emitFilteredInputGrad } from './winograd.ts';

/** Odd and even kernels, some smaller than the stride, rows left over, taps apart. */
const samples: readonly ConvolutionSample[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4], y: [2, 5, 6, 4], attrs: { stride: 1, padding: 'same' } },
  { x: [1, 6, 6, 2], filter: [4, 4, 2, 2], y: [1, 6, 6, 2], attrs: { stride: 1, padding: 'same' } },
  { x: [1, 6, 6, 2], filter: [4, 4, 2, 2], y: [1, 3, 3, 2], attrs: { stride: 1, padding: 'valid' } },
  { x: [2, 4, 4, 3], filter: [1, 1, 3, 2], y: [2, 4, 4, 2], attrs: { stride: 1, padding: 'valid' } },
  { x: [1, 6, 7, 2], filter: [3, 3, 2, 3], y: [1, 3, 4, 3], attrs: { stride: 2, padding: 'same' } },
  { x: [1, 7, 6, 2], filter: [4, 4, 2, 3], y: [1, 2, 2, 3], attrs: { stride: 2, padding: 'valid' } },
  { x: [2, 8, 7, 2], filter: [1, 1, 2, 3], y: [2, 4, 4, 3], attrs: { stride: 2, padding: 'valid' } },
  { x: [1, 10, 8, 2], filter: [4, 2, 2, 3], y: [1, 4, 3, 3], attrs: { stride: 3, padding: 'same' } },
  {
    x: [2, 7, 6, 3],
    filter: [3, 3, 3, 2],
    y: [2, 7, 6, 2],
    attrs: { stride: 1, padding: 'same', dilation: 2 },
  },
  {
    x: [1, 9, 8, 2],
    filter: [3, 2, 2, 3],
    y: [1, 3, 5, 3],
    attrs: { stride: 1, padding: 'valid', dilation: 3 },
  },
  {
    x: [1, 5, 7, 2],
    filter: [4, 3, 2, 2],
    y: [1, 5, 7, 2],
    attrs: { stride: 1, padding: 'same', dilation: 2 },
  },
];

const rules = familyOf({
  infer: (x, filter, geometry, check) => {
    const { stride, dilation } = geometry;
    check(
      dilation === undefined || (isSize(dilation) && dilation > 1),
      'dilation is an integer above 1 and below 2^31',
      String(dilation),
    );
    check(dilation === undefined || stride === 1, 'stride is 1 where there is a dilation');
    return inferOutput(x, filter, geometry, check);
  },
  channels: allChannels,
  locality: convolution,
  make: {
    convolution: (b, x, filter, geometry) => b.conv2d(x, filter, geometry),
    inputGrad: (b, dy, filter, geometry) => b.conv2dInputGrad(dy, filter, geometry),
    filterGrad: (b, x, dy, geometry) => b.conv2dFilterGrad(x, dy, geometry),
  },
  tensorflow: {
    convolution: 'Conv2D',
    inputGrad: 'Conv2DBackpropInput',
    filterGrad: 'Conv2DBackpropFilter',
    attrs: { use_cudnn_on_gpu: { bool: true } },
  },
  tfjs: conv2dTfjs,
  samples,
});

export const conv2d = reducible(
  defineOp({
    ...rules.convolution,
    name: 'conv2d',
    doc: 'Cross-correlates x [N,H,W,C] with a filter [h,w,C,O].',
    attrs: dilatedAttrs,
    actsOnParts: (_attrs, axis) => axis === 0,
    onRows: convolutionOnRows,
    workspace: ({ filter }) => filterCopy(filter.shape),
  }),
  emitOwn,
);

export const conv2dInputGrad = reducible(
  defineOp({
    ...rules.inputGrad,
    name: 'conv2d_input_grad',
    doc: 'The cotangent of conv2d for its input of `shape`; also the transposed convolution.',
    attrs: { ...dilatedAttrs, ...shapeOfInput },
    workspace: ({ filter }) => filterCopy(filter.shape),
  }),
  emitOwn,
);

export const conv2dFilterGrad = reducible(
  defineOp({
    ...rules.filterGrad,
    name: 'conv2d_filter_grad',
    doc: 'The cotangent of conv2d for its filter of `shape`.',
    attrs: { ...dilatedAttrs, ...shapeOfFilter },
    workspace: ({ shape }) => filterCopy(shape),
  }),
  emitOwn,
);

/** oneDNN puts filters into an order of its own. */
function filterCopy(filter: Shape): number {
  return bytesOf.f32 * sizeOf(filter);
}

/** Emits one of the three as a kernel of our own; undefined where TensorFlow's is to be taken. */
function emitOwn(operands: readonly string[], context: TfContext): string | undefined {
  const { node } = context;
  if (is(conv2d, node)) return emitFiltered(operands, context, shapesOf.convolution(node), node.attrs);
  if (is(conv2dInputGrad, node))
    return emitFilteredInputGrad(operands, context, shapesOf.inputGrad(node), node.attrs);
  if (is(conv2dFilterGrad, node))
    return emitFilteredFilterGrad(operands, context, shapesOf.filterGrad(node), node.attrs);
  return undefined;
}

export const conv2dOps: readonly Op[] = [conv2d, conv2dInputGrad, conv2dFilterGrad];

declare module '../../../ir/node.ts' {
  interface Builder {
    conv2d: Method<typeof conv2d>;
    conv2dInputGrad: Method<typeof conv2dInputGrad>;
    conv2dFilterGrad: Method<typeof conv2dFilterGrad>;
  }
}
