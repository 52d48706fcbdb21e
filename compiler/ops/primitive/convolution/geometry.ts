/** How convolutions lie on pictures: their attributes, sizes and zeros along axes, and which pixels and taps of the filter meet. */
import type { Check } from '../../../ir/node.ts';
import { list, number, oneOf, optional } from '../../../ir/op.ts';
import { isSize, type Shape } from '../../../ir/types.ts';
import { at, four } from '../support.ts';

/** The attributes of every convolution. */
export const geometryAttrs = {
  stride: number('step between outputs, both axes'),
  padding: oneOf(['same', 'valid'], 'zeros around, as TensorFlow defines them'),
};

/** Those of a convolution whose taps may be apart. */
export const dilatedAttrs = {
  ...geometryAttrs,
  dilation: optional(number('step between taps of the filter, both axes; left out where it is 1')),
};

/** The attribute that both cotangents have besides: one names the shape of what it is the cotangent of. */
export const shapeOfInput = { shape: list('shape of the input') };
export const shapeOfFilter = { shape: list('shape of the filter') };

export interface Geometry {
  readonly stride: number;
  readonly padding: 'same' | 'valid';
  readonly dilation?: number;
}

/** The shapes of a convolution of x [N,H,W,C] with a filter [h,w,C,O] to y [N,H',W',O']. */
export interface Shapes {
  readonly x: Shape;
  readonly filter: Shape;
  readonly y: Shape;
}

/** Gives the entries that a kernel covers whose taps are `dilation` apart. */
export function extentOf(kernel: number, dilation = 1): number {
  return (kernel - 1) * dilation + 1;
}

/** Output size and zeros before along one axis, by TensorFlow's rules for `same` and `valid`; `kernel` is what it covers. */
export function along(
  size: number,
  kernel: number,
  { stride, padding }: Pick<Geometry, 'stride' | 'padding'>,
): { out: number; before: number } {
  if (padding === 'valid') return { out: Math.floor((size - kernel) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  return { out, before: Math.floor(Math.max((out - 1) * stride + kernel - size, 0) / 2) };
}

/** Gives the zeros before `size` entries on which a kernel of so many taps moves. */
export function zerosBefore(size: number, taps: number, geometry: Geometry): number {
  return along(size, extentOf(taps, geometry.dilation), geometry).before;
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

/** Checks the operands and attributes of a convolution and gives the shape of its result: a channel for each output of the filter. */
export function inferOutput(x: Shape, filter: Shape, geometry: Geometry, check: Check): Shape {
  const covered = filter.map((size, axis) => (axis < 2 ? extentOf(size, geometry.dilation) : size));
  check(x.length === 4, 'x has rank 4', `[${x}]`);
  check(covered.length === 4, 'the filter has rank 4', `[${covered}]`);
  check(
    x[3] === covered[2],
    'the filter has as many input channels as x',
    `x has ${x[3]}, the filter [${covered}]`,
  );
  check(isSize(geometry.stride), 'stride is a positive integer below 2^31', String(geometry.stride));
  const height = along(at(x, 1), at(covered, 0), geometry).out;
  const width = along(at(x, 2), at(covered, 1), geometry).out;
  check(
    height >= 1 && width >= 1,
    'the kernel fits into the padded picture',
    `kernel ${covered[0]}x${covered[1]} on ${x[1]}x${x[2]} (height x width)`,
  );
  return [at(x, 0), height, width, at(covered, 3)];
}

/** Calls `visit` with the flat indices of the pixels of x, the tap of the filter and the pixel of y that meet. */
export function eachMeeting(
  { x, filter, y }: Shapes,
  geometry: Geometry,
  visit: (x: number, tap: number, y: number) => void,
): void {
  const { stride, dilation = 1 } = geometry;
  const [, height, width] = four(x);
  const [kh, kw] = four(filter);
  const [batch, outHeight, outWidth] = four(y);
  const top = zerosBefore(height, kh, geometry);
  const left = zerosBefore(width, kw, geometry);
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++)
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++) {
            const h = row * stride + i * dilation - top;
            const w = column * stride + j * dilation - left;
            if (h < 0 || h >= height || w < 0 || w >= width) continue;
            visit((n * height + h) * width + w, i * kw + j, (n * outHeight + row) * outWidth + column);
          }
}
