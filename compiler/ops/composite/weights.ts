/** Answers for what weights are turned into before they are used. Output channels are a weight's last axis. */
import { OpError, shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { axesOf, normalizeOver } from './composites.ts';
import { at, float, num, requireAxis, type SpecOp } from './define.ts';

const spectralNorm: SpecOp = {
  name: 'spectral_norm',
  doc:
    'Miyato et al. 2018, algorithm 1: the weight divided by an estimate of its largest singular value, read as a matrix ' +
    '[all but last, last]. Training does one power iteration on the state u, v before; both are constants for gradients.',
  inputs: ['weight', 'u', 'v'],
  state: [1, 2],
  attrs: { epsilon: float('smallest length that is divided by, above 0', 1e-12, { above: 0 }) },
  expand: ({ b, training, update }, inputs, attrs) => {
    const [weight, u, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const shape = requireAxis('spectral_norm', weight);
    const columns = must(shape[shape.length - 1], 'a picture or a filter has an axis of channels');
    const rows = sizeOf(shape.slice(0, -1));
    for (const [name, vector, size] of [
      ['u', u, columns],
      ['v', v, rows],
    ] as const)
      if (sizeOf(shapeOf(vector)) !== size)
        throw new OpError(
          'spectral_norm',
          `${name} has ${size} entries, for a weight [${shape.join(', ')}]`,
          `[${shapeOf(vector).join(', ')}]`,
        );
    const matrix = b.reshape(weight, [rows, columns]);
    const product = (m: Node, vector: Node, transposed: boolean): Node =>
      b.op('matmul', [m, vector], { transpose_a: transposed, transpose_b: false });
    const unit = (vector: Node): Node => {
      const length = b.op('sqrt', [b.sum(b.op('square', [vector]), [0, 1])]);
      return b.div(vector, b.op('maximum', [length, b.constant(num(attrs, 'epsilon'))]));
    };
    let left = b.reshape(v, [rows, 1]);
    let right = b.reshape(u, [columns, 1]);
    if (training) {
      const fixed = b.op('stop_gradient', [matrix]);
      left = unit(product(fixed, right, false));
      right = unit(product(fixed, left, true));
      update(1, b.reshape(right, shapeOf(u)));
      update(2, b.reshape(left, shapeOf(v)));
      left = b.op('stop_gradient', [left]);
      right = b.op('stop_gradient', [right]);
    }
    const sigma = b.sum(b.mul(product(matrix, left, true), right), [0, 1], false);
    return b.div(weight, sigma);
  },
};

const setLengths: SpecOp = {
  name: 'set_lengths',
  doc: 'Weight normalization (Salimans and Kingma 2016): the weight v with the lengths g [O] of its output channels, g * v / |v|.',
  inputs: ['v', 'g'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const [v, g] = [at(inputs, 0), at(inputs, 1)];
    const shape = requireAxis('set_lengths', v);
    if (String(shapeOf(g)) !== String(shape[shape.length - 1]))
      throw new OpError('set_lengths', 'g has one length for each output channel', `[${shapeOf(g)}]`);
    const lengths = b.op('sqrt', [b.sum(b.op('square', [v]), axesOf(v, 0, 1), false)]);
    return b.mul(v, b.div(g, lengths));
  },
};

const weightStandardize: SpecOp = {
  name: 'weight_standardize',
  doc: 'Qiao et al. 2019, equations 5 to 7: (w - mean) / sqrt(var + epsilon), over each output channel, var biased.',
  inputs: ['w'],
  attrs: { epsilon: float('added to the variance, above 0', 1e-5, { above: 0 }) },
  expand: ({ b }, inputs, attrs) => {
    const w = at(inputs, 0);
    if (requireAxis('weight_standardize', w).length < 2)
      throw new OpError('weight_standardize', 'an output channel has several weights', `[${shapeOf(w)}]`);
    return normalizeOver(b, w, axesOf(w, 0, 1), num(attrs, 'epsilon'));
  },
};

export const weightOps: readonly SpecOp[] = [spectralNorm, setLengths, weightStandardize];
