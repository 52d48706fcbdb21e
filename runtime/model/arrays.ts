/** Answers for arrays at the border: what callers give becomes what a method takes, and comes back in the layout asked for. */
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import type { Values } from '../session/session.ts';
import { notNumbers, notWhole, wrongLength, wrongSemantics, wrongShape } from './messages.ts';
import type { Feed, Layout, Numbers, Tensor } from './types.ts';

/** Orders of axes between the two layouts of pictures. */
const toRowsFirst = [0, 2, 3, 1]; // [N,C,H,W] -> [N,H,W,C]
const toChannelsFirst = [0, 3, 1, 2]; // [N,H,W,C] -> [N,C,H,W]

/** Reorders axes: axis i of the result is axis order[i] of the given array. */
export function permute<T extends Values>(
  values: T,
  shape: readonly number[],
  order: readonly number[],
): { readonly values: T; readonly shape: readonly number[] } {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const to = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const result = values.slice() as T;
  const index = new Array<number>(to.length).fill(0);
  let from = 0;
  for (let flat = 0; flat < result.length; flat++) {
    result[flat] = values[from]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += steps[axis]!;
      if (index[axis]! < to[axis]!) break;
      from -= steps[axis]! * to[axis]!;
      index[axis] = 0;
    }
  }
  return { values: result, shape: to };
}

/** Gives a shape as callers see it in a layout. */
export function shapeIn(shape: readonly number[], layout: Layout): readonly number[] {
  return layout === 'NCHW' && shape.length === 4 ? toChannelsFirst.map((axis) => shape[axis]!) : shape;
}

/** Brings a result into a layout. */
export function tensorIn(values: Float32Array, shape: readonly number[], layout: Layout): Tensor {
  return layout === 'NCHW' && shape.length === 4
    ? permute(values, shape, toChannelsFirst)
    : { shape, values };
}

/** Is a feed taken apart; the shape is there where the caller gave one. */
export interface Given {
  readonly values: Numbers;
  readonly shape: readonly number[] | undefined;
}

/** Takes a feed apart. Throws a ModelError where it holds no numbers. */
export function open(name: string, feed: Feed): Given {
  // Callers without types may give anything.
  const value: unknown = feed;
  if (isNumbers(value)) return { values: value, shape: undefined };
  const { shape, values } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (!isNumbers(values) || !Array.isArray(shape)) throw notNumbers(name, describe(value));
  return { values, shape: shape as readonly number[] };
}

/** Tells whether a value is what one input takes, rather than feeds by name. */
export function isFeed(value: object): value is Feed {
  return isNumbers(value) || ('values' in value && isNumbers(value.values));
}

function isNumbers(value: unknown): value is Numbers {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'number');
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? `an object of ${value.constructor?.name ?? 'no class'}` : typeof value;
}

/**
 * Brings a feed into the type and layout that a method takes. Throws a ModelError where its shape or length differs, or where
 * ids are no whole numbers.
 */
export function convert(name: string, feed: Feed, type: TensorType, layout: Layout): Values {
  const { values, shape } = open(name, feed);
  const expected = shapeIn(type.shape, layout);
  if (shape && !isSameShape(shape, expected) && !isMapWithChannel(shape, type, layout))
    throw wrongShape(name, shape, expected, hintFor(shape, expected, layout));
  if (values.length !== sizeOf(type.shape)) throw wrongLength(name, values.length, expected);
  if (type.dtype === 'i32') return toIds(name, values);
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  return layout === 'NCHW' && type.shape.length === 4
    ? permute(floats, expected, toRowsFirst).values
    : floats;
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Maps of ids come with a channel of their own from PyTorch: [N,1,H,W] for [N,H,W]. */
function isMapWithChannel(
  shape: readonly number[],
  { shape: type, dtype }: TensorType,
  layout: Layout,
): boolean {
  if (dtype !== 'i32' || type.length !== 3) return false;
  const [n, h, w] = type as [number, number, number];
  return isSameShape(shape, layout === 'NCHW' ? [n, 1, h, w] : [n, h, w, 1]);
}

function hintFor(found: readonly number[], expected: readonly number[], layout: Layout): string {
  const other = layout === 'NCHW' ? toRowsFirst : toChannelsFirst;
  if (
    expected.length === 4 &&
    isSameShape(
      found,
      other.map((axis) => expected[axis]!),
    )
  )
    return layout === 'NCHW' ? 'it is NHWC already: leave out layout' : "set the option layout: 'NCHW'";
  return 'model.inputs(method, { batch }) lists the inputs with their shapes';
}

function toIds(name: string, values: Numbers): Int32Array {
  const wrong = values.findIndex((value: number) => !Number.isInteger(value));
  if (wrong >= 0) throw notWhole(name, wrong, values[wrong]!);
  return values instanceof Int32Array ? values : Int32Array.from(values);
}

/**
 * Splits semantics as official preprocessing makes them (one channel per class, one of them 1 at each pixel; with `edges`, a
 * last channel of instance edges) into what our networks take: ids [N,H,W] and edges [N,H,W,1]. Throws a ModelError where a
 * pixel has no class.
 */
export function splitSemantics(
  semantics: Tensor,
  { layout = 'NHWC', edges: hasEdges = false }: { readonly layout?: Layout; readonly edges?: boolean } = {},
): { readonly labels: Tensor<Int32Array>; readonly edges?: Tensor } {
  if (semantics.shape.length !== 4) throw wrongSemantics(semantics.shape);
  const { values, shape } =
    layout === 'NCHW' ? permute(semantics.values, semantics.shape, toRowsFirst) : semantics;
  const [n, height, width, channels] = shape as [number, number, number, number];
  const classes = channels - (hasEdges ? 1 : 0);
  const labels = new Int32Array(n * height * width);
  const edges = new Float32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const row = values.subarray(pixel * channels, (pixel + 1) * channels);
    labels[pixel] = row.indexOf(1);
    if (labels[pixel]! < 0 || labels[pixel]! >= classes) throw wrongSemantics(semantics.shape);
    edges[pixel] = row[channels - 1]!;
  }
  return {
    labels: { shape: [n, height, width], values: labels },
    ...(hasEdges && { edges: { shape: shapeIn([n, height, width, 1], layout), values: edges } }),
  };
}
