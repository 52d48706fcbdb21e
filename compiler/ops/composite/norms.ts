/** Answers for normalizations of activations. Sources of the formulas are named at each. */
import { OpError, shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { axesOf, countUp, moments, normalizeOver } from './composites.ts';
import {
  at,
  float,
  int,
  num,
  primitive,
  requireAxis,
  requireFrom,
  requirePicture,
  type SpecOp,
} from './define.ts';

const batchNorm: SpecOp = {
  name: 'batch_norm',
  doc:
    'Ioffe and Szegedy 2015: (x - mean) / sqrt(var + epsilon). Training takes mean and biased variance over batch and ' +
    'pixels and moves the running ones by `momentum`, the variance unbiased (n / (n - 1)); otherwise the running ones serve.',
  inputs: ['x', 'running_mean', 'running_var'],
  state: [1, 2],
  attrs: {
    epsilon: float('added to the variance, above 0', 1e-5, { above: 0 }),
    momentum: float('share of the new statistics, from 0 to 1', 0.1, { from: 0, to: 1 }),
  },
  expand: ({ b, training, update }, inputs, attrs) => {
    const [x, runningMean, runningVariance] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const shape = requireAxis('batch_norm', x);
    const channels = must(shape[shape.length - 1], 'a picture or a filter has an axis of channels');
    for (const running of [runningMean, runningVariance])
      if (shapeOf(running).at(-1) !== channels || sizeOf(shapeOf(running)) !== channels)
        throw new OpError(
          'batch_norm',
          `running_mean and running_var have one number for each of the ${channels} channels`,
          `[${shapeOf(running)}]`,
        );
    const epsilon = b.constant(num(attrs, 'epsilon'));
    if (!training) return b.mul(b.sub(x, runningMean), b.op('rsqrt', [b.add(runningVariance, epsilon)]));
    const { mean, centered, variance } = moments(b, x, axesOf(x, 0, 1));
    const momentum = num(attrs, 'momentum');
    const count = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const move = (index: number, running: Node, value: Node, factor: number): void => {
      const flat = b.reshape(value, [channels]);
      update(index, b.add(b.mul(running, 1 - momentum), b.mul(flat, momentum * factor)));
    };
    move(1, runningMean, mean, 1);
    move(2, runningVariance, variance, count > 1 ? count / (count - 1) : 1);
    return b.mul(centered, b.op('rsqrt', [b.add(variance, epsilon)]));
  },
};

const instanceNorm: SpecOp = {
  name: 'instance_norm',
  doc: 'Ulyanov et al. 2016: (x - mean) / sqrt(var + epsilon) with statistics over the pixels of each picture and channel.',
  inputs: ['x'],
  attrs: { epsilon: float('added to the variance, above 0', 1e-5, { above: 0 }) },
  expand: ({ b }, inputs, attrs) => {
    const [, height, width] = requirePicture('instance_norm', at(inputs, 0));
    if (height * width === 1)
      throw new OpError(
        'instance_norm',
        'x has more than one pixel, since one pixel less its own mean is always 0',
        '1x1',
      );
    return normalizeOver(b, at(inputs, 0), [1, 2], num(attrs, 'epsilon'));
  },
};

const layerNorm: SpecOp = {
  name: 'layer_norm',
  doc: 'Ba et al. 2016: (x - mean) / sqrt(var + epsilon) with statistics over everything of each picture.',
  inputs: ['x'],
  attrs: { epsilon: float('added to the variance, above 0', 1e-5, { above: 0 }) },
  expand: ({ b }, inputs, attrs) =>
    normalizeOver(b, at(inputs, 0), axesOf(at(inputs, 0), 1), num(attrs, 'epsilon')),
};

const groupNorm: SpecOp = {
  name: 'group_norm',
  doc: 'Wu and He 2018: statistics over the pixels and the channels of each of `groups` groups.',
  inputs: ['x'],
  attrs: {
    groups: int('number of groups, which divides the channels'),
    epsilon: float('added to the variance, above 0', 1e-5, { above: 0 }),
  },
  expand: ({ b }, inputs, attrs) => {
    const [n, h, w, c] = requirePicture('group_norm', at(inputs, 0));
    const groups = num(attrs, 'groups');
    requireFrom('group_norm', 1, attrs, 'groups');
    if (c % groups !== 0)
      throw new OpError('group_norm', 'groups divides the channels', `${groups} groups, ${c} channels`);
    const grouped = b.reshape(at(inputs, 0), [n, h, w, groups, c / groups]);
    return b.reshape(normalizeOver(b, grouped, [1, 2, 4], num(attrs, 'epsilon')), [n, h, w, c]);
  },
};

const localResponseNorm: SpecOp = {
  name: 'local_response_norm',
  doc:
    'Krizhevsky et al. 2012, section 3.3, as PyTorch computes it: x / (k + alpha / size * s)^beta, where s adds up the ' +
    'squares of the `size` channels around each, from size // 2 before it on.',
  inputs: ['x'],
  attrs: {
    size: int('channels that are added up', 5),
    alpha: float('factor of their mean square, not below 0', 1e-4, { from: 0 }),
    beta: float('exponent', 0.75),
    k: float('added to it, above 0', 1, { above: 0 }),
  },
  expand: ({ b }, inputs, attrs) => {
    const name = 'local_response_norm';
    const x = at(inputs, 0);
    const shape = requireAxis(name, x);
    requireFrom(name, 1, attrs, 'size');
    const [size, alpha, k] = [num(attrs, 'size'), num(attrs, 'alpha'), num(attrs, 'k')];
    const channels = must(shape[shape.length - 1], 'a picture or a filter has an axis of channels');
    const rows = shape.slice(0, -1).reduce((product, one) => product * one, 1);
    // Adding up neighbors is a product with a 0/1 matrix, which is quick backwards as well; slices of channels are not.
    const order = countUp(b, channels);
    const ahead = b.sub(b.reshape(order, [channels, 1]), order);
    const nearBefore = b.op('greater_equal', [ahead, b.constant(-Math.floor(size / 2))]);
    const nearAfter = b.op('less_equal', [ahead, b.constant(Math.floor((size - 1) / 2))]);
    const [one, zero] = [b.constant(1), b.constant(0)];
    const window = b.op('select', [nearBefore, b.op('select', [nearAfter, one, zero]), zero]);
    const squares = b.reshape(b.op('square', [x]), [rows, channels]);
    const sums = b.op('matmul', [squares, window], { transpose_a: false, transpose_b: false });
    const base = b.add(b.mul(b.reshape(sums, shape), alpha / size), b.constant(k));
    return b.mul(x, b.op('exp', [b.mul(b.op('log', [base]), -num(attrs, 'beta'))]));
  },
};

const segmentMean = primitive(
  'segment_mean',
  'At every pixel the mean of x over the pixels of the same picture that have the same id.',
  ['x', 'ids'],
);

export const normOps: readonly SpecOp[] = [
  batchNorm,
  instanceNorm,
  layerNorm,
  groupNorm,
  localResponseNorm,
  segmentMean,
];
