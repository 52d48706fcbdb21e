/**
 * Finds out which axis of a kernel's domain each axis of a value runs along. Over the domain [2,8,8,3]:
 *
 *     x [2,8,8,3]  runs along 0 1 2 3        bias [3]     runs along 3
 *     m [2,1,1,3]  runs along 0 1 2 3        reshape(bias, [1,3])  runs along -1 3
 */
import { shapeOf, type Node } from '../../ir/node.ts';
import { sameShape, type Shape } from '../../ir/types.ts';
import { inlinedAs } from './nodes.ts';

/** For each axis of a value the axis of the domain that it runs along; -1 for axes of size 1 that run along none. */
export type Axes = readonly number[];

/** The axes of a value that fills the domain. */
export const ownAxes = (shape: Shape): Axes => shape.map((_, axis) => axis);

/**
 * Gives the axes of operand `index` of an inlined node that runs along `axes`, or undefined where the node cannot be computed
 * pixel by pixel of this domain.
 */
export function axesOfOperand(node: Node, index: number, axes: Axes, domain: Shape): Axes | undefined {
  const operand = node.operands[index]!;
  const shape = shapeOf(operand);
  switch (inlinedAs(node)?.kind) {
    case 'upsample':
    case 'rows':
      return undefined; // they choose their pixels themselves
    case 'reshape':
      return axesThroughReshape(shapeOf(node), axes, shape);
    case 'last': {
      const last = domain.length - 1;
      return shape.at(-1) === domain[last] ? [...axes.slice(0, shape.length - 1), last] : undefined;
    }
    default:
      return axes.slice(axes.length - shape.length);
  }
}

/** Tells whether a node that chooses its operand's pixels itself covers the domain, so that a kernel can compute it. */
export function coversDomain(node: Node, axes: Axes, domain: Shape): boolean {
  return sameShape(shapeOf(node), domain) && axes.every((axis, index) => axis === index);
}

/** Axes of size 1 come and go; the others stay in their order. */
function axesThroughReshape(from: Shape, axes: Axes, to: Shape): Axes {
  const counting = from.flatMap((size, axis) => (size > 1 ? [axes[axis]!] : []));
  return to.map((size) => (size > 1 ? counting.shift()! : -1));
}

/** Lays a shape out along the axes of a domain of `rank`. */
export function alongDomain(shape: Shape, axes: Axes, rank: number): Shape {
  const laid = new Array<number>(rank).fill(1);
  shape.forEach((size, axis) => {
    if (size > 1) laid[axes[axis]!] = size;
  });
  return laid;
}
