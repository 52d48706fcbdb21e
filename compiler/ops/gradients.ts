/**
 * Derivatives: one generic reverse walk over the graph. It knows no op but `item`; each op's `vjp`
 * gives the cotangents of its operands, written with other ops, so gradients can be differentiated again.
 */
import { item } from '../ir/sources.ts';
import { reachable, shapeOf, type Builder, type Node } from '../ir/node.ts';
import { is } from '../ir/op.ts';
import { sameShape } from '../ir/types.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';

/**
 * Builds the gradients of a scalar `loss` (or of sum(loss * cotangent)) with respect to `targets`. A target that the loss
 * does not depend on gets zeros of its shape.
 */
export function gradients(b: Builder, loss: Node, targets: readonly Node[], cotangent?: Node): Node[] {
  if (!cotangent && shapeOf(loss).length !== 0)
    throw brokenInvariant(`gradients of a loss of shape [${shapeOf(loss)}] need a cotangent`);
  const order = reachable([loss]);
  const wanted = new Set(targets);
  const needed = new Set<Node>(); // nodes through which a target is reached
  for (const node of order)
    if (wanted.has(node) || node.operands.some((operand) => needed.has(operand))) needed.add(node);

  const cotangents = new Map<Node, (Node | undefined)[]>(); // by node and result
  const accumulate = (node: Node, result: number, value: Node): void => {
    const type = must(node.results[result], 'a cotangent belongs to a result of its node');
    if (!sameShape(shapeOf(value), type.shape))
      throw brokenInvariant(
        `cotangent of ${node.op.name} has shape [${shapeOf(value)}], expected [${type.shape}]`,
      );
    const list = cotangents.get(node) ?? new Array<Node | undefined>(node.results.length).fill(undefined);
    const known = list[result];
    list[result] = known ? b.add(known, value) : value;
    cotangents.set(node, list);
  };
  accumulate(loss, 0, cotangent ?? b.constant({ value: 1 }));

  const spread = (node: Node, dys: readonly (Node | undefined)[]): void => {
    const dy = must(
      dys.find((value) => value !== undefined),
      'a node that is spread has a cotangent',
    );
    if (is(item, node)) return accumulate(node.operands[0], node.attrs.index, dy);
    const rule = node.op.vjp;
    if (typeof rule !== 'function') return; // nondifferentiable, and its entry says why
    const thunks = rule({ b, node, dy, dys });
    node.operands.forEach((operand, index) => {
      const thunk = thunks[index];
      if (thunk && needed.has(operand)) accumulate(operand, 0, thunk());
    });
  };
  for (const node of order.reverse()) {
    const dys = cotangents.get(node);
    if (dys && needed.has(node))
      b.within(node.origin && { ...node.origin, isGradient: true }, () => spread(node, dys));
  }
  return targets.map(
    (target) => cotangents.get(target)?.[0] ?? b.constant({ value: 0, shape: shapeOf(target) }),
  );
}
