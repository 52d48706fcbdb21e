/**
 * Answers for the ops that specs are written with. Each expands into the graph's primitives; those that behave differently
 * in training (statistics, power iterations) say so here and nowhere else. Sources of the formulas are named at each.
 */
import type { Builder } from '../ir/builder.ts';
import { OpError, shapeOf, typeOf, type Node } from '../ir/node.ts';
import { must } from '../ir/types.ts';
import { isSamePadding } from '../ops/convolution.ts';
import type { SpecAttr } from './types.ts';

export interface Expansion {
  readonly b: Builder;
  /** Whether statistics come from the batch and state moves on. */
  readonly training: boolean;
  /** Sets the new value of the variable that input `index` is. */
  readonly update: (index: number, value: Node) => void;
  /** Gives a number that tells this use of randomness from all others. */
  readonly stream: () => number;
  /** The operand [seed, step] of random ops. */
  readonly randomState: () => Node;
  readonly batch: number;
}

type AttrType = 'int' | 'float' | 'bool' | 'string' | 'ints';
export interface AttrRule {
  readonly type: AttrType;
  readonly default?: SpecAttr;
  readonly doc: string;
}

export interface SpecOp {
  readonly name: string;
  readonly doc: string;
  /** Names of the value inputs; the last may start with `...`. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, AttrRule>>;
  readonly expand: (
    context: Expansion,
    inputs: readonly Node[],
    attrs: Readonly<Record<string, SpecAttr>>,
  ) => Node;
  /** Inputs which must be state variables, because training changes them. */
  readonly state?: readonly number[];
}

const int = (doc: string, preset?: number): AttrRule => ({
  type: 'int',
  doc,
  ...(preset !== undefined && { default: preset }),
});
const float = (doc: string, preset?: number): AttrRule => ({
  type: 'float',
  doc,
  ...(preset !== undefined && { default: preset }),
});

const at = (inputs: readonly Node[], index: number): Node => must(inputs[index], `input ${index} is missing`);
const num = (attrs: Readonly<Record<string, SpecAttr>>, name: string): number => Number(attrs[name]);

function requireRank4(op: string, x: Node): readonly [number, number, number, number] {
  const shape = shapeOf(x);
  if (shape.length !== 4)
    throw new OpError(op, 'x is a picture: [height, width, channels]', `[${shape.slice(1)}]`);
  return shape as unknown as readonly [number, number, number, number];
}

/** Requires at least one axis, and gives the shape. */
function requireAxis(op: string, x: Node): readonly number[] {
  const shape = shapeOf(x);
  if (shape.length === 0) throw new OpError(op, 'its input is more than one number', 'one number');
  return shape;
}

/** A primitive under its own name. */
function primitive(
  name: string,
  doc: string,
  inputs: readonly string[],
  attrs: Record<string, AttrRule> = {},
): SpecOp {
  return { name, doc, inputs, attrs, expand: ({ b }, nodes, values) => b.op(name, nodes, values) };
}

/** Puts `amount` zeros on every side of a picture. */
function zeroPad(b: Builder, x: Node, amount: number): Node {
  return amount === 0
    ? x
    : b.op('pad', [x], { amounts: [0, 0, amount, amount, amount, amount, 0, 0], value: 0 });
}

const conv2d: SpecOp = {
  name: 'conv2d',
  doc: 'Cross-correlates x with a filter [h,w,I,O], after `pad` zeros on every side.',
  inputs: ['x', 'filter'],
  attrs: { stride: int('step between outputs', 1), pad: int('zeros on every side', 0) },
  expand: ({ b }, inputs, attrs) => {
    const [x, filter] = [at(inputs, 0), at(inputs, 1)];
    const [stride, pad] = [num(attrs, 'stride'), num(attrs, 'pad')];
    const [, height, width] = requireRank4('conv2d', x);
    const [kh, kw] = shapeOf(filter) as [number, number];
    // TensorFlow's own `same` is faster than padding first, where it means the same zeros.
    const same =
      pad > 0 && isSamePadding(height, kh, stride, pad, pad) && isSamePadding(width, kw, stride, pad, pad);
    return same
      ? b.op('conv2d', [x, filter], { stride, padding: 'same' })
      : b.op('conv2d', [zeroPad(b, x, pad), filter], { stride, padding: 'valid' });
  },
};

