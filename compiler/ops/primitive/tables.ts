/**
 * Answers for patch tables: rows for the distinct patches of label maps. A convolution of rows is a product with its filter,
 * one block of columns for each place of the kernel, and then `patch_sum`; pixels read their patch's row by `expand_rows`.
 * Both are linear, and their adjoints are the other two ops: the four are closed under differentiation.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf, typeOf, type Node } from '../../ir/node.ts';
import { f32, i32, isSymbolic, sizeOf, type Shape, type TensorType } from '../../ir/types.ts';
import type { Check } from '../../ir/builder.ts';
import { defineOp, type OpDefinition, type TensorFlow, type TfContext, type TfEmitter } from '../../ir/op.ts';
import { at, checkRank, emitGather, wildId } from './support.ts';

/** Rows, places of a patch, and channels. */
interface Sizes {
  readonly rows: number;
  readonly places: number;
  readonly channels: number;
}

const sizesOf = (table: Shape, parts: Shape): Sizes => {
  const places = at(parts, 1);
  return { rows: at(table, 0), places, channels: at(table, 1) / places };
};

/** Says whether a part leads to a row; others, such as what lies outside a picture, count as zeros. */
const leadsTo = (part: number, rows: number): boolean => part >= 0 && part < rows;

function checkIndices(type: TensorType, what: string, rank: number, check: Check): void {
  check(type.dtype === 'i32', `${what} are integers`, type.dtype);
  checkRank(type, rank, what, check);
}

function checkRows(type: TensorType, what: string, check: Check): void {
  check(type.dtype === 'f32', `${what} is floating-point`, type.dtype);
  checkRank(type, 2, what, check);
}

/** Emits the number of rows of operand `index`. */
function emitRows({ emit, inputs, node }: TfContext, index: number): string {
  const type = at(at(node.operands, index).results, 0);
  const rows = at(type.shape, 0);
  if (!isSymbolic(rows)) return emit.constant('i32', [], [rows]);
  const shape = emit.op('Shape', [at(inputs, index)], {
    T: { type: type.dtype },
    out_type: { type: 'i32' },
  });
  return emitGather(emit, 'i32', shape, emit.constant('i32', [], [0]), 0);
}

const integers = { T: { type: 'i32' } } as const;

/** Emits `found` where the index leads to one of `rows` rows, and `elsewhere` where it does not. */
function emitWhereLeads(
  emit: TfEmitter,
  index: string,
  rows: string,
  found: string,
  elsewhere: string,
): string {
  const isBelow = emit.op('Less', [index, rows], integers);
  const isFrom = emit.op('GreaterEqual', [index, emit.constant('i32', [], [0])], integers);
  return emit.op('SelectV2', [emit.op('LogicalAnd', [isBelow, isFrom]), found, elsewhere], integers);
}

/** Emits rows [T,O] with one of zeros after them. */
function emitRowOfZeros(emit: TfEmitter, rows: string): string {
  return emit.op('Pad', [rows, emit.constant('i32', [2, 2], [0, 1, 0, 0])], {
    T: { type: 'f32' },
    Tpaddings: { type: 'i32' },
  });
}

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

function emitReshape(emit: TfEmitter, x: string, shape: Shape, dtype: 'f32' | 'f64' | 'i32'): string {
  return emit.op('Reshape', [x, emit.constant('i32', [shape.length], shape)], {
    T: { type: dtype },
    Tshape: { type: 'i32' },
  });
}

