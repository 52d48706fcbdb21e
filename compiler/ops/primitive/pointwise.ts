/** The pointwise ops that are core: functions of one number, arithmetic with broadcasting, choice and casts. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../../ir/emitter.ts';
import {
  shapeOf,
  typeOf,
  type Builder,
  type Cotangents,
  type Differentiation,
  type Instruction,
  type Node,
  type TfContext,
  type TfjsContext,
  type Traits,
} from '../../ir/node.ts';
import { defineOp, oneOf, type Method, type NoAttrs, type OpOf } from '../../ir/op.ts';
import { f32, sizeOf, type DType } from '../../ir/types.ts';
import {
  broadcast,
  broadcastResult,
  checkFloat,
  entryAt,
  float,
  handedOn,
  tabulate,
  unbroadcast,
} from './support.ts';

/** What the entry of a function of one number says, whatever it is made of. */
export interface UnaryEntry {
  readonly name: string;
  readonly doc: string;
  readonly edges?: string;
  /** The cotangent of x from that of y; left out where the function is constant between its steps. */
  readonly vjp?: (b: Builder, x: Node, y: Node, dy: Node) => Node;
  readonly tensorflow: string;
  readonly tfjs: (tf: TensorFlow, x: Tfjs.Tensor) => Tfjs.Tensor;
  readonly instruction: Instruction;
  /** Whether its values stay within bounds, whatever it is given. */
  readonly isBounded?: true;
  /** Maps a uniform number in [-1, 1) into the domain, away from kinks and poles. */
  readonly draw?: (uniform: number) => number;
}

interface UnaryRow extends UnaryEntry {
  readonly value: (x: number) => number;
}

export const traits: Traits = { isPointwise: true, isCheap: true };

/** One operation for each entry of the result. */
export const entries = (_types: unknown, node: Node): number => sizeOf(shapeOf(node));

export const awayFromZero = (u: number): number => u + Math.sign(u || 1) * 0.2;
export const positive = (u: number): number => 1.3 + u;

/**
 * e^x = 2^n e^r with |r| <= ln(2) / 2, where e^r is a polynomial; as libraries of special functions do it. Comparisons are written so
 * that what is not a number stays that.
 */
const exponential = `
  constexpr float highest = 88.73f, lowest = -104.0f;
  x = x > highest ? highest : x;
  x = x < lowest ? lowest : x;
  constexpr float to_integer = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = (x * 1.44269504f + to_integer) - to_integer;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = (p * r * r + r) + 1.0f;
  // In two factors, so that the largest and the smallest results are reached.
  const int32_t exponent = static_cast<int32_t>(n);
  const int32_t half = exponent >> 1;
  return power * PowerOfTwo(half) * PowerOfTwo(exponent - half);`;

/** ln(x) = e ln(2) + ln(m) with m between sqrt(1/2) and sqrt(2), where ln(m) is a polynomial. */
const logarithm = `
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const bool is_tiny = x < 1.17549435e-38f;
  const float scaled = is_tiny ? x * 8388608.0f : x;
  const int32_t bits = BitsOf(scaled);
  int32_t exponent = ((bits >> 23) & 0xff) - 126 - (is_tiny ? 23 : 0);
  float m = FromBits((bits & 0x007fffff) | 0x3f000000);
  const bool is_low = m < 0.707106781f;
  exponent -= is_low ? 1 : 0;
  m = (is_low ? m + m : m) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m, e = static_cast<float>(exponent);
  const float rest = p * m * square - e * 2.12194440e-4f - 0.5f * square;
  const float regular = m + rest + e * 0.693359375f;
  const float special = x == 0.0f ? -infinity : x == infinity ? infinity : std::numeric_limits<float>::quiet_NaN();
  return x > 0.0f && x < infinity ? regular : special;`;

/** A polynomial near 0, where 1 - 2 / (e^2x + 1) would lose digits. */
const hyperbolicTangent = `
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float near = p * square * x + x;
  const float far = 1.0f - 2.0f / (exp(2.0f * x) + 1.0f);
  return std::fabs(x) < 0.625f ? near : far;`;

export type Unary = OpOf<readonly ['x'], NoAttrs>;

const unaryOperands = ['x'] as const;

