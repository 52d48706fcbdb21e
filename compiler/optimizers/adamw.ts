/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as PyTorch's `torch.optim.AdamW`: weights are scaled down
 * by the rate of the step times the decay, all of the network's, and moved by Adam then. The gradient knows nothing of it.
 */
import { adam, movedBy } from './adam.ts';
import { defineOptimizer } from './define.ts';

export const adamw = defineOptimizer({
  kind: 'adamw',
  doc: 'Adam with decoupled weight decay (Loshchilov and Hutter 2019): w = (1 - rate weight_decay) w, then a step of Adam.',
  settings: {
    ...adam.settings,
    weight_decay: {
      doc: 'How much of each weight a step takes away, in shares of the rate.',
      default: 0.01,
      from: 0,
      elsewhere: ['l2reg', 'decoupledweightdecay'],
    },
  },
  slots: (own) => adam.slots(own),
  scalars: (own, moment) => ({ ...adam.scalars(own, moment), kept: 1 - moment.rate * own.weight_decay }),
  update: (b, { own: { beta1, beta2 }, weight, slots, gradient, scalars }) => {
    const { rate, epsilon, kept } = scalars;
    return movedBy(
      b.items(b.adamw(weight, slots.m, slots.v, gradient, rate, epsilon, kept, { beta1, beta2 })),
    );
  },
});
