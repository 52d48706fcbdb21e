/** What weights are turned into before they are used. Output channels are a weight's last axis. */
import { shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { sumOver } from '../primitive/support.ts';
import { axesOf, normalizeOver } from './composites.ts';
import { defineComposite, type Composite } from './define.ts';
import { float } from './settings.ts';
import { lastOf, requireAxis } from './shapes.ts';

export const spectralNorm = defineComposite({
  name: 'spectral_norm',
  doc:
    'Miyato et al. 2018, algorithm 1: the weight divided by an estimate of its largest singular value, read as a matrix ' +
    '[all but last, last]. Training does one power iteration on the state u, v before; both are constants for gradients.',
  inputs: ['weight', 'u', 'v'],
  state: ['u', 'v'],
  attrs: { epsilon: float('smallest length that is divided by, above 0', { preset: 1e-12, above: 0 }) },
  traits: { normalizes: 'weights', tells: 'little' },
  expand: ({ weight, u, v, epsilon }, { b, training, update, refuse }) => {
    const shape = requireAxis(weight, refuse);
    const columns = lastOf(shape);
    const rows = sizeOf(shape.slice(0, -1));
    const requireSize = (name: string, vector: Node, size: number): void => {
      if (sizeOf(shapeOf(vector)) !== size)
        throw refuse(
          `${name} has ${size} entries, for a weight [${shape.join(', ')}]`,
          `[${shapeOf(vector).join(', ')}]`,
        );
    };
    requireSize('u', u, columns);
    requireSize('v', v, rows);
    const matrix = b.reshape(weight, { shape: [rows, columns] });
    const product = (m: Node, vector: Node, transposed: boolean): Node =>
      b.matmul(m, vector, { transpose_a: transposed, transpose_b: false });
    const unit = (vector: Node): Node => {
      const length = b.sqrt(b.sum(b.square(vector), { axes: [0, 1], keep: true }));
      return b.div(vector, b.maximum(length, epsilon));
    };
    let left = b.reshape(v, { shape: [rows, 1] });
    let right = b.reshape(u, { shape: [columns, 1] });
    if (training) {
      const fixed = b.stopGradient(matrix);
      left = unit(product(fixed, right, false));
      right = unit(product(fixed, left, true));
      update('u', b.reshape(right, { shape: shapeOf(u) }));
      update('v', b.reshape(left, { shape: shapeOf(v) }));
      left = b.stopGradient(left);
      right = b.stopGradient(right);
    }
    const sigma = b.sum(b.mul(product(matrix, left, true), right), { axes: [0, 1], keep: false });
    return b.div(weight, sigma);
  },
});

export const setLengths = defineComposite({
  name: 'set_lengths',
  doc: 'Weight normalization (Salimans and Kingma 2016): the weight v with the lengths g [O] of its output channels, g * v / |v|.',
  inputs: ['v', 'g'],
  traits: { normalizes: 'weights' },
  expand: ({ v, g }, { b, refuse }) => {
    const shape = requireAxis(v, refuse);
    if (String(shapeOf(g)) !== String(lastOf(shape)))
      throw refuse('g has one length for each output channel', `[${shapeOf(g)}]`);
    const lengths = b.sqrt(sumOver(b, b.square(v), axesOf(v, 0, 1), false));
    return b.mul(v, b.div(g, lengths));
  },
});

export const weightStandardize = defineComposite({
  name: 'weight_standardize',
  doc: 'Qiao et al. 2019, equations 5 to 7: (w - mean) / sqrt(var + epsilon), over each output channel, var biased.',
  inputs: ['w'],
  attrs: { epsilon: float('added to the variance, above 0', { preset: 1e-5, above: 0 }) },
  traits: { normalizes: 'weights' },
  expand: ({ w, epsilon }, { b, refuse }) => {
    if (requireAxis(w, refuse).length < 2)
      throw refuse('an output channel has several weights', `[${shapeOf(w)}]`);
    return normalizeOver(b, w, axesOf(w, 0, 1), epsilon);
  },
});

export const weightOps: readonly Composite[] = [spectralNorm, setLengths, weightStandardize];