/** The rules that all functions of one number have. */
export const unaryRules = (row: UnaryEntry) => ({
  name: row.name,
  doc: row.doc,
  ...(row.edges !== undefined && { edges: row.edges }),
  operands: unaryOperands,
  vjp: ({ x }: { readonly x: Node }, { b, node, dy }: Differentiation): Cotangents => {
    const { vjp } = row;
    return [vjp && (() => vjp(b, x, node, dy))];
  },
  tensorflow: ({ x }: { readonly x: string }, { emit }: TfContext) => emit.op(row.tensorflow, [x], float),
  tfjs: ({ x }: { readonly x: Tfjs.Tensor }, { tf }: TfjsContext) => row.tfjs(tf, x),
  traits: row.isBounded ? { ...traits, isBounded: true as const } : traits,
  instruction: row.instruction,
  flops: entries,
  samples: [
    { operands: [f32(2, 3, 4)], ...(row.draw && { draw: (_i: number, u: number) => row.draw?.(u) ?? u }) },
  ],
});

/** Defines a function of one number. */
export function unary(row: UnaryRow): Unary {
  return defineOp({
    ...unaryRules(row),
    infer: ({ x }, check) => {
      checkFloat([x], check);
      return x;
    },
    reference: ({ x }) => ({ shape: x.shape, data: x.data.map(row.value) }),
  });
}

export const neg: Unary = unary({
  name: 'neg',
  doc: '-x',
  edges: 'zeros change their sign too, as in torch.neg',
  value: (x) => -x,
  vjp: (b, _x, _y, dy) => b.neg(dy),
  tensorflow: 'Neg',
  tfjs: (tf, x) => tf.neg(x),
  instruction: { cpp: '-x' },
});

export const exp: Unary = unary({
  name: 'exp',
  doc: 'e to the power of x',
  edges: 'Infinity where float32 has no number as large, 0 at -Infinity, as torch.exp',
  value: Math.exp,
  vjp: (b, _x, y, dy) => b.mul(dy, y),
  tensorflow: 'Exp',
  tfjs: (tf, x) => tf.exp(x),
  instruction: { cpp: exponential },
});

export const log: Unary = unary({
  name: 'log',
  doc: 'The natural logarithm of x.',
  edges: '-Infinity at 0 and NaN below; the gradient is dy / x there too, as that of torch.log',
  value: Math.log,
  vjp: (b, x, _y, dy) => b.div(dy, x),
  tensorflow: 'Log',
  tfjs: (tf, x) => tf.log(x),
  draw: positive,
  instruction: { cpp: logarithm },
});

export const sqrt: Unary = unary({
  name: 'sqrt',
  doc: 'The square root of x.',
  edges: 'NaN below 0; the gradient at 0 is infinite, NaN where dy is 0, as that of torch.sqrt',
  value: Math.sqrt,
  vjp: (b, _x, y, dy) => b.div(b.mul(dy, 0.5), y),
  tensorflow: 'Sqrt',
  tfjs: (tf, x) => tf.sqrt(x),
  draw: positive,
  instruction: { cpp: 'std::sqrt(x)' },
});

export const tanh: Unary = unary({
  name: 'tanh',
  isBounded: true,
  doc: 'The hyperbolic tangent of x.',
  edges: '-1 and 1 at infinities, with gradient 0, as torch.tanh',
  value: Math.tanh,
  vjp: (b, _x, y, dy) => b.mul(dy, b.sub(b.constant({ value: 1 }), b.square(y))),
  tensorflow: 'Tanh',
  tfjs: (tf, x) => tf.tanh(x),
  instruction: { cpp: hyperbolicTangent },
});

/** What the entry of a function of two numbers says, whatever it is made of. */
export interface BinaryEntry {
  readonly name: string;
  readonly doc: string;
  readonly edges?: string;
  /** Cotangents of both operands before broadcasting is undone; undefined for comparisons. */
  readonly vjp?: (b: Builder, x: Node, y: Node, dy: Node, result: Node) => readonly [() => Node, () => Node];
  readonly tensorflow: string;
  readonly tfjs: (tf: TensorFlow, a: Tfjs.Tensor, b: Tfjs.Tensor) => Tfjs.Tensor;
  readonly instruction: Instruction;
  readonly draw?: (index: number, uniform: number) => number;
}

interface BinaryRow extends BinaryEntry {
  readonly value: (a: number, b: number) => number;
  readonly result?: DType;
}

/** What is said of the edges of maximum and minimum. */
export const chosenEdges = (pytorch: string): string =>
  `where a and b are equal, each gets half of the gradient; where either is NaN, so is the result, and both get the gradient, as in ${pytorch}`;

