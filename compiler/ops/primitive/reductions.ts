/** The ops that reduce axes to one entry: sum and max. */
import type { Fact } from '../../locality/facts.ts';
import type { Walk } from '../../locality/rule.ts';
import { type Node, shapeOf, type Check, type Cotangents, type Op, type TfContext } from '../../ir/node.ts';
import type { RefTensor } from '../../ir/emitter.ts';
import { defineOp, flag, list, type Method } from '../../ir/op.ts';
import { f32, sameShape, sizeOf, type Shape, type TensorType } from '../../ir/types.ts';
import { addAt, at, emitList, float, stridesOf, sumOver, sumRows, withoutOnes } from './support.ts';

/** What is reduced, and whether it stays with size 1. */
interface Reduction {
  readonly axes: readonly number[];
  readonly keep: boolean;
}

const keep = flag('whether they stay with size 1');

/** What reductions ask of x, and the shape that is left. */
function inferReduction(x: TensorType, { axes, keep }: Reduction, check: Check): TensorType {
  check(x.dtype === 'f32', 'x is floating-point', x.dtype);
  check(
    axes.every(
      (axis, i) =>
        Number.isInteger(axis) && axis >= 0 && axis < x.shape.length && (i === 0 || axis > at(axes, i - 1)),
    ),
    'axes are axes of x in ascending order',
    `[${axes}] of [${x.shape}]`,
  );
  const shape = x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size]));
  return { dtype: 'f32', shape };
}

/** Gives a shape with size 1 in place of the axes that are reduced. */
const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** Combines the entries of x that fall together when `axes` are reduced, from `start` on, to a tensor of `shape`. */
function reduceEntries(
  x: RefTensor,
  axes: readonly number[],
  shape: Shape,
  start: number,
  combine: (data: Float64Array, target: number, value: number) => void,
): RefTensor {
  const kept = keptShape(x.shape, axes);
  const data = new Float64Array(sizeOf(kept)).fill(start);
  const from = stridesOf(x.shape);
  const to = stridesOf(kept);
  x.data.forEach((value, flat) => {
    let target = 0;
    for (let axis = 0; axis < kept.length; axis++)
      if (!axes.includes(axis)) target += (Math.floor(flat / at(from, axis)) % at(kept, axis)) * at(to, axis);
    combine(data, target, value);
  });
  return { shape, data };
}

/** Emits one of TensorFlow's reductions. */
function emitReduction(
  type: 'Sum' | 'Max',
  x: string,
  { axes, keep }: Reduction,
  { emit }: TfContext,
): string {
  return emit.op(type, [x, emitList(emit, axes)], {
    ...float,
    Tidx: { type: 'i32' },
    keep_dims: { bool: keep },
  });
}

/** Reductions over channels alone keep pixels apart. */
function overChannels({ operands: [x], attrs: { axes, keep } }: ReducingNode, walk: Walk): readonly Fact[] {
  const isOverChannels = String(axes) === '3' && keep;
  const whole = isOverChannels ? walk.whole(walk.asPixels(x, 4)) : undefined;
  return [whole && [{ channels: 1, pixels: whole }]];
}

/** Tells whether a reduction is over the last axis alone, and others are left: a value of each pixel. */
function isOverLast({ operands: [x], attrs: { axes } }: ReducingNode): boolean {
  const shape = shapeOf(x);
  const last = shape.length - 1;
  return axes.length === 1 && axes[0] === last && withoutOnes(shape.slice(0, last)).length > 0;
}

/** Tells whether a reduction is over pixels: over all of them, or over those of each picture. */
function isOverPixels({ operands: [x], attrs: { axes } }: ReducingNode): boolean {
  const shape = shapeOf(x);
  const kept = shape.flatMap((size, axis) => (size > 1 && !axes.includes(axis) ? [axis] : []));
  const isEnd = (axis: number): boolean => axis === shape.length - 1 || (axis === 0 && shape.length >= 3);
  return kept.every(isEnd) && kept.length < withoutOnes(shape).length;
}

type ReducingNode = Node & { readonly operands: readonly [Node]; readonly attrs: Reduction };