const linear: SpecOp = {
  name: 'linear',
  doc: 'The matrix product of x [I] and a matrix [I,O].',
  inputs: ['x', 'matrix'],
  attrs: {},
  expand: ({ b }, inputs) => b.op('matmul', inputs, { transpose_a: false, transpose_b: false }),
};

/** Mean and biased variance over `axes`, kept as axes of size 1. */
function moments(
  b: Builder,
  x: Node,
  axes: readonly number[],
): { mean: Node; centered: Node; variance: Node } {
  const mean = b.mean(x, axes);
  const centered = b.sub(x, mean);
  return { mean, centered, variance: b.mean(b.op('square', [centered]), axes) };
}

function normalizeOver(b: Builder, x: Node, axes: readonly number[], epsilon: number): Node {
  const { centered, variance } = moments(b, x, axes);
  return b.mul(centered, b.op('rsqrt', [b.add(variance, b.constant(epsilon))]));
}

const batchNorm: SpecOp = {
  name: 'batch_norm',
  doc:
    'Ioffe and Szegedy 2015: (x - mean) / sqrt(var + epsilon). Training takes mean and biased variance over batch and ' +
    'pixels and moves the running ones by `momentum`, the variance unbiased (n / (n - 1)); otherwise the running ones serve.',
  inputs: ['x', 'running_mean', 'running_var'],
  state: [1, 2],
  attrs: {
    epsilon: float('added to the variance', 1e-5),
    momentum: float('share of the new statistics', 0.1),
  },
  expand: ({ b, training, update }, inputs, attrs) => {
    const [x, runningMean, runningVariance] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const shape = requireAxis('batch_norm', x);
    const channels = must(shape[shape.length - 1], 'it has an axis');
    const epsilon = b.constant(num(attrs, 'epsilon'));
    if (!training) return b.mul(b.sub(x, runningMean), b.op('rsqrt', [b.add(runningVariance, epsilon)]));
    const axes = shape.slice(0, -1).map((_, axis) => axis);
    const { mean, centered, variance } = moments(b, x, axes);
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
  attrs: { epsilon: float('added to the variance', 1e-5) },
  expand: ({ b }, inputs, attrs) => {
    requireRank4('instance_norm', at(inputs, 0));
    return normalizeOver(b, at(inputs, 0), [1, 2], num(attrs, 'epsilon'));
  },
};

const layerNorm: SpecOp = {
  name: 'layer_norm',
  doc: 'Ba et al. 2016: (x - mean) / sqrt(var + epsilon) with statistics over everything of each picture.',
  inputs: ['x'],
  attrs: { epsilon: float('added to the variance', 1e-5) },
  expand: ({ b }, inputs, attrs) => {
    const axes = shapeOf(at(inputs, 0)).flatMap((_, axis) => (axis > 0 ? [axis] : []));
    return normalizeOver(b, at(inputs, 0), axes, num(attrs, 'epsilon'));
  },
};

const groupNorm: SpecOp = {
  name: 'group_norm',
  doc: 'Wu and He 2018: statistics over the pixels and the channels of each of `groups` groups.',
  inputs: ['x'],
  attrs: {
    groups: int('number of groups, which divides the channels'),
    epsilon: float('added to the variance', 1e-5),
  },
  expand: ({ b }, inputs, attrs) => {
    const [n, h, w, c] = requireRank4('group_norm', at(inputs, 0));
    const groups = num(attrs, 'groups');
    if (c % groups !== 0)
      throw new OpError('group_norm', 'groups divides the channels', `${groups} groups, ${c} channels`);
    const grouped = b.reshape(at(inputs, 0), [n, h, w, groups, c / groups]);
    return b.reshape(normalizeOver(b, grouped, [1, 2, 4], num(attrs, 'epsilon')), [n, h, w, c]);
  },
};

const spectralNorm: SpecOp = {
  name: 'spectral_norm',
  doc:
    'Miyato et al. 2018, algorithm 1: the weight divided by an estimate of its largest singular value, read as a matrix ' +
    '[all but last, last]. Training does one power iteration on the state u, v before; both are constants for gradients.',
  inputs: ['weight', 'u', 'v'],
  state: [1, 2],
  attrs: { epsilon: float('smallest length that is divided by', 1e-12) },
  expand: ({ b, training, update }, inputs, attrs) => {
    const [weight, u, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const shape = requireAxis('spectral_norm', weight);
    const columns = must(shape[shape.length - 1], 'it has an axis');
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
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
      update(1, b.reshape(right, [columns]));
      update(2, b.reshape(left, [rows]));
      left = b.op('stop_gradient', [left]);
      right = b.op('stop_gradient', [right]);
    }
    const sigma = b.sum(b.mul(product(matrix, left, true), right), [0, 1], false);
    return b.div(weight, sigma);
  },
};

const avgPool: SpecOp = {
  name: 'avg_pool',
  doc: 'The mean over size x size windows; `pad` pixels outside are not counted.',
  inputs: ['x'],
  attrs: {
    size: int('side of the window', 3),
    stride: int('step', 2),
    pad: int('pixels outside on every side', 0),
  },
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = requireRank4('avg_pool', x);
    const window = { size: num(attrs, 'size'), stride: num(attrs, 'stride') };
    const pad = num(attrs, 'pad');
    const pooled = b.op('avg_pool2d', [zeroPad(b, x, pad)], window);
    if (pad === 0) return pooled;
    // Windows at the border hold fewer pixels: divide by the share of pixels that count.
    const ones = b.constant(1, [1, height, width, 1]);
    return b.div(pooled, b.op('avg_pool2d', [zeroPad(b, ones, pad)], window));
  },
};

