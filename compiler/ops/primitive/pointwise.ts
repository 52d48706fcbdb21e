/** Answers for the pointwise ops: unary functions as rows of one table, arithmetic with broadcasting, choice and casts. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../../ir/builder.ts';
import { typeOf, type Node } from '../../ir/node.ts';
import { sizeOf, type DType } from '../../ir/types.ts';
import { defineOp, number, text, type OpDefinition, type TensorFlow } from '../../ir/op.ts';
import {
  at,
  broadcast,
  broadcastResult,
  checkFloat,
  entryAt,
  float,
  tabulate,
  unbroadcast,
} from './support.ts';

interface UnaryRow {
  readonly name: string;
  readonly doc: string;
  readonly value: (x: number) => number;
  /** The cotangent of x from that of y. */
  readonly vjp: (b: GraphBuilder, x: Node, y: Node, dy: Node) => Node;
  readonly tensorflow: string;
  readonly tfjs: (tf: TensorFlow, x: Tfjs.Tensor) => Tfjs.Tensor;
  /** Maps a uniform number in [-1, 1) into the domain, away from kinks and poles. */
  readonly draw?: (uniform: number) => number;
}

const awayFromZero = (u: number): number => u + Math.sign(u || 1) * 0.2;
const positive = (u: number): number => 1.3 + u;

const unaryRows: readonly UnaryRow[] = [
  {
    name: 'neg',
    doc: '-x',
    value: (x) => -x,
    vjp: (b, _x, _y, dy) => b.op('neg', [dy]),
    tensorflow: 'Neg',
    tfjs: (tf, x) => tf.neg(x),
  },
  {
    name: 'exp',
    doc: 'e to the power of x',
    value: Math.exp,
    vjp: (b, _x, y, dy) => b.mul(dy, y),
    tensorflow: 'Exp',
    tfjs: (tf, x) => tf.exp(x),
  },
  {
    name: 'log',
    doc: 'The natural logarithm of x.',
    value: Math.log,
    vjp: (b, x, _y, dy) => b.div(dy, x),
    tensorflow: 'Log',
    tfjs: (tf, x) => tf.log(x),
    draw: positive,
  },
  {
    name: 'sqrt',
    doc: 'The square root of x.',
    value: Math.sqrt,
    vjp: (b, _x, y, dy) => b.div(b.mul(dy, 0.5), y),
    tensorflow: 'Sqrt',
    tfjs: (tf, x) => tf.sqrt(x),
    draw: positive,
  },
  {
    name: 'rsqrt',
    doc: '1 / sqrt(x)',
    value: (x) => 1 / Math.sqrt(x),
    // d x^(-1/2) = -1/2 x^(-3/2)
    vjp: (b, _x, y, dy) => b.mul(b.mul(dy, b.mul(y, b.op('square', [y]))), -0.5),
    tensorflow: 'Rsqrt',
    tfjs: (tf, x) => tf.rsqrt(x),
    draw: positive,
  },
  {
    name: 'square',
    doc: 'x * x',
    value: (x) => x * x,
    vjp: (b, x, _y, dy) => b.mul(dy, b.mul(x, 2)),
    tensorflow: 'Square',
    tfjs: (tf, x) => tf.square(x),
  },
  {
    name: 'abs',
    doc: 'The absolute value of x; the gradient at 0 is 0.',
    value: Math.abs,
    vjp: (b, x, _y, dy) => b.mul(dy, b.op('sign', [x])),
    tensorflow: 'Abs',
    tfjs: (tf, x) => tf.abs(x),
    draw: awayFromZero,
  },
  {
    name: 'sign',
    doc: '-1, 0 or 1.',
    value: Math.sign,
    vjp: (b, x) => b.mul(x, 0),
    tensorflow: 'Sign',
    // WebAssembly's own sign takes numbers below 1e-7 for 0.
    tfjs: (tf, x) => tf.sub(tf.cast(tf.greater(x, 0), 'float32'), tf.cast(tf.less(x, 0), 'float32')),
    draw: awayFromZero,
  },
  {
    name: 'tanh',
    doc: 'The hyperbolic tangent of x.',
    value: Math.tanh,
    vjp: (b, _x, y, dy) => b.mul(dy, b.sub(b.constant(1), b.op('square', [y]))),
    tensorflow: 'Tanh',
    tfjs: (tf, x) => tf.tanh(x),
  },
  {
    name: 'sigmoid',
    doc: '1 / (1 + e^-x)',
    value: (x) => 1 / (1 + Math.exp(-x)),
    vjp: (b, _x, y, dy) => b.mul(dy, b.mul(y, b.sub(b.constant(1), y))),
    tensorflow: 'Sigmoid',
    tfjs: (tf, x) => tf.sigmoid(x),
  },
];