/** Sends the cotangent of maximum and minimum to the chosen operand, half to each where both are equal, and to both where either is no number. */
export function chosen(isFirst: 'greaterEqual' | 'lessEqual', isSecond: 'greaterEqual' | 'lessEqual') {
  return (b: Builder, x: Node, y: Node, dy: Node): readonly [() => Node, () => Node] => {
    const shareWhere = (own: Node, other: Node): Node =>
      b.select(other, b.select(own, b.mul(dy, 0.5), b.constant({ value: 0 })), dy);
    const first = (): Node => b[isFirst](x, y);
    const second = (): Node => b[isSecond](x, y);
    return [() => shareWhere(first(), second()), () => shareWhere(second(), first())];
  };
}

export type Binary = OpOf<readonly ['a', 'b'], NoAttrs>;

const binaryOperands = ['a', 'b'] as const;

/** The rules that all functions of two numbers have. */
export const binaryRules = (row: BinaryEntry) => ({
  name: row.name,
  doc: row.doc,
  ...(row.edges !== undefined && { edges: row.edges }),
  operands: binaryOperands,
  vjp: cotangentsOf(row),
  tensorflow: ({ a, b }: Pair<string>, { emit }: TfContext) => emit.op(row.tensorflow, [a, b], float),
  tfjs: ({ a, b }: Pair<Tfjs.Tensor>, { tf }: TfjsContext) => row.tfjs(tf, a, b),
  traits,
  instruction: row.instruction,
  flops: entries,
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

interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

function cotangentsOf({ vjp: rule }: BinaryEntry) {
  if (!rule) return { nondifferentiable: 'a comparison is constant almost everywhere' };
  return ({ a: left, b: right }: Pair<Node>, { b, node, dy }: Differentiation): Cotangents => {
    const [forLeft, forRight] = rule(b, left, right, dy, node);
    return [() => unbroadcast(b, forLeft(), shapeOf(left)), () => unbroadcast(b, forRight(), shapeOf(right))];
  };
}

function binary(row: BinaryRow): Binary {
  return defineOp({
    ...binaryRules(row),
    infer: ({ a, b }, check) => {
      checkFloat([a, b], check);
      return { dtype: row.result ?? 'f32', shape: broadcastResult(a, b, check) };
    },
    reference: ({ a, b }, node) => tabulate(shapeOf(node), (i) => row.value(entryAt(a, i), entryAt(b, i))),
  });
}

export const add: Binary = binary({
  name: 'add',
  doc: 'a + b, broadcast.',
  edges: 'infinities of both signs give NaN, as in torch.add',
  value: (a, b) => a + b,
  vjp: (_b, _x, _y, dy) => [() => dy, () => dy],
  tensorflow: 'AddV2',
  tfjs: (tf, a, b) => tf.add(a, b),
  instruction: { cpp: 'a + b', role: 'sum' },
});

export const sub: Binary = binary({
  name: 'sub',
  doc: 'a - b, broadcast.',
  edges: 'infinities of one sign give NaN, as in torch.sub',
  value: (a, b) => a - b,
  vjp: (b, _x, _y, dy) => [() => dy, () => b.neg(dy)],
  tensorflow: 'Sub',
  tfjs: (tf, a, b) => tf.sub(a, b),
  instruction: { cpp: 'a - b' },
});

export const mul: Binary = binary({
  name: 'mul',
  doc: 'a * b, broadcast.',
  edges: '0 times an infinity is NaN, in gradients too, as in torch.mul',
  value: (a, b) => a * b,
  vjp: (b, x, y, dy) => [() => b.mul(dy, y), () => b.mul(dy, x)],
  tensorflow: 'Mul',
  tfjs: (tf, a, b) => tf.mul(a, b),
  instruction: { cpp: 'a * b', role: 'product' },
});

export const div: Binary = binary({
  name: 'div',
  doc: 'a / b, broadcast.',
  edges: 'infinite where only b is 0, with the signs of both, and NaN where both are 0, as torch.div',
  value: (a, b) => a / b,
  vjp: (b, _x, y, dy, result) => [() => b.div(dy, y), () => b.neg(b.div(b.mul(dy, result), y))],
  tensorflow: 'RealDiv',
  tfjs: (tf, a, b) => tf.div(a, b),
  draw: (index, u) => (index === 0 ? u : awayFromZero(u)),
  instruction: { cpp: 'a / b' },
});

/** 0 where x is a number. WebAssembly's maximum and minimum are numbers where the second operand is none. */
export const zeroOrNone = (tf: TensorFlow, x: Tfjs.Tensor): Tfjs.Tensor => tf.mul(tf.step(x), 0);

export const maximum: Binary = binary({
  name: 'maximum',
  doc: 'The larger of a and b, broadcast.',
  edges: chosenEdges('torch.maximum'),
  value: Math.max,
  vjp: chosen('greaterEqual', 'lessEqual'),
  tensorflow: 'Maximum',
  tfjs: (tf, a, b) => tf.add(tf.maximum(a, b), zeroOrNone(tf, b)),
  instruction: { cpp: 'a >= b || a != a ? a : b' },
});

export const greaterEqual: Binary = binary({
  name: 'greater_equal',
  doc: 'Whether a >= b, broadcast.',
  edges: 'false where either is NaN; zeros of either sign are equal, as in torch.ge',
  value: (a, b) => Number(a >= b),
  result: 'bool',
  tensorflow: 'GreaterEqual',
  tfjs: (tf, a, b) => tf.greaterEqual(a, b),
  instruction: { cpp: 'a >= b ? 1.0f : 0.0f' },
});

export const select = defineOp({
  name: 'select',
  doc: 'a where the condition holds and b elsewhere, broadcast.',
  edges: 'what is not chosen does not count, not even NaN, and its gradient is 0, as in torch.where',
  operands: ['condition', 'a', 'b'],
  infer: ({ condition, a, b }, check) => {
    check(condition.dtype === 'bool', 'the condition is boolean', condition.dtype);
    checkFloat([a, b], check);
    return f32(...broadcastResult(condition, f32(...broadcastResult(a, b, check)), check));
  },
  vjp: ({ condition, a, b: other }, { b, dy }): Cotangents => [
    undefined,
    () => unbroadcast(b, b.select(condition, dy, 0), shapeOf(a)),
    () => unbroadcast(b, b.select(condition, b.constant({ value: 0 }), dy), shapeOf(other)),
  ],
  reference: ({ condition, a, b }, node) =>
    tabulate(shapeOf(node), (i) => (entryAt(condition, i) !== 0 ? entryAt(a, i) : entryAt(b, i))),
  tensorflow: ({ condition, a, b }, { emit }) => emit.op('SelectV2', [condition, a, b], float),
  tfjs: ({ condition, a, b }, { tf, node }) => {
    const filled = (x: Tfjs.Tensor): Tfjs.Tensor => broadcast(tf, x, shapeOf(node));
    return tf.where(filled(condition), filled(a), filled(b));
  },
  traits,
  instruction: { cpp: 'condition != 0.0f ? a : b' },
  flops: entries,
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
    operands: [{ dtype: 'bool', shape: condition }, f32(...a), f32(...b)],
    draw: (index, u) => (index === 0 ? Number(u > 0) : u),
  })),
});

