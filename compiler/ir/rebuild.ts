/** Makes nodes again: in their own builder with other operands, or in another one. */
import type { GraphBuilder } from './builder.ts';
import type { Attrs, Node } from './node.ts';
import { must } from '../../dsl/errors.ts';

/** Makes `node` of other operands, in the builder that it is of; gives the node itself where none of them differs. */
export function rebuild(b: GraphBuilder, node: Node, operands: readonly Node[]): Node {
  return operands.every((operand, index) => operand === node.operands[index])
    ? node
    : copy(b, node, operands);
}

/** Makes `node` in a builder, which may be another one than it is of, with its origin; `operands` are of that builder. */
export function copy(
  b: GraphBuilder,
  node: Node,
  operands: readonly Node[],
  attrs: Attrs = node.attrs,
): Node {
  return b.within(node.origin, () =>
    node.op === 'item'
      ? b.item(must(operands[0], 'an item has the node that it is of'), Number(node.attrs['index']))
      : b.op(node.op, operands, attrs),
  );
}
