/**
 * How dilated convolutions are computed by kernels that know no dilation: entries p, p + d, p + 2 d.. of both axes, a phase, become
 * a picture of their own, and on these the convolution is one without dilation and without padding.
 */
import type { TfEmitter } from '../../../ir/emitter.ts';
import { at, float } from '../support.ts';
import { zerosBefore, type Geometry, type Shapes } from './geometry.ts';

/** Moves between pictures and their phases. */
export interface Phases {
  /** Entries of a phase of the input, along both axes. */
  readonly lengths: readonly [number, number];
  readonly ofInput: (picture: string) => string;
  readonly ofOutput: (picture: string) => string;
  readonly toInput: (phases: string) => string;
}

/** Zeros around both sides of an axis so that all of its phases are equally long, and how long they are then. */
interface Fitted {
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly length: number;
}

/** Fits an axis of a convolution of stride 1. */
function fit({ x, filter, y }: Shapes, axis: 1 | 2, geometry: Geometry): Fitted {
  const [size, taps, out] = [at(x, axis), at(filter, axis - 1), at(y, axis)];
  const { dilation = 1 } = geometry;
  const before = zerosBefore(size, taps, geometry);
  const steps = Math.ceil(out / dilation);
  const length = steps + taps - 1;
  return {
    input: [before, length * dilation - before - size],
    output: [0, steps * dilation - out],
    length,
  };
}

/** Says how the phases of a convolution's input and output are made on TensorFlow: [N,..] and [d d N,..]. */
export function phasesIn(emit: TfEmitter, shapes: Shapes, geometry: Geometry): Phases {
  const { dilation = 1 } = geometry;
  const [rows, columns] = [fit(shapes, 1, geometry), fit(shapes, 2, geometry)];
  const block = emit.constant('i32', [2], [dilation, dilation]);
  const move = (op: string, x: string, which: 'input' | 'output', amounts: string): string =>
    emit.op(op, [x, block, emit.constant('i32', [2, 2], [...rows[which], ...columns[which]])], {
      ...float,
      Tblock_shape: { type: 'i32' },
      [amounts]: { type: 'i32' },
    });
  return {
    lengths: [rows.length, columns.length],
    ofInput: (picture) => move('SpaceToBatchND', picture, 'input', 'Tpaddings'),
    ofOutput: (picture) => move('SpaceToBatchND', picture, 'output', 'Tpaddings'),
    toInput: (phases) => move('BatchToSpaceND', phases, 'input', 'Tcrops'),
  };
}
