/** Says whose memory holds a value, who uses it, and which variables are updated in place: what order and lowering go by. */
import { is } from '../ir/op.ts';
import { item, read } from '../ir/sources.ts';
import type { Node } from '../ir/node.ts';
import type { Method } from '../ir/program.ts';

/** Gives the node whose memory holds what `node` gives, which stays as long as its views do. */
export function ownerOf(node: Node): Node {
  const [first] = node.operands;
  return first && node.op.traits.isView ? ownerOf(first) : node;
}

/** Names the variable that operand `index` of a node reads, if result `index` is what the method writes to it. */
export function updatedVariable({ writes }: Method, node: Node, index: number): string | undefined {
  const operand = node.operands[index];
  if (!is(read, operand)) return undefined;
  const variable = operand.attrs.name;
  const value = writes.get(variable);
  const matches = is(item, value) && value.operands[0] === node && value.attrs.index === index;
  return matches ? variable : undefined;
}

/** Lists the reads of the variables that a node updates in place. */
export function readsReplaced(method: Method, node: Node): readonly Node[] {
  return node.operands.filter((_, index) => updatedVariable(method, node, index) !== undefined);
}

/** Lists what uses each node, itself or a view of it. */
export function usersByOwner(nodes: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of nodes)
    for (const owner of new Set(node.operands.map(ownerOf))) {
      const known = users.get(owner);
      if (known) known.push(node);
      else users.set(owner, [node]);
    }
  return users;
}
