/**
 * Convolutions by minimal filtering, kernels of our own (runtime/engine/kernels/winograd.cc): a quarter of the products of ordinary
 * ones, and some more sums. At stride 2 squares of 2x2 pixels are pixels of four times the channels, which a filter of half the side
 * sees at stride 1, with 36 products for 100 of a 4x4 filter. In bfloat16 they round what they read and write and compute in float32:
 * fewer products in float32 are faster than all of them in bfloat16, and transforms would magnify the rounding of products in bfloat16.
 *
 * A tile of results takes 36 products of transformed values for each pair of channels, where a plain 3x3 convolution takes 144; both
 * cotangents are the transposed formulas. Tiles are taken in blocks that stay in the cache from the transform to the results, so that
 * memory sees pictures only. Blocks depend on sizes alone, and so do results. The points of the transform
 * (minimal-filtering.h) are chosen for small rounding errors, since deep layers of pix2pixHD magnify them, where instance norm divides by
 * next to nothing.
 */
import type { TfAttrs } from '../../../ir/emitter.ts';
import type { TfContext } from '../../../ir/node.ts';
import type { Target } from '../../../ir/target.ts';
import { sizeOf, type Shape } from '../../../ir/types.ts';
import { computesReduced } from '../precision.ts';
import { at, four } from '../support.ts';
import { zerosBefore, type Geometry, type Shapes } from './geometry.ts';

/** Emits a convolution or a cotangent from its operands; undefined where it is not computed by minimal filtering. */
type EmitFiltered = (
  operands: readonly string[],
  context: TfContext,
  shapes: Shapes,
  geometry: Geometry,
) => string | undefined;

/** Emits a convolution: y from x and the filter. */
export const emitFiltered: EmitFiltered = (operands, context, shapes, geometry) =>
  emitConvolve(operands, context, shapes, geometry, { to: shapes.y, turned: false });

/** Emits the cotangent for x from that of y and the filter: a convolution too. */
export const emitFilteredInputGrad: EmitFiltered = (operands, context, shapes, geometry) =>
  emitConvolve(operands, context, shapes, geometry, { to: shapes.x, turned: true });

function emitConvolve(
  operands: readonly string[],
  context: TfContext,
  shapes: Shapes,
  geometry: Geometry,
  { to, turned }: { readonly to: Shape; readonly turned: boolean },
): string | undefined {
  if (!isFiltered(context.target, shapes, geometry)) return undefined;
  return context.emit.op('SpadeworkConvolve', operands, {
    ...kernelAttrs(context, shapes, geometry),
    height: { int: at(to, 1) },
    width: { int: at(to, 2) },
    turned: { bool: turned },
  });
}

/** Emits the cotangent for the filter from x and that of y. */
export const emitFilteredFilterGrad: EmitFiltered = (operands, context, shapes, geometry) => {
  if (!isFiltered(context.target, shapes, geometry)) return undefined;
  return context.emit.op('SpadeworkConvolveFilterGrad', operands, {
    ...kernelAttrs(context, shapes, geometry),
    size: { int: at(shapes.filter, 0) },
  });
};

/**
 * Tells whether a convolution, or a cotangent of it, is computed by minimal filtering: where there is a kernel for it, and it is large
 * enough. Few channels leave vectors empty, and few tiles do not make up for transforming the filter; with few products nobody would
 * notice the time, but rounding is a little more than that of plain sums.
 */
function isFiltered(
  { kernels, winograd }: Target,
  { filter, y }: Shapes,
  { stride, dilation }: Geometry,
): boolean {
  const [height, width, channels, outChannels] = four(filter);
  const hasKernel = height === width && (winograd.sides.get(stride)?.includes(height) ?? false);
  if (!kernels || !hasKernel || dilation !== undefined) return false;
  if (stride > 1 && channels % winograd.channelMultiple !== 0) return false;
  // A tile sees 6x6 values of x, or squares of them.
  const tilesAlong = (axis: 1 | 2): number => Math.ceil(at(y, axis) / (7 - height / stride));
  const tiles = at(y, 0) * tilesAlong(1) * tilesAlong(2);
  const flops = 2 * sizeOf(filter) * (sizeOf(y) / outChannels);
  const { fewest } = winograd;
  return Math.min(channels, outChannels) >= fewest.channels && tiles >= fewest.tiles && flops >= fewest.flops;
}

/** The zeros above x are as many as those to the left: what `same` puts there is the same at every size for the filters that have kernels. */
function kernelAttrs({ node }: TfContext, { x, filter }: Shapes, geometry: Geometry): TfAttrs {
  return {
    stride: { int: geometry.stride },
    pad: { int: zerosBefore(at(x, 1), at(filter, 0), geometry) },
    reduced: { bool: computesReduced(node.attrs) },
  };
}
