/**
 * Answers for derivatives: one generic reverse walk over the graph. It knows no op by name but `item`; each op's `vjp`
 * gives the cotangents of its operands, written with other ops, so gradients can be differentiated again.
 */
import type { Builder } from './builder.ts';
import { reachable, shapeOf, typeOf, type Node } from '../ir/node.ts';
import { sameShape } from '../ir/types.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { opNamed } from './index.ts';

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
        `cotangent of ${node.op} has shape [${shapeOf(value)}], expected [${type.shape}]`,
      );
    const list = cotangents.get(node) ?? new Array<Node | undefined>(node.results.length).fill(undefined);
    const known = list[result];
    list[result] = known ? b.add(known, value) : value;
    cotangents.set(node, list);
  };
  accumulate(loss, 0, cotangent ?? b.constant(1));

  const spread = (node: Node, dys: readonly (Node | undefined)[]): void => {
    if (node.op === 'item')
      return accumulate(
        must(node.operands[0], 'an item has the node that it is of'),
        Number(node.attrs['index']),
        must(dys[0], 'the list of cotangents of an item is not empty'),
      );
    const rule = opNamed(node.op).vjp;
    if (typeof rule !== 'function') return; // nondifferentiable, and its entry says why
    const dy = dys.find((value) => value !== undefined);
    const thunks = rule({
      b,
      node,
      x: node.operands,
      dy: must(dy, 'the list of cotangents of a node is not empty'),
      dys,
    });
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
  return targets.map((target) => cotangents.get(target)?.[0] ?? b.constant(0, typeOf(target).shape));
}
