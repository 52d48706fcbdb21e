/** How tfjs computes conv2d and its cotangents: by convolutions and matrix products, the fast kernels of every backend. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { four } from '../support.ts';
import type { Kind } from './family.ts';
import { fitAxis } from './fit-axis.ts';
import { zerosBefore, type Geometry } from './geometry.ts';

export const conv2dTfjs: Kind['tfjs'] = {
  convolution: (tf, x, filter, { stride, padding, dilation = 1 }) =>
    tf.conv2d(x, filter, stride, padding, 'NHWC', dilation),

  // One convolution of dy. With stride s, row q s + p - before of the result (phase p) takes rows p, p + s.. of the filter and rows
  // q, q - 1.. of dy, so the phases are s x s groups of output channels. A dilation, which goes with stride 1 alone, is that of the
  // convolution.
  inputGrad: (tf, dy, filter, { shape, ...geometry }) => {
    const { stride, dilation = 1 } = geometry;
    const [batch, height, width, channels] = four(shape);
    const [kh, kw, , outChannels] = filter.shape;
    const vertical = phasesAlong(height, kh, dy.shape[1], geometry);
    const horizontal = phasesAlong(width, kw, dy.shape[2], geometry);
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
    const places: Tfjs.Tensor4D = tf.reshape(grouped, [th, tw, outChannels, stride * stride * channels]);
    const turned = tf.reverse(places, [0, 1]);

    const padded = tf.pad(dy, [[0, 0], vertical.around, horizontal.around, [0, 0]]);
    const phases = tf.conv2d(padded, turned, 1, 'valid', 'NHWC', dilation); // [N,Q,R,(s,s,C)]
    if (stride === 1) return phases;
    const [, rows, columns] = phases.shape;
    const mixed = tf.transpose(
      tf.reshape(phases, [batch * rows, columns, stride, stride * channels]),
      [0, 2, 1, 3],
    );
    const all = tf.reshape(mixed, [batch, rows * stride, columns * stride, channels]);
    return tf.slice(all, [0, vertical.first, horizontal.first, 0], [batch, height, width, channels]);
  },

  // One matrix product for each place of the kernel: dw[i,j] = (x moved by i,j) [C,M] times dy [M,O]. Both lie on one grid
  // of M = N Q R points with zeros around dy, so that moving x, cut into its s x s phases, is an offset into flat rows.
  filterGrad: (tf, x, dy, { shape, ...geometry }) => {
    const { stride, dilation = 1 } = geometry;
    const [kh, kw, channels, outChannels] = four(shape);
    const [batch, outHeight, outWidth] = dy.shape;
    const moves = (place: number): number => Math.floor((place * dilation) / stride);
    const rows = outHeight + moves(kh - 1);
    const columns = outWidth + moves(kw - 1);
    const far = moves(kh - 1) * columns + moves(kw - 1);
    const points = batch * rows * columns - far; // the last `far` points of the grid are zeros of dy

    const before = (axis: 1 | 2, taps: number): number => zerosBefore(x.shape[axis], taps, geometry);
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
};

/**
 * How the cotangent along one axis falls into phases: filter taps of each, zeros around dy so that all results from the
 * first point of the input on come out, and where that point is among them.
 */
function phasesAlong(size: number, kernel: number, out: number, geometry: Geometry) {
  const { stride, dilation = 1 } = geometry;
  const before = zerosBefore(size, kernel, geometry);
  const taps = Math.ceil(kernel / stride);
  const [start, end] = [Math.floor(before / stride), Math.floor((before + size - 1) / stride)];
  const around: [number, number] = [(taps - 1) * dilation - start, end - (out - 1)];
  return { taps, around, first: before - start * stride };
}
