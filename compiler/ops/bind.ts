/** Gives symbols a size: a method whose tables have known numbers of rows, for whoever counts or evaluates. */
import { GraphBuilder } from './builder.ts';
import type { Attrs, Node } from '../ir/node.ts';
import { nodesOf, withValues, type Method } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import { isSymbolic } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';

/** Makes a method again with a size for every symbol. */
export function bindSymbols(method: Method, sizeOfSymbol: (symbol: number) => number): Method {
  const b = new GraphBuilder();
  const bound = new Map<Node, Node>();
  const now = (node: Node): Node => must(bound.get(node), 'operands come before their users');
  const size = (value: number): number => (isSymbolic(value) ? sizeOfSymbol(value) : value);
  const attrsOf = (attrs: Attrs): Attrs =>
    Object.fromEntries(
      Object.entries(attrs).map(([name, value]) => [
        name,
        typeof value === 'object' ? value.map(size) : value,
      ]),
    );
  for (const node of nodesOf(method))
    bound.set(node, copy(b, node, node.operands.map(now), attrsOf(node.attrs)));
  return withValues(method, now);
}
