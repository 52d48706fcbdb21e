/** Derives facts about the values of a loss, each node's from those of its inputs. */
import type { NodeSpec, ObjectiveSpec, Ref } from '../../format/types.ts';

/** Walks a loss in order; gives a function from a value to its fact. `given` is the fact of labels and photographs. */
export function factsOf<Fact>(
  { nodes }: Pick<ObjectiveSpec, 'nodes'>,
  given: Fact,
  rule: (node: NodeSpec, inputs: readonly Fact[]) => Fact,
): (ref: Ref) => Fact {
  const facts = new Map<string, Fact>();
  // A leaf of a call, such as n3/0/1, has the fact of the call.
  const factOf = (ref: Ref): Fact => facts.get(ref.split('/')[0] ?? ref) ?? given;
  for (const node of nodes) facts.set(node.id, rule(node, node.inputs.map(factOf)));
  return factOf;
}
