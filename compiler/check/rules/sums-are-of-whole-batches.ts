/**
 * Warns of sums over pictures in losses whose batch is taken in parts: the gradients of parts sum to those of the
 * whole batch only if the loss does not grow with the number of pictures.
 */
import { must } from '../../../dsl/errors.ts';
import { composites, type Growth } from '../../ops/composite/index.ts';
import type { NodeSpec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { factsOf } from './loss-values.ts';
import type { Rule } from './rule.ts';

export const sumsAreOfWholeBatches: Rule = {
  name: 'sums-are-of-whole-batches',
  check: ({ objectives, train }, locate) => {
    const parts = train?.accumulate ?? 1;
    if (parts === 1) return [];
    return objectives.flatMap((objective, index) => {
      const growthOf = factsOf(objective, { batched: true, power: 0 }, grow);
      const sums = objective.terms.filter(({ value }) => growthOf(value).power > 0);
      const [loss, accumulate] = [
        locate(`/objectives/${index}/network`, 'name'),
        locate('/train/accumulate', 'value'),
      ];
      return sums.map(({ name }) => messages.sumOverPart(name, objective.network, parts, loss, accumulate));
    });
  },
};

function grow(node: NodeSpec, inputs: readonly Growth[]): Growth {
  // A network's output has one entry per picture.
  if (node.op === 'call') return { batched: true, power: 0 };
  const op = must(composites.get(node.op), 'the schema knows every op');
  const each = inputs.map(({ batched }) => batched);
  return { batched: op.isBatched(each, node.attrs), power: op.powerOf(inputs, node.attrs) };
}
