/** Counts the new nodes that a pass made: those that compute something that no node before it did. */
import { must } from '../../dsl/errors.ts';
import { printAttrs, type Node } from '../ir/node.ts';
import { nodesOf } from '../ir/program.ts';

import type { StageReport } from '../passes/pipeline.ts';

/**
 * Counts the nodes before and after a pass, and the new ones: those that are not the same op of the same values as an
 * earlier node.
 */
export function countNew({ before = [], after, weights = new Map() }: StageReport): {
  readonly before: number;
  readonly after: number;
  readonly made: number;
} {
  const known = new Map<string, number>();
  const [was, is] = [before, after].map((methods) => methods.map((method) => nodesOf(method, weights)));
  const number = (nodes: readonly Node[]): number => {
    const start = known.size;
    const values = new Map<Node, number>();
    for (const node of nodes) {
      const operands = node.operands.map((operand) => values.get(operand));
      const key = weights.get(node) ?? `${node.op.name} ${operands.join()} ${printAttrs(node.attrs)}`;
      if (!known.has(key)) known.set(key, known.size);
      values.set(node, must(known.get(key), `${key} is numbered`));
    }
    return known.size - start;
  };
  const sizes = (all: readonly (readonly Node[])[] | undefined = []): number =>
    all.reduce((sum, nodes) => sum + nodes.length, 0);
  was?.forEach(number);
  const made = (is ?? []).reduce((sum, nodes) => sum + number(nodes), 0);
  return { before: sizes(was), after: sizes(is), made };
}