export const cast = defineOp({
  name: 'cast',
  doc: 'The same numbers with another dtype; booleans become 0 and 1.',
  edges: handedOn,
  operands: ['x'],
  attrs: { to: oneOf(['f32'], 'the other dtype') },
  infer: ({ x, to }) => ({ dtype: to, shape: x.shape }),
  // Integers and booleans have no gradient.
  vjp: ({ x }, { dy }): Cotangents => [typeOf(x).dtype === 'f32' ? () => dy : undefined],
  reference: ({ x }) => x,
  tensorflow: ({ x, to }, { emit, node }) =>
    emit.op('Cast', [x], { SrcT: { type: typeOf(node.operands[0]!).dtype }, DstT: { type: to } }),
  tfjs: ({ x }, { tf }) => tf.cast(x, 'float32'),
  traits,
  instruction: { cpp: 'x', attrs: { to: 'f32' } },
  flops: () => 0,
  samples: (['i32', 'bool', 'f32'] as const).map((dtype) => ({
    operands: [{ dtype, shape: [2, 3] }],
    attrs: { to: 'f32' as const },
  })),
});

declare module '../../ir/node.ts' {
  interface Builder {
    neg: Method<Unary>;
    exp: Method<Unary>;
    log: Method<Unary>;
    sqrt: Method<Unary>;
    tanh: Method<Unary>;
    add: Method<Binary>;
    sub: Method<Binary>;
    mul: Method<Binary>;
    div: Method<Binary>;
    maximum: Method<Binary>;
    greaterEqual: Method<Binary>;
    select: Method<typeof select>;
    cast: Method<typeof cast>;
  }
}
