/**
 * Divides the result of a convolution in place of its filter, where the filter is divided by one number, as spectral normalization does: a
 * kernel reads the result anyway, and the filter is neither read nor kept a second time.
 *
 *     conv2d(x, w / s)  ->  conv2d(x, w) * (1 / s)     [s one number, the result not much larger than w]
 */
import { div } from '../../ops/primitive/pointwise.ts';
import { is } from '../../ir/op.ts';
import { type Builder, shapeOf, type Node } from '../../ir/node.ts';
import type { FusionLimits } from '../../ir/target.ts';
import { sizeOf } from '../../ir/types.ts';
import { valuesIn } from './nodes.ts';

/** Makes `node` of `operands` with the divisor of one of them applied to the result; undefined where there is none. */
export function withScaleAfter(
  b: Builder,
  node: Node,
  operands: readonly Node[],
  limits: FusionLimits,
): Node | undefined {
  if (!node.op.traits.isLinear) return undefined;
  const index = operands.findIndex(
    (operand) =>
      is(div, operand) &&
      sizeOf(shapeOf(operand.operands[1])) === 1 &&
      // Multiplying a result that is at hand costs a part of writing a filter.
      limits.resultPerFilter * valuesIn(shapeOf(operand), limits) >= valuesIn(shapeOf(node), limits),
  );
  if (index < 0) return undefined;
  const [filter, scale] = operands[index]!.operands as [Node, Node];
  const inner = operands.with(index, filter);
  const made = withScaleAfter(b, node, inner, limits) ?? b.make(node.op, inner, node.attrs);
  return b.mul(made, b.div(b.constant({ value: 1 }), b.reshape(scale, { shape: [] })));
}
