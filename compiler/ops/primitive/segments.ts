/** The op that averages over the segments of a picture, which is its own gradient. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { TfEmitter } from '../../ir/emitter.ts';
import { shapeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, type Method } from '../../ir/op.ts';
import { f32, i32, sizeOf, type Shape } from '../../ir/types.ts';
import { addAt, emitGather, emitList, four, wildId } from './support.ts';

/** Rows of all pictures one below the other: [N H W, C]. */
function tableOf(x: Shape): { pictures: number; pixels: number; rows: number; channels: number } {
  const [pictures, height, width, channels] = four(x);
  return { pictures, pixels: height * width, rows: pictures * height * width, channels };
}

/** The segments of a batch, numbered from 0 without gaps. */
interface Segments {
  /** The segment of each pixel. */
  readonly numbers: Int32Array;
  /** How many pixels each segment has. */
  readonly counts: Float32Array;
}

/** Numbers the segments of ids, `pixels` of them a picture: an id is another segment in each picture. */
function numberSegments(ids: Int32Array, pixels: number): Segments {
  const numbers = new Int32Array(ids.length);
  const counts: number[] = [];
  const known = new Map<number, number>();
  let before = { id: 0, number: 0 };
  ids.forEach((id, pixel) => {
    const isFirst = pixel % pixels === 0;
    if (isFirst) known.clear();
    // Mostly a pixel is of the segment of the one before it; seeing that is cheaper than looking it up.
    if (isFirst || id !== before.id) before = { id, number: known.get(id) ?? counts.length };
    const { number } = before;
    if (number === counts.length) known.set(id, number);
    numbers[pixel] = number;
    counts[number] = (counts[number] ?? 0) + 1;
  });
  return { numbers, counts: Float32Array.from(counts) };
}

/**
 * Emits the segment of each pixel [rows], from 0 without gaps, and how many pixels each segment has. All uses of the same ids
 * share them, such as a mean and its gradient.
 */
function emitSegments(
  emit: TfEmitter,
  ids: string,
  pictures: number,
  rows: number,
): { numbers: string; counts: string } {
  const dtype = pictures === 1 ? 'i32' : 'i64';
  // Whatever the ids, no two pictures have a key in common: picture n has those from n 2^32 - 2^31 on.
  const keys = pictures === 1 ? ids : emitKeys(emit, ids, pictures);
  const flat = emit.shared('Reshape', [keys, emitList(emit, [rows])], {
    T: { type: dtype },
    Tshape: { type: 'i32' },
  });
  const found = emit.shared('UniqueWithCounts', [flat], {
    T: { type: dtype },
    out_idx: { type: 'i32' },
  });
  return { numbers: `${found}:1`, counts: `${found}:2` };
}

/** Emits n 2^32 + id for each pixel of picture n. */
function emitKeys(emit: TfEmitter, ids: string, pictures: number): string {
  const wide = emit.shared('Cast', [ids], {
    SrcT: { type: 'i32' },
    DstT: { type: 'i64' },
    Truncate: { bool: false },
  });
  const halves = Array.from({ length: pictures }, (_, n) => [0, n]).flat();
  const offsets = emit.shared('Bitcast', [emit.constant('i32', [pictures, 1, 1, 2], halves)], {
    T: { type: 'i32' },
    type: { type: 'i64' },
  });
  return emit.shared('AddV2', [wide, offsets], { T: { type: 'i64' } });
}

