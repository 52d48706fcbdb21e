/** Gradient descent, as PyTorch's `torch.optim.SGD` without dampening. */
import { decay, defineOptimizer } from './define.ts';

export const sgd = defineOptimizer({
  kind: 'sgd',
  doc: 'Gradient descent: v = momentum v + g, w = w - rate v.',
  settings: { momentum: decay(0, 'Share of the last step that is repeated.') },
  slots: ({ momentum }) => (momentum === 0 ? [] : ['momentum']),
  scalars: (_own, { rate }) => ({ rate }),
  update: (b, { own, weight, slots, gradient, scalars: { rate } }) => {
    if (own.momentum === 0) return { weight: b.sub(weight, b.mul(gradient, rate)), slots: {} };
    const momentum = b.add(b.mul(slots.momentum, own.momentum), gradient);
    return { weight: b.sub(weight, b.mul(momentum, rate)), slots: { momentum } };
  },
});
