/** RMSProp, as PyTorch's `torch.optim.RMSprop`, not centered and without momentum. */
import { decay, defineOptimizer, positive } from './define.ts';

export const rmsprop = defineOptimizer({
  kind: 'rmsprop',
  doc: 'RMSProp (Tieleman and Hinton 2012).',
  settings: {
    decay: { ...decay(0.99, 'Decay of the mean square of the gradients.'), elsewhere: ['rho'] },
    epsilon: positive(1e-8, 'Added to the root of the mean square.'),
  },
  slots: () => ['square'],
  scalars: (_own, { rate }) => ({ rate }),
  // s = decay s + (1 - decay) g^2, w = w - rate g / (sqrt(s) + epsilon)
  update: (b, { own, weight, slots, gradient, scalars: { rate } }) => {
    const kept = b.mul(slots.square, own.decay);
    const square = b.add(kept, b.mul(b.square(gradient), 1 - own.decay));
    const scale = b.add(b.sqrt(square), b.constant({ value: own.epsilon }));
    return { weight: b.sub(weight, b.mul(b.div(gradient, scale), rate)), slots: { square } };
  },
});
