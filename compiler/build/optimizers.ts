/**
 * Answers for optimizers: what each remembers of a weight, and the nodes that move it. Formulas are PyTorch's, whose numbers
 * users compare with; rates come as inputs of the step, since schedules are no part of the graph.
 */
import type { Builder } from '../ops/builder.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { f32 } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import type { OptimizerSpec } from '../format/types.ts';

/** Names the scalar inputs of a network's optimizer; only Adam takes an epsilon, bias corrections included. */
export function scalarInputs(network: string): { readonly rate: string; readonly epsilon: string } {
  return { rate: `${network}/rate`, epsilon: `${network}/epsilon` };
}

/** Lists what an optimizer keeps for each weight, by the ends of the variables' names. */
export function slotsOf(optimizer: OptimizerSpec): readonly string[] {
  switch (optimizer.kind) {
    case 'adam':
      return ['m', 'v'];
    case 'sgd':
      return optimizer.momentum === 0 ? [] : ['momentum'];
    case 'rmsprop':
      return ['square'];
  }
}

/** Moves a weight along its gradient; gives its new value, and those of its slots in the order of `slotsOf`. */
export function moveWeight(
  b: Builder,
  optimizer: OptimizerSpec,
  { weight, slots, gradient }: { weight: Node; slots: readonly Node[]; gradient: Node },
): { readonly weight: Node; readonly slots: readonly Node[] } {
  const names = scalarInputs(optimizer.network);
  const rate = b.input(names.rate, f32());
  const slot = (): Node => must(slots[0], `every slot of ${optimizer.kind} has a value`);
  switch (optimizer.kind) {
    case 'adam': {
      const { beta1, beta2 } = optimizer;
      const scalars = [rate, b.input(names.epsilon, f32())];
      const [moved, ...rest] = b.items(
        b.op('adam', [weight, ...slots, gradient, ...scalars], { beta1, beta2 }),
      );
      return { weight: must(moved, 'the op adam gives a weight and its slots'), slots: rest };
    }
    case 'sgd': {
      // v = momentum v + g, w = w - rate v
      if (optimizer.momentum === 0) return { weight: b.sub(weight, b.mul(gradient, rate)), slots: [] };
      const velocity = b.add(b.mul(slot(), optimizer.momentum), gradient);
      return { weight: b.sub(weight, b.mul(velocity, rate)), slots: [velocity] };
    }
    case 'rmsprop': {
      // s = decay s + (1 - decay) g^2, w = w - rate g / (sqrt(s) + epsilon)
      const { decay, epsilon } = optimizer;
      const square = b.add(b.mul(slot(), decay), b.mul(b.op('square', [gradient]), 1 - decay));
      const scale = b.add(b.op('sqrt', [square]), b.constant(epsilon));
      return { weight: b.sub(weight, b.mul(b.div(gradient, scale), rate)), slots: [square] };
    }
  }
}

/** Added to a length that is divided by, as in PyTorch's `clip_grad_norm_`. */
const lengthMargin = 1e-6;

/** Gives the Euclidean length of gradients, all of them joined into one vector. */
export function jointLength(b: Builder, gradients: readonly Node[]): Node {
  const squares = gradients.map((gradient) =>
    b.sum(
      b.op('square', [gradient]),
      shapeOf(gradient).map((_, axis) => axis),
      false,
    ),
  );
  return b.op('sqrt', [squares.reduce((sum, square) => b.add(sum, square))]);
}

/** Scales gradients down together where their joint Euclidean length is more than `limit`. */
export function clipLength(b: Builder, gradients: readonly Node[], limit: number): Node[] {
  const length = jointLength(b, gradients);
  const ratio = b.div(b.constant(limit), b.add(length, b.constant(lengthMargin)));
  const factor = b.op('minimum', [ratio, b.constant(1)]);
  return gradients.map((gradient) => b.mul(gradient, factor));
}

/** Moves the average of a weight on: a share `1 - decay` of the new value enters it. */
export function moveAverage(b: Builder, average: Node, weight: Node, decay: number): Node {
  return b.add(b.mul(average, decay), b.mul(weight, 1 - decay));
}
