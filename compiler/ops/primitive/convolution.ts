/**
 * Answers for convolution and its two cotangents, which are ops of their own: the three are closed under differentiation,
 * and the one for the input is the transposed convolution. Padding is `same` or `valid` only, TensorFlow's fast kernels;
 * other paddings are a `pad` before (`b.op('pad')`), which the filter's cotangent then shares. TensorFlow has no kernels for the
 * cotangents of dilated convolutions on every device, so there they are taken of phases.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf, type Attrs } from '../../ir/node.ts';
import { bytesOf, f32, isSize, sizeOf, type Shape } from '../../ir/types.ts';
import type { Check } from '../../ir/builder.ts';
import {
  defineOp,
  list,
  number,
  text,
  type OpDefinition,
  type RefTensor,
  type TfAttr,
  type TfContext,
  type TensorFlow,
} from '../../ir/op.ts';
import { phasesIn, type DilatedAxis } from './phases.ts';
import { reducible } from './precision.ts';
import { at, checkFloat, float } from './support.ts';
import { emitFiltered, emitFilteredFilterGrad, emitFilteredInputGrad, isFiltered } from './winograd.ts';

export interface Geometry {
  readonly stride: number;
  readonly padding: 'same' | 'valid';
}

/** Reads the attributes that all convolutions share. */
export function geometryOf(attrs: Attrs): Geometry {
  return { stride: number(attrs, 'stride'), padding: text(attrs, 'padding') === 'same' ? 'same' : 'valid' };
}

/** Reads how far apart the taps of a filter are. */
export function dilationOf(attrs: Attrs): number {
  return attrs['dilation'] === undefined ? 1 : number(attrs, 'dilation');
}