function unary(row: UnaryRow): OpDefinition {
  return defineOp({
    name: row.name,
    doc: row.doc,
    operands: ['x'],
    infer: (types, _attrs, check) => {
      checkFloat(types, check);
      return at(types, 0);
    },
    vjp: ({ b, node, x, dy }) => [() => row.vjp(b, at(x, 0), node, dy)],
    reference: ([x]) => ({ shape: x!.shape, data: x!.data.map(row.value) }),
    tensorflow: ({ emit, inputs }) => emit.op(row.tensorflow, inputs, float),
    tfjs: ({ tf, inputs }) => row.tfjs(tf, at(inputs, 0)),
    flops: (node) => sizeOf(typeOf(node).shape),
    samples: [
      { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], ...(row.draw && { draw: (_i, u) => row.draw!(u) }) },
    ],
  });
}

interface BinaryRow {
  readonly name: string;
  readonly doc: string;
  readonly value: (a: number, b: number) => number;
  readonly result?: DType;
  /** Cotangents of both operands before broadcasting is undone; undefined for comparisons. */
  readonly vjp?: (
    b: GraphBuilder,
    x: Node,
    y: Node,
    dy: Node,
    result: Node,
  ) => readonly [() => Node, () => Node];
  readonly tensorflow: string;
  readonly tfjs: (tf: TensorFlow, a: Tfjs.Tensor, b: Tfjs.Tensor) => Tfjs.Tensor;
  readonly draw?: (index: number, uniform: number) => number;
}

/** Sends the cotangent of maximum and minimum to the chosen operand, to the first where both are equal. */
function chosen(comparison: string) {
  return (b: GraphBuilder, x: Node, y: Node, dy: Node): readonly [() => Node, () => Node] => {
    const first = () => b.op(comparison, [x, y]);
    const zero = b.constant(0);
    return [() => b.op('select', [first(), dy, zero]), () => b.op('select', [first(), zero, dy])];
  };
}

const binaryRows: readonly BinaryRow[] = [
  {
    name: 'add',
    doc: 'a + b, broadcast.',
    value: (a, b) => a + b,
    vjp: (_b, _x, _y, dy) => [() => dy, () => dy],
    tensorflow: 'AddV2',
    tfjs: (tf, a, b) => tf.add(a, b),
  },
  {
    name: 'sub',
    doc: 'a - b, broadcast.',
    value: (a, b) => a - b,
    vjp: (b, _x, _y, dy) => [() => dy, () => b.op('neg', [dy])],
    tensorflow: 'Sub',
    tfjs: (tf, a, b) => tf.sub(a, b),
  },
  {
    name: 'mul',
    doc: 'a * b, broadcast.',
    value: (a, b) => a * b,
    vjp: (b, x, y, dy) => [() => b.mul(dy, y), () => b.mul(dy, x)],
    tensorflow: 'Mul',
    tfjs: (tf, a, b) => tf.mul(a, b),
  },
  {
    name: 'div',
    doc: 'a / b, broadcast.',
    value: (a, b) => a / b,
    vjp: (b, _x, y, dy, result) => [() => b.div(dy, y), () => b.op('neg', [b.div(b.mul(dy, result), y)])],
    tensorflow: 'RealDiv',
    tfjs: (tf, a, b) => tf.div(a, b),
    draw: (index, u) => (index === 0 ? u : awayFromZero(u)),
  },
  {
    name: 'maximum',
    doc: 'The larger of a and b, broadcast; where they are equal the gradient goes to a.',
    value: Math.max,
    vjp: chosen('greater_equal'),
    tensorflow: 'Maximum',
    tfjs: (tf, a, b) => tf.maximum(a, b),
  },
  {
    name: 'minimum',
    doc: 'The smaller of a and b, broadcast; where they are equal the gradient goes to a.',
    value: Math.min,
    vjp: chosen('less_equal'),
    tensorflow: 'Minimum',
    tfjs: (tf, a, b) => tf.minimum(a, b),
  },
  {
    name: 'greater_equal',
    doc: 'Whether a >= b, broadcast.',
    value: (a, b) => Number(a >= b),
    result: 'bool',
    tensorflow: 'GreaterEqual',
    tfjs: (tf, a, b) => tf.greaterEqual(a, b),
  },
  {
    name: 'less_equal',
    doc: 'Whether a <= b, broadcast.',
    value: (a, b) => Number(a <= b),
    result: 'bool',
    tensorflow: 'LessEqual',
    tfjs: (tf, a, b) => tf.lessEqual(a, b),
  },
];

