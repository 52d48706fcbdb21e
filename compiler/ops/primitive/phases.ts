/**
 * Answers for dilated convolutions on kernels that know no dilation: entries p, p + d, p + 2 d.. of both axes, a phase, become a
 * picture of their own, and on these the convolution is one without dilation and without padding.
 */
import type { TfEmitter } from '../../ir/op.ts';
import { float } from './support.ts';

/** One axis of a dilated convolution of stride 1. */
export interface DilatedAxis {
  /** Entries of the input, taps of the filter, entries of the output. */
  readonly size: number;
  readonly kernel: number;
  readonly out: number;
  /** Zeros in front of the input. */
  readonly before: number;
}

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

function fit({ size, kernel, out, before }: DilatedAxis, dilation: number): Fitted {
  const steps = Math.ceil(out / dilation);
  const length = steps + kernel - 1;
  return {
    input: [before, length * dilation - before - size],
    output: [0, steps * dilation - out],
    length,
  };
}

/** Says how the phases of a convolution's input and output are made on TensorFlow: [N,..] and [d d N,..]. */
export function phasesIn(
  emit: TfEmitter,
  axes: readonly [DilatedAxis, DilatedAxis],
  dilation: number,
): Phases {
  const [rows, columns] = [fit(axes[0], dilation), fit(axes[1], dilation)];
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
