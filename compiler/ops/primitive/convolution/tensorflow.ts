/**
 * How convolutions are emitted as TensorFlow's ops, which are of one form for every kind. There are no kernels for the cotangents of
 * dilated convolutions on every device, so there they are taken of phases.
 */
import type { TfAttrs, TfEmitter } from '../../../ir/emitter.ts';
import type { Shape } from '../../../ir/types.ts';
import { at, float } from '../support.ts';
import type { Geometry, Shapes } from './geometry.ts';
import { phasesIn } from './phases.ts';

/** The names of TensorFlow's ops for a kind of convolutions, and the attributes that they alone have. */
export interface TensorFlowOps {
  readonly convolution: string;
  readonly inputGrad: string;
  readonly filterGrad: string;
  readonly attrs?: TfAttrs;
}

/** TensorFlow's attributes of the ops of a kind. */
function attrsOf(ops: TensorFlowOps, { stride, padding, dilation = 1 }: Geometry): TfAttrs {
  return {
    ...float,
    strides: { ints: [1, stride, stride, 1] },
    padding: { string: padding.toUpperCase() },
    data_format: { string: 'NHWC' },
    dilations: { ints: [1, dilation, dilation, 1] },
    explicit_paddings: { ints: [] },
    ...ops.attrs,
  };
}

/** What a dilated convolution is on phases. */
const onPhases: Geometry = { stride: 1, padding: 'valid' };

/** Emits a convolution. */
export function emitConvolution(
  ops: TensorFlowOps,
  emit: TfEmitter,
  x: string,
  filter: string,
  geometry: Geometry,
): string {
  return emit.op(ops.convolution, [x, filter], attrsOf(ops, geometry));
}

/** Emits the cotangent for x. */
export function emitInputGrad(
  ops: TensorFlowOps,
  emit: TfEmitter,
  dy: string,
  filter: string,
  shapes: Shapes,
  geometry: Geometry,
): string {
  const cotangent = (size: Shape, of: string, how: Geometry): string =>
    emit.op(ops.inputGrad, [emit.constant('i32', [4], size), filter, of], attrsOf(ops, how));
  const { dilation = 1 } = geometry;
  if (dilation === 1) return cotangent(shapes.x, dy, geometry);
  const phases = phasesIn(emit, shapes, geometry);
  const size = [dilation * dilation * at(shapes.x, 0), ...phases.lengths, at(shapes.x, 3)];
  return phases.toInput(cotangent(size, phases.ofOutput(dy), onPhases));
}

/** Emits the cotangent for the filter. */
export function emitFilterGrad(
  ops: TensorFlowOps,
  emit: TfEmitter,
  x: string,
  dy: string,
  shapes: Shapes,
  geometry: Geometry,
): string {
  const cotangent = (left: string, right: string, how: Geometry): string =>
    emit.op(ops.filterGrad, [left, emit.constant('i32', [4], shapes.filter), right], attrsOf(ops, how));
  if ((geometry.dilation ?? 1) === 1) return cotangent(x, dy, geometry);
  const phases = phasesIn(emit, shapes, geometry);
  return cotangent(phases.ofInput(x), phases.ofOutput(dy), onPhases);
}