function binary(row: BinaryRow): OpDefinition {
  const rule = row.vjp;
  return defineOp({
    name: row.name,
    doc: row.doc,
    operands: ['a', 'b'],
    infer: ([a, b], _attrs, check) => {
      checkFloat([a!, b!], check);
      return { dtype: row.result ?? 'f32', shape: broadcastResult(a!, b!, check) };
    },
    vjp: rule
      ? ({ b, node, x, dy }) => {
          const [left, right] = [at(x, 0), at(x, 1)];
          const [forLeft, forRight] = rule(b, left, right, dy, node);
          return [
            () => unbroadcast(b, forLeft(), typeOf(left).shape),
            () => unbroadcast(b, forRight(), typeOf(right).shape),
          ];
        }
      : { nondifferentiable: 'a comparison is constant almost everywhere' },
    reference: ([a, b], node) =>
      tabulate(typeOf(node).shape, (i) => row.value(entryAt(a!, i), entryAt(b!, i))),
    tensorflow: ({ emit, inputs }) => emit.op(row.tensorflow, inputs, float),
    tfjs: ({ tf, inputs }) => row.tfjs(tf, at(inputs, 0), at(inputs, 1)),
    flops: (node) => sizeOf(typeOf(node).shape),
    samples: (
      [
        [
          [2, 3, 4],
          [2, 3, 4],
        ],
        [[2, 3, 4], [4]],
        [
          [2, 1, 4],
          [3, 1],
        ],
        [[], [3]],
      ] as const
    ).map(([a, b]) => ({
      operands: [
        { dtype: 'f32' as const, shape: a },
        { dtype: 'f32' as const, shape: b },
      ],
      ...(row.draw && { draw: row.draw }),
    })),
  });
}

const leakyRelu = defineOp({
  name: 'leaky_relu',
  doc: 'Leaves positive values alone and scales the others by `slope`; slope 0 is ReLU.',
  operands: ['x'],
  attrs: { slope: 'factor of negative values, 0 <= slope < 1' },
  infer: (types, attrs, check) => {
    checkFloat(types, check);
    const slope = number(attrs, 'slope');
    check(slope >= 0 && slope < 1, 'slope is at least 0 and below 1', String(slope));
    return at(types, 0);
  },
  vjp: ({ b, node, x, dy }) => [() => b.op('leaky_relu_grad', [dy, at(x, 0)], node.attrs)],
  reference: ([x], node) => {
    const slope = number(node.attrs, 'slope');
    return { shape: x!.shape, data: x!.data.map((v) => (v > 0 ? v : slope * v)) };
  },
  tensorflow: ({ emit, inputs, node }) => {
    const slope = number(node.attrs, 'slope');
    return slope === 0
      ? emit.op('Relu', inputs, float)
      : emit.op('LeakyRelu', inputs, { ...float, alpha: { float: slope } });
  },
  tfjs: ({ tf, inputs, node }) => {
    const slope = number(node.attrs, 'slope');
    return slope === 0 ? tf.relu(at(inputs, 0)) : tf.leakyRelu(at(inputs, 0), slope);
  },
  flops: (node) => sizeOf(typeOf(node).shape),
  samples: [0.2, 0].map((slope) => ({
    operands: [{ dtype: 'f32' as const, shape: [2, 3, 4] }],
    attrs: { slope },
    draw: (_i: number, u: number) => awayFromZero(u),
  })),
});