const resizeNearest: SpecOp = {
  name: 'resize_nearest',
  doc: 'Nearest neighbor with source index floor(i * in / out): no half-pixel centers, no corner alignment.',
  inputs: ['x'],
  attrs: { height: int('rows of the result'), width: int('columns of the result') },
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = shapeOf(x) as [number, number, number];
    const [toHeight, toWidth] = [num(attrs, 'height'), num(attrs, 'width')];
    if (toHeight < 1 || toWidth < 1)
      throw new OpError('resize_nearest', 'the result has at least one pixel', `${toWidth}x${toHeight}`);
    const factor = toHeight / height;
    if (typeOf(x).dtype === 'f32' && Number.isInteger(factor) && toWidth === width * factor)
      return factor === 1 ? x : b.op('upsample_nearest', [x], { factor });
    const along = (node: Node, axis: number, from: number, to: number): Node =>
      from === to
        ? node
        : b.op('take', [node], {
            axis,
            indices: Array.from({ length: to }, (_, i) => Math.floor((i * from) / to)),
          });
    return along(along(x, 1, height, toHeight), 2, width, toWidth);
  },
};

const reduce = (name: 'mean' | 'sum', doc: string): SpecOp => ({
  name,
  doc,
  inputs: ['x'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const axes = shapeOf(at(inputs, 0)).map((_, axis) => axis);
    return name === 'mean' ? b.mean(at(inputs, 0), axes, false) : b.sum(at(inputs, 0), axes, false);
  },
});

const constant: SpecOp = {
  name: 'constant',
  doc: 'A number as a scalar.',
  inputs: [],
  attrs: { value: float('the number') },
  expand: ({ b }, _inputs, attrs) => b.constant(num(attrs, 'value')),
};

