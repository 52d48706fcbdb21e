/** How tfjs reads and adds up rows. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../../../ir/emitter.ts';
import { at } from '../support.ts';

/** An integer for arithmetic with integers: tfjs takes plain numbers for floats. */
export const integer = (tf: TensorFlow, value: number): Tfjs.Scalar => tf.scalar(value, 'int32');

/** In how many runs WebAssembly adds up rows: short runs keep more digits than a long one. */
const runs = 16;

/** Adds up rows [P,O] by segment in [0, count); what lies elsewhere must have been given the segment `count`. */
export function segmentSums(
  tf: TensorFlow,
  x: Tfjs.Tensor,
  segments: Tfjs.Tensor,
  count: number,
): Tfjs.Tensor {
  const [length, channels] = [at(x.shape, 0), at(x.shape, 1)];
  const run = tf.floorDiv(tf.mul(tf.range(0, length, 1, 'int32'), integer(tf, runs)), integer(tf, length));
  const places = tf.reshape(tf.add(segments, tf.mul(run, integer(tf, count + 1))), [length, 1]);
  const sums = tf.scatterND(places, x, [runs * (count + 1), channels]);
  const all = tf.sum(tf.reshape(sums, [runs, (count + 1) * channels]), 0);
  return tf.slice(tf.reshape(all, [count + 1, channels]), [0, 0], [count, channels]);
}

/** Gives `found` where the index leads to one of `rows` rows, and `elsewhere` where it does not, flat. */
export function whereLeads(
  tf: TensorFlow,
  index: Tfjs.Tensor,
  rows: number,
  found: Tfjs.Tensor,
  elsewhere: number,
): Tfjs.Tensor {
  const leads = tf.logicalAnd(tf.greaterEqual(index, integer(tf, 0)), tf.less(index, integer(tf, rows)));
  return tf.reshape(tf.where(leads, found, tf.fill(index.shape, elsewhere, 'int32')), [-1]);
}

/** Puts a row of zeros after rows [T,O]. */
export function withRowOfZeros(tf: TensorFlow, rows: Tfjs.Tensor): Tfjs.Tensor {
  return tf.pad(rows, [
    [0, 1],
    [0, 0],
  ]);
}