export const sum = defineOp({
  name: 'sum',
  doc: 'Adds x up over `axes`; with `keep` they stay as axes of size 1.',
  edges: 'infinities of both signs, or a NaN, give NaN, as torch.sum',
  operands: ['x'],
  attrs: { axes: list('axes to sum over, ascending'), keep },
  infer: ({ x, axes, keep }, check) => inferReduction(x, { axes, keep }, check),
  vjp: ({ x, axes }, { b, dy }): Cotangents => [
    () => {
      const shape = shapeOf(x);
      const kept = b.reshape(dy, { shape: keptShape(shape, axes) });
      return sameShape(shapeOf(kept), shape) ? kept : b.broadcastTo(kept, { shape });
    },
  ],
  reference: ({ x, axes }, node) => reduceEntries(x, axes, shapeOf(node), 0, addAt),
  tensorflow: ({ x, axes, keep }, context) => emitReduction('Sum', x, { axes, keep }, context),
  // WebAssembly's own sum transposes first, which takes 20 times as long as adding up rows.
  tfjs: ({ x, axes, keep }, { tf, node }) => {
    const [first = 0, last = -1] = [axes[0], axes.at(-1)];
    const before = sizeOf(x.shape.slice(0, first));
    const rows = sizeOf(x.shape.slice(first, last + 1));
    const after = sizeOf(x.shape.slice(last + 1));
    const inOneBlock = last - first + 1 === axes.length;
    if (!inOneBlock || after === 1 || before > 16) return tf.sum(x, [...axes], keep);
    const blocks = tf.reshape(x, [before * rows, after]);
    const sums = Array.from({ length: before }, (_, block) =>
      sumRows(tf, before === 1 ? blocks : tf.slice(blocks, [block * rows, 0], [rows, after])),
    );
    return tf.reshape(tf.concat(sums, 0), [...shapeOf(node)]);
  },
  fuse: (node) => {
    if (isOverLast(node)) return { kind: 'last', op: 'sum_last' };
    return isOverPixels(node) ? { kind: 'sum', axes: node.attrs.axes } : undefined;
  },
  actsOnParts: ({ axes }, axis) => axis === 0 && !axes.includes(axis),
  locality: overChannels,
  flops: ({ x }) => sizeOf(x.shape),
  samples: [
    { operands: [f32(2, 3, 4)], attrs: { axes: [1], keep: true } },
    { operands: [f32(2, 3, 4)], attrs: { axes: [0, 2], keep: false } },
    { operands: [f32(2, 3, 4)], attrs: { axes: [0, 1, 2], keep: false } },
    { operands: [f32(2, 3, 2, 4)], attrs: { axes: [1, 2], keep: true } },
    { operands: [f32(2, 3, 4)], attrs: { axes: [0, 1], keep: false } },
    { operands: [f32(17, 3, 4)], attrs: { axes: [1], keep: false } },
    // Many positive numbers: an engine that adds them one by one would lose digits.
    { operands: [f32(300, 500, 2)], attrs: { axes: [0, 1], keep: false }, draw: (_i, u) => u + 2 },
  ],
});

/** Keeps the larger of a value and what stands in its place. */
function keepLarger(data: Float64Array, target: number, value: number): void {
  data[target] = Math.max(data[target] ?? -Infinity, value);
}

export const max = defineOp({
  name: 'max',
  doc: 'The largest entry of x over `axes`; with `keep` they stay as axes of size 1.',
  edges:
    'equal entries share the gradient evenly, as in torch.amax: over several axes none of them is the first, which torch.max along one axis picks. A NaN gives NaN, and so does its gradient',
  operands: ['x'],
  attrs: { axes: list('axes to reduce, ascending'), keep },
  infer: ({ x, axes, keep }, check) => inferReduction(x, { axes, keep }, check),
  vjp: ({ x, axes }, { b, node, dy }): Cotangents => [
    () => {
      const shape = keptShape(shapeOf(x), axes);
      const mask = b.cast(b.greaterEqual(x, b.reshape(node, { shape })), { to: 'f32' });
      return b.mul(mask, b.div(b.reshape(dy, { shape }), sumOver(b, mask, axes)));
    },
  ],
  reference: ({ x, axes }, node) => reduceEntries(x, axes, shapeOf(node), -Infinity, keepLarger),
  tensorflow: ({ x, axes, keep }, context) => emitReduction('Max', x, { axes, keep }, context),
  tfjs: ({ x, axes, keep }, { tf }) => tf.max(x, [...axes], keep),
  fuse: (node) => (isOverLast(node) ? { kind: 'last', op: 'max_last' } : undefined),
  locality: overChannels,
  flops: ({ x }) => sizeOf(x.shape),
  samples: [
    { operands: [f32(2, 3, 4)], attrs: { axes: [2], keep: true } },
    { operands: [f32(2, 3, 4)], attrs: { axes: [0, 1], keep: false } },
    { operands: [f32(2, 3, 2, 4)], attrs: { axes: [0, 3], keep: true } },
    { operands: [f32(2, 3)], attrs: { axes: [0, 1], keep: false } },
  ],
});

export const reductionOps: readonly Op[] = [sum, max];

declare module '../../ir/node.ts' {
  interface Builder {
    sum: Method<typeof sum>;
    max: Method<typeof max>;
  }
}
