/** Builds the update of a network's weights: the nodes of its optimizer, gradient clipping and moving averages. */
import { type Builder, shapeOf, type Node } from '../ir/node.ts';
import { sumOver } from '../ops/primitive/support.ts';
import { f32 } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { optimizerOf, ownSettings, type OptimizerSpec } from '../optimizers/index.ts';
import type { Moment } from '../optimizers/define.ts';

const inputName = (network: string, scalar: string): string => `${network}/${scalar}`;

/** Names the scalar inputs of an optimizer; the names do not depend on the step. */
const scalarsOf = (optimizer: OptimizerSpec): string[] =>
  Object.keys(optimizerOf(optimizer).scalars(ownSettings(optimizer), { rate: optimizer.rate, step: 0 }));

/** Gives the values of an optimizer's scalar inputs at a step, by input name, in double precision. */
export function scalarInputs(optimizer: OptimizerSpec, moment: Moment): Record<string, number> {
  const scalars = optimizerOf(optimizer).scalars(ownSettings(optimizer), moment);
  return Object.fromEntries(
    Object.entries(scalars).map(([scalar, value]) => [inputName(optimizer.network, scalar), value]),
  );
}

/** Lists the names of an optimizer's scalar inputs. */
export const scalarNames = (optimizer: OptimizerSpec): string[] =>
  scalarsOf(optimizer).map((scalar) => inputName(optimizer.network, scalar));

/** Lists the slots that an optimizer keeps for each weight, by the suffixes of the variables' names. */
export const slotsOf = (optimizer: OptimizerSpec): readonly string[] =>
  optimizerOf(optimizer).slots(ownSettings(optimizer));

/** Updates a weight by its gradient; gives its new value, and those of its slots in the order of `slotsOf`. */
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

/** Added to the norm before dividing by it, as in PyTorch's `clip_grad_norm_`. */
const lengthMargin = 1e-6;

/** Gives the Euclidean norm of all gradients, taken as one vector. */
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

/** Scales all gradients by one factor if their joint Euclidean norm exceeds `limit`. */
export function clipLength(b: Builder, gradients: readonly Node[], limit: number): Node[] {
  const length = jointLength(b, gradients);
  const ratio = b.div(b.constant({ value: limit }), b.add(length, b.constant({ value: lengthMargin })));
  const factor = b.minimum(ratio, b.constant({ value: 1 }));
  return gradients.map((gradient) => b.mul(gradient, factor));
}

/** Updates the moving average of a weight: `decay * average + (1 - decay) * weight`. */
export function moveAverage(b: Builder, average: Node, weight: Node, decay: number): Node {
  return b.add(b.mul(average, decay), b.mul(weight, 1 - decay));
}
