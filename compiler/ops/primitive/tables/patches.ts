/**
 * Patch tables: rows for the distinct patches of label maps. A convolution of rows is a product with its filter, one block of
 * columns for each place of the kernel, and then `patch_sum`; pixels read their patch's row by `expand_rows`. `patch_spread` is the
 * adjoint of `patch_sum`: both are linear, and so closed under differentiation.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow, TfEmitter } from '../../../ir/emitter.ts';
import { shapeOf, typeOf, type Cotangents, type Node, type Op } from '../../../ir/node.ts';
import { defineOp, type Method } from '../../../ir/op.ts';
import { f32, i32, sizeOf, type Shape, type TensorType } from '../../../ir/types.ts';
import { at, checkRank, emitGather, wildId } from '../support.ts';
import { checkIndices, checkRows, leadsTo } from './indices.ts';
import {
  emitReshape,
  emitRowOfZeros,
  emitRows,
  emitSegmentSums,
  emitWhereLeads,
  integers,
  likeAttrs,
} from './tensorflow.ts';
import { integer, segmentSums, whereLeads, withRowOfZeros } from './tfjs.ts';

/** Rows, places of a patch, and channels. */
interface Sizes {
  readonly rows: number;
  readonly places: number;
  readonly channels: number;
}

/** Gives the sizes of a table [T,K O] and the parts [R,K] that read it. */
const sizesOf = (table: Shape, parts: Shape): Sizes => {
  const places = at(parts, 1);
  return { rows: at(table, 0), places, channels: at(table, 1) / places };
};

/** Emits the row of [T K,O] that each part [R,K] reads, and `elsewhere` for parts that lead to no row. */
function emitPlaces(emit: TfEmitter, rows: string, parts: string, places: number, elsewhere: string): string {
  const steps = emit.constant(
    'i32',
    [1, places],
    Array.from({ length: places }, (_, k) => k),
  );
  const scaled = emit.op('Mul', [parts, emit.constant('i32', [], [places])], integers);
  const found = emit.op('AddV2', [scaled, steps], integers);
  return emitWhereLeads(emit, parts, rows, found, elsewhere);
}

/** The row of [T K,O] that each part reads, flat; the one after the last where a part leads to no row. */
function placesOf(tf: TensorFlow, parts: Tfjs.Tensor, rows: number): Tfjs.Tensor {
  const places = at(parts.shape, 1);
  const found = tf.add(tf.mul(parts, integer(tf, places)), tf.range(0, places, 1, 'int32'));
  return whereLeads(tf, parts, rows, found, rows * places);
}

/** Every part adds a number to each column of the result. */
const patchFlops = ({ parts }: { readonly parts: TensorType }, node: Node): number =>
  sizeOf(parts.shape) * at(shapeOf(node), 1);

