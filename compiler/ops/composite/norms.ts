/** Normalizations of activations. Sources of the formulas are named at each. */
import { shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { segmentMean as segments } from '../primitive/segments.ts';
import { axesOf, countUp, moments, normalizeOver } from './composites.ts';
import { defineComposite, primitive, type Composite } from './define.ts';
import { float, int } from './settings.ts';
import { lastOf, requireAxis, requirePicture } from './shapes.ts';

const epsilon = float('added to the variance, above 0', { preset: 1e-5, above: 0 });

export const batchNorm = defineComposite({
  name: 'batch_norm',
  doc:
    'Ioffe and Szegedy 2015: (x - mean) / sqrt(var + epsilon). Training takes mean and biased variance over batch and ' +
    'pixels and moves the running ones by `momentum`, the variance unbiased (n / (n - 1)); otherwise the running ones serve.',
  inputs: ['x', 'running_mean', 'running_var'],
  state: ['running_mean', 'running_var'],
  attrs: {
    epsilon,
    momentum: float('share of the new statistics, from 0 to 1', { preset: 0.1, from: 0, to: 1 }),
  },
  traits: { normalizes: 'activations' },
  expand: (
    { x, running_mean: runningMean, running_var: runningVariance, epsilon, momentum },
    { b, training, update, refuse },
  ) => {
    const shape = requireAxis(x, refuse);
    const channels = lastOf(shape);
    for (const running of [runningMean, runningVariance])
      if (shapeOf(running).at(-1) !== channels || sizeOf(shapeOf(running)) !== channels)
        throw refuse(
          `running_mean and running_var have one number for each of the ${channels} channels`,
          `[${shapeOf(running)}]`,
        );
    const small = b.constant({ value: epsilon });
    if (!training) return b.mul(b.sub(x, runningMean), b.rsqrt(b.add(runningVariance, small)));
    const { mean, centered, variance } = moments(b, x, axesOf(x, 0, 1));
    const count = sizeOf(shape.slice(0, -1));
    const moved = (running: Node, value: Node, factor: number): Node => {
      const flat = b.reshape(value, { shape: [channels] });
      return b.add(b.mul(running, 1 - momentum), b.mul(flat, momentum * factor));
    };
    update('running_mean', moved(runningMean, mean, 1));
    update('running_var', moved(runningVariance, variance, count > 1 ? count / (count - 1) : 1));
    return b.mul(centered, b.rsqrt(b.add(variance, small)));
  },
});

export const instanceNorm = defineComposite({
  name: 'instance_norm',
  doc: 'Ulyanov et al. 2016: (x - mean) / sqrt(var + epsilon) with statistics over the pixels of each picture and channel.',
  inputs: ['x'],
  attrs: { epsilon },
  traits: { normalizes: 'activations' },
  expand: ({ x, epsilon }, { b, refuse }) => {
    const [, height, width] = requirePicture(x, refuse);
    if (height * width === 1)
      throw refuse('x has more than one pixel, since one pixel less its own mean is always 0', '1x1');
    return normalizeOver(b, x, [1, 2], epsilon);
  },
});

export const layerNorm = defineComposite({
  name: 'layer_norm',
  doc: 'Ba et al. 2016: (x - mean) / sqrt(var + epsilon) with statistics over everything of each picture.',
  inputs: ['x'],
  attrs: { epsilon },
  traits: { normalizes: 'activations' },
  expand: ({ x, epsilon }, { b }) => normalizeOver(b, x, axesOf(x, 1), epsilon),
});

export const groupNorm = defineComposite({
  name: 'group_norm',
  doc: 'Wu and He 2018: statistics over the pixels and the channels of each of `groups` groups.',
  inputs: ['x'],
  attrs: { groups: int('number of groups, which divides the channels', { least: 1 }), epsilon },
  traits: { normalizes: 'activations' },
  expand: ({ x, groups, epsilon }, { b, refuse }) => {
    const [n, h, w, c] = requirePicture(x, refuse);
    if (c % groups !== 0) throw refuse('groups divides the channels', `${groups} groups, ${c} channels`);
    const grouped = b.reshape(x, { shape: [n, h, w, groups, c / groups] });
    return b.reshape(normalizeOver(b, grouped, [1, 2, 4], epsilon), { shape: [n, h, w, c] });
  },
});

export const localResponseNorm = defineComposite({
  name: 'local_response_norm',
  doc:
    'Krizhevsky et al. 2012, section 3.3, as PyTorch computes it: x / (k + alpha / size * s)^beta, where s adds up the ' +
    'squares of the `size` channels around each, from size // 2 before it on.',
  inputs: ['x'],
  attrs: {
    size: int('channels that are added up', { preset: 5, least: 1 }),
    alpha: float('factor of their mean square, not below 0', { preset: 1e-4, from: 0 }),
    beta: float('exponent', { preset: 0.75 }),
    k: float('added to it, above 0', { preset: 1, above: 0 }),
  },
  traits: { normalizes: 'activations' },
  expand: ({ x, size, alpha, beta, k }, { b, refuse }) => {
    const shape = requireAxis(x, refuse);
    const channels = lastOf(shape);
    const rows = sizeOf(shape.slice(0, -1));
    // Adding up neighbors is a product with a 0/1 matrix, which is quick backwards as well; slices of channels are not.
    const order = countUp(b, channels);
    const ahead = b.sub(b.reshape(order, { shape: [channels, 1] }), order);
    const nearBefore = b.greaterEqual(ahead, -Math.floor(size / 2));
    const nearAfter = b.lessEqual(ahead, Math.floor((size - 1) / 2));
    const [one, zero] = [b.constant({ value: 1 }), b.constant({ value: 0 })];
    const window = b.select(nearBefore, b.select(nearAfter, one, zero), zero);
    const squares = b.reshape(b.square(x), { shape: [rows, channels] });
    const sums = b.matmul(squares, window, { transpose_a: false, transpose_b: false });
    const base = b.add(b.mul(b.reshape(sums, { shape }), alpha / size), k);
    return b.mul(x, b.exp(b.mul(b.log(base), -beta)));
  },
});

export const segmentMean = primitive(
  segments,
  'At every pixel the mean of x over the pixels of the same picture that have the same id.',
);

export const normOps: readonly Composite[] = [
  batchNorm,
  instanceNorm,
  layerNorm,
  groupNorm,
  localResponseNorm,
  segmentMean,
];
