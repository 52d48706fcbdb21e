/** Makes nodes again: in their own builder with other operands, or in another one. */
import { must } from '../../dsl/errors.ts';
import { item } from './sources.ts';
import type { Attrs, Builder, Node } from './node.ts';
import { is } from './op.ts';

/** Makes `node` of other operands, in the builder that it is of; gives the node itself where none of them differs. */
export function rebuild(b: Builder, node: Node, operands: readonly Node[]): Node {
  return operands.every((operand, index) => operand === node.operands[index])
    ? node
    : copy(b, node, operands);
}

/** Makes `node` in a builder, which may be another one than it is of, with its origin; `operands` are of that builder. */
export function copy(b: Builder, node: Node, operands: readonly Node[], attrs: Attrs = node.attrs): Node {
  return b.within(node.origin, () =>
    is(item, node)
      ? b.item(must(operands[0], 'an item has the node that it is of'), node.attrs.index)
      : b.make(node.op, operands, attrs),
  );
}
