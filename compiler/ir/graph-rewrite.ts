/** Answers for passes that write forward graphs anew, node by node, before they are differentiated. */
import type { GraphBuilder } from './builder.ts';
import type { Node } from './node.ts';
import { reachableTo } from './rebuild.ts';
import { must } from '../../dsl/errors.ts';

/** A pass over the forward graphs of one builder; what was written once stays, so that objectives share it. */
export abstract class GraphRewrite {
  /** What took the place of each node so far. */
  protected readonly made = new Map<Node, Node>();

  constructor(protected readonly b: GraphBuilder) {}

  /** Gives what takes the place of each root; `weights` stay as they are, such as the values of variables when an objective begins. */
  rewrite(roots: readonly Node[], weights: ReadonlySet<Node>): ReadonlyMap<Node, Node> {
    const now = (node: Node): Node => must(this.made.get(node), 'operands come before their users');
    for (const node of reachableTo(roots, weights)) {
      if (weights.has(node)) this.made.set(node, node);
      if (this.made.has(node)) continue;
      const made = this.b.within(node.origin, () => this.make(node, node.operands.map(now)));
      this.made.set(node, made);
    }
    return new Map(roots.map((root) => [root, now(root)]));
  }

  /** Makes what takes the place of a node, of what took those of its operands. */
  protected abstract make(node: Node, operands: readonly Node[]): Node;
}
