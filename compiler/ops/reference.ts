/** Evaluates a graph in float64 with every op's obvious reference rule: slow, and the oracle of all tests. */
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { item, input, read } from '../ir/sources.ts';
import { reachable, shapeOf, type Node } from '../ir/node.ts';
import { is } from '../ir/op.ts';
import { sameShape } from '../ir/types.ts';
import type { RefTensor } from '../ir/emitter.ts';

/** Values of inputs and variables by name. */
export interface Bindings {
  readonly inputs: ReadonlyMap<string, RefTensor>;
  readonly variables: ReadonlyMap<string, RefTensor>;
}

/** Evaluates `roots` (nodes with one result each) in float64. Throws where a binding is missing or has another shape. */
export function evaluate(roots: readonly Node[], bindings: Bindings): RefTensor[] {
  const values = new Map<Node, readonly RefTensor[]>();
  for (const node of reachable(roots)) values.set(node, evaluateNode(node, values, bindings));
  return roots.map((root) => must(values.get(root)?.[0], 'every root was evaluated'));
}

function evaluateNode(
  node: Node,
  values: ReadonlyMap<Node, readonly RefTensor[]>,
  bindings: Bindings,
): readonly RefTensor[] {
  const operands = node.operands.map((operand) =>
    must(values.get(operand), 'operands are evaluated before their users'),
  );
  if (is(item, node)) return [must(operands[0]?.[node.attrs.index], 'an item names a result of its node')];
  if (is(input, node)) return [boundTo(node, node.attrs.name, bindings.inputs)];
  if (is(read, node)) return [boundTo(node, node.attrs.name, bindings.variables)];
  const inputs = operands.map((results) => must(results[0], 'an operand has a result'));
  const result = node.op.reference(inputs, node);
  return 'data' in result ? [result] : result;
}

function boundTo(node: Node, name: string, values: ReadonlyMap<string, RefTensor>): RefTensor {
  const bound = values.get(name);
  if (!bound) throw brokenInvariant(`no value is bound to ${node.op.name} '${name}'`);
  if (!sameShape(bound.shape, shapeOf(node)))
    throw brokenInvariant(
      `${node.op.name} '${name}' is bound to [${bound.shape}], expected [${shapeOf(node)}]`,
    );
  return bound;
}
