/** Answers for making a node again with other operands, which is how passes write a changed graph beside the old one. */
import type { GraphBuilder } from './builder.ts';
import type { Attrs, Node } from './node.ts';

/** Makes `node` of other operands; gives the node itself where nothing is different. */
export function rebuild(
  b: GraphBuilder,
  node: Node,
  operands: readonly Node[],
  attrs: Attrs = node.attrs,
): Node {
  if (attrs === node.attrs && operands.every((operand, index) => operand === node.operands[index]))
    return node;
  return b.within(node.origin, () =>
    node.op === 'item' ? b.item(operands[0]!, Number(node.attrs['index'])) : b.op(node.op, operands, attrs),
  );
}

/** Lists the nodes that `roots` need, operands before users, without going beyond `leaves`. */
export function reachableTo(roots: Iterable<Node>, leaves: ReadonlySet<Node>): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!leaves.has(node)) stack.push(...node.operands);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
