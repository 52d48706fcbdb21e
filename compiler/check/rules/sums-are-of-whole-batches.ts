/**
 * Answers for losses that are taken in parts: a part's gradients are as large as the whole batch's only where the loss does not
 * grow with the number of pictures.
 */
import { must } from '../../../dsl/errors.ts';
import { specOps, withDefaults } from '../../ops/composite/index.ts';
import type { NodeSpec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { factsOf } from './loss-values.ts';
import type { Rule } from './rule.ts';

/** How a value goes with the batch. */
interface Growth {
  /** Whether it has an entry for each picture. */
  readonly batched: boolean;
  /** The power of the number of pictures that it grows with: 1 is a sum over them, 0 a mean. */
  readonly power: number;
}

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
  // What a network says of pictures, it says of each.
  if (node.op === 'call') return { batched: true, power: 0 };
  const op = must(specOps.get(node.op), 'the schema knows every op');
  const attrs = withDefaults(op, node.attrs);
  const each = inputs.map(({ batched }) => batched);
  const isWhole = attrs['over'] === 'all' || attrs['over'] === 'positions';
  const batched = !isWhole && (op.isBatched?.(each, attrs) ?? each.includes(true));
  return { batched, power: powerOf(node.op, inputs, isWhole) };
}

function powerOf(op: string, inputs: readonly Growth[], isWhole: boolean): number {
  const powers = inputs.map(({ power }) => power);
  const [first = { batched: false, power: 0 }, second] = inputs;
  switch (op) {
    case 'sum':
      return first.power + (isWhole && first.batched ? 1 : 0);
    case 'mul':
      return first.power + (second?.power ?? 0);
    case 'div':
      return first.power - (second?.power ?? 0);
    case 'square':
      return 2 * first.power;
    case 'sqrt':
      return first.power / 2;
    case 'minimum':
      return Math.min(...powers);
    // Of the sum over y: the part of one picture in it.
    case 'gradient':
      return first.power + (first.batched ? 0 : -1);
    default:
      return Math.max(0, ...powers);
  }
}
