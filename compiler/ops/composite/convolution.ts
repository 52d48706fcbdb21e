/** Answers for convolutions and matrix products. Kernels are [h,w,I,O], with the channels of the input as I in all of them. */
import type { Builder } from '../builder.ts';
import { OpError, shapeOf, type Attrs, type Node } from '../../ir/node.ts';
import { extentOf, isSamePadding } from '../primitive/convolution.ts';
import { aroundPixels, zeroPad } from './composites.ts';
import {
  at,
  choice,
  flag,
  int,
  num,
  requireFrom,
  requirePicture,
  type AttrRule,
  type SpecAttrs,
  type SpecOp,
} from './define.ts';

/** Requires a kernel, and gives its shape. */
function requireKernel(op: string, filter: Node): readonly [number, number, number, number] {
  const shape = shapeOf(filter);
  if (shape.length !== 4)
    throw new OpError(op, 'the filter is [height, width, channels in, channels out]', `[${shape}]`);
  return shape as unknown as readonly [number, number, number, number];
}

const reflectPad: SpecOp = {
  name: 'reflect_pad',
  doc: 'Puts `amount` pixels on every side that mirror those inside; the border pixel itself is not repeated.',
  inputs: ['x'],
  attrs: { amount: int('pixels on every side') },
  expand: ({ b }, inputs, attrs) => {
    requireFrom('reflect_pad', 0, attrs, 'amount');
    return mirror(b, at(inputs, 0), num(attrs, 'amount'), 'reflect_pad');
  },
};

function mirror(b: Builder, x: Node, amount: number, op: string): Node {
  const [, height, width] = requirePicture(op, x);
  if (amount >= Math.min(height, width))
    throw new OpError(
      op,
      'fewer pixels are mirrored than the picture is high and wide',
      `${amount} of ${width}x${height}`,
    );
  if (amount === 0) return x;
  const both = [amount, amount] as const;
  return b.op('reflect_pad', [x], { amounts: aroundPixels(both, both) });
}

const geometry: Readonly<Record<string, AttrRule>> = {
  stride: int('step between outputs', 1),
  pad: int('pixels around on every side', 0),
  same: flag("pads with zeros as TensorFlow's SAME does, so that the result has ceil(size / stride) pixels"),
  pad_mode: { type: 'string', default: 'zeros', doc: 'what `pad` puts around: "zeros" or "reflect"' },
};

/**
 * Pads x as the attributes say, then calls the primitive `name`, with the taps of the filter `dilation` apart and in the
 * precision that `compute` says.
 */
function convolve(
  name: string,
  b: Builder,
  inputs: readonly Node[],
  attrs: SpecAttrs,
  dilation: number,
  compute: Attrs = {},
): Node {
  const [x, filter] = [at(inputs, 0), at(inputs, 1)];
  requireFrom(name, 1, attrs, 'stride');
  requireFrom(name, 0, attrs, 'pad');
  const more = { ...(dilation !== 1 && { dilation }), ...compute };
  const [stride, pad] = [num(attrs, 'stride'), num(attrs, 'pad')];
  const reflects = choice(name, attrs, 'pad_mode', ['zeros', 'reflect']) === 'reflect';
  const [, height, width] = requirePicture(name, x);
  const [kh, kw] = requireKernel(name, filter);
  if (attrs['same'] === true) {
    if (pad > 0 || reflects)
      throw new OpError(name, '`same` pads by itself, with zeros', reflects ? '"reflect"' : `pad ${pad}`);
    return b.op(name, [x, filter], { stride, padding: 'same', ...more });
  }
  // TensorFlow's own `same` is faster than padding first, where it means the same zeros.
  const isSame =
    pad > 0 &&
    !reflects &&
    isSamePadding(height, extentOf(kh, dilation), stride, pad, pad) &&
    isSamePadding(width, extentOf(kw, dilation), stride, pad, pad);
  if (isSame) return b.op(name, [x, filter], { stride, padding: 'same', ...more });
  const padded = reflects ? mirror(b, x, pad, name) : zeroPad(b, x, pad);
  return b.op(name, [padded, filter], { stride, padding: 'valid', ...more });
}

