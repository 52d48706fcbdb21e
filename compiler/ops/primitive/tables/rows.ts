/**
 * Reads of rows by pixels, `expand_rows`, and its adjoint, `collect_rows`: both are linear, and so closed under differentiation.
 */
import { shapeOf, typeOf, type Cotangents, type Op } from '../../../ir/node.ts';
import { defineOp, type Method } from '../../../ir/op.ts';
import { f32, i32, sizeOf } from '../../../ir/types.ts';
import { at, checkRank, emitGather, wildId } from '../support.ts';
import { checkIndices, checkRows, leadsTo } from './indices.ts';
import {
  emitReshape,
  emitRowOfZeros,
  emitRows,
  emitSegmentSums,
  emitWhereLeads,
  likeAttrs,
} from './tensorflow.ts';
import { segmentSums, whereLeads, withRowOfZeros } from './tfjs.ts';

export const expandRows = defineOp({
  name: 'expand_rows',
  doc: 'Gives every pixel its row of a table: table [T,C] and pixels [N,H,W] make [N,H,W,C]. Pixels outside 0 .. T - 1 get zeros.',
  operands: ['table', 'pixels'],
  infer: ({ table, pixels }, check) => {
    checkRows(table, 'table', check);
    checkIndices(pixels, 'pixels', 3, check);
    return f32(...pixels.shape, at(table.shape, 1));
  },
  vjp: ({ table, pixels }, { b, dy }): Cotangents => [() => b.collectRows(dy, pixels, table), undefined],
  reference: ({ table, pixels }) => {
    const [rows, channels] = [at(table.shape, 0), at(table.shape, 1)];
    const data = new Float64Array(pixels.data.length * channels);
    pixels.data.forEach((row, pixel) => {
      if (leadsTo(row, rows))
        data.set(table.data.subarray(row * channels, (row + 1) * channels), pixel * channels);
    });
    return { shape: [...pixels.shape, channels], data };
  },
  tensorflow: ({ table, pixels }, { emit, node, target }) => {
    if (target.kernels) return emit.op('SpadeworkExpandRows', [table, pixels]);
    const rows = emitRows(emit, table, typeOf(at(node.operands, 0)));
    const found = emitWhereLeads(emit, pixels, rows, pixels, rows);
    return emitGather(emit, 'f32', emitRowOfZeros(emit, table), found, 0);
  },
  tfjs: ({ table, pixels }, { tf, node }) => {
    const rows = at(table.shape, 0);
    const found = whereLeads(tf, pixels, rows, pixels, rows);
    return tf.reshape(tf.gather(withRowOfZeros(tf, table), found), [...shapeOf(node)]);
  },
  traits: { isCheap: true },
  fuse: () => ({ kind: 'rows' }),
  flops: () => 0,
  samples: [
    {
      operands: [f32(4, 3), i32(2, 3, 5)],
      draw: (index, u) => (index === 1 ? Math.floor(2 * u + 2) : u),
    },
    { operands: [f32(4, 3), i32(2, 3, 5)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
  ],
});

export const collectRows = defineOp({
  name: 'collect_rows',
  doc:
    'The cotangent of expand_rows for its table, which has as many rows as `like`: row t is the sum of dy [N,H,W,C] over the ' +
    'pixels [N,H,W] that read it. Pixels outside 0 .. T - 1 are left out.',
  operands: ['dy', 'pixels', 'like'],
  infer: ({ dy, pixels, like }, check) => {
    check(dy.dtype === 'f32', 'dy is floating-point', dy.dtype);
    checkRank(dy, 4, 'dy', check);
    checkIndices(pixels, 'pixels', 3, check);
    check(
      String(dy.shape.slice(0, 3)) === String(pixels.shape),
      'there is one row for each pixel',
      `pixels [${pixels.shape}], dy [${dy.shape}]`,
    );
    checkRank(like, 2, 'like', check);
    return f32(at(like.shape, 0), at(dy.shape, 3));
  },
  vjp: ({ pixels }, { b, dy }): Cotangents => [() => b.expandRows(dy, pixels), undefined, undefined],
  reference: ({ dy, pixels, like }) => {
    const [rows, channels] = [at(like.shape, 0), at(dy.shape, 3)];
    const data = new Float64Array(rows * channels);
    pixels.data.forEach((row, pixel) => {
      if (!leadsTo(row, rows)) return;
      for (let c = 0; c < channels; c++) data[row * channels + c]! += dy.data[pixel * channels + c]!;
    });
    return { shape: [rows, channels], data };
  },
  tensorflow: ({ dy, pixels, like }, { emit, node, target }) => {
    const likeType = typeOf(at(node.operands, 2));
    if (target.kernels) return emit.op('SpadeworkCollectRows', [dy, pixels, like], likeAttrs(likeType));
    const channels = at(shapeOf(node), 1);
    const rows = emitRows(emit, like, likeType);
    const found = emitWhereLeads(emit, pixels, rows, pixels, emit.constant('i32', [], [-1]));
    return emitSegmentSums(
      emit,
      emitReshape(emit, dy, [-1, channels], 'f32'),
      emitReshape(emit, found, [-1], 'i32'),
      rows,
    );
  },
  tfjs: ({ dy, pixels, like }, { tf }) => {
    const flat = tf.reshape(dy, [-1, at(dy.shape, 3)]);
    const rows = at(like.shape, 0);
    return segmentSums(tf, flat, whereLeads(tf, pixels, rows, pixels, rows), rows);
  },
  fuse: () => ({ kind: 'collect' }),
  flops: ({ dy }) => sizeOf(dy.shape),
  samples: [
    {
      operands: [f32(2, 3, 5, 3), i32(2, 3, 5), f32(4, 3)],
      draw: (index, u) => (index === 1 ? Math.floor(2 * u + 2) : u),
    },
    {
      operands: [f32(2, 3, 5, 3), i32(2, 3, 5), f32(4, 3)],
      draw: (index, u) => (index === 1 ? wildId(u) : u),
    },
    // A large region of equal numbers: adding them up one by one in float32 would lose digits.
    {
      operands: [f32(1, 128, 128, 1), i32(1, 128, 128), f32(2, 1)],
      draw: (index) => (index === 1 ? 1 : 0.1),
    },
  ],
});

export const rowOps: readonly Op[] = [expandRows, collectRows];

declare module '../../../ir/node.ts' {
  interface Builder {
    expandRows: Method<typeof expandRows>;
    collectRows: Method<typeof collectRows>;
  }
}