export const segmentMean = defineOp({
  name: 'segment_mean',
  doc:
    'Gives every pixel of x [N,H,W,C] the mean of x over the pixels of the same picture that have its id; ids [N,H,W] are any ' +
    'integers. Averaging is a projection that equals its adjoint, so the cotangent is averaged too.',
  edges:
    'no segment is empty, since segments are what pixels have ids of. An infinity or a NaN stays in its segment, as in torch.index_add; on WebAssembly an infinity gives NaN',
  operands: ['x', 'ids'],
  infer: ({ x, ids }, check) => {
    check(x.dtype === 'f32', 'x is floating-point', x.dtype);
    check(ids.dtype === 'i32', 'ids are integers', ids.dtype);
    check(x.shape.length === 4, 'x has rank 4', `[${x.shape}]`);
    check(
      String(ids.shape) === String(x.shape.slice(0, 3)),
      'there is one id for each pixel',
      `ids [${ids.shape}], x [${x.shape}]`,
    );
    return x;
  },
  vjp: ({ ids }, { b, dy }): Cotangents => [() => b.segmentMean(dy, ids), undefined],
  reference: ({ x, ids }) => {
    const { pixels, rows, channels } = tableOf(x.shape);
    const sums = new Map<string, { count: number; total: Float64Array }>();
    const segments = Array.from({ length: rows }, (_, row) => {
      const key = `${Math.floor(row / pixels)}/${ids.data[row]}`;
      const segment = sums.get(key) ?? { count: 0, total: new Float64Array(channels) };
      sums.set(key, segment);
      segment.count++;
      const pixel = x.data.subarray(row * channels, (row + 1) * channels);
      pixel.forEach((value, c) => {
        addAt(segment.total, c, value);
      });
      return segment;
    });
    const data = new Float64Array(rows * channels);
    segments.forEach(({ count, total }, row) =>
      data.set(
        total.map((sum) => sum / count),
        row * channels,
      ),
    );
    return { shape: x.shape, data };
  },
  // In double precision: the sums add number after number, and a background has hundreds of thousands of them. On a GPU
  // they meet in any order, of which float32 shows nothing but where a double lies within its rounding of a midpoint.
  tensorflow: ({ x, ids }, { emit, node }) => {
    const shape = shapeOf(node);
    const { pictures, rows, channels } = tableOf(shape);
    const reshape = (x: string, to: Shape, dtype: 'f32' | 'i32'): string =>
      emit.op('Reshape', [x, emitList(emit, to)], {
        T: { type: dtype },
        Tshape: { type: 'i32' },
      });
    const cast = (x: string, from: 'f32' | 'f64' | 'i32', to: 'f32' | 'f64'): string =>
      emit.op('Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });

    const { numbers, counts } = emitSegments(emit, ids, pictures, rows);
    const count = emit.op('Size', [counts], { T: { type: 'i32' }, out_type: { type: 'i32' } });
    const table = cast(reshape(x, [rows, channels], 'f32'), 'f32', 'f64');
    const sums = emit.op('UnsortedSegmentSum', [table, numbers, count], {
      T: { type: 'f64' },
      Tindices: { type: 'i32' },
      Tnumsegments: { type: 'i32' },
    });
    const divisors = cast(reshape(counts, [-1, 1], 'i32'), 'i32', 'f64');
    const means = cast(emit.op('RealDiv', [sums, divisors], { T: { type: 'f64' } }), 'f64', 'f32');
    return reshape(emitGather(emit, 'f32', means, numbers, 0), shape, 'f32');
  },
  // WebAssembly has no segment sums; scattering adds up what meets, in float32. What that loses is a small share of the
  // mean, which the mean of what is left of x makes good.
  tfjs: ({ x, ids }, { tf, node }) => {
    const shape = shapeOf(node);
    const { pixels, rows, channels } = tableOf(shape);
    const { numbers, counts } = numberSegments(ids.dataSync<'int32'>(), pixels);
    const segments = tf.tensor(numbers, [rows], 'int32');
    const places = tf.reshape(segments, [rows, 1]);
    const divisors = tf.tensor(counts, [counts.length, 1]);
    const table = tf.reshape(x, [rows, channels]);
    const meanOf = (values: Tfjs.Tensor): Tfjs.Tensor =>
      tf.gather(tf.div(tf.scatterND(places, values, [counts.length, channels]), divisors), segments);
    let mean = meanOf(table);
    for (let correction = 0; correction < 2; correction++) mean = tf.add(mean, meanOf(tf.sub(table, mean)));
    return tf.reshape(mean, [...shape]);
  },
  flops: ({ x }) => 2 * sizeOf(x.shape),
  samples: [
    { operands: [f32(2, 3, 4, 3), i32(2, 3, 4)] },
    {
      operands: [f32(1, 2, 3, 1), i32(1, 2, 3)],
      draw: (index, u) => (index === 1 ? Math.floor(3 * u + 3) : u),
    },
    // Ids above the number of pixels, below 0, and the same in both pictures.
    { operands: [f32(2, 2, 3, 2), i32(2, 2, 3)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
    { operands: [f32(1, 3, 4, 2), i32(1, 3, 4)], draw: (index, u) => (index === 1 ? wildId(u) : u) },
    // A large segment of equal numbers: adding them up one by one in float32 would lose digits.
    { operands: [f32(1, 128, 128, 1), i32(1, 128, 128)], draw: (index) => (index === 1 ? 5 : 0.1) },
  ],
});

export const segmentOps: readonly Op[] = [segmentMean];

declare module '../../ir/node.ts' {
  interface Builder {
    segmentMean: Method<typeof segmentMean>;
  }
}
