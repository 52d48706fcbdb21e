/** The op that updates a weight by Adam. */
import type { Op } from '../../ir/node.ts';
import { defineOp, number, type Method } from '../../ir/op.ts';
import { f32, sameShape, sizeOf } from '../../ir/types.ts';
import { checkFloat, entryAt, float } from './support.ts';

/** Combines two lists of one length entry by entry. */
const combine = (a: Float64Array, b: Float64Array, rule: (a: number, b: number) => number): Float64Array =>
  a.map((value, i) => rule(value, b[i] ?? NaN));

export const adam = defineOp({
  name: 'adam',
  doc:
    'One Adam update (Kingma and Ba 2015, algorithm 1) in the form m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, ' +
    'w = w - rate m / (sqrt(v) + epsilon), where rate and epsilon hold the bias corrections of the step.',
  operands: ['weight', 'm', 'v', 'gradient', 'rate', 'epsilon'],
  attrs: { beta1: number('decay of the first moment'), beta2: number('decay of the second moment') },
  infer: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, check) => {
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
    return [weight, m, v];
  },
  vjp: { nondifferentiable: 'an update is the end of a step' },
  reference: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }) => {
    const first = combine(m.data, gradient.data, (m, g) => beta1 * m + (1 - beta1) * g);
    const second = combine(v.data, gradient.data, (v, g) => beta2 * v + (1 - beta2) * g ** 2);
    const change = combine(
      first,
      second,
      (m, v) => (entryAt(rate, []) * m) / (Math.sqrt(v) + entryAt(epsilon, [])),
    );
    const moved = combine(weight.data, change, (w, change) => w - change);
    return [moved, first, second].map((data) => ({ shape: weight.shape, data }));
  },
  tensorflow: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, context) => {
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
    const mul = (a: string, b: string): string => emit.op('Mul', [a, b], float);
    const add = (a: string, b: string): string => emit.op('AddV2', [a, b], float);
    const first = add(mul(m, scalar(beta1)), mul(gradient, scalar(1 - beta1)));
    const second = add(mul(v, scalar(beta2)), mul(emit.op('Square', [gradient], float), scalar(1 - beta2)));
    const change = emit.op(
      'RealDiv',
      [mul(first, rate), add(emit.op('Sqrt', [second], float), epsilon)],
      float,
    );
    return [emit.op('Sub', [weight, change], float), first, second];
  },
  tfjs: ({ weight, m, v, gradient, rate, epsilon, beta1, beta2 }, { tf }) => {
    const first = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const change = tf.div(tf.mul(first, rate), tf.add(tf.sqrt(second), epsilon));
    return [tf.sub(weight, change), first, second];
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
