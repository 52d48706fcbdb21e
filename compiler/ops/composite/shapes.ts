/** What composites require of the shapes of their inputs. */
import { shapeOf, type Node } from '../../ir/node.ts';
import type { Shape } from '../../ir/types.ts';
import type { Refuse } from './settings.ts';

/** A shape with four axes: [N,H,W,C] of a picture, [h,w,I,O] of a filter. */
type FourAxes = readonly [number, number, number, number];
/** A shape with at least one axis. */
type SomeAxes = readonly [number, ...number[]];

const hasFourAxes = (shape: Shape): shape is FourAxes => shape.length === 4;
const hasAxes = (shape: Shape): shape is SomeAxes => shape.length > 0;

/** Requires a picture, and gives its shape [N,H,W,C]. */
export function requirePicture(x: Node, refuse: Refuse): FourAxes {
  const shape = shapeOf(x);
  if (!hasFourAxes(shape)) throw refuse('x is a picture: [height, width, channels]', `[${shape.slice(1)}]`);
  return shape;
}

/** Requires a kernel, and gives its shape [h,w,I,O]. */
export function requireKernel(filter: Node, refuse: Refuse): FourAxes {
  const shape = shapeOf(filter);
  if (!hasFourAxes(shape))
    throw refuse('the filter is [height, width, channels in, channels out]', `[${shape}]`);
  return shape;
}

/** Requires at least one axis, and gives the shape. */
export function requireAxis(x: Node, refuse: Refuse): SomeAxes {
  const shape = shapeOf(x);
  if (!hasAxes(shape)) throw refuse('its input is more than one number', 'one number');
  return shape;
}

/** Gives the last size of a shape: the channels of a picture, the output channels of a filter. */
export function lastOf(shape: SomeAxes): number {
  return shape.at(-1) ?? shape[0];
}
