/**
 * Writes a method in equal forms that read and write less, before pointwise work is fused: the same up to rounding. It acts only
 * where the target fuses, since most of these forms pay by what fusion then takes in.
 *
 *     stop_gradient(x)                          ->  x
 *     op(broadcast_to(x), y)                    ->  op(x, y)                    [op broadcasts by itself, to the same shape]
 *     reshape(matmul(column, row))              ->  reshape(column) * reshape(row)            an outer product, entry by entry
 *     conv2d(x, w / s)                          ->  conv2d(x, w) * (1 / s)      [s one number, the result not much larger than w]
 *     sum(s * x + y)                            ->  s * sum(x) + sum(y)         [s the same along the axes, known after another sum]
 *     sum(f(upsample_nearest(x)))               ->  factor^2 * sum(f(x))        [over all pixels, f pointwise]
 *
 * Sums are those over pixels (fuse/sums.ts), scaled ops those that are linear (fuse/scales.ts), outer products those whose last axis stays
 * (fuse/outer.ts). Gradients are there already, so nothing is lost with stop_gradient, and the same products on either side of it are
 * one node.
 */
import { broadcastTo } from '../ops/primitive/shapes.ts';
import { is } from '../ir/op.ts';
import { stopGradient } from '../ops/primitive/sources.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { copy } from '../ir/rebuild.ts';
import { broadcastShapes, sameShape, type Shape } from '../ir/types.ts';
import { broadcastsByItself, isSumOverPixels } from './fuse/nodes.ts';
import { asPointwise } from './fuse/outer.ts';
import { withScaleAfter } from './fuse/scales.ts';
import { SumRewriter } from './fuse/sums.ts';
import type { MethodPass } from './pass.ts';
import { rewriteMethod } from './rewrite.ts';

export const simplifyAlgebra: MethodPass = {
  name: 'simplify-algebra',
  level: 'method',
  run(method, { target: { fuse, fusion } }) {
    if (!fuse) return method;
    return rewriteMethod(method, (b) => {
      const sums = new SumRewriter(b);
      return (node, given) => {
        const operands = withoutBroadcast(node, given);
        const [first] = operands;
        if (first && is(stopGradient, node)) return first;
        if (first && isSumOverPixels(node)) return sums.rewrite(node, first);
        return (
          asPointwise(b, node, operands) ??
          withScaleAfter(b, node, operands, fusion) ??
          copy(b, node, operands)
        );
      };
    });
  },
};

/** Takes operands as they were before they were broadcast, where the op broadcasts to the same shape by itself. */
function withoutBroadcast(node: Node, operands: readonly Node[]): readonly Node[] {
  if (!broadcastsByItself(node)) return operands;
  return operands.reduce<readonly Node[]>((taken, operand, index) => {
    if (!is(broadcastTo, operand)) return taken;
    const fewer = taken.with(index, operand.operands[0]);
    const shape = fewer.map(shapeOf).reduce<Shape | undefined>((a, b) => a && broadcastShapes(a, b), []);
    return shape && sameShape(shape, shapeOf(node)) ? fewer : taken;
  }, operands);
}
