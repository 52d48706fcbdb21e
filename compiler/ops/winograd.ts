/**
 * Answers for convolutions by minimal filtering, kernels of our own (runtime/engine/kernels/winograd.cc): a quarter of the products
 * of ordinary ones, and some more sums. There are kernels for filters of 3x3 and 4x4 at stride 1, which in bfloat16 round what
 * they read and write and compute in float32: fewer products in float32 are faster than all of them in bfloat16.
 */
import { shapeOf } from '../ir/node.ts';
import { sizeOf, type Shape } from '../ir/types.ts';
import { number, type TfContext } from './define.ts';
import { computesReduced } from './precision.ts';
import { at } from './support.ts';

/** A convolution of x [N,H,W,C] with a filter [h,w,C,O] to y [N,H',W',O]; `before` zeros are above and to the left of x. */
export interface Filtering {
  readonly x: Shape;
  readonly filter: Shape;
  readonly y: Shape;
  readonly before: number;
}

/**
 * Fewer channels leave vectors empty, and fewer tiles do not make up for transforming the filter. With fewer products (at one
 * multiplication and one addition each) nobody would notice the time, but rounding is a little more than that of plain sums.
 */
const fewest = { channels: 16, tiles: 16, flops: 2e8 };

/** Tells whether a convolution, or a cotangent of it, is computed by minimal filtering. */
export function isFiltered({ kernels, node: { attrs } }: TfContext, { filter, y }: Filtering): boolean {
  const [height, width, channels, outChannels] = filter as [number, number, number, number];
  if (!kernels || number(attrs, 'stride') !== 1 || attrs['dilation'] !== undefined) return false;
  const hasKernel = height === width && (height === 3 || height === 4);
  // A tile sees 6x6 values of x.
  const tilesAlong = (axis: 1 | 2): number => Math.ceil(at(y, axis) / (7 - height));
  const tiles = at(y, 0) * tilesAlong(1) * tilesAlong(2);
  const flops = 2 * sizeOf(filter) * (sizeOf(y) / outChannels);
  return (
    hasKernel &&
    Math.min(channels, outChannels) >= fewest.channels &&
    tiles >= fewest.tiles &&
    flops >= fewest.flops
  );
}

/** Emits a convolution: y from x and the filter. */
export function emitFiltered({ emit, inputs, node }: TfContext, { y, before }: Filtering): string {
  return emit.op('SpadeworkConvolve', inputs, {
    pad: { int: before },
    height: { int: at(y, 1) },
    width: { int: at(y, 2) },
    turned: { bool: false },
    reduced: { bool: computesReduced(node.attrs) },
  });
}

/** Emits the cotangent for x from that of y and the filter: a convolution too. */
export function emitFilteredInputGrad(
  { emit, inputs, node }: TfContext,
  { x, filter, before }: Filtering,
): string {
  return emit.op('SpadeworkConvolve', inputs, {
    pad: { int: at(filter, 0) - 1 - before },
    height: { int: at(x, 1) },
    width: { int: at(x, 2) },
    turned: { bool: true },
    reduced: { bool: computesReduced(node.attrs) },
  });
}

/** Emits the cotangent for the filter from x and that of y. */
export function emitFilteredFilterGrad({ emit, inputs, node }: TfContext, { before }: Filtering): string {
  return emit.op('SpadeworkConvolveFilterGrad', inputs, {
    pad: { int: before },
    taps: { int: at(shapeOf(node), 0) },
    reduced: { bool: computesReduced(node.attrs) },
  });
}
