/** Answers for what is computed entry by entry, and for the ops that fix numbers: constants, ids, coordinates. */
import { OpError, type Node } from '../../ir/node.ts';
import { countUp, vectorOf } from './composites.ts';
import {
  at,
  float,
  int,
  num,
  numbers,
  primitive,
  requireAxis,
  requirePicture,
  type SpecOp,
} from './define.ts';

const logSoftmax: SpecOp = {
  name: 'log_softmax',
  doc: 'x - log(sum(exp(x))) over the channels (the last axis): the logarithms of class probabilities.',
  inputs: ['x'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const x = at(inputs, 0);
    const axes = [requireAxis('log_softmax', x).length - 1];
    // Without the largest entry, which changes neither value nor gradient, exp would overflow.
    const shifted = b.sub(x, b.op('stop_gradient', [b.op('max', [x], { axes, keep: true })]));
    return b.sub(shifted, b.op('log', [b.sum(b.op('exp', [shifted]), axes)]));
  },
};

const constant: SpecOp = {
  name: 'constant',
  doc: 'A number as a scalar.',
  inputs: [],
  attrs: { value: float('the number') },
  expand: ({ b }, _inputs, attrs) => b.constant(num(attrs, 'value')),
};

const vector: SpecOp = {
  name: 'vector',
  doc: 'Given numbers as a vector, such as one for each channel or class.',
  inputs: [],
  attrs: { values: { type: 'floats', doc: 'the numbers' } },
  expand: ({ b }, _inputs, attrs) => {
    const values = numbers(attrs, 'values');
    if (values.length === 0) throw new OpError('vector', 'values holds at least one number', '[]');
    return vectorOf(b, values);
  },
};

const coordinates: SpecOp = {
  name: 'coordinates',
  doc: 'Two channels for each pixel of a picture: its row and its column, counted from 0 at one border to 1 at the other, at pixel centers.',
  inputs: ['like'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const [batch, height, width] = requirePicture('coordinates', at(inputs, 0));
    const along = (size: number, shape: readonly number[]) => {
      const centers = b.mul(b.add(countUp(b, size), b.constant(0.5)), 1 / size);
      return b.op('broadcast_to', [b.reshape(centers, shape)], { shape: [batch, height, width, 1] });
    };
    const channels = [along(height, [height, 1, 1]), along(width, [1, width, 1])];
    return b.op('concat', channels, { axis: 3 });
  },
};

/** Lists the numbers of a constant or of a vector of them; none of what is computed. */
function writtenNumbers({ op, operands, attrs }: Node): readonly number[] {
  if (op === 'constant') return [Number(attrs['value'])];
  return op === 'concat' ? operands.flatMap(writtenNumbers) : [];
}

/** Ops that have no value, or an infinite one, for some numbers: those are refused where they are written out. */
const partial: Readonly<Record<string, { input: 0 | 1; constraint: string; has: (x: number) => boolean }>> = {
  div: { input: 1, constraint: 'b, which divides, is not 0', has: (x) => x !== 0 },
  log: { input: 0, constraint: 'x is above 0', has: (x) => x > 0 },
  sqrt: { input: 0, constraint: 'x is not below 0', has: (x) => x >= 0 },
};

/** Makes the op of a pointwise primitive. */
function pointwise(name: string, doc: string, inputs: readonly string[]): SpecOp {
  const made = primitive(name, doc, inputs);
  const domain = partial[name];
  if (!domain) return made;
  return {
    ...made,
    expand: (context, nodes, attrs) => {
      const wrong = writtenNumbers(at(nodes, domain.input)).find((x) => !domain.has(x));
      if (wrong !== undefined) throw new OpError(name, domain.constraint, String(wrong));
      return made.expand(context, nodes, attrs);
    },
  };
}

export const pointwiseOps: readonly SpecOp[] = [
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum'] as const).map((name) =>
    pointwise(name, `${name} of a and b, broadcast`, ['a', 'b']),
  ),
  ...(['neg', 'exp', 'log', 'sqrt', 'square', 'abs', 'tanh', 'sigmoid'] as const).map((name) =>
    pointwise(name, `${name} of every entry`, ['x']),
  ),
  primitive('leaky_relu', 'x where positive, slope * x elsewhere (Maas et al. 2013).', ['x'], {
    slope: float('factor of negative values', 0.2),
  }),
  logSoftmax,
  primitive('one_hot', 'Ids as channels: 1 at the id, 0 elsewhere.', ['ids'], {
    depth: int('number of channels'),
  }),
  constant,
  vector,
  coordinates,
];
