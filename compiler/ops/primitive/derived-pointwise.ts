/** The pointwise ops that are made of others, and the list of all pointwise ops. */
import type { Builder, Cotangents, Node, Op } from '../../ir/node.ts';
import { number, type Method } from '../../ir/op.ts';
import { f32 } from '../../ir/types.ts';
import { deriveOp } from './derive.ts';
import {
  add,
  awayFromZero,
  binaryRules,
  cast,
  chosen,
  chosenEdges,
  div,
  entries,
  exp,
  greaterEqual,
  log,
  maximum,
  mul,
  neg,
  positive,
  select,
  sqrt,
  sub,
  tanh,
  traits,
  unaryRules,
  zeroOrNone,
  type Binary,
  type BinaryEntry,
  type Unary,
  type UnaryEntry,
} from './pointwise.ts';
import { broadcastResult, checkFloat, float } from './support.ts';

interface DerivedUnary extends UnaryEntry {
  readonly of: readonly Op[];
  readonly expand: (b: Builder, x: Node) => Node;
}

/** Defines a function of one number in others. */
function derivedUnary(row: DerivedUnary): Unary {
  return deriveOp({
    ...unaryRules(row),
    requires: ({ x }, check) => checkFloat([x], check),
    infer: ({ x }) => x,
    of: row.of,
    expand: ({ x }, b) => row.expand(b, x),
  });
}

interface DerivedBinary extends BinaryEntry {
  readonly of: readonly Op[];
  readonly expand: (b: Builder, x: Node, y: Node) => Node;
}

/** Defines a function of two numbers in others. */
function derivedBinary(row: DerivedBinary): Binary {
  return deriveOp({
    ...binaryRules(row),
    requires: ({ a, b }, check) => {
      checkFloat([a, b], check);
      broadcastResult(a, b, check);
    },
    of: row.of,
    expand: ({ a, b: other }, b) => row.expand(b, a, other),
  });
}

const signOfNaN = "TensorFlow's own kernel, where nothing is fused, keeps NaN";

/** Chooses by the sign of x; what is not a number counts as `other`. */
function whereSigned(
  b: Builder,
  x: Node,
  { above, zero, below, other }: Readonly<Record<'above' | 'zero' | 'below' | 'other', Node>>,
): Node {
  const none = b.constant({ value: 0 });
  const isAtMost = b.greaterEqual(none, x);
  return b.select(b.greaterEqual(x, none), b.select(isAtMost, zero, above), b.select(isAtMost, below, other));
}

export const rsqrt: Unary = derivedUnary({
  name: 'rsqrt',
  doc: '1 / sqrt(x)',
  edges:
    'Infinity at 0 and NaN below; the gradient at 0 is infinite, NaN where dy is 0, as that of torch.rsqrt',
  of: [div, sqrt],
  expand: (b, x) => b.div(b.constant({ value: 1 }), b.sqrt(x)),
  // d x^(-1/2) = -1/2 x^(-3/2)
  vjp: (b, _x, y, dy) => b.mul(b.mul(dy, b.mul(y, b.square(y))), -0.5),
  tensorflow: 'Rsqrt',
  tfjs: (tf, x) => tf.rsqrt(x),
  draw: positive,
  instruction: { cpp: '1.0f / std::sqrt(x)' },
});

export const square: Unary = derivedUnary({
  name: 'square',
  doc: 'x * x',
  edges:
    'Infinity where float32 has no number as large; its gradient is 2 x dy there too, as that of torch.square',
  of: [mul],
  expand: (b, x) => b.mul(x, x),
  vjp: (b, x, _y, dy) => b.mul(dy, b.mul(x, 2)),
  tensorflow: 'Square',
  tfjs: (tf, x) => tf.square(x),
  instruction: { cpp: 'x * x' },
});