/** Gives the entries that a kernel covers whose taps are `dilation` apart. */
export function extentOf(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Output size and zeros before along one axis, by TensorFlow's rules for `same` and `valid`; `kernel` is what it covers. */
export function along(
  size: number,
  kernel: number,
  { stride, padding }: Geometry,
): { out: number; before: number } {
  if (padding === 'valid') return { out: Math.floor((size - kernel) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  return { out, before: Math.floor(Math.max((out - 1) * stride + kernel - size, 0) / 2) };
}

/** Tells whether zeros (before, after) along an axis are what `same` would put there. */
export function isSamePadding(
  size: number,
  kernel: number,
  stride: number,
  before: number,
  after: number,
): boolean {
  const same = along(size, kernel, { stride, padding: 'same' });
  const total = Math.max((same.out - 1) * stride + kernel - size, 0);
  return before === same.before && after === total - same.before;
}

/** Checks the operands and attributes of a convolution and gives the shape of its result. */
export function inferOutput(x: Shape, filter: Shape, attrs: Attrs, check: Check): Shape {
  check(x.length === 4, 'x has rank 4', `[${x}]`);
  check(filter.length === 4, 'the filter has rank 4', `[${filter}]`);
  check(
    ['same', 'valid'].includes(text(attrs, 'padding')),
    "padding is 'same' or 'valid'",
    text(attrs, 'padding'),
  );
  check(
    x[3] === filter[2],
    'the filter has as many input channels as x',
    `x has ${x[3]}, the filter [${filter}]`,
  );
  const geometry = geometryOf(attrs);
  check(isSize(geometry.stride), 'stride is a positive integer below 2^31', String(geometry.stride));
  const height = along(at(x, 1), at(filter, 0), geometry).out;
  const width = along(at(x, 2), at(filter, 1), geometry).out;
  check(
    height >= 1 && width >= 1,
    'the kernel fits into the padded picture',
    `kernel ${filter[0]}x${filter[1]} on ${x[1]}x${x[2]} (height x width)`,
  );
  return [at(x, 0), height, width, at(filter, 3)];
}

/** Requires that dy has the shape of the convolution `y` that it is the cotangent of. */
export function checkCotangent(dy: Shape, y: Shape, check: Check): void {
  check(String(y) === String(dy), 'dy has the shape of the convolution', `[${dy}], expected [${y}]`);
}

/** Calls `visit` with the flat indices of the pixels of x, the tap of the filter and the pixel of y that meet. */
export function eachMeeting(
  x: Shape,
  filter: Shape,
  y: Shape,
  attrs: Attrs,
  visit: (x: number, tap: number, y: number) => void,
): void {
  const geometry = geometryOf(attrs);
  const dilation = dilationOf(attrs);
  const top = along(at(x, 1), extentOf(at(filter, 0), dilation), geometry).before;
  const left = along(at(x, 2), extentOf(at(filter, 1), dilation), geometry).before;
  const [, height, width] = x as [number, number, number, number];
  const [kh, kw] = filter as [number, number, number, number];
  const [batch, outHeight, outWidth] = y as [number, number, number, number];
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++)
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++) {
            const h = row * geometry.stride + i * dilation - top;
            const w = column * geometry.stride + j * dilation - left;
            if (h < 0 || h >= height || w < 0 || w >= width) continue;
            visit((n * height + h) * width + w, i * kw + j, (n * outHeight + row) * outWidth + column);
          }
}

/** Calls `visit` with flat offsets (x, filter, y) of every product of a convolution. */
function eachProduct(
  x: Shape,
  filter: Shape,
  y: Shape,
  attrs: Attrs,
  visit: (x: number, f: number, y: number) => void,
): void {
  const [, , channels, outChannels] = filter as [number, number, number, number];
  eachMeeting(x, filter, y, attrs, (xi, tap, yi) => {
    for (let c = 0; c < channels; c++)
      for (let o = 0; o < outChannels; o++)
        visit(xi * channels + c, (tap * channels + c) * outChannels + o, yi * outChannels + o);
  });
}

/** Makes a reference tensor by filling zeros. */
export function accumulate(shape: Shape, fill: (data: Float64Array) => void): RefTensor {
  const data = new Float64Array(sizeOf(shape));
  fill(data);
  return { shape, data };
}

/** TensorFlow's attributes of every kind of convolution. */
export function convolutionAttrs(attrs: Attrs): Record<string, TfAttr> {
  const { stride, padding } = geometryOf(attrs);
  return {
    ...float,
    strides: { ints: [1, stride, stride, 1] },
    padding: { string: padding.toUpperCase() },
    data_format: { string: 'NHWC' },
    dilations: { ints: [1, 1, 1, 1] },
    explicit_paddings: { ints: [] },
  };
}

const tensorflowAttrs = (attrs: Attrs): Record<string, TfAttr> => ({
  ...convolutionAttrs(attrs),
  dilations: { ints: [1, dilationOf(attrs), dilationOf(attrs), 1] },
  use_cudnn_on_gpu: { bool: true },
});

/** What the attributes of convolutions mean. */
export const attrDocs = {
  stride: 'step between outputs, both axes',
  padding: "'same' or 'valid', as TensorFlow defines them",
};

const dilatedDocs = {
  ...attrDocs,
  dilation: 'step between taps of the filter, both axes; left out where it is 1',
};

/** Checks the operands and attributes of a convolution that may be dilated and gives the shape of its result. */
function inferDilated(x: Shape, filter: Shape, attrs: Attrs, check: Check): Shape {
  const dilation = dilationOf(attrs);
  const isGiven = attrs['dilation'] !== undefined;
  check(
    !isGiven || (isSize(dilation) && dilation > 1),
    'dilation is an integer above 1 and below 2^31',
    String(dilation),
  );
  check(!isGiven || number(attrs, 'stride') === 1, 'stride is 1 where there is a dilation');
  return inferOutput(
    x,
    filter.map((size, axis) => (axis < 2 ? extentOf(size, dilation) : size)),
    attrs,
    check,
  );
}

/** Both axes of a dilated convolution. */
function dilatedAxes(x: Shape, filter: Shape, y: Shape, attrs: Attrs): readonly [DilatedAxis, DilatedAxis] {
  const ofAxis = (axis: 1 | 2): DilatedAxis => {
    const [size, kernel, out] = [at(x, axis), at(filter, axis - 1), at(y, axis)];
    const { before } = along(size, extentOf(kernel, dilationOf(attrs)), geometryOf(attrs));
    return { size, kernel, out, before };
  };
  return [ofAxis(1), ofAxis(2)];
}

/** How each of the three is emitted as a kernel of our own, and which of (operands, result) are x, the filter and y. */
const ownKernels = {
  conv2d: { emit: emitFiltered, places: [0, 1, 2] },
  conv2d_input_grad: { emit: emitFilteredInputGrad, places: [2, 1, 0] },
  conv2d_filter_grad: { emit: emitFilteredFilterGrad, places: [0, 2, 1] },
} as const;

/** Emits one of the three as a kernel of our own; undefined where TensorFlow's is to be taken. */
function emitOwn(context: TfContext): string | undefined {
  const { node } = context;
  const { emit, places } = ownKernels[node.op as keyof typeof ownKernels];
  const shapes = [...node.operands, node].map(shapeOf);
  const [x, filter, y] = places.map((place) => at(shapes, place)) as [Shape, Shape, Shape];
  const filtering = { x, filter, y, before: along(at(x, 1), at(filter, 0), geometryOf(node.attrs)).before };
  return isFiltered(context, filtering) ? emit(context, filtering) : undefined;
}

/** TensorFlow's attributes of what a dilated convolution is on phases. */
const phaseAttrs = tensorflowAttrs({ stride: 1, padding: 'valid' });

/** Multiply-adds count as two operations; `y` is the shape of the convolution's output. */
const convolutionFlops = (filter: Shape, y: Shape): number => 2 * sizeOf(filter) * (sizeOf(y) / at(y, 3));

/** oneDNN puts filters into an order of its own. */
const filterCopy = (filter: Shape): number => bytesOf.f32 * sizeOf(filter);

/** Convolutions that the three ops are tested on: odd and even kernels, some smaller than the stride, rows left over, taps apart. */
const samples: readonly { x: Shape; filter: Shape; y: Shape; attrs: Attrs }[] = [
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

const conv2d = defineOp({
  name: 'conv2d',
  doc: 'Cross-correlates x [N,H,W,C] with a filter [h,w,C,O].',
  operands: ['x', 'filter'],
  attrs: dilatedDocs,
  infer: ([x, filter], attrs, check) => {
    checkFloat([x!, filter!], check);
    return { dtype: 'f32', shape: inferDilated(x!.shape, filter!.shape, attrs, check) };
  },
  vjp: ({ b, node, x, dy }) => [
    () => b.op('conv2d_input_grad', [dy, at(x, 1)], { ...node.attrs, shape: shapeOf(at(x, 0)) }),
    () => b.op('conv2d_filter_grad', [at(x, 0), dy], { ...node.attrs, shape: shapeOf(at(x, 1)) }),
  ],
  reference: ([x, f], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(x!.shape, f!.shape, shapeOf(node), node.attrs, (xi, fi, yi) => {
        data[yi]! += x!.data[xi]! * f!.data[fi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) => emit.op('Conv2D', inputs, tensorflowAttrs(node.attrs)),
  tfjs: ({ tf, inputs, node }) => {
    const { stride, padding } = geometryOf(node.attrs);
    const [x, filter] = [at(inputs, 0) as Tfjs.Tensor4D, at(inputs, 1) as Tfjs.Tensor4D];
    return tf.conv2d(x, filter, stride, padding, 'NHWC', dilationOf(node.attrs));
  },
  flops: (node) => convolutionFlops(shapeOf(at(node.operands, 1)), shapeOf(node)),
  workspace: (node) => filterCopy(shapeOf(at(node.operands, 1))),
  samples: samples.map(({ x, filter, attrs }) => ({ operands: [f32(...x), f32(...filter)], attrs })),
});

const conv2dInputGrad = defineOp({
  name: 'conv2d_input_grad',
  doc: 'The cotangent of conv2d for its input of `shape`; also the transposed convolution.',
  operands: ['dy', 'filter'],
  attrs: { ...dilatedDocs, shape: 'shape of the input' },
  infer: ([dy, filter], attrs, check) => {
    checkFloat([dy!, filter!], check);
    const shape = list(attrs, 'shape');
    checkCotangent(dy!.shape, inferDilated(shape, filter!.shape, attrs, check), check);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, x, dy }) => {
    const { shape: _shape, ...geometry } = node.attrs;
    return [
      () => b.op('conv2d', [dy, at(x, 1)], geometry),
      () => b.op('conv2d_filter_grad', [dy, at(x, 0)], { ...geometry, shape: shapeOf(at(x, 1)) }),
    ];
  },
  reference: ([dy, f], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(shapeOf(node), f!.shape, dy!.shape, node.attrs, (xi, fi, yi) => {
        data[xi]! += dy!.data[yi]! * f!.data[fi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) => {
    const [y, filter] = node.operands.map(shapeOf) as [Shape, Shape];
    const shape = shapeOf(node);
    const cotangent = (size: Shape, dy: string, attrs: Record<string, TfAttr>): string =>
      emit.op('Conv2DBackpropInput', [emit.constant('i32', [4], size), at(inputs, 1), dy], attrs);
    const dy = at(inputs, 0);
    if (dilationOf(node.attrs) === 1) return cotangent(shape, dy, tensorflowAttrs(node.attrs));
    const dilation = dilationOf(node.attrs);
    const phases = phasesIn(emit, dilatedAxes(shape, filter, y, node.attrs), dilation);
    const ofPhases = [dilation * dilation * at(shape, 0), ...phases.lengths, at(shape, 3)];
    return phases.toInput(cotangent(ofPhases, phases.ofOutput(dy), phaseAttrs));
  },
  // One convolution of dy, the fast kernel of every backend. With stride s, row q s + p - before of the result (phase p)
  // takes rows p, p + s.. of the filter and rows q, q - 1.. of dy, so the phases are s x s groups of output channels. A
  // dilation, which goes with stride 1 alone, is that of the convolution.
  tfjs: ({ tf, inputs, node }) => {
    const geometry = geometryOf(node.attrs);
    const { stride } = geometry;
    const dilation = dilationOf(node.attrs);
    const [dy, filter] = [at(inputs, 0) as Tfjs.Tensor4D, at(inputs, 1) as Tfjs.Tensor4D];
    const [batch, height, width, channels] = shapeOf(node) as [number, number, number, number];
    const [kh, kw, , outChannels] = filter.shape;
    const vertical = phasesAlong(height, kh, dy.shape[1], geometry, dilation);
    const horizontal = phasesAlong(width, kw, dy.shape[2], geometry, dilation);
    const [th, tw] = [vertical.taps, horizontal.taps];

    // [kh,kw,C,O] -> [th,s,tw,s,C,O] -> [th,tw,O,(s,s,C)], turned round
    const whole = tf.pad(filter, [
      [0, th * stride - kh],
      [0, tw * stride - kw],
      [0, 0],
      [0, 0],
    ]);
    const split = tf.transpose(
      tf.reshape(whole, [th, stride, tw, stride * channels * outChannels]),
      [0, 2, 1, 3],
    );
    const grouped = tf.transpose(
      tf.reshape(split, [th * tw, stride * stride * channels, outChannels]),
      [0, 2, 1],
    );
    const turned = tf.reverse(tf.reshape(grouped, [th, tw, outChannels, stride * stride * channels]), [0, 1]);

    const padded = tf.pad(dy, [[0, 0], vertical.around, horizontal.around, [0, 0]]);
    const phases = tf.conv2d(padded, turned as Tfjs.Tensor4D, 1, 'valid', 'NHWC', dilation); // [N,Q,R,(s,s,C)]
    if (stride === 1) return phases;
    const [, rows, columns] = phases.shape;
    const mixed = tf.transpose(
      tf.reshape(phases, [batch * rows, columns, stride, stride * channels]),
      [0, 2, 1, 3],
    );
    const all = tf.reshape(mixed, [batch, rows * stride, columns * stride, channels]);
    return tf.slice(all, [0, vertical.first, horizontal.first, 0], [batch, height, width, channels]);
  },
  flops: (node) => convolutionFlops(shapeOf(at(node.operands, 1)), shapeOf(at(node.operands, 0))),
  workspace: (node) => filterCopy(shapeOf(at(node.operands, 1))),
  samples: samples.map(({ x, filter, y, attrs }) => ({
    operands: [f32(...y), f32(...filter)],
    attrs: { ...attrs, shape: x },
  })),
});

const conv2dFilterGrad = defineOp({
  name: 'conv2d_filter_grad',
  doc: 'The cotangent of conv2d for its filter of `shape`.',
  operands: ['x', 'dy'],
  attrs: { ...dilatedDocs, shape: 'shape of the filter' },
  infer: ([x, dy], attrs, check) => {
    checkFloat([x!, dy!], check);
    const shape = list(attrs, 'shape');
    checkCotangent(dy!.shape, inferDilated(x!.shape, shape, attrs, check), check);
    return { dtype: 'f32', shape };
  },
  vjp: ({ b, node, x, dy }) => {
    const { shape: _shape, ...geometry } = node.attrs;
    return [
      () => b.op('conv2d_input_grad', [at(x, 1), dy], { ...geometry, shape: shapeOf(at(x, 0)) }),
      () => b.op('conv2d', [at(x, 0), dy], geometry),
    ];
  },
  reference: ([x, dy], node) =>
    accumulate(shapeOf(node), (data) =>
      eachProduct(x!.shape, shapeOf(node), dy!.shape, node.attrs, (xi, fi, yi) => {
        data[fi]! += x!.data[xi]! * dy!.data[yi]!;
      }),
    ),
  tensorflow: ({ emit, inputs, node }) => {
    const [x, y] = node.operands.map(shapeOf) as [Shape, Shape];
    const cotangent = (picture: string, dy: string, attrs: Record<string, TfAttr>): string =>
      emit.op('Conv2DBackpropFilter', [picture, emit.constant('i32', [4], shapeOf(node)), dy], attrs);
    const [left, right] = [at(inputs, 0), at(inputs, 1)];
    if (dilationOf(node.attrs) === 1) return cotangent(left, right, tensorflowAttrs(node.attrs));
    const axes = dilatedAxes(x, shapeOf(node), y, node.attrs);
    const phases = phasesIn(emit, axes, dilationOf(node.attrs));
    return cotangent(phases.ofInput(left), phases.ofOutput(right), phaseAttrs);
  },
  // One matrix product for each place of the kernel: dw[i,j] = (x moved by i,j) [C,M] times dy [M,O]. Both lie on one grid
  // of M = N Q R points with zeros around dy, so that moving x, cut into its s x s phases, is an offset into flat rows.
  tfjs: ({ tf, inputs, node }) => {
    const geometry = geometryOf(node.attrs);
    const { stride } = geometry;
    const [x, dy] = [at(inputs, 0) as Tfjs.Tensor4D, at(inputs, 1) as Tfjs.Tensor4D];
    const [kh, kw, channels, outChannels] = shapeOf(node) as [number, number, number, number];
    const [batch, outHeight, outWidth] = dy.shape;
    const dilation = dilationOf(node.attrs);
    const moves = (place: number): number => Math.floor((place * dilation) / stride);
    const rows = outHeight + moves(kh - 1);
    const columns = outWidth + moves(kw - 1);
    const far = moves(kh - 1) * columns + moves(kw - 1);
    const points = batch * rows * columns - far; // the last `far` points of the grid are zeros of dy

    const before = (axis: 1 | 2, kernel: number): number =>
      along(x.shape[axis], extentOf(kernel, dilation), geometry).before;
    const tall = fitAxis(tf, x, 1, before(1, kh), rows * stride);
    const fitted = fitAxis(tf, tall, 2, before(2, kw), columns * stride);
    const cut = tf.transpose(
      tf.reshape(fitted, [batch * rows, stride, columns, stride * channels]),
      [0, 2, 1, 3],
    );
    const phases = tf.transpose(tf.reshape(cut, [batch * rows * columns, stride * stride * channels])); // [(s,s,C),NQR]
    const grid = tf.pad(dy, [
      [0, 0],
      [0, rows - outHeight],
      [0, columns - outWidth],
      [0, 0],
    ]);
    const right = tf.slice(
      tf.reshape(grid, [batch * rows * columns, outChannels]),
      [0, 0],
      [points, outChannels],
    );

    const places: Tfjs.Tensor[] = [];
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const phase = (i % stride) * stride + (j % stride);
        const left = tf.slice(phases, [phase * channels, moves(i) * columns + moves(j)], [channels, points]);
        places.push(tf.matMul(left, right));
      }
    return tf.reshape(tf.stack(places), [kh, kw, channels, outChannels]);
  },
  flops: (node) => convolutionFlops(shapeOf(node), shapeOf(at(node.operands, 1))),
  workspace: (node) => filterCopy(shapeOf(node)),
  samples: samples.map(({ x, filter, y, attrs }) => ({
    operands: [f32(...x), f32(...y)],
    attrs: { ...attrs, shape: filter },
  })),
});

/**
 * How the cotangent along one axis falls into phases: filter taps of each, zeros around dy so that all results from the
 * first point of the input on come out, and where that point is among them.
 */
function phasesAlong(size: number, kernel: number, out: number, geometry: Geometry, dilation: number) {
  const { stride } = geometry;
  const { before } = along(size, extentOf(kernel, dilation), geometry);
  const taps = Math.ceil(kernel / stride);
  const [start, end] = [Math.floor(before / stride), Math.floor((before + size - 1) / stride)];
  const around: [number, number] = [(taps - 1) * dilation - start, end - (out - 1)];
  return { taps, around, first: before - start * stride };
}

/** Puts `before` zeros in front of an axis of [N,H,W,C], and zeros after it or cuts it, so that it has `size`. */
export function fitAxis(
  tf: TensorFlow,
  x: Tfjs.Tensor4D,
  axis: 1 | 2,
  before: number,
  size: number,
): Tfjs.Tensor4D {
  const kept = Math.min(x.shape[axis], size - before);
  const cut =
    kept < x.shape[axis]
      ? tf.slice(
          x,
          0,
          x.shape.map((all, a) => (a === axis ? kept : all)),
        )
      : x;
  const amounts = x.shape.map((_, a): [number, number] =>
    a === axis ? [before, size - before - kept] : [0, 0],
  );
  return tf.pad(cut, amounts);
}

export const convolutionOps: readonly OpDefinition[] = [conv2d, conv2dInputGrad, conv2dFilterGrad].map((op) =>
  reducible(op, emitOwn),
);
