/**
 * Derivatives: one generic reverse walk over the graph. It knows no op but `item`; each op's `vjp`
 * gives the cotangents of its operands, written with other ops, so gradients can be differentiated again.
 */
import { brokenInvariant } from '../../dsl/errors.ts';
import { shapeOf, type Builder, type Node } from '../ir/node.ts';
import { cotangents } from '../ir/reverse.ts';

/**
 * Builds the gradients of a scalar `loss` (or of sum(loss * cotangent)) with respect to `targets`. A target that the loss
 * does not depend on gets zeros of its shape.
 */
export function gradients(b: Builder, loss: Node, targets: readonly Node[], cotangent?: Node): Node[] {
  if (!cotangent && shapeOf(loss).length !== 0)
    throw brokenInvariant(`gradients of a loss of shape [${shapeOf(loss)}] need a cotangent`);
  const found = cotangents(b, [[loss, cotangent ?? b.constant({ value: 1 })]], targets);
  return targets.map((target, index) => found[index] ?? b.constant({ value: 0, shape: shapeOf(target) }));
}
