/** Which pixels convolutions read: the windows of a filter that slides over them, and those that a cotangent spreads over. */
import type { Reading } from '../../../locality/rule.ts';
import { shapeOf, type Node } from '../../../ir/node.ts';
import { at } from '../support.ts';
import { along, extentOf, zerosBefore, type Geometry } from './geometry.ts';

/** A convolution, or the cotangent for its input: both have the filter second. */
export type FilteredNode = Node & { readonly operands: readonly [Node, Node]; readonly attrs: Geometry };

/** How a convolution reads an axis. */
export function slide({ operands: [, filter], attrs }: FilteredNode): Reading {
  const { stride, dilation = 1 } = attrs;
  return (walk, axis, which) => {
    const taps = at(shapeOf(filter), which - 1);
    const { out, before } = along(axis.size, extentOf(taps, dilation), attrs);
    return walk.pixels.axes.slide(axis, out, taps, stride, before, dilation);
  };
}

/** How the cotangent for the input reads an axis. */
export function spread(node: FilteredNode): Reading {
  const { stride, dilation = 1 } = node.attrs;
  const [, filter] = node.operands;
  return (walk, axis, which) => {
    const taps = at(shapeOf(filter), which - 1);
    const size = at(shapeOf(node), which);
    return walk.pixels.axes.spread(axis, size, taps, stride, zerosBefore(size, taps, node.attrs), dilation);
  };
}