function emitCast(emit: TfEmitter, x: string, from: 'f32' | 'f64', to: 'f32' | 'f64'): string {
  return emit.op('Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });
}

/**
 * Emits sums of rows [P,O] by segment, in double precision: they add number after number, and a patch of a large region has
 * as many as the region has pixels. Negative segments are left out.
 */
function emitSegmentSums(emit: TfEmitter, x: string, segments: string, count: string): string {
  const sums = emit.op('UnsortedSegmentSum', [emitCast(emit, x, 'f32', 'f64'), segments, count], {
    T: { type: 'f64' },
    Tindices: { type: 'i32' },
    Tnumsegments: { type: 'i32' },
  });
  return emitCast(emit, sums, 'f64', 'f32');
}

/** An integer for arithmetic with integers: tfjs takes plain numbers for floats. */
const integer = (tf: TensorFlow, value: number): Tfjs.Scalar => tf.scalar(value, 'int32');

/** In how many runs WebAssembly adds up rows: short runs keep more digits than a long one. */
const runs = 16;

/** Adds up rows [P,O] by segment in [0, count); what lies elsewhere must have been given the segment `count`. */
function segmentSums(tf: TensorFlow, x: Tfjs.Tensor, segments: Tfjs.Tensor, count: number): Tfjs.Tensor {
  const [length, channels] = x.shape as [number, number];
  const run = tf.floorDiv(tf.mul(tf.range(0, length, 1, 'int32'), integer(tf, runs)), integer(tf, length));
  const places = tf.reshape(tf.add(segments, tf.mul(run, integer(tf, count + 1))), [length, 1]);
  const sums = tf.scatterND(places, x, [runs * (count + 1), channels]);
  const all = tf.sum(tf.reshape(sums, [runs, (count + 1) * channels]), 0);
  return tf.slice(tf.reshape(all, [count + 1, channels]), [0, 0], [count, channels]);
}

/** Gives `found` where the index leads to one of `rows` rows, and `elsewhere` where it does not, flat. */
function whereLeads(
  tf: TensorFlow,
  index: Tfjs.Tensor,
  rows: number,
  found: Tfjs.Tensor,
  elsewhere: number,
): Tfjs.Tensor {
  const leads = tf.logicalAnd(tf.greaterEqual(index, integer(tf, 0)), tf.less(index, integer(tf, rows)));
  return tf.reshape(tf.where(leads, found, tf.fill(index.shape, elsewhere, 'int32')), [-1]);
}

/** The row of [T K,O] that each part reads, flat; the one after the last where a part leads to no row. */
function placesOf(tf: TensorFlow, parts: Tfjs.Tensor, rows: number): Tfjs.Tensor {
  const [, places] = parts.shape as [number, number];
  const found = tf.add(tf.mul(parts, integer(tf, places)), tf.range(0, places, 1, 'int32'));
  return whereLeads(tf, parts, rows, found, rows * places);
}

/** Puts a row of zeros after rows [T,O]. */
function withRowOfZeros(tf: TensorFlow, rows: Tfjs.Tensor): Tfjs.Tensor {
  return tf.pad(rows, [
    [0, 1],
    [0, 0],
  ]);
}

/** Names the dtype of `like`, operand 2, of which our own ops read the number of rows alone. */
const likeAttrs = (node: Node) => ({ L: { type: typeOf(at(node.operands, 2)).dtype } });

const patchFlops = (node: Node, parts: Shape): number => sizeOf(parts) * at(shapeOf(node), 1);

const patchSum = defineOp({
  name: 'patch_sum',
  doc:
    'Sums what the places of patches contribute: row r of the result [R,O] is the sum over places k of ' +
    'table[parts[r,k], k O .. (k + 1) O]; table is [T,K O], parts [R,K]. Parts outside 0 .. T - 1 contribute nothing.',
  operands: ['table', 'parts'],
  infer: ([table, parts], _attrs, check) => {
    checkRows(table!, 'table', check);
    checkIndices(parts!, 'parts', 2, check);
    const { channels } = sizesOf(table!.shape, parts!.shape);
    check(
      Number.isInteger(channels),
      'the table has as many blocks of columns as a patch has places',
      `table [${table!.shape}], parts [${parts!.shape}]`,
    );
    return f32(at(parts!.shape, 0), channels);
  },
  vjp: ({ b, x, dy }) => [() => b.op('patch_spread', [dy, at(x, 1), at(x, 0)]), undefined],
  reference: ([table, parts]) => {
    const { rows, places, channels } = sizesOf(table!.shape, parts!.shape);
    const count = at(parts!.shape, 0);
    const data = new Float64Array(count * channels);
    parts!.data.forEach((part, index) => {
      if (!leadsTo(part, rows)) return;
      const [row, place] = [Math.floor(index / places), index % places];
      for (let o = 0; o < channels; o++)
        data[row * channels + o]! += table!.data[(part * places + place) * channels + o]!;
    });
    return { shape: [count, channels], data };
  },
  tensorflow: (context) => {
    const { emit, inputs, node, target } = context;
    if (target.kernels) return emit.op('SpadeworkPatchSum', inputs);
    const [table, parts] = node.operands.map(shapeOf) as [Shape, Shape];
    const { places, channels } = sizesOf(table, parts);
    const rows = emitRows(context, 0);
    const none = emit.op('Mul', [rows, emit.constant('i32', [], [places])], integers);
    const found = emitPlaces(emit, rows, at(inputs, 1), places, none);
    const padded = emitRowOfZeros(emit, emitReshape(emit, at(inputs, 0), [-1, channels], 'f32'));
    return emit.op('Sum', [emitGather(emit, 'f32', padded, found, 0), emit.constant('i32', [1], [1])], {
      T: { type: 'f32' },
      Tidx: { type: 'i32' },
      keep_dims: { bool: false },
    });
  },
  tfjs: ({ tf, inputs }) => {
    const [table, parts] = inputs as [Tfjs.Tensor, Tfjs.Tensor];
    const { rows, places, channels } = sizesOf(table.shape, parts.shape);
    const padded = withRowOfZeros(tf, tf.reshape(table, [rows * places, channels]));
    const found = tf.gather(padded, placesOf(tf, parts, rows));
    return tf.sum(tf.reshape(found, [at(parts.shape, 0), places, channels]), 1);
  },
  flops: (node) => patchFlops(node, shapeOf(at(node.operands, 1))),
  samples: [
    { operands: [f32(4, 6), i32(5, 3)], draw: (index, u) => (index === 1 ? Math.floor(3 * u + 2) : u) },
    { operands: [f32(4, 6), i32(5, 3)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
    { operands: [f32(3, 8), i32(7, 1)], draw: (index, u) => (index === 1 ? Math.floor(2 * u + 1) : u) },
  ],
});

const patchSpread = defineOp({
  name: 'patch_spread',
  doc:
    'The cotangent of patch_sum for its table, which has as many rows as `like`: entry (t, k O + o) is the sum of dy[r,o] over ' +
    'the rows r with parts[r,k] = t.',
  operands: ['dy', 'parts', 'like'],
  infer: ([dy, parts, like], _attrs, check) => {
    checkRows(dy!, 'dy', check);
    checkIndices(parts!, 'parts', 2, check);
    check(
      at(dy!.shape, 0) === at(parts!.shape, 0),
      'dy has a row for each patch',
      `dy [${dy!.shape}], parts [${parts!.shape}]`,
    );
    checkRank(like!, 2, 'like', check);
    return f32(at(like!.shape, 0), at(parts!.shape, 1) * at(dy!.shape, 1));
  },
  vjp: ({ b, x, dy }) => [() => b.op('patch_sum', [dy, at(x, 1)]), undefined, undefined],
  reference: ([dy, parts, like]) => {
    const [rows, places, channels] = [at(like!.shape, 0), at(parts!.shape, 1), at(dy!.shape, 1)];
    const data = new Float64Array(rows * places * channels);
    parts!.data.forEach((part, index) => {
      if (!leadsTo(part, rows)) return;
      const [row, place] = [Math.floor(index / places), index % places];
      for (let o = 0; o < channels; o++)
        data[(part * places + place) * channels + o]! += dy!.data[row * channels + o]!;
    });
    return { shape: [rows, places * channels], data };
  },
  tensorflow: (context) => {
    const { emit, inputs, node, target } = context;
    if (target.kernels) return emit.op('SpadeworkPatchSpread', inputs, likeAttrs(node));
    const [dy, parts] = node.operands.map(shapeOf) as [Shape, Shape, Shape];
    const [places, channels] = [at(parts, 1), at(dy, 1)];
    const rows = emitRows(context, 2);
    const found = emitPlaces(emit, rows, at(inputs, 1), places, emit.constant('i32', [], [-1]));
    const column = emitReshape(emit, at(inputs, 0), [-1, 1, channels], 'f32');
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
  tfjs: ({ tf, inputs }) => {
    const [dy, parts, like] = inputs as [Tfjs.Tensor, Tfjs.Tensor, Tfjs.Tensor];
    const [rows, places, channels] = [at(like.shape, 0), at(parts.shape, 1), at(dy.shape, 1)];
    const column = tf.reshape(dy, [-1, 1, channels]);
    const repeated = tf.add(column, tf.zeros([at(dy.shape, 0), places, channels]));
    const flat = tf.reshape(repeated, [-1, channels]);
    const sums = segmentSums(tf, flat, placesOf(tf, parts, rows), rows * places);
    return tf.reshape(sums, [rows, places * channels]);
  },
  flops: (node) => patchFlops(node, shapeOf(at(node.operands, 1))),
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

const expandRows = defineOp({
  name: 'expand_rows',
  doc: 'Gives every pixel its row of a table: table [T,C] and pixels [N,H,W] make [N,H,W,C]. Pixels outside 0 .. T - 1 get zeros.',
  operands: ['table', 'pixels'],
  infer: ([table, pixels], _attrs, check) => {
    checkRows(table!, 'table', check);
    checkIndices(pixels!, 'pixels', 3, check);
    return f32(...pixels!.shape, at(table!.shape, 1));
  },
  vjp: ({ b, x, dy }) => [() => b.op('collect_rows', [dy, at(x, 1), at(x, 0)]), undefined],
  reference: ([table, pixels]) => {
    const [rows, channels] = table!.shape as [number, number];
    const data = new Float64Array(pixels!.data.length * channels);
    pixels!.data.forEach((row, pixel) => {
      if (leadsTo(row, rows))
        data.set(table!.data.subarray(row * channels, (row + 1) * channels), pixel * channels);
    });
    return { shape: [...pixels!.shape, channels], data };
  },
  tensorflow: (context) => {
    const { emit, inputs, target } = context;
    if (target.kernels) return emit.op('SpadeworkExpandRows', inputs);
    const [table, pixels] = inputs as [string, string];
    const rows = emitRows(context, 0);
    const found = emitWhereLeads(emit, pixels, rows, pixels, rows);
    return emitGather(emit, 'f32', emitRowOfZeros(emit, table), found, 0);
  },
  tfjs: ({ tf, inputs, node }) => {
    const [table, pixels] = inputs as [Tfjs.Tensor, Tfjs.Tensor];
    const rows = at(table.shape, 0);
    const found = whereLeads(tf, pixels, rows, pixels, rows);
    return tf.reshape(tf.gather(withRowOfZeros(tf, table), found), [...shapeOf(node)]);
  },
  flops: () => 0,
  samples: [
    {
      operands: [f32(4, 3), i32(2, 3, 5)],
      draw: (index, u) => (index === 1 ? Math.floor(2 * u + 2) : u),
    },
    { operands: [f32(4, 3), i32(2, 3, 5)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
  ],
});

const collectRows = defineOp({
  name: 'collect_rows',
  doc:
    'The cotangent of expand_rows for its table, which has as many rows as `like`: row t is the sum of dy [N,H,W,C] over the ' +
    'pixels [N,H,W] that read it. Pixels outside 0 .. T - 1 are left out.',
  operands: ['dy', 'pixels', 'like'],
  infer: ([dy, pixels, like], _attrs, check) => {
    check(dy!.dtype === 'f32', 'dy is floating-point', dy!.dtype);
    checkRank(dy!, 4, 'dy', check);
    checkIndices(pixels!, 'pixels', 3, check);
    check(
      String(dy!.shape.slice(0, 3)) === String(pixels!.shape),
      'there is one row for each pixel',
      `pixels [${pixels!.shape}], dy [${dy!.shape}]`,
    );
    checkRank(like!, 2, 'like', check);
    return f32(at(like!.shape, 0), at(dy!.shape, 3));
  },
  vjp: ({ b, x, dy }) => [() => b.op('expand_rows', [dy, at(x, 1)]), undefined, undefined],
  reference: ([dy, pixels, like]) => {
    const [rows, channels] = [at(like!.shape, 0), at(dy!.shape, 3)];
    const data = new Float64Array(rows * channels);
    pixels!.data.forEach((row, pixel) => {
      if (!leadsTo(row, rows)) return;
      for (let c = 0; c < channels; c++) data[row * channels + c]! += dy!.data[pixel * channels + c]!;
    });
    return { shape: [rows, channels], data };
  },
  tensorflow: (context) => {
    const { emit, inputs, node, target } = context;
    if (target.kernels) return emit.op('SpadeworkCollectRows', inputs, likeAttrs(node));
    const channels = at(shapeOf(node), 1);
    const pixels = at(inputs, 1);
    const rows = emitRows(context, 2);
    const found = emitWhereLeads(emit, pixels, rows, pixels, emit.constant('i32', [], [-1]));
    return emitSegmentSums(
      emit,
      emitReshape(emit, at(inputs, 0), [-1, channels], 'f32'),
      emitReshape(emit, found, [-1], 'i32'),
      rows,
    );
  },
  tfjs: ({ tf, inputs }) => {
    const [dy, pixels, like] = inputs as [Tfjs.Tensor, Tfjs.Tensor, Tfjs.Tensor];
    const flat = tf.reshape(dy, [-1, at(dy.shape, 3)]);
    const rows = at(like.shape, 0);
    return segmentSums(tf, flat, whereLeads(tf, pixels, rows, pixels, rows), rows);
  },
  flops: (node) => sizeOf(shapeOf(at(node.operands, 0))),
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

export const tableOps: readonly OpDefinition[] = [patchSum, patchSpread, expandRows, collectRows];
