/** Convolutions and matrix products. Kernels are [h,w,I,O], with the channels of the input as I in all of them. */
import { shapeOf, type Builder, type Node } from '../../ir/node.ts';
import { extentOf, isSamePadding } from '../primitive/convolution/geometry.ts';
import { aroundPixels, zeroPad } from './composites.ts';
import { defineComposite, type Composite } from './define.ts';
import { flag, int, oneOf, type Refuse } from './settings.ts';
import { requireKernel, requirePicture } from './shapes.ts';

export const reflectPad = defineComposite({
  name: 'reflect_pad',
  doc: 'Puts `amount` pixels on every side that mirror those inside; the border pixel itself is not repeated.',
  inputs: ['x'],
  attrs: { amount: int('pixels on every side', { least: 0 }) },
  expand: ({ x, amount }, { b, refuse }) => mirror(b, x, amount, refuse),
});

function mirror(b: Builder, x: Node, amount: number, refuse: Refuse): Node {
  const [, height, width] = requirePicture(x, refuse);
  if (amount >= Math.min(height, width))
    throw refuse(
      'fewer pixels are mirrored than the picture is high and wide',
      `${amount} of ${width}x${height}`,
    );
  if (amount === 0) return x;
  return b.reflectPad(x, { amounts: aroundPixels([amount, amount], [amount, amount]) });
}

const geometry = {
  stride: int('step between outputs', { preset: 1, least: 1 }),
  pad: int('pixels around on every side', { preset: 0, least: 0 }),
  same: flag("pads with zeros as TensorFlow's SAME does, so that the result has ceil(size / stride) pixels"),
  pad_mode: oneOf(['zeros', 'reflect'], 'what `pad` puts around: "zeros" or "reflect"', { preset: 'zeros' }),
};

interface Geometry {
  readonly stride: number;
  readonly pad: number;
  readonly same: boolean;
  readonly pad_mode: 'zeros' | 'reflect';
  readonly dilation: number;
}

/** What a primitive convolves, and how it pads by itself, so that x is padded as the settings say. */
function padInput(
  b: Builder,
  x: Node,
  filter: Node,
  { stride, pad, same, pad_mode, dilation }: Geometry,
  refuse: Refuse,
): { padded: Node; padding: 'same' | 'valid' } {
  const reflects = pad_mode === 'reflect';
  const [, height, width] = requirePicture(x, refuse);
  const [kh, kw] = requireKernel(filter, refuse);
  if (same) {
    if (pad > 0 || reflects)
      throw refuse('`same` pads by itself, with zeros', reflects ? '"reflect"' : `pad ${pad}`);
    return { padded: x, padding: 'same' };
  }
  // TensorFlow's own `same` is faster than padding first, where it means the same zeros.
  const isSame =
    pad > 0 &&
    !reflects &&
    isSamePadding(height, extentOf(kh, dilation), stride, pad, pad) &&
    isSamePadding(width, extentOf(kw, dilation), stride, pad, pad);
  if (isSame) return { padded: x, padding: 'same' };
  return { padded: reflects ? mirror(b, x, pad, refuse) : zeroPad(b, x, pad), padding: 'valid' };
}

export const conv2d = defineComposite({
  name: 'conv2d',
  doc: 'Cross-correlates x with a filter [h,w,I,O], after `pad` pixels on every side.',
  inputs: ['x', 'filter'],
  attrs: {
    ...geometry,
    dilation: int('step between taps of the filter; more than 1 goes with stride 1', { preset: 1, least: 1 }),
  },
  traits: { tells: 'most', layer: 'conv(out: 64, kernel: 3)' },
  expand: ({ x, filter, ...geometry }, { b, compute, refuse }) => {
    const { stride, dilation } = geometry;
    const { padded, padding } = padInput(b, x, filter, geometry, refuse);
    return b.conv2d(padded, filter, {
      stride,
      padding,
      ...(dilation !== 1 && { dilation }),
      ...compute,
    });
  },
});

export const depthwiseConv2d = defineComposite({
  name: 'depthwise_conv2d',
  doc: 'Cross-correlates every channel of x with a filter of its own, [h,w,C,1], after `pad` pixels on every side.',
  inputs: ['x', 'filter'],
  attrs: geometry,
  expand: ({ x, filter, ...geometry }, { b, refuse }) => {
    const { padded, padding } = padInput(b, x, filter, { ...geometry, dilation: 1 }, refuse);
    return b.depthwiseConv2d(padded, filter, { stride: geometry.stride, padding });
  },
});

export const conv2dTranspose = defineComposite({
  name: 'conv2d_transpose',
  doc:
    'The transposed convolution with a filter [h,w,I,O], as PyTorch defines it: (size - 1) * stride - 2 * pad + kernel + ' +
    'output_pad pixels come out.',
  inputs: ['x', 'filter'],
  attrs: {
    stride: int('step between the places where pixels of x go', { preset: 2, least: 1 }),
    pad: int('pixels cut off on every side', { preset: 1, least: 0 }),
    output_pad: int('pixels more at the lower and right border', { preset: 1, least: 0 }),
  },
  traits: { layer: 'conv_transpose(out: 64)' },
  expand: ({ x, filter, stride, pad, output_pad: more }, { b, compute, refuse }) => {
    const [batch, height, width, channels] = requirePicture(x, refuse);
    const [kh, kw, inputChannels, outputChannels] = requireKernel(filter, refuse);
    if (channels !== inputChannels)
      throw refuse(
        'the filter has as many input channels as x',
        `x has ${channels}, the filter [${shapeOf(filter)}]`,
      );
    if (more >= stride) throw refuse('output_pad is below stride', `output_pad ${more}, stride ${stride}`);
    // It is the cotangent of a convolution from the result's channels to those of x.
    const turned = b.transpose(filter, { permutation: [0, 1, 3, 2] });
    const spread = (size: number, kernel: number): number => (size - 1) * stride + kernel + more;
    const [rows, columns] = [spread(height, kh), spread(width, kw)];
    const shape = [batch, rows - 2 * pad, columns - 2 * pad, outputChannels] as const;
    if (shape[1] < 1 || shape[2] < 1)
      throw refuse('pad leaves at least one pixel', `${shape[1]}x${shape[2]} (height x width)`);
    if (isSamePadding(shape[1], kh, stride, pad, pad) && isSamePadding(shape[2], kw, stride, pad, pad))
      return b.conv2dInputGrad(x, turned, { stride, padding: 'same', shape, ...compute });
    const whole = b.conv2dInputGrad(x, turned, {
      stride,
      padding: 'valid',
      shape: [batch, rows, columns, outputChannels],
      ...compute,
    });
    return pad === 0 ? whole : b.slice(whole, { begin: [0, pad, pad, 0], size: shape });
  },
});

export const linear = defineComposite({
  name: 'linear',
  doc: 'The matrix product of x [I], or of every pixel of a picture, and a matrix [I,O].',
  inputs: ['x', 'matrix'],
  traits: { tells: 'most', layer: 'dense(out: 64)' },
  expand: ({ x, matrix }, { b, compute }) => {
    if (shapeOf(x).length !== 4 || shapeOf(matrix).length !== 2)
      return b.matmul(x, matrix, { transpose_a: false, transpose_b: false, ...compute });
    const filter = b.reshape(matrix, { shape: [1, 1, ...shapeOf(matrix)] });
    return b.conv2d(x, filter, { stride: 1, padding: 'valid', ...compute });
  },
});

export const convolutionOps: readonly Composite[] = [
  reflectPad,
  conv2d,
  depthwiseConv2d,
  conv2dTranspose,
  linear,
];
