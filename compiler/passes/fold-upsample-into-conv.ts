/**
 * Answers for convolutions of pictures that were doubled by repeating pixels. They are computed on the pictures themselves: a
 * filter of 1x1 before the doubling, and one of 3x3 as a transposed convolution of 4x4, whose phases see only what differs.
 *
 *     y[p] = sum of w[t] x[(p + t - 1) / 2] = sum of W[p + 1 - 2 i] x[i],  W = [w[2], w[1] + w[2], w[0] + w[1], w[0]]
 *
 * along each side: 16 products for four pixels where there were 36.
 */
import { GraphRewrite } from '../ir/graph-rewrite.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { rebuild } from '../ir/rebuild.ts';
import { must } from '../../dsl/errors.ts';
import { dilationOf, geometryOf } from '../ops/primitive/convolution.ts';
import { number } from '../ir/op.ts';
import { computesReduced } from '../ops/primitive/precision.ts';

/** Smaller pictures have larger filters, and putting these together costs what their fewer products save. */
const smallestSide = 32;

/** Computes convolutions of doubled pictures on the pictures. */
export class Doubled extends GraphRewrite {
  protected override make(node: Node, operands: readonly Node[]): Node {
    return this.onPicture(node, operands) ?? rebuild(this.b, node, operands);
  }

  /** Makes a convolution of a doubled picture on the picture; undefined for all other nodes. */
  private onPicture(node: Node, [doubled, filter]: readonly Node[]): Node | undefined {
    if (node.op !== 'conv2d' || doubled?.op !== 'upsample_nearest' || !filter) return undefined;
    const { b } = this;
    const picture = must(doubled.operands[0], 'it has an operand');
    const factor = number(doubled.attrs, 'factor');
    const { stride, padding } = geometryOf(node.attrs);
    const [height, width] = shapeOf(filter) as [number, number];
    if (stride !== 1 || dilationOf(node.attrs) !== 1) return undefined;
    if (height === 1 && width === 1)
      return b.op('upsample_nearest', [b.op('conv2d', [picture, filter], node.attrs)], { factor });
    const [, rows, columns] = shapeOf(picture) as [number, number, number];
    const isLarge = Math.min(rows, columns) >= smallestSide;
    // Sums of filters that are rounded would not be what their rounded sums are.
    if (
      height !== 3 ||
      width !== 3 ||
      factor !== 2 ||
      padding !== 'same' ||
      !isLarge ||
      computesReduced(node.attrs)
    )
      return undefined;
    const spread = b.op('transpose', [this.spread(this.spread(filter, 0), 1)], { permutation: [0, 1, 3, 2] });
    return b.op('conv2d_input_grad', [picture, spread], { stride: 2, padding: 'same', shape: shapeOf(node) });
  }

  /** Makes four taps of three along an axis. */
  private spread(filter: Node, axis: number): Node {
    const { b } = this;
    const [first, second, third] = b.items(b.op('split', [filter], { axis, sizes: [1, 1, 1] })) as [
      Node,
      Node,
      Node,
    ];
    return b.op('concat', [third, b.add(second, third), b.add(first, second), first], { axis });
  }
}