const concat: SpecOp = {
  name: 'concat',
  doc: 'Joins values along the channels (the last axis).',
  inputs: ['...parts'],
  attrs: {},
  expand: ({ b }, inputs) =>
    inputs.length === 1 ? at(inputs, 0) : b.op('concat', inputs, { axis: shapeOf(at(inputs, 0)).length - 1 }),
};

const batchConcat: SpecOp = {
  name: 'batch_concat',
  doc: 'Stacks two batches.',
  inputs: ['first', 'second'],
  attrs: {},
  expand: ({ b }, inputs) => b.op('concat', inputs, { axis: 0 }),
};

const batchHalf: SpecOp = {
  name: 'batch_half',
  doc: 'The first (0) or second (1) half of a batch.',
  inputs: ['x'],
  attrs: { index: int('which half') },
  expand: ({ b }, inputs, attrs) => {
    const index = num(attrs, 'index');
    if (index !== 0 && index !== 1) throw new OpError('batch_half', 'index is 0 or 1', String(index));
    const half = must(requireAxis('batch_half', at(inputs, 0))[0], 'it has an axis') / 2;
    return b.item(b.op('split', [at(inputs, 0)], { axis: 0, sizes: [half, half] }), index);
  },
};

const fold: SpecOp = {
  name: 'fold',
  doc: 'Reads a vector of each picture as [height, width, channels].',
  inputs: ['x'],
  attrs: { height: int('rows'), width: int('columns'), channels: int('channels') },
  expand: ({ b }, inputs, attrs) => {
    const batch = must(requireAxis('fold', at(inputs, 0))[0], 'it has an axis');
    return b.reshape(at(inputs, 0), [
      batch,
      num(attrs, 'height'),
      num(attrs, 'width'),
      num(attrs, 'channels'),
    ]);
  },
};

const flatten: SpecOp = {
  name: 'flatten',
  doc: 'Reads everything of each picture as one vector, channels last.',
  inputs: ['x'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const [batch, ...rest] = requireAxis('flatten', at(inputs, 0));
    return b.reshape(at(inputs, 0), [batch!, rest.reduce((product, size) => product * size, 1)]);
  },
};

const normalLike: SpecOp = {
  name: 'random_normal',
  doc: 'Standard normal noise of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: { shape: { type: 'ints', doc: 'shape for one picture' } },
  expand: ({ b, batch, stream, randomState }, _inputs, attrs) =>
    b.op('random_normal', [randomState()], {
      shape: [batch, ...(attrs['shape'] as readonly number[])],
      stream: stream(),
    }),
};

export const specOps: ReadonlyMap<string, SpecOp> = new Map(
  [
    ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum'] as const).map((name) =>
      primitive(name, `${name} of a and b, broadcast`, ['a', 'b']),
    ),
    ...(['neg', 'exp', 'log', 'sqrt', 'square', 'abs', 'tanh', 'sigmoid'] as const).map((name) =>
      primitive(name, `${name} of every entry`, ['x']),
    ),
    primitive('stop_gradient', 'The value of x, through which no gradient flows.', ['x']),
    primitive('leaky_relu', 'x where positive, slope * x elsewhere (Maas et al. 2013).', ['x'], {
      slope: float('factor of negative values', 0.2),
    }),
    primitive('one_hot', 'Ids as channels: 1 at the id, 0 elsewhere.', ['ids'], {
      depth: int('number of channels'),
    }),
    constant,
    conv2d,
    linear,
    batchNorm,
    instanceNorm,
    layerNorm,
    groupNorm,
    spectralNorm,
    avgPool,
    resizeNearest,
    concat,
    batchConcat,
    batchHalf,
    fold,
    flatten,
    normalLike,
    reduce('mean', 'The mean of all entries, batch included, as a scalar.'),
    reduce('sum', 'The sum of all entries, batch included, as a scalar.'),
  ].map((op) => [op.name, op]),
);
