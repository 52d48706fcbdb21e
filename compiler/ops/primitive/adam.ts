/** The op that updates a weight by Adam. */
import type { Node, Op } from '../../ir/node.ts';
import { number, type Method } from '../../ir/op.ts';
import { f32, sameShape, sizeOf } from '../../ir/types.ts';
import { deriveOp } from './derive.ts';
import { square } from './derived-pointwise.ts';
import { add, div, mul, sqrt, sub } from './pointwise.ts';
import { checkFloat, float } from './support.ts';

export const adam = deriveOp({
  name: 'adam',
  doc:
    'One Adam update (Kingma and Ba 2015, algorithm 1) in the form m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, ' +
    'w = w - rate m / (sqrt(v) + epsilon), where rate and epsilon hold the bias corrections of the step.',
  operands: ['weight', 'm', 'v', 'gradient', 'rate', 'epsilon'],
  attrs: { beta1: number('decay of the first moment'), beta2: number('decay of the second moment') },
  requires: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, check) => {
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
  },
  of: [mul, add, square, sqrt, div, sub],
  expand: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, b): Node[] => {
    const first = b.add(b.mul(m, beta1), b.mul(gradient, 1 - beta1));
    const second = b.add(b.mul(v, beta2), b.mul(b.square(gradient), 1 - beta2));
    const change = b.div(b.mul(first, rate), b.add(b.sqrt(second), epsilon));
    return [b.sub(weight, change), first, second];
  },
  vjp: { nondifferentiable: 'an update is the end of a step' },
  tensorflow: ({ gradient, rate, epsilon, beta1, beta2 }, context, expanded) => {
    const { emit, resource, update, readUpdated } = context;
    const scalar = (value: number): string => emit.constant('f32', [], [value]);
    const handles = [0, 1, 2].map(resource);
    if (handles.every((handle) => handle !== undefined)) {
      // Its own bias correction is switched off by powers of 0.
      update(
        'ResourceApplyAdam',
        [...handles, scalar(0), scalar(0), rate, scalar(beta1), scalar(beta2), epsilon, gradient],
        { ...float, use_locking: { bool: false }, use_nesterov: { bool: false } },
      );
      return [0, 1, 2].map(readUpdated);
    }
    return expanded();
  },
  traits: { isUpdate: true },
  flops: ({ weight }) => 11 * sizeOf(weight.shape),
  samples: [
    {
      operands: [f32(3, 4), f32(3, 4), f32(3, 4), f32(3, 4), f32(), f32()],
      attrs: { beta1: 0.5, beta2: 0.9 },
      draw: (index, u) => (index === 2 ? 1 + u : index >= 4 ? 0.01 : u),
    },
  ],
});

export const adamOps: readonly Op[] = [adam];

declare module '../../ir/node.ts' {
  interface Builder {
    adam: Method<typeof adam>;
  }
}
