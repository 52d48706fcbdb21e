/** Adam, in PyTorch's form: epsilon is added after the bias correction. */
import { must } from '../../dsl/errors.ts';
import type { Node } from '../ir/node.ts';
import { decay, defineOptimizer, positive, type Moved } from './define.ts';

export const adam = defineOptimizer({
  kind: 'adam',
  doc: 'Adam (Kingma and Ba 2015).',
  settings: {
    beta1: { ...decay(0.9, 'Decay of the first moment.'), elsewhere: ['beta', 'beta0'] },
    beta2: decay(0.999, 'Decay of the second moment.'),
    epsilon: positive(1e-8, 'Added to the root of the second moment.'),
  },
  slots: () => ['m', 'v'],
  /**
   * Folds the corrections (section 2) into rate and epsilon: rate' = rate sqrt(1 - b2^t) / (1 - b1^t) and
   * epsilon' = epsilon sqrt(1 - b2^t), with t = step + 1.
   */
  scalars: ({ beta1, beta2, epsilon }, { rate, step }) => {
    const correction = Math.sqrt(1 - beta2 ** (step + 1));
    return { rate: (rate * correction) / (1 - beta1 ** (step + 1)), epsilon: epsilon * correction };
  },
  update: (b, { own: { beta1, beta2 }, weight, slots, gradient, scalars }) => {
    const { rate, epsilon } = scalars;
    return movedBy(b.items(b.adam(weight, slots.m, slots.v, gradient, rate, epsilon, { beta1, beta2 })));
  },
});

/** Names the results of an op that moves a weight and its moments. */
export function movedBy([weight, m, v]: readonly Node[]): Moved<'m' | 'v'> {
  const what = 'an update gives a weight and its moments';
  return { weight: must(weight, what), slots: { m: must(m, what), v: must(v, what) } };
}