export const abs: Unary = derivedUnary({
  name: 'abs',
  doc: 'The absolute value of x; the gradient at 0 is 0.',
  edges: `the gradient is 0 at 0, and at NaN, as that of torch.abs. ${signOfNaN}`,
  of: [neg, select, greaterEqual],
  // Made of both comparisons, so that the value and the gradient at 0 and at -0 are 0.
  expand: (b, x) =>
    whereSigned(b, x, { above: x, zero: b.constant({ value: 0 }), below: b.neg(x), other: x }),
  vjp: (b, x, _y, dy) => b.mul(dy, b.sign(x)),
  tensorflow: 'Abs',
  tfjs: (tf, x) => tf.abs(x),
  draw: awayFromZero,
  instruction: { cpp: 'std::fabs(x)' },
});

export const sign: Unary = derivedUnary({
  name: 'sign',
  doc: '-1, 0 or 1.',
  edges: `0 at zeros of either sign, and at NaN; the gradient is 0 everywhere, as that of torch.sign. ${signOfNaN}`,
  of: [select, greaterEqual],
  expand: (b, x) => {
    const number = (value: number): Node => b.constant({ value });
    return whereSigned(b, x, { above: number(1), zero: number(0), below: number(-1), other: number(0) });
  },
  tensorflow: 'Sign',
  // WebAssembly's own sign takes numbers below 1e-7 for 0.
  tfjs: (tf, x) => tf.sub(tf.cast(tf.greater(x, 0), 'float32'), tf.cast(tf.less(x, 0), 'float32')),
  draw: awayFromZero,
  instruction: { cpp: 'x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f' },
});

export const sigmoid: Unary = derivedUnary({
  name: 'sigmoid',
  isBounded: true,
  doc: '1 / (1 + e^-x)',
  edges: '0 and 1 at infinities, with gradient 0, as torch.sigmoid',
  of: [add, div, exp, neg],
  expand: (b, x) => {
    const one = b.constant({ value: 1 });
    return b.div(one, b.add(one, b.exp(b.neg(x))));
  },
  vjp: (b, _x, y, dy) => b.mul(dy, b.mul(y, b.sub(b.constant({ value: 1 }), y))),
  tensorflow: 'Sigmoid',
  tfjs: (tf, x) => tf.sigmoid(x),
  instruction: { cpp: '1.0f / (1.0f + exp(-x))' },
});

export const minimum: Binary = derivedBinary({
  name: 'minimum',
  doc: 'The smaller of a and b, broadcast.',
  edges: chosenEdges('torch.minimum'),
  of: [maximum, neg],
  expand: (b, x, y) => b.neg(b.maximum(b.neg(x), b.neg(y))),
  vjp: chosen('lessEqual', 'greaterEqual'),
  tensorflow: 'Minimum',
  tfjs: (tf, a, b) => tf.add(tf.minimum(a, b), zeroOrNone(tf, b)),
  instruction: { cpp: 'a <= b || a != a ? a : b' },
});

export const lessEqual: Binary = derivedBinary({
  name: 'less_equal',
  doc: 'Whether a <= b, broadcast.',
  edges: 'false where either is NaN; zeros of either sign are equal, as in torch.le',
  of: [greaterEqual],
  expand: (b, x, y) => b.greaterEqual(y, x),
  tensorflow: 'LessEqual',
  tfjs: (tf, a, b) => tf.lessEqual(a, b),
  instruction: { cpp: 'a <= b ? 1.0f : 0.0f' },
});

const reluEdges =
  'Slope 0 is F.relu: 0 at -Infinity, and where x is NaN the gradient passes, which other slopes scale, as F.leaky_relu does';

const slope = number('factor of negative values, 0 <= slope < 1');
const slopes = [0.2, 0] as const;

