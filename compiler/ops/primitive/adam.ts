/** The ops that update a weight by Adam, and by Adam with decoupled weight decay. */
import type { Check, Node, Op, TfContext } from '../../ir/node.ts';
import { number, type Method } from '../../ir/op.ts';
import { f32, sameShape, sizeOf, type TensorType } from '../../ir/types.ts';
import { deriveOp } from './derive.ts';
import { square } from './derived-pointwise.ts';
import { add, div, mul, sqrt, sub } from './pointwise.ts';
import { checkFloat, float } from './support.ts';

const decays = { beta1: number('decay of the first moment'), beta2: number('decay of the second moment') };

interface Update<T> {
  readonly weight: T;
  readonly m: T;
  readonly v: T;
  readonly gradient: T;
  readonly rate: T;
  readonly epsilon: T;
  readonly beta1: number;
  readonly beta2: number;
}

function requireUpdate(
  { weight, m, v, gradient, rate, epsilon, beta1, beta2 }: Update<TensorType>,
  check: Check,
): void {
  checkFloat([weight, m, v, gradient, rate, epsilon], check);
  for (const [name, decay] of Object.entries({ beta1, beta2 }))
    check(decay >= 0 && decay < 1, 'decays are at least 0 and below 1', `${name} ${decay}`);
  check(
    [m, v, gradient].every(({ shape }) => sameShape(shape, weight.shape)),
    'weight, moments and gradient have one shape',
  );
  check(
    [rate, epsilon].every(({ shape }) => shape.length === 0),
    'rate and epsilon are scalars',
  );
}

/** The operands that are variables in a step: results 0 to 2 are their new values. */
const variables = [0, 1, 2] as const;

/** Updates the variables in place, if all of them are variables; `first` is what has to be done before. */
function inPlace(
  { gradient, rate, epsilon, beta1, beta2 }: Update<string>,
  { emit, resource, update, readUpdated }: TfContext,
  first: (weight: string) => readonly string[],
): readonly string[] | undefined {
  const handles = variables.flatMap((index) => resource(index) ?? []);
  const [weight] = handles;
  if (weight === undefined || handles.length < variables.length) return undefined;
  const scalar = (value: number): string => emit.constant('f32', [], [value]);
  const before = first(weight).map((name) => `^${name}`);
  // Its own bias correction is switched off by powers of 0.
  const powers = [scalar(0), scalar(0)];
  update(
    'ResourceApplyAdam',
    [...handles, ...powers, rate, scalar(beta1), scalar(beta2), epsilon, gradient, ...before],
    { ...float, use_locking: { bool: false }, use_nesterov: { bool: false } },
  );
  return variables.map(readUpdated);
}

const edges =
  'a gradient of 0 does not move a weight whose m is 0, whatever v is; an infinity or a NaN makes the weight NaN, as in';

const nondifferentiable = 'an update is the end of a step';

/** Sizes of a weight, its moments and its gradient for tests; `scalars` numbers follow. */
const sampleOf = (scalars: number) => ({
  operands: [f32(3, 4), f32(3, 4), f32(3, 4), f32(3, 4), ...Array.from({ length: scalars }, () => f32())],
  attrs: { beta1: 0.5, beta2: 0.9 },
  draw: (index: number, u: number) => (index === 2 ? 1 + u : index >= 4 ? 0.01 : u),
});

export const adam = deriveOp({
  name: 'adam',
  doc:
    'One Adam update (Kingma and Ba 2015, algorithm 1) in the form m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, ' +
    'w = w - rate m / (sqrt(v) + epsilon), where rate and epsilon hold the bias corrections of the step.',
  edges: `${edges} torch.optim.Adam`,
  operands: ['weight', 'm', 'v', 'gradient', 'rate', 'epsilon'],
  attrs: decays,
  requires: requireUpdate,
  of: [mul, add, square, sqrt, div, sub],
  expand: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, b): Node[] => {
    const first = b.add(b.mul(m, beta1), b.mul(gradient, 1 - beta1));
    const second = b.add(b.mul(v, beta2), b.mul(b.square(gradient), 1 - beta2));
    const change = b.div(b.mul(first, rate), b.add(b.sqrt(second), epsilon));
    return [b.sub(weight, change), first, second];
  },
  vjp: { nondifferentiable },
  tensorflow: (given, context, expanded) => inPlace(given, context, () => []) ?? expanded(),
  traits: { isUpdate: true },
  flops: ({ weight }) => 11 * sizeOf(weight.shape),
  samples: [sampleOf(2)],
});

export const adamw = deriveOp({
  name: 'adamw',
  doc:
    'One update of Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): Adam moves kept w, where kept is ' +
    '1 - rate times decay.',
  edges: `${edges} torch.optim.AdamW`,
  operands: ['weight', 'm', 'v', 'gradient', 'rate', 'epsilon', 'kept'],
  attrs: decays,
  requires: (given, check) => {
    requireUpdate(given, check);
    checkFloat([given.kept], check);
    check(given.kept.shape.length === 0, 'kept is a scalar');
  },
  of: [mul, adam],
  expand: ({ weight, kept, beta1, beta2, ...rest }, b): readonly Node[] =>
    b.items(
      b.adam(b.mul(weight, kept), rest.m, rest.v, rest.gradient, rest.rate, rest.epsilon, { beta1, beta2 }),
    ),
  vjp: { nondifferentiable },
  // TensorFlow has no such op. What decay leaves of the weight takes its place, and Adam moves that where it lies.
  tensorflow: ({ weight, kept, ...given }, context, expanded) =>
    inPlace({ weight, ...given }, context, (handle) => [
      context.update('AssignVariableOp', [handle, context.emit.op('Mul', [weight, kept], float)], {
        dtype: { type: 'f32' },
        validate_shape: { bool: false },
      }),
    ]) ?? expanded(),
  traits: { isUpdate: true },
  flops: ({ weight }) => 12 * sizeOf(weight.shape),
  samples: [sampleOf(3)],
});

export const adamOps: readonly Op[] = [adam, adamw];

declare module '../../ir/node.ts' {
  interface Builder {
    adam: Method<typeof adam>;
    adamw: Method<typeof adamw>;
  }
}