export const patchSum = defineOp({
  name: 'patch_sum',
  doc:
    'Sums what the places of patches contribute: row r of the result [R,O] is the sum over places k of ' +
    'table[parts[r,k], k O .. (k + 1) O]; table is [T,K O], parts [R,K]. Parts outside 0 .. T - 1 contribute nothing.',
  operands: ['table', 'parts'],
  infer: ({ table, parts }, check) => {
    checkRows(table, 'table', check);
    checkIndices(parts, 'parts', 2, check);
    const { channels } = sizesOf(table.shape, parts.shape);
    check(
      Number.isInteger(channels),
      'the table has as many blocks of columns as a patch has places',
      `table [${table.shape}], parts [${parts.shape}]`,
    );
    return f32(at(parts.shape, 0), channels);
  },
  vjp: ({ table, parts }, { b, dy }): Cotangents => [() => b.patchSpread(dy, parts, table), undefined],
  reference: ({ table, parts }) => {
    const { rows, places, channels } = sizesOf(table.shape, parts.shape);
    const count = at(parts.shape, 0);
    const data = new Float64Array(count * channels);
    parts.data.forEach((part, index) => {
      if (!leadsTo(part, rows)) return;
      const [row, place] = [Math.floor(index / places), index % places];
      for (let o = 0; o < channels; o++)
        data[row * channels + o]! += table.data[(part * places + place) * channels + o]!;
    });
    return { shape: [count, channels], data };
  },
  tensorflow: ({ table, parts }, { emit, node, target }) => {
    if (target.kernels) return emit.op('SpadeworkPatchSum', [table, parts]);
    const tableType = typeOf(at(node.operands, 0));
    const { places, channels } = sizesOf(tableType.shape, shapeOf(at(node.operands, 1)));
    const rows = emitRows(emit, table, tableType);
    const none = emit.op('Mul', [rows, emit.constant('i32', [], [places])], integers);
    const found = emitPlaces(emit, rows, parts, places, none);
    const padded = emitRowOfZeros(emit, emitReshape(emit, table, [-1, channels], 'f32'));
    return emit.op('Sum', [emitGather(emit, 'f32', padded, found, 0), emit.constant('i32', [1], [1])], {
      T: { type: 'f32' },
      Tidx: { type: 'i32' },
      keep_dims: { bool: false },
    });
  },
  tfjs: ({ table, parts }, { tf }) => {
    const { rows, places, channels } = sizesOf(table.shape, parts.shape);
    const padded = withRowOfZeros(tf, tf.reshape(table, [rows * places, channels]));
    const found = tf.gather(padded, placesOf(tf, parts, rows));
    return tf.sum(tf.reshape(found, [at(parts.shape, 0), places, channels]), 1);
  },
  flops: patchFlops,
  samples: [
    { operands: [f32(4, 6), i32(5, 3)], draw: (index, u) => (index === 1 ? Math.floor(3 * u + 2) : u) },
    { operands: [f32(4, 6), i32(5, 3)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
    { operands: [f32(3, 8), i32(7, 1)], draw: (index, u) => (index === 1 ? Math.floor(2 * u + 1) : u) },
  ],
});

export const patchSpread = defineOp({
  name: 'patch_spread',
  doc:
    'The cotangent of patch_sum for its table, which has as many rows as `like`: entry (t, k O + o) is the sum of dy[r,o] over ' +
    'the rows r with parts[r,k] = t.',
  operands: ['dy', 'parts', 'like'],
  infer: ({ dy, parts, like }, check) => {
    checkRows(dy, 'dy', check);
    checkIndices(parts, 'parts', 2, check);
    check(
      at(dy.shape, 0) === at(parts.shape, 0),
      'dy has a row for each patch',
      `dy [${dy.shape}], parts [${parts.shape}]`,
    );
    checkRank(like, 2, 'like', check);
    return f32(at(like.shape, 0), at(parts.shape, 1) * at(dy.shape, 1));
  },
  vjp: ({ parts }, { b, dy }): Cotangents => [() => b.patchSum(dy, parts), undefined, undefined],
  reference: ({ dy, parts, like }) => {
    const [rows, places, channels] = [at(like.shape, 0), at(parts.shape, 1), at(dy.shape, 1)];
    const data = new Float64Array(rows * places * channels);
    parts.data.forEach((part, index) => {
      if (!leadsTo(part, rows)) return;
      const [row, place] = [Math.floor(index / places), index % places];
      for (let o = 0; o < channels; o++)
        data[(part * places + place) * channels + o]! += dy.data[row * channels + o]!;
    });
    return { shape: [rows, places * channels], data };
  },
  tensorflow: ({ dy, parts, like }, { emit, node, target }) => {
    const likeType = typeOf(at(node.operands, 2));
    if (target.kernels) return emit.op('SpadeworkPatchSpread', [dy, parts, like], likeAttrs(likeType));
    const channels = at(shapeOf(at(node.operands, 0)), 1);
    const places = at(shapeOf(at(node.operands, 1)), 1);
    const rows = emitRows(emit, like, likeType);
    const found = emitPlaces(emit, rows, parts, places, emit.constant('i32', [], [-1]));
    const column = emitReshape(emit, dy, [-1, 1, channels], 'f32');
    const repeated = emit.op('Tile', [column, emit.constant('i32', [3], [1, places, 1])], {
      T: { type: 'f32' },
      Tmultiples: { type: 'i32' },
    });
    const sums = emitSegmentSums(
      emit,
      emitReshape(emit, repeated, [-1, channels], 'f32'),
      emitReshape(emit, found, [-1], 'i32'),
      emit.op('Mul', [rows, emit.constant('i32', [], [places])], integers),
    );
    return emitReshape(emit, sums, [-1, places * channels], 'f32');
  },
  tfjs: ({ dy, parts, like }, { tf }) => {
    const [rows, places, channels] = [at(like.shape, 0), at(parts.shape, 1), at(dy.shape, 1)];
    const column = tf.reshape(dy, [-1, 1, channels]);
    const repeated = tf.add(column, tf.zeros([at(dy.shape, 0), places, channels]));
    const flat = tf.reshape(repeated, [-1, channels]);
    const sums = segmentSums(tf, flat, placesOf(tf, parts, rows), rows * places);
    return tf.reshape(sums, [rows, places * channels]);
  },
  flops: patchFlops,
  samples: [
    {
      operands: [f32(5, 2), i32(5, 3), f32(4, 1)],
      draw: (index, u) => (index === 1 ? Math.floor(3 * u + 2) : u),
    },
    {
      operands: [f32(5, 2), i32(5, 3), f32(4, 1)],
      draw: (index, u) => (index === 1 ? wildId(u) : u),
    },
    {
      operands: [f32(7, 3), i32(7, 1), i32(3, 2)],
      draw: (index, u) => (index === 1 ? Math.floor(2 * u + 1) : index === 2 ? 1 : u),
    },
  ],
});

export const patchOps: readonly Op[] = [patchSum, patchSpread];

declare module '../../../ir/node.ts' {
  interface Builder {
    patchSum: Method<typeof patchSum>;
    patchSpread: Method<typeof patchSpread>;
  }
}
