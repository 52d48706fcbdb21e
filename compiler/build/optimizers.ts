/** The update of a network's weights: the nodes that its optimizer makes of them, clipped gradients, moving averages. */
import { type Builder, shapeOf, type Node } from '../ir/node.ts';
import { sumOver } from '../ops/primitive/support.ts';
import { f32 } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { optimizerOf, ownSettings, type OptimizerSpec } from '../optimizers/index.ts';
import type { Moment } from '../optimizers/define.ts';

const inputName = (network: string, scalar: string): string => `${network}/${scalar}`;

/** Names what an optimizer is fed; the names do not depend on the step. */
const scalarsOf = (optimizer: OptimizerSpec): string[] =>
  Object.keys(optimizerOf(optimizer).scalars(ownSettings(optimizer), { rate: optimizer.rate, step: 0 }));

/** Gives what a step feeds a network's optimizer, by the names of its inputs, in double precision. */
export function scalarInputs(optimizer: OptimizerSpec, moment: Moment): Record<string, number> {
  const scalars = optimizerOf(optimizer).scalars(ownSettings(optimizer), moment);
  return Object.fromEntries(
    Object.entries(scalars).map(([scalar, value]) => [inputName(optimizer.network, scalar), value]),
  );
}

/** Names the inputs of a step that are a network's optimizer's. */
export const scalarNames = (optimizer: OptimizerSpec): string[] =>
  scalarsOf(optimizer).map((scalar) => inputName(optimizer.network, scalar));

/** Lists what an optimizer keeps for each weight, by the ends of the variables' names. */
export const slotsOf = (optimizer: OptimizerSpec): readonly string[] =>
  optimizerOf(optimizer).slots(ownSettings(optimizer));

/** Moves a weight along its gradient; gives its new value, and those of its slots in the order of `slotsOf`. */
export function moveWeight(
  b: Builder,
  optimizer: OptimizerSpec,
  { weight, slots, gradient }: { weight: Node; slots: readonly Node[]; gradient: Node },
): { readonly weight: Node; readonly slots: readonly Node[] } {
  const definition = optimizerOf(optimizer);
  const own = ownSettings(optimizer);
  const names = definition.slots(own);
  const scalars = scalarsOf(optimizer).map(
    (scalar) => [scalar, b.input({ name: inputName(optimizer.network, scalar), ...f32() })] as const,
  );
  const moved = definition.update(b, {
    own,
    weight,
    slots: Object.fromEntries(
      names.map((name, at) => [name, must(slots[at], `the slot ${name} has a value`)]),
    ),
    gradient,
    scalars: Object.fromEntries(scalars),
  });
  return {
    weight: moved.weight,
    slots: names.map((name) => must(moved.slots[name], `${definition.kind} moves its slot ${name}`)),
  };
}

/** Added to a length that is divided by, as in PyTorch's `clip_grad_norm_`. */
const lengthMargin = 1e-6;

/** Gives the Euclidean length of gradients, all of them joined into one vector. */
export function jointLength(b: Builder, gradients: readonly Node[]): Node {
  const squares = gradients.map((gradient) =>
    sumOver(
      b,
      b.square(gradient),
      shapeOf(gradient).map((_, axis) => axis),
      false,
    ),
  );
  return b.sqrt(squares.reduce((sum, square) => b.add(sum, square)));
}

/** Scales gradients down together where their joint Euclidean length is more than `limit`. */
export function clipLength(b: Builder, gradients: readonly Node[], limit: number): Node[] {
  const length = jointLength(b, gradients);
  const ratio = b.div(b.constant({ value: limit }), b.add(length, b.constant({ value: lengthMargin })));
  const factor = b.minimum(ratio, b.constant({ value: 1 }));
  return gradients.map((gradient) => b.mul(gradient, factor));
}

/** Moves the average of a weight on: a share `1 - decay` of the new value enters it. */
export function moveAverage(b: Builder, average: Node, weight: Node, decay: number): Node {
  return b.add(b.mul(average, decay), b.mul(weight, 1 - decay));
}
