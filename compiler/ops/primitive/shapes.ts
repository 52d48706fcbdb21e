/** The ops that give entries another shape: reshape, transpose and broadcast. */
import { asOperand, pointwise } from '../../locality/rule.ts';
import { isPicture } from '../../locality/facts.ts';
import { sameShape, f32, i32, sizeOf } from '../../ir/types.ts';
import { shapeOf, typeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, list, type Method } from '../../ir/op.ts';
import {
  at,
  broadcast,
  emitList,
  entryAt,
  handedOn,
  inverseOrder,
  tabulate,
  unbroadcast,
  withoutOnes,
} from './support.ts';

export const reshape = defineOp({
  name: 'reshape',
  doc: 'The same entries, in row-major order, under another shape.',
  edges: handedOn,
  operands: ['x'],
  attrs: { shape: list('the new shape') },
  infer: ({ x, shape }, check) => {
    check(
      sizeOf(shape) === sizeOf(x.shape),
      'both shapes have the same number of entries',
      `[${x.shape}] to [${shape}]`,
    );
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x }, { b, dy }): Cotangents => [() => b.reshape(dy, { shape: shapeOf(x) })],
  reference: ({ x, shape }) => ({ shape, data: x.data }),
  tensorflow: ({ x, shape }, { emit, node }) =>
    emit.op('Reshape', [x, emitList(emit, shape)], {
      T: { type: typeOf(node).dtype },
      Tshape: { type: 'i32' },
    }),
  tfjs: ({ x, shape }, { tf }) => tf.reshape(x, [...shape]),
  traits: { isView: true, isCheap: true },
  fuse: (node) =>
    sameShape(withoutOnes(shapeOf(node)), withoutOnes(shapeOf(node.operands[0])))
      ? { kind: 'reshape' }
      : undefined,
  locality: (node, walk) => {
    const [x] = node.operands;
    const [from, to] = [shapeOf(x), shapeOf(node)];
    const keepsPixels = isPicture(from) && isPicture(to) && sameShape(from.slice(0, 3), to.slice(0, 3));
    return [keepsPixels ? walk.of(x) : undefined];
  },
  flops: () => 0,
  samples: [{ operands: [f32(2, 6)], attrs: { shape: [3, 4] } }],
});

export const transpose = defineOp({
  name: 'transpose',
  doc: 'Permutes the axes: axis i of the result is axis permutation[i] of x.',
  edges: handedOn,
  operands: ['x'],
  attrs: { permutation: list('which axis goes where') },
  infer: ({ x, permutation }, check) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    check(
      sorted.length === x.shape.length && sorted.every((axis, i) => axis === i),
      'permutation names every axis once',
      `[${permutation}]`,
    );
    return { dtype: x.dtype, shape: permutation.map((axis) => at(x.shape, axis)) };
  },
  vjp: ({ permutation }, { b, dy }): Cotangents => [
    () => b.transpose(dy, { permutation: inverseOrder(permutation) }),
  ],
  reference: ({ x, permutation }, node) => {
    const inverse = inverseOrder(permutation);
    return tabulate(shapeOf(node), (index) =>
      entryAt(
        x,
        inverse.map((axis) => at(index, axis)),
      ),
    );
  },
  tensorflow: ({ x, permutation }, { emit, node }) =>
    emit.op('Transpose', [x, emitList(emit, permutation)], {
      T: { type: typeOf(node).dtype },
      Tperm: { type: 'i32' },
    }),
  tfjs: ({ x, permutation }, { tf }) => tf.transpose(x, [...permutation]),
  locality: (node, walk) =>
    node.attrs.permutation.every((axis, index) => axis === index) ? asOperand(node, walk) : [undefined],
  flops: () => 0,
  samples: [{ operands: [f32(2, 3, 4)], attrs: { permutation: [2, 0, 1] } }],
});

export const broadcastTo = defineOp({
  name: 'broadcast_to',
  doc: 'Repeats x along its axes of size 1 (and new leading axes) until it has `shape`.',
  edges: handedOn,
  operands: ['x'],
  attrs: { shape: list('the shape to fill') },
  infer: ({ x, shape }, check) => {
    const extra = shape.length - x.shape.length;
    check(
      extra >= 0 && x.shape.every((size, axis) => size === 1 || size === shape[axis + extra]),
      'x broadcasts to shape',
      `[${x.shape}] to [${shape}]`,
    );
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x }, { b, dy }): Cotangents => [() => unbroadcast(b, dy, shapeOf(x))],
  reference: ({ x, shape }) => tabulate(shape, (index) => entryAt(x, index)),
  tensorflow: ({ x, shape }, { emit, node }) =>
    emit.op('BroadcastTo', [x, emitList(emit, shape)], {
      T: { type: typeOf(node).dtype },
      Tidx: { type: 'i32' },
    }),
  tfjs: ({ x, shape }, { tf }) => broadcast(tf, x, shape),
  traits: { isCheap: true },
  fuse: () => ({ kind: 'same' }),
  locality: pointwise,
  flops: () => 0,
  samples: [
    { operands: [f32(2, 1, 3)], attrs: { shape: [2, 4, 3] } },
    { operands: [f32()], attrs: { shape: [2, 2] } },
    { operands: [f32(2, 3)], attrs: { shape: [2, 3] } },
    { operands: [i32(3, 1)], attrs: { shape: [2, 3, 2] } },
  ],
});

export const shapeOps: readonly Op[] = [reshape, transpose, broadcastTo];

declare module '../../ir/node.ts' {
  interface Builder {
    reshape: Method<typeof reshape>;
    transpose: Method<typeof transpose>;
    broadcastTo: Method<typeof broadcastTo>;
  }
}