const conv2d: SpecOp = {
  name: 'conv2d',
  doc: 'Cross-correlates x with a filter [h,w,I,O], after `pad` pixels on every side.',
  inputs: ['x', 'filter'],
  attrs: { ...geometry, dilation: int('step between taps of the filter; more than 1 goes with stride 1', 1) },
  expand: ({ b, compute }, inputs, attrs) => {
    requireFrom('conv2d', 1, attrs, 'dilation');
    return convolve('conv2d', b, inputs, attrs, num(attrs, 'dilation'), compute);
  },
};

const depthwiseConv2d: SpecOp = {
  name: 'depthwise_conv2d',
  doc: 'Cross-correlates every channel of x with a filter of its own, [h,w,C,1], after `pad` pixels on every side.',
  inputs: ['x', 'filter'],
  attrs: geometry,
  expand: ({ b }, inputs, attrs) => convolve('depthwise_conv2d', b, inputs, attrs, 1),
};

const conv2dTranspose: SpecOp = {
  name: 'conv2d_transpose',
  doc:
    'The transposed convolution with a filter [h,w,I,O], as PyTorch defines it: (size - 1) * stride - 2 * pad + kernel + ' +
    'output_pad pixels come out.',
  inputs: ['x', 'filter'],
  attrs: {
    stride: int('step between the places where pixels of x go', 2),
    pad: int('pixels cut off on every side', 1),
    output_pad: int('pixels more at the lower and right border', 1),
  },
  expand: ({ b, compute }, inputs, attrs) => {
    const name = 'conv2d_transpose';
    const [x, filter] = [at(inputs, 0), at(inputs, 1)];
    const [batch, height, width, channels] = requirePicture(name, x);
    const [kh, kw, inputChannels, outputChannels] = requireKernel(name, filter);
    requireFrom(name, 1, attrs, 'stride');
    requireFrom(name, 0, attrs, 'pad', 'output_pad');
    const [stride, pad, more] = [num(attrs, 'stride'), num(attrs, 'pad'), num(attrs, 'output_pad')];
    if (channels !== inputChannels)
      throw new OpError(
        name,
        'the filter has as many input channels as x',
        `x has ${channels}, the filter [${shapeOf(filter)}]`,
      );
    if (more >= stride)
      throw new OpError(name, 'output_pad is below stride', `output_pad ${more}, stride ${stride}`);
    // It is the cotangent of a convolution from the result's channels to those of x.
    const turned = b.op('transpose', [filter], { permutation: [0, 1, 3, 2] });
    const spread = (size: number, kernel: number): number => (size - 1) * stride + kernel + more;
    const [rows, columns] = [spread(height, kh), spread(width, kw)];
    const shape = [batch, rows - 2 * pad, columns - 2 * pad, outputChannels] as const;
    if (shape[1] < 1 || shape[2] < 1)
      throw new OpError(name, 'pad leaves at least one pixel', `${shape[1]}x${shape[2]} (height x width)`);
    if (isSamePadding(shape[1], kh, stride, pad, pad) && isSamePadding(shape[2], kw, stride, pad, pad))
      return b.op('conv2d_input_grad', [x, turned], { stride, padding: 'same', shape, ...compute });
    const whole = b.op('conv2d_input_grad', [x, turned], {
      stride,
      padding: 'valid',
      shape: [batch, rows, columns, outputChannels],
      ...compute,
    });
    return pad === 0 ? whole : b.op('slice', [whole], { begin: [0, pad, pad, 0], size: shape });
  },
};

const linear: SpecOp = {
  name: 'linear',
  doc: 'The matrix product of x [I], or of every pixel of a picture, and a matrix [I,O].',
  inputs: ['x', 'matrix'],
  attrs: {},
  expand: ({ b, compute }, inputs) => {
    const [x, matrix] = [at(inputs, 0), at(inputs, 1)];
    if (shapeOf(x).length !== 4 || shapeOf(matrix).length !== 2)
      return b.op('matmul', inputs, { transpose_a: false, transpose_b: false, ...compute });
    return b.op('conv2d', [x, b.reshape(matrix, [1, 1, ...shapeOf(matrix)])], {
      stride: 1,
      padding: 'valid',
      ...compute,
    });
  },
};

export const convolutionOps: readonly SpecOp[] = [
  reflectPad,
  conv2d,
  depthwiseConv2d,
  conv2dTranspose,
  linear,
];
