/** Fits pictures to the grid of windows that a kernel moves over, for tfjs. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../../../ir/emitter.ts';

/** Puts `before` zeros in front of an axis of [N,H,W,C], and zeros after it or cuts it, so that it has `size`. */
export function fitAxis(
  tf: TensorFlow,
  x: Tfjs.Tensor4D,
  axis: 1 | 2,
  before: number,
  size: number,
): Tfjs.Tensor4D {
  const kept = Math.min(x.shape[axis], size - before);
  const cut =
    kept < x.shape[axis]
      ? tf.slice(
          x,
          0,
          x.shape.map((all, a) => (a === axis ? kept : all)),
        )
      : x;
  const amounts = x.shape.map((_, a): [number, number] =>
    a === axis ? [before, size - before - kept] : [0, 0],
  );
  return tf.pad(cut, amounts);
}
