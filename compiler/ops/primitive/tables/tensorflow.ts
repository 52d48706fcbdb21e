/** How reads and sums of rows are emitted as TensorFlow's ops, where there are none of our own. */
import type { TfAttrs, TfEmitter } from '../../../ir/emitter.ts';
import { isSymbolic, type Shape, type TensorType } from '../../../ir/types.ts';
import { at, emitGather } from '../support.ts';

/** Emits the number of rows of a table. */
export function emitRows(emit: TfEmitter, table: string, { dtype, shape }: TensorType): string {
  const rows = at(shape, 0);
  if (!isSymbolic(rows)) return emit.constant('i32', [], [rows]);
  const sizes = emit.op('Shape', [table], { T: { type: dtype }, out_type: { type: 'i32' } });
  return emitGather(emit, 'i32', sizes, emit.constant('i32', [], [0]), 0);
}

/** Names the dtype of `like`, of which our own ops read the number of rows alone. */
export const likeAttrs = ({ dtype }: TensorType): TfAttrs => ({ L: { type: dtype } });

/** TensorFlow's attribute of arithmetic with int32. */
export const integers = { T: { type: 'i32' } } as const;

/** Emits `found` where the index leads to one of `rows` rows, and `elsewhere` where it does not. */
export function emitWhereLeads(
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
export function emitRowOfZeros(emit: TfEmitter, rows: string): string {
  return emit.op('Pad', [rows, emit.constant('i32', [2, 2], [0, 1, 0, 0])], {
    T: { type: 'f32' },
    Tpaddings: { type: 'i32' },
  });
}

/** Emits x under a shape, in which -1 stands for what is left. */
export function emitReshape(emit: TfEmitter, x: string, shape: Shape, dtype: 'f32' | 'f64' | 'i32'): string {
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
export function emitSegmentSums(emit: TfEmitter, x: string, segments: string, count: string): string {
  const sums = emit.op('UnsortedSegmentSum', [emitCast(emit, x, 'f32', 'f64'), segments, count], {
    T: { type: 'f64' },
    Tindices: { type: 'i32' },
    Tnumsegments: { type: 'i32' },
  });
  return emitCast(emit, sums, 'f64', 'f32');
}
