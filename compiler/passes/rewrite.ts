/**
 * Walks graphs for passes: operands before users, each node made under the origin of the one that it takes the place of, so that
 * messages, profiles and printed graphs still name the line of the spec.
 */
import { brokenInvariant, must, SpadeworkError } from '../../dsl/errors.ts';
import { GraphBuilder } from '../ops/builder.ts';
import { type Builder, typeOf, type Node } from '../ir/node.ts';
import { nodesOf, withValues, type Method } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';

import type { ForwardGraph } from './pass.ts';

/** Makes what takes the place of a node, of what took those of its operands. */
export type MakeNode<Value = Node> = (node: Node, operands: readonly Value[]) => Value;

/**
 * Fills `made` with a value for each of `nodes`, which are in an order with operands first; those that it has already stay. Gives the
 * function that reads it.
 */
export function walk<Value>(
  b: Builder,
  nodes: readonly Node[],
  made: Map<Node, Value>,
  make: MakeNode<Value>,
): (node: Node) => Value {
  const now = (node: Node): Value =>
    must(made.get(node), `%${node.id} (${node.op.name}) comes before its users`);
  for (const node of nodes)
    if (!made.has(node))
      made.set(
        node,
        inPlaceOf(b, node, () => make(node, node.operands.map(now))),
      );
  return now;
}

/**
 * Makes what takes the place of a node: under its origin, and naming it where something fails. All passes but
 * partition-by-dependency, which only copies, make nodes by it.
 */
export function inPlaceOf<T>(b: Builder, node: Node, make: () => T): T {
  return b.within(node.origin, () => {
    try {
      return make();
    } catch (error) {
      // Where making a node makes others, the innermost is the one at fault.
      throw isNamed(error) ? error : failedIn(`%${node.id} (${node.op.name})`, error);
    }
  });
}

/** Makes a bug of whatever was thrown while graphs were rewritten, with what was at work. */
export function failedIn(what: string, error: unknown): SpadeworkError {
  const why = error instanceof SpadeworkError ? error.what : (error as Error).message;
  return brokenInvariant(`${what}: ${why}`, error);
}

const isNamed = (error: unknown): boolean => error instanceof SpadeworkError && error.cause !== undefined;

/** Lists the nodes of a forward graph, operands first, its weights included but not what these were computed from. */
export function nodesOfForward(graph: ForwardGraph): Node[] {
  return nodesOf(graph, graph.weights);
}

/** Rewrites a forward graph in its builder; what was made of a node for an earlier objective is in `made` and is taken again. */
export function rewriteForward(
  graph: ForwardGraph,
  b: Builder,
  made: Map<Node, Node>,
  make: MakeNode,
): ForwardGraph {
  for (const weight of graph.weights.keys()) made.set(weight, weight);
  const now = walk(b, nodesOfForward(graph), made, make);
  return { ...graph, ...withValues(graph, now) };
}

/** Makes a method of a part of a graph: `weights`, which it begins with, are read from the variables that they are named by. */
export function standalone(method: Method, weights: ReadonlyMap<Node, string>): Method {
  const b = new GraphBuilder();
  const made = new Map(
    [...weights].map(([node, variable]) => [node, b.read({ name: variable, ...typeOf(node) })]),
  );
  const now = walk(b, nodesOf(method, weights), made, (node, operands) => copy(b, node, operands));
  return withValues(method, now);
}

/** Makes a method again in a builder of its own; `order` lists its nodes, operands first. */
export function rewriteMethod(
  method: Method,
  makeIn: (b: Builder) => MakeNode,
  order: readonly Node[] = nodesOf(method),
): Method {
  const b = new GraphBuilder();
  return withValues(method, walk<Node>(b, order, new Map(), makeIn(b)));
}
