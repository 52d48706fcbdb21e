/**
 * Convolutions by minimal filtering, kernels of our own (runtime/engine/kernels/winograd.cc): a quarter of the products of ordinary
 * ones, and some more sums. At stride 2 squares of 2x2 pixels are pixels of four times the channels, which a filter of half the side
 * sees at stride 1, with 36 products for 100 of a 4x4 filter. In bfloat16 they round what they read and write and compute in float32:
 * fewer products in float32 are faster than all of them in bfloat16.
 */
import { shapeOf, type Attrs } from '../../ir/node.ts';
import { sizeOf, type Shape } from '../../ir/types.ts';
import { number, type TfAttr, type TfContext } from '../../ir/op.ts';
import { computesReduced } from './precision.ts';
import { at } from './support.ts';

/**
 * A convolution of x [N,H,W,C] with a filter [h,w,C,O] to y [N,H',W',O]; `before` zeros are above x and as many to the left, since
 * what `same` puts there is the same at every size for the filters that have kernels.
 */
export interface Filtering {
  readonly x: Shape;
  readonly filter: Shape;
  readonly y: Shape;
  readonly before: number;
}

/**
 * Tells whether a convolution, or a cotangent of it, is computed by minimal filtering: where there is a kernel for it, and it is large
 * enough. Few channels leave vectors empty, and few tiles do not make up for transforming the filter; with few products nobody would
 * notice the time, but rounding is a little more than that of plain sums.
 */
export function isFiltered(
  { target: { kernels, winograd }, node: { attrs } }: TfContext,
  { filter, y }: Filtering,
): boolean {
  const [height, width, channels, outChannels] = filter as [number, number, number, number];
  const stride = number(attrs, 'stride');
  const hasKernel = height === width && (winograd.sides.get(stride)?.includes(height) ?? false);
  if (!kernels || !hasKernel || attrs['dilation'] !== undefined) return false;
  if (stride > 1 && channels % winograd.channelMultiple !== 0) return false;
  // A tile sees 6x6 values of x, or squares of them.
  const tilesAlong = (axis: 1 | 2): number => Math.ceil(at(y, axis) / (7 - height / stride));
  const tiles = at(y, 0) * tilesAlong(1) * tilesAlong(2);
  const flops = 2 * sizeOf(filter) * (sizeOf(y) / outChannels);
  const { fewest } = winograd;
  return Math.min(channels, outChannels) >= fewest.channels && tiles >= fewest.tiles && flops >= fewest.flops;
}

/** Emits a convolution: y from x and the filter. */
export function emitFiltered(context: TfContext, { y, before }: Filtering): string {
  return emitConvolve(context, y, before, false);
}

/** Emits the cotangent for x from that of y and the filter: a convolution too. */
export function emitFilteredInputGrad(context: TfContext, { x, before }: Filtering): string {
  return emitConvolve(context, x, before, true);
}

function emitConvolve(
  { emit, inputs, node: { attrs } }: TfContext,
  to: Shape,
  before: number,
  isTurned: boolean,
): string {
  return emit.op('SpadeworkConvolve', inputs, {
    ...kernelAttrs(attrs, before),
    height: { int: at(to, 1) },
    width: { int: at(to, 2) },
    turned: { bool: isTurned },
  });
}

/** Emits the cotangent for the filter from x and that of y. */
export function emitFilteredFilterGrad({ emit, inputs, node }: TfContext, { before }: Filtering): string {
  return emit.op('SpadeworkConvolveFilterGrad', inputs, {
    ...kernelAttrs(node.attrs, before),
    size: { int: at(shapeOf(node), 0) },
  });
}

function kernelAttrs(attrs: Attrs, before: number): Record<string, TfAttr> {
  return {
    stride: { int: number(attrs, 'stride') },
    pad: { int: before },
    reduced: { bool: computesReduced(attrs) },
  };
}
