/** Converts arrays between callers and methods: types, layouts and checks of values. */
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import type { Values } from '../session/session.ts';
import { describe, isWhole } from './checks.ts';
import {
  noShape,
  notAnEdge,
  notAPhoto,
  notFinite,
  notNumbers,
  notWhole,
  unknownClass,
  unknownInstance,
  wrongLength,
  wrongShape,
} from './messages.ts';
import type { InputRole, Layout, Numbers, Tensor } from './types.ts';

/** Axis orders between the two layouts of pictures. */
export const toRowsFirst = [0, 2, 3, 1]; // [N,C,H,W] -> [N,H,W,C]
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

/** Gives a copy of a shape in a layout. */
export function shapeIn(shape: readonly number[], layout: Layout): readonly number[] {
  return layout === 'NCHW' && shape.length === 4 ? toChannelsFirst.map((axis) => shape[axis]!) : [...shape];
}

/** Converts a result to a layout. */
export function tensorIn(values: Float32Array, shape: readonly number[], layout: Layout): Tensor {
  return layout === 'NCHW' && shape.length === 4
    ? permute(values, shape, toChannelsFirst)
    : { shape: [...shape], values };
}

/** A feed in parts; the shape is undefined if the caller gave none. */
export interface Given {
  readonly values: Numbers;
  readonly shape: readonly number[] | undefined;
}

/** What an input accepts. */
export interface Taken {
  readonly type: TensorType;
  readonly role?: InputRole;
  /** The number of ids, for label maps. */
  readonly classes?: number | undefined;
  /** Whether it is a photograph of the data. */
  readonly isPhoto?: boolean | undefined;
}

/**
 * Splits a feed into values and shape; other properties of the object are ignored. Throws a SpadeworkError if it holds
 * no numbers or an invalid shape.
 */
export function open(name: string, feed: unknown): Given {
  if (isList(feed)) return { values: numbersOf(name, feed), shape: undefined };
  if (typeof feed !== 'object' || feed === null || !('shape' in feed && 'values' in feed))
    throw notNumbers(name, describe(feed));
  const { shape, values } = feed;
  if (!Array.isArray(shape) || !Array.from(shape as unknown[]).every((size) => isWhole(size, 0)))
    throw noShape(
      name,
      Array.isArray(shape) ? `[${Array.from(shape, describe).join(',')}]` : describe(shape),
    );
  return { values: numbersOf(name, values), shape: [...(shape as number[])] };
}

/** Tells whether a value is the feed of one input, not an object of feeds by name. */
export function isFeed(value: unknown): boolean {
  if (isList(value)) return true;
  return typeof value === 'object' && value !== null && 'shape' in value && 'values' in value;
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function numbersOf(name: string, value: unknown): Numbers {
  if (Array.isArray(value)) {
    // `findIndex` also visits the holes of a sparse list.
    const wrong = value.findIndex((item) => typeof item !== 'number');
    if (wrong < 0) return value as number[];
    throw notNumbers(name, `${describe(value[wrong])} at entry ${wrong}`);
  }
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView);
  if (!isTyped || value instanceof BigInt64Array || value instanceof BigUint64Array)
    throw notNumbers(name, describe(value));
  return value as Exclude<Numbers, readonly number[]>;
}

/**
 * Converts a feed to the type and layout of an input. Throws a SpadeworkError if its shape or length differs, or its
 * numbers are invalid for the input.
 */
export function convert(name: string, { values, shape }: Given, input: Taken, layout: Layout): Values {
  const { type } = input;
  const expected = shapeIn(type.shape, layout);
  if (shape) checkShape(name, shape, type, layout);
  if (values.length !== sizeOf(type.shape))
    throw wrongLength(name, values.length, expected, input.role !== undefined);
  if (type.dtype === 'i32') return toIds(name, values, input.classes);
  const floats = toFloats(name, values, input);
  return layout === 'NCHW' && type.shape.length === 4
    ? permute(floats, expected, toRowsFirst).values
    : floats;
}

/** Throws a SpadeworkError if a shape is not that of a type in a layout. */
export function checkShape(name: string, shape: readonly number[], type: TensorType, layout: Layout): void {
  const expected = shapeIn(type.shape, layout);
  if (!isSameShape(shape, expected) && !isMapWithChannel(shape, type, layout))
    throw wrongShape(name, shape, expected, hintFor(shape, expected, layout));
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** PyTorch's maps of ids have a channel axis: [N,1,H,W] for [N,H,W]. */
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
  if (isSameShape(found, expected.slice(1))) return 'the batch comes first: [1, ...] for one picture';
  return 'model.inputs(method, { batch }) lists the inputs with their shapes';
}

/** The largest id: ids have 32 bits. */
const largestId = 2 ** 31 - 1;

/** Converts ids to integers; they are checked first, since 2^32 + 1 would become 1. */
function toIds(name: string, values: Numbers, classes: number | undefined): Int32Array {
  for (let index = 0; index < values.length; index++) {
    const id = values[index]!;
    if (!Number.isInteger(id)) throw notWhole(name, index, id);
    if (classes !== undefined && (id < 0 || id >= classes)) throw unknownClass(name, index, id, classes);
    if (id < 0 || id > largestId) throw unknownInstance(name, index, id, largestId);
  }
  return isOwn(values) && values instanceof Int32Array ? values : Int32Array.from(values);
}

/** How far values of photographs may exceed -1 and 1: filters that sharpen edges overshoot. */
const overshoot = 1;

function toFloats(name: string, values: Numbers, { role, isPhoto }: Taken): Float32Array {
  const floats = isOwn(values) && values instanceof Float32Array ? values : Float32Array.from(values);
  const isEdges = role === 'edges';
  for (let index = 0; index < floats.length; index++) {
    const value = floats[index]!;
    // The conversion to single precision may give infinity.
    if (!Number.isFinite(value)) throw notFinite(name, index, values[index]!);
    if (isEdges && value !== 0 && value !== 1) throw notAnEdge(name, index, value);
    if (isPhoto && Math.abs(value) > 1 + overshoot) throw notAPhoto(name, index, value);
  }
  return floats;
}

/** Tells whether an array's memory cannot be changed or shrunk by others while an engine reads it. */
function isOwn(values: Numbers): boolean {
  if (!ArrayBuffer.isView(values)) return false;
  const { buffer } = values;
  return buffer instanceof ArrayBuffer && !(buffer as { readonly resizable?: boolean }).resizable;
}
