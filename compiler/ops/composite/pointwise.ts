/** What is computed entry by entry, and the ops that fix numbers: constants, ids, coordinates. */
import type { Node } from '../../ir/node.ts';
import { is } from '../../ir/op.ts';
import { functions } from '../primitive/functions.ts';
import { concat as concatOp } from '../primitive/joining.ts';
import { oneHot as oneHotOp } from '../primitive/one-hot.ts';
import * as derived from '../primitive/derived-pointwise.ts';
import * as ops from '../primitive/pointwise.ts';
import { constant as constantOp } from '../primitive/sources.ts';
import { countUp, vectorOf } from './composites.ts';
import { defineComposite, primitive, type Composite } from './define.ts';
import { float, floats, int, type Refuse } from './settings.ts';
import { requireAxis, requirePicture } from './shapes.ts';

const binaryDoc = (name: string): string => `${name} of a and b, broadcast`;
const unaryDoc = (name: string): string => `${name} of every entry`;

/** Refuses numbers without a value, or with an infinite one, where they are written out: as a constant, or a vector of them. */
function requireWritten(x: Node, has: (value: number) => boolean, constraint: string, refuse: Refuse): void {
  const wrong = writtenNumbers(x).find((value) => !has(value));
  if (wrong !== undefined) throw refuse(constraint, String(wrong));
}

/** Lists the numbers of a constant or of a vector of them; none of what is computed. */
function writtenNumbers(node: Node): readonly number[] {
  if (is(constantOp, node)) return [node.attrs.value];
  return is(concatOp, node) ? node.operands.flatMap(writtenNumbers) : [];
}

export const add = primitive(ops.add, binaryDoc('add'), { traits: { linear: 'together', tells: 'little' } });

export const sub = primitive(ops.sub, binaryDoc('sub'), { traits: { linear: 'together', tells: 'little' } });

export const mul = primitive(ops.mul, binaryDoc('mul'), {
  traits: { linear: 'each', tells: 'little' },
  powerOf: ({ a, b }) => a.power + b.power,
});

export const div = primitive(ops.div, binaryDoc('div'), {
  traits: { linear: 'first', tells: 'little' },
  powerOf: ({ a, b }) => a.power - b.power,
  requires: ({ b }, refuse) => requireWritten(b, (x) => x !== 0, 'b, which divides, is not 0', refuse),
});

export const maximum = primitive(ops.maximum, binaryDoc('maximum'));

export const minimum = primitive(derived.minimum, binaryDoc('minimum'), {
  powerOf: ({ a, b }) => Math.min(a.power, b.power),
});

export const neg = primitive(ops.neg, unaryDoc('neg'), { traits: { linear: 'together' } });

export const exp = primitive(ops.exp, unaryDoc('exp'));

export const log = primitive(ops.log, unaryDoc('log'), {
  requires: ({ x }, refuse) => requireWritten(x, (value) => value > 0, 'x is above 0', refuse),
});

export const sqrt = primitive(ops.sqrt, unaryDoc('sqrt'), {
  powerOf: ({ x }) => x.power / 2,
  requires: ({ x }, refuse) => requireWritten(x, (value) => value >= 0, 'x is not below 0', refuse),
});

export const square = primitive(derived.square, unaryDoc('square'), { powerOf: ({ x }) => 2 * x.power });

export const abs = primitive(derived.abs, unaryDoc('abs'));

export const tanh = primitive(ops.tanh, unaryDoc('tanh'));

export const sigmoid = primitive(derived.sigmoid, unaryDoc('sigmoid'));

export const leakyRelu = primitive(
  derived.leakyRelu,
  'x where positive, slope * x elsewhere (Maas et al. 2013).',
  { attrs: { slope: float('factor of negative values', { preset: 0.2 }) }, traits: { tells: 'little' } },
);

export const logSoftmax = defineComposite({
  name: 'log_softmax',
  doc: 'x - log(sum(exp(x))) over the channels (the last axis): the logarithms of class probabilities.',
  inputs: ['x'],
  expand: ({ x }, { b, refuse }) => {
    const axes = [requireAxis(x, refuse).length - 1];
    // Without the largest entry, which changes neither value nor gradient, exp would overflow.
    const shifted = b.sub(x, b.stopGradient(b.max(x, { axes, keep: true })));
    return b.sub(shifted, b.log(b.sum(b.exp(shifted), { axes, keep: true })));
  },
});

export const oneHot = primitive(oneHotOp, 'Ids as channels: 1 at the id, 0 elsewhere.', {
  attrs: { depth: int('number of channels') },
  traits: { tells: 'little' },
});

export const constant = defineComposite({
  name: 'constant',
  doc: 'A number as a scalar.',
  inputs: [],
  attrs: { value: float('the number') },
  traits: { silent: true, tells: 'little' },
  expand: ({ value }, { b }) => b.constant({ value }),
});

export const vector = defineComposite({
  name: 'vector',
  doc: 'Given numbers as a vector, such as one for each channel or class.',
  inputs: [],
  attrs: { values: floats('the numbers') },
  traits: { silent: true },
  expand: ({ values }, { b, refuse }) => {
    if (values.length === 0) throw refuse('values holds at least one number', '[]');
    return vectorOf(b, values);
  },
});

export const coordinates = defineComposite({
  name: 'coordinates',
  doc: 'Two channels for each pixel of a picture: its row and its column, counted from 0 at one border to 1 at the other, at pixel centers.',
  inputs: ['like'],
  expand: ({ like }, { b, refuse }) => {
    const [batch, height, width] = requirePicture(like, refuse);
    const along = (size: number, shape: readonly number[]): Node => {
      const centers = b.mul(b.add(countUp(b, size), 0.5), 1 / size);
      return b.broadcastTo(b.reshape(centers, { shape }), { shape: [batch, height, width, 1] });
    };
    const channels = [along(height, [height, 1, 1]), along(width, [1, width, 1])];
    return b.concat(channels, { axis: 3 });
  },
});

export const pointwiseOps: readonly Composite[] = [
  ...[add, sub, mul, div, maximum, minimum],
  ...[neg, exp, log, sqrt, square, abs, tanh, sigmoid],
  ...functions.map((op) => primitive(op, unaryDoc(op.name))),
  leakyRelu,
  logSoftmax,
  oneHot,
  constant,
  vector,
  coordinates,
];
