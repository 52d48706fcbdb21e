/** The reverse walk of differentiation: cotangents of results become cotangents of what they are computed from. */
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { noLeaves, reachable, shapeOf, type Builder, type Node } from './node.ts';
import { is } from './op.ts';
import { item } from './sources.ts';
import { sameShape } from './types.ts';

/** A node with the cotangent that it has. */
export type Seed = readonly [node: Node, cotangent: Node];

/**
 * Builds the cotangents of `targets` from those of the nodes in `seeds`; undefined for a target that they do not depend on. The walk
 * ends at `leaves`.
 */
export function cotangents(
  b: Builder,
  seeds: readonly Seed[],
  targets: readonly Node[],
  leaves = noLeaves,
): (Node | undefined)[] {
  const order = reachable(
    seeds.map(([node]) => node),
    leaves,
  );
  const wanted = new Set(targets);
  const needed = new Set<Node>(); // nodes through which a target is reached
  for (const node of order)
    if (wanted.has(node) || (!leaves.has(node) && node.operands.some((operand) => needed.has(operand))))
      needed.add(node);

  const known = new Map<Node, (Node | undefined)[]>(); // by node and result
  const accumulate = (node: Node, result: number, value: Node): void => {
    const type = must(node.results[result], 'a cotangent belongs to a result of its node');
    if (!sameShape(shapeOf(value), type.shape))
      throw brokenInvariant(
        `cotangent of ${node.op.name} has shape [${shapeOf(value)}], expected [${type.shape}]`,
      );
    const list = known.get(node) ?? new Array<Node | undefined>(node.results.length).fill(undefined);
    const sum = list[result];
    list[result] = sum ? b.add(sum, value) : value;
    known.set(node, list);
  };
  for (const [node, cotangent] of seeds) accumulate(node, 0, cotangent);

  const spread = (node: Node, dys: readonly (Node | undefined)[]): void => {
    const dy = must(
      dys.find((value) => value !== undefined),
      'a node that is spread has a cotangent',
    );
    if (is(item, node)) return accumulate(node.operands[0], node.attrs.index, dy);
    const rule = node.op.vjp;
    if (typeof rule !== 'function') return; // nondifferentiable, and its entry says why
    const thunks = rule({ b, node, dy, dys });
    if (thunks.length !== node.operands.length)
      throw brokenInvariant(
        `${node.op.name} has ${node.operands.length} operands and gives ${thunks.length} cotangents`,
      );
    node.operands.forEach((operand, index) => {
      const thunk = thunks[index];
      if (thunk && needed.has(operand)) accumulate(operand, 0, thunk());
    });
  };
  for (const node of order.reverse()) {
    const dys = known.get(node);
    if (dys && needed.has(node) && !leaves.has(node))
      b.within(node.origin && { ...node.origin, isGradient: true }, () => spread(node, dys));
  }
  return targets.map((target) => known.get(target)?.[0]);
}
