/**
 * Converts the feeds of a call: reads each once, finds the batch size, and makes the arrays that a program takes.
 * Everything is checked before anything runs.
 */
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { edgesOf } from '../../compiler/build/instantiate.ts';
import { denseIds, edgesOf as edgesOfIds } from '../data/maps.ts';
import type { Values } from '../session/session.ts';
import { checkShape, convert, open, shapeIn, type Given } from './arrays.ts';
import { entriesOf } from './checks.ts';
import * as messages from './messages.ts';
import { roleOf, type Declared } from './methods.ts';
import type { InputRole, Layout } from './types.ts';

/** The source of feeds: the argument, or an option. */
export type Origin = 'feeds' | 'noise' | 'cotangents';

/** A feed with its source. */
export interface OriginatedFeed extends Given {
  readonly from: Origin;
}

export type ReadFeeds = ReadonlyMap<string, OriginatedFeed>;

/** Reads the feeds of a call from their sources. Throws a SpadeworkError if one is not an array, or is given twice. */
export function readFeeds(sources: Readonly<Partial<Record<Origin, unknown>>>): ReadFeeds {
  const read = new Map<string, OriginatedFeed>();
  for (const [from, feeds] of Object.entries(sources) as [Origin, unknown][])
    for (const [name, feed] of entriesOf(from, feeds, 'arrays by the names of inputs')) {
      const before = read.get(name);
      if (before) throw messages.givenTwice(name, before.from, from);
      read.set(name, { ...open(name, feed), from });
    }
  return read;
}

export const atBatch = ({ dtype, shape }: TensorType, batch: number): TensorType => ({
  dtype,
  shape: [batch, ...shape.slice(1)],
});

/**
 * Finds the batch size: the one that the shapes of feeds give, or 1 without shapes. The length of an array without a
 * shape does not count, since one picture of a wrong size could look like several. Throws a SpadeworkError if shapes
 * disagree.
 */
export function batchOf(
  declared: ReadonlyMap<string, Declared>,
  feeds: ReadFeeds,
  { batch, layout = 'NHWC' }: { readonly batch?: number; readonly layout?: Layout },
): number {
  if (batch !== undefined) return batch;
  let first: readonly [string, number] | undefined;
  for (const [name, { type }] of declared) {
    const shape = feeds.get(name)?.shape;
    if (!shape) continue;
    const isBatch = shape.length === type.shape.length;
    const count = (isBatch && shape[0]) || 1;
    checkShape(name, shape, atBatch(type, count), layout);
    if (first && first[1] !== count) throw messages.unlikeBatches(...first, name, count);
    first ??= [name, count];
  }
  if (!first) return 1;
  for (const [name, { type }] of declared) {
    const feed = feeds.get(name);
    const isOne = feed?.shape === undefined && feed?.values.length === sizeOf(type.shape);
    if (isOne && first[1] !== 1) throw messages.unlikeBatches(...first, name, 1);
  }
  return first[1];
}

/** Converts the feeds of declared inputs to the arrays of programs; numbers instances and computes their edges. */
export function convertDeclared(
  declared: ReadonlyMap<string, Declared>,
  feeds: ReadFeeds,
  batch: number,
  layout: Layout,
): Map<string, Values> {
  const arrays = new Map<string, Values>();
  for (const [name, feed] of feeds) {
    const own = declared.get(name);
    if (!own) continue;
    if (feed.from !== 'feeds') checkOrigin(name, feed.from, own.role);
    arrays.set(name, convert(name, feed, { ...own, type: atBatch(own.type, batch) }, layout));
  }
  for (const [name, { role, type }] of declared) {
    const values = arrays.get(name);
    if (values && role === 'instances') takeInstances(name, type, values as Int32Array, arrays);
  }
  return arrays;
}

/** What a method's program takes from its caller. */
export interface ProgramInputs {
  readonly method: string;
  readonly declared: ReadonlyMap<string, Declared>;
  /** Types of the whole batch, by name. */
  readonly types: ReadonlyMap<string, TensorType>;
  readonly layout: Layout;
  /** The seed and step for noise that is not fed. */
  readonly seed: number;
  readonly step: number;
}

/** Adds the arrays of the other inputs to those of declared ones, and makes optional ones. Throws a SpadeworkError. */
export function completeArrays(
  { method, declared, types, layout, seed, step }: ProgramInputs,
  feeds: ReadFeeds,
  given: ReadonlyMap<string, Values>,
): Map<string, Values> {
  const others = new Map<string, Values>();
  for (const [name, feed] of feeds) {
    if (declared.has(name)) continue;
    const type = types.get(name);
    if (!type) throw messages.unknownInput(method, name, [...new Set([...declared.keys(), ...types.keys()])]);
    checkOrigin(name, feed.from, roleOf(name));
    others.set(name, convert(name, feed, { type, role: roleOf(name) }, layout));
  }
  const arrays = new Map<string, Values>();
  for (const [name, type] of types) {
    const role = declared.get(name)?.role ?? roleOf(name);
    const values = given.get(name) ?? others.get(name) ?? makeOptional(name, role, type, seed, step);
    if (!values) throw messages.missingInput(method, name, shapeIn(type.shape, layout));
    arrays.set(name, values);
  }
  return arrays;
}

const roleOfOrigin = { noise: 'noise', cotangents: 'cotangent' } as const;

/** Rejects label maps and photographs given as noise or cotangents. */
function checkOrigin(name: string, from: Origin, role: InputRole): void {
  if (from !== 'feeds' && roleOfOrigin[from] !== role) throw messages.wrongOrigin(name, from, role);
}

/** Numbers instances from 0 in each picture, and computes their edges if they are not given. */
function takeInstances(name: string, type: TensorType, ids: Int32Array, given: Map<string, Values>): void {
  const [, height = 1, width = 1] = type.shape;
  const size = height * width;
  const dense = new Int32Array(ids.length);
  const edges = new Float32Array(ids.length);
  for (let start = 0; start < ids.length; start += size) {
    const picture = ids.subarray(start, start + size);
    dense.set(denseIds(picture), start);
    edges.set(edgesOfIds(picture, { width, height }), start);
  }
  given.set(name, dense);
  const edgesName = edgesOf(name.replace(/\.instances$/, ''));
  if (!given.has(edgesName)) given.set(edgesName, edges);
}

/** Tells whether callers may leave an input out. */
export const isOptional = (role: InputRole): boolean => role === 'noise' || role === 'cotangent';

/** Makes an optional input: noise from the seed, the step and its name, or cotangents of zero. */
function makeOptional(
  name: string,
  role: InputRole,
  type: TensorType,
  seed: number,
  step: number,
): Float32Array | undefined {
  if (!isOptional(role)) return undefined;
  const values = new Float32Array(sizeOf(type.shape));
  if (role === 'cotangent') return values;
  const random = new RandomStream(seed, `${step}/${name}`);
  return values.map(() => random.normal());
}