const leakyReluGrad = defineOp({
  name: 'leaky_relu_grad',
  doc: 'dy where x > 0 and slope * dy elsewhere: the cotangent of leaky_relu in one pass.',
  operands: ['dy', 'x'],
  attrs: { slope: 'factor of negative values' },
  infer: ([dy, x], _attrs, check) => {
    checkFloat([dy!, x!], check);
    check(String(dy!.shape) === String(x!.shape), 'dy and x have one shape');
    return dy!;
  },
  vjp: ({ b, node, x, dy }) => [
    () => b.op('leaky_relu_grad', [dy, at(x, 1)], node.attrs),
    undefined, // piecewise constant in x
  ],
  reference: ([dy, x], node) => {
    const slope = number(node.attrs, 'slope');
    return { shape: dy!.shape, data: dy!.data.map((v, i) => (x!.data[i]! > 0 ? v : slope * v)) };
  },
  tensorflow: ({ emit, inputs, node }) => {
    const slope = number(node.attrs, 'slope');
    return slope === 0
      ? emit.op('ReluGrad', inputs, float)
      : emit.op('LeakyReluGrad', inputs, { ...float, alpha: { float: slope } });
  },
  tfjs: ({ tf, inputs, node }) => {
    const [dy, x] = [at(inputs, 0), at(inputs, 1)];
    // A mask of 1 and slope rather than a select: every backend has these kernels, and they are fast.
    return tf.mul(dy, tf.step(x, number(node.attrs, 'slope')));
  },
  flops: (node) => sizeOf(typeOf(node).shape),
  samples: [0.2, 0].map((slope) => ({
    operands: [
      { dtype: 'f32' as const, shape: [2, 3, 4] },
      { dtype: 'f32' as const, shape: [2, 3, 4] },
    ],
    attrs: { slope },
    draw: (index: number, u: number) => (index === 1 ? awayFromZero(u) : u),
  })),
});

const select = defineOp({
  name: 'select',
  doc: 'a where the condition holds and b elsewhere, broadcast.',
  operands: ['condition', 'a', 'b'],
  infer: ([condition, a, b], _attrs, check) => {
    check(condition!.dtype === 'bool', 'the condition is boolean', condition!.dtype);
    checkFloat([a!, b!], check);
    const branches = { dtype: 'f32' as const, shape: broadcastResult(a!, b!, check) };
    return { dtype: 'f32', shape: broadcastResult(condition!, branches, check) };
  },
  vjp: ({ b, x, dy }) => [
    undefined,
    () => unbroadcast(b, b.op('select', [at(x, 0), dy, b.constant(0)]), typeOf(at(x, 1)).shape),
    () => unbroadcast(b, b.op('select', [at(x, 0), b.constant(0), dy]), typeOf(at(x, 2)).shape),
  ],
  reference: ([condition, a, b], node) =>
    tabulate(typeOf(node).shape, (i) => (entryAt(condition!, i) !== 0 ? entryAt(a!, i) : entryAt(b!, i))),
  tensorflow: ({ emit, inputs }) => emit.op('SelectV2', inputs, float),
  tfjs: ({ tf, inputs, node }) => {
    const [condition, a, b] = [0, 1, 2].map((index) => broadcast(tf, at(inputs, index), typeOf(node).shape));
    return tf.where(condition!, a!, b!);
  },
  flops: (node) => sizeOf(typeOf(node).shape),
  samples: (
    [
      [[2, 3], [2, 3], []],
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      [[3], [2, 1], [2, 3]],
    ] as const
  ).map(([condition, a, b]) => ({
    operands: [
      { dtype: 'bool' as const, shape: condition },
      { dtype: 'f32' as const, shape: a },
      { dtype: 'f32' as const, shape: b },
    ],
    draw: (index: number, u: number) => (index === 0 ? Number(u > 0) : u),
  })),
});

const cast = defineOp({
  name: 'cast',
  doc: 'The same numbers with another dtype; booleans become 0 and 1.',
  operands: ['x'],
  attrs: { to: 'f32' },
  infer: ([x], attrs, check) => {
    check(text(attrs, 'to') === 'f32', 'casts go to f32', text(attrs, 'to'));
    return { dtype: 'f32', shape: x!.shape };
  },
  // Integers and booleans have no gradient.
  vjp: ({ x, dy }) => [typeOf(at(x, 0)).dtype === 'f32' ? () => dy : undefined],
  reference: ([x]) => x!,
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('Cast', inputs, { SrcT: { type: typeOf(at(node.operands, 0)).dtype }, DstT: { type: 'f32' } }),
  tfjs: ({ tf, inputs }) => tf.cast(at(inputs, 0), 'float32'),
  flops: () => 0,
  samples: (['i32', 'bool', 'f32'] as const).map((dtype) => ({
    operands: [{ dtype, shape: [2, 3] }],
    attrs: { to: 'f32' },
  })),
});

export const pointwiseOps: readonly OpDefinition[] = [
  ...unaryRows.map(unary),
  ...binaryRows.map(binary),
  leakyRelu,
  leakyReluGrad,
  select,
  cast,
];

/** Names the ops that compute each entry from the operands' entries at the same place. */
export const pointwiseNames: ReadonlySet<string> = new Set(pointwiseOps.map(({ name }) => name));