export const leakyRelu = deriveOp({
  name: 'leaky_relu',
  doc: 'Leaves positive values alone and scales the others by `slope`; slope 0 is ReLU.',
  edges: `the gradient at 0 is slope * dy. ${reluEdges}`,
  operands: ['x'],
  attrs: { slope },
  requires: ({ x, slope }, check) => {
    checkFloat([x], check);
    check(slope >= 0 && slope < 1, 'slope is at least 0 and below 1', String(slope));
  },
  infer: ({ x }) => x,
  of: [mul, greaterEqual, select],
  expand: ({ x, slope }, b): Node => {
    const zero = b.constant({ value: 0 });
    // A factor of 0 would make no number of an infinity.
    return b.select(b.greaterEqual(zero, x), slope === 0 ? zero : b.mul(x, slope), x);
  },
  vjp: ({ x, slope }, { b, dy }): Cotangents => [() => b.leakyReluGrad(dy, x, { slope })],
  tensorflow: ({ x, slope }, { emit }) =>
    slope === 0
      ? emit.op('Relu', [x], float)
      : emit.op('LeakyRelu', [x], { ...float, alpha: { float: slope } }),
  tfjs: ({ x, slope }, { tf }) => (slope === 0 ? tf.relu(x) : tf.leakyRelu(x, slope)),
  traits,
  instruction: {
    cpp: `
  const float below = slope == 0.0f ? 0.0f : slope * x;
  return x > 0.0f || (slope == 0.0f && x != x) ? x : below;`,
    parameters: ['slope'],
  },
  flops: entries,
  samples: slopes.map((slope) => ({
    operands: [f32(2, 3, 4)],
    attrs: { slope },
    draw: (_i, u) => awayFromZero(u),
  })),
});

export const leakyReluGrad = deriveOp({
  name: 'leaky_relu_grad',
  doc: 'dy where x > 0 and slope * dy elsewhere: the cotangent of leaky_relu in one pass.',
  edges: `x = 0 counts as below. ${reluEdges} WebAssembly and TensorFlow's own kernels multiply dy by a mask: NaN where 0 meets an infinity, and NaN or 0 where x is NaN`,
  operands: ['dy', 'x'],
  attrs: { slope: number('factor of negative values') },
  requires: ({ dy, x }, check) => {
    checkFloat([dy, x], check);
    check(String(dy.shape) === String(x.shape), 'dy and x have one shape');
  },
  of: [mul, greaterEqual, select],
  expand: ({ dy, x, slope }, b): Node => {
    const zero = b.constant({ value: 0 });
    // As in PyTorch, ReLU asks whether x is at most 0 and the others whether it is above 0, which differ where x is no number.
    if (slope === 0) return b.select(b.greaterEqual(zero, x), zero, dy);
    const below = b.mul(dy, slope);
    return b.select(b.greaterEqual(x, zero), b.select(b.greaterEqual(zero, x), below, dy), below);
  },
  vjp: ({ x, slope }, { b, dy }): Cotangents => [
    () => b.leakyReluGrad(dy, x, { slope }),
    undefined, // piecewise constant in x
  ],
  tensorflow: ({ dy, x, slope }, { emit }) =>
    slope === 0
      ? emit.op('ReluGrad', [dy, x], float)
      : emit.op('LeakyReluGrad', [dy, x], { ...float, alpha: { float: slope } }),
  // A mask of 1 and slope rather than a select, which takes two and a half times as long on WebAssembly.
  tfjs: ({ dy, x, slope }, { tf }) => tf.mul(dy, tf.step(x, slope)),
  traits,
  instruction: {
    cpp: `
  const float below = slope == 0.0f ? 0.0f : slope * dy;
  return x > 0.0f || (slope == 0.0f && x != x) ? dy : below;`,
    parameters: ['slope'],
    broadcasts: false,
  },
  flops: entries,
  samples: slopes.map((slope) => ({
    operands: [f32(2, 3, 4), f32(2, 3, 4)],
    attrs: { slope },
    draw: (index, u) => (index === 1 ? awayFromZero(u) : u),
  })),
});

export const pointwiseOps: readonly Op[] = [
  ...[neg, exp, log, sqrt, rsqrt, square, abs, sign, tanh, sigmoid],
  ...[add, sub, mul, div, maximum, minimum, greaterEqual, lessEqual],
  leakyRelu,
  leakyReluGrad,
  select,
  cast,
];

declare module '../../ir/node.ts' {
  interface Builder {
    rsqrt: Method<Unary>;
    square: Method<Unary>;
    abs: Method<Unary>;
    sign: Method<Unary>;
    sigmoid: Method<Unary>;
    minimum: Method<Binary>;
    lessEqual: Method<Binary>;
    leakyRelu: Method<typeof leakyRelu>;
    leakyReluGrad: Method<typeof leakyReluGrad>;
  }
}
