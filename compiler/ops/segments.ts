/** Answers for averages over the segments of a picture: one op, which is its own gradient. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { shapeOf } from '../ir/node.ts';
import { f32, i32, sizeOf, type Shape } from '../ir/types.ts';
import { defineOp, type OpDefinition } from './define.ts';
import { at, emitGather } from './support.ts';

/** Rows of all pictures one below the other: [N H W, C], with as many segments, H W for each picture. */
function tableOf(x: Shape): { pictures: number; pixels: number; rows: number; channels: number } {
  const [pictures, height, width, channels] = x as [number, number, number, number];
  return { pictures, pixels: height * width, rows: pictures * height * width, channels };
}

/** What the ids of each picture are moved by, so that no two pictures share a segment. */
const offsetsOf = (pictures: number, pixels: number): number[] =>
  Array.from({ length: pictures }, (_, n) => n * pixels);

const segmentMean = defineOp({
  name: 'segment_mean',
  doc:
    'Gives every pixel of x [N,H,W,C] the mean of x over the pixels of the same picture that have its id; ids [N,H,W] are ' +
    'at least 0 and below H W. Averaging is a projection that equals its adjoint, so the cotangent is averaged too.',
  operands: ['x', 'ids'],
  infer: ([x, ids], _attrs, check) => {
    check(x!.dtype === 'f32', 'x is floating-point', x!.dtype);
    check(ids!.dtype === 'i32', 'ids are integers', ids!.dtype);
    check(x!.shape.length === 4, 'x has rank 4', `[${x!.shape}]`);
    check(
      String(ids!.shape) === String(x!.shape.slice(0, 3)),
      'there is one id for each pixel',
      `ids [${ids!.shape}], x [${x!.shape}]`,
    );
    return x!;
  },
  vjp: ({ b, x, dy }) => [() => b.op('segment_mean', [dy, at(x, 1)]), undefined],
  reference: ([x, ids]) => {
    const { pixels, rows, channels } = tableOf(x!.shape);
    const sums = new Map<string, { count: number; total: Float64Array }>();
    const segments = Array.from({ length: rows }, (_, row) => {
      const key = `${Math.floor(row / pixels)}/${ids!.data[row]}`;
      const segment = sums.get(key) ?? { count: 0, total: new Float64Array(channels) };
      sums.set(key, segment);
      segment.count++;
      segment.total.forEach((_, c) => (segment.total[c]! += x!.data[row * channels + c]!));
      return segment;
    });
    const data = new Float64Array(rows * channels);
    segments.forEach(({ count, total }, row) =>
      data.set(
        total.map((sum) => sum / count),
        row * channels,
      ),
    );
    return { shape: x!.shape, data };
  },
  // In double precision: the sums add number after number, and a background has hundreds of thousands of them. On a GPU
  // they meet in any order, of which float32 shows nothing but where a double lies within its rounding of a midpoint.
  tensorflow: ({ emit, inputs, node }) => {
    const shape = shapeOf(node);
    const { pictures, pixels, rows, channels } = tableOf(shape);
    const dims = (values: Shape): string => emit.constant('i32', [values.length], values);
    const double = { type: 'f64' as const };
    const reshape = (x: string, to: Shape, dtype: 'f32' | 'i32'): string =>
      emit.op('Reshape', [x, dims(to)], { T: { type: dtype }, Tshape: { type: 'i32' } });
    const cast = (x: string, from: 'f32' | 'f64', to: 'f32' | 'f64'): string =>
      emit.op('Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });

    const offsets = emit.constant('i32', [pictures, 1, 1], offsetsOf(pictures, pixels));
    const moved = emit.op('AddV2', [at(inputs, 1), offsets], { T: { type: 'i32' } });
    const segments = reshape(moved, [rows], 'i32');
    const sumUp = (values: string): string =>
      emit.op('UnsortedSegmentSum', [values, segments, emit.constant('i32', [], [rows])], {
        T: double,
        Tindices: { type: 'i32' },
        Tnumsegments: { type: 'i32' },
      });
    const one = cast(emit.constant('f32', [], [1]), 'f32', 'f64');
    const ones = emit.op('Fill', [dims([rows, 1]), one], { T: double, index_type: { type: 'i32' } });
    const counts = emit.op('Maximum', [sumUp(ones), one], { T: double }); // ids that nobody has would divide 0 by 0
    const table = cast(reshape(at(inputs, 0), [rows, channels], 'f32'), 'f32', 'f64');
    const means = cast(emit.op('RealDiv', [sumUp(table), counts], { T: double }), 'f64', 'f32');
    return reshape(emitGather(emit, 'f32', means, segments, 0), shape, 'f32');
  },
  // WebAssembly has no segment sums; scattering adds up what meets, in float32. What that loses is a small share of the
  // mean, which the mean of what is left of x makes good.
  tfjs: ({ tf, inputs, node }) => {
    const shape = shapeOf(node);
    const { pictures, pixels, rows, channels } = tableOf(shape);
    const offsets = tf.tensor(offsetsOf(pictures, pixels), [pictures, 1, 1], 'int32');
    const segments = tf.reshape(tf.add(at(inputs, 1), offsets), [rows]);
    const places = tf.reshape(segments, [rows, 1]);
    const table = tf.reshape(at(inputs, 0), [rows, channels]);
    const counts = tf.maximum(tf.scatterND(places, tf.ones([rows, 1]), [rows, 1]), 1);
    const meanOf = (values: Tfjs.Tensor): Tfjs.Tensor =>
      tf.gather(tf.div(tf.scatterND(places, values, [rows, channels]), counts), segments);
    let mean = meanOf(table);
    for (let correction = 0; correction < 2; correction++) mean = tf.add(mean, meanOf(tf.sub(table, mean)));
    return tf.reshape(mean, [...shape]);
  },
  flops: (node) => 2 * sizeOf(shapeOf(node)),
  samples: [
    { operands: [f32(2, 3, 4, 3), i32(2, 3, 4)] },
    {
      operands: [f32(1, 2, 3, 1), i32(1, 2, 3)],
      draw: (index, u) => (index === 1 ? Math.floor(3 * u + 3) : u),
    },
    // A large segment of equal numbers: adding them up one by one in float32 would lose digits.
    { operands: [f32(1, 128, 128, 1), i32(1, 128, 128)], draw: (index) => (index === 1 ? 5 : 0.1) },
  ],
});

export const segmentOps: readonly OpDefinition[] = [segmentMean];
