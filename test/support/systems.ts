/**
 * Reads the fixtures of whole systems (test/fixtures/systems, whose README defines the format): computes the
 * parameters and inputs that they do not store, and compares results with the stored samples.
 */
import { expect } from 'vitest';
import { expectClose, readFixture, type Fixture } from './fixtures.ts';

/** A tensor in PyTorch's order. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export interface SystemFixture {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the results, whole or sampled: `output.train.y`, `grad.model.1.weight`. */
  readonly results: readonly string[];
  /** Computes a parameter, input or cotangent: `param.model.1.weight`, `input.x`. */
  given(name: string): Numbers;
  /** Computes all whose names start with `prefix`, without the prefix. */
  givenUnder(prefix: string): Record<string, Numbers>;
  /** Requires that a whole tensor equals the stored one, or has its samples, norm and sum. */
  expectResult(name: string, actual: Numbers | undefined): void;
  /**
   * Requires that a gradient equals the stored one, or differs in few entries that rounding moved across a kink: by
   * less than 1 % of the whole (README of the parity fixtures, "Kinks").
   */
  expectGradient(name: string, actual: Numbers | undefined): void;
  /** Gives the differences between the stored entries and those of a whole tensor. */
  distances(name: string, actual: Numbers | undefined): number[];
  /** Compares all results whose names start with `prefix`, and gives their number. */
  expectAll(prefix: string, actual: Readonly<Record<string, Numbers | undefined>>): number;
}

type Part =
  | { readonly one_hot: string; readonly classes: number }
  | { readonly edges: string }
  | { readonly of: string };
type Made = { readonly shape: readonly number[] } & (
  | { readonly scale: number; readonly offset?: number }
  | { readonly signs: number }
  | { readonly identifiers: number; readonly cell: number }
  | { readonly joined: readonly Part[] }
);
interface Sampled {
  readonly stride: number;
  readonly l2: number;
  readonly sum: number;
  readonly sum_atol: number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Hashes a text with FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** Makes a function that draws 24 bits by index. */
function bitsOf(text: string): (index: number) => number {
  const start = hash(text);
  return (index) => {
    let x = (start + Math.imul(index, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 8;
  };
}

/** Draws the numbers of an entry of table `made` that does not refer to others. */
export function draw(text: string, made: Exclude<Made, { readonly joined: unknown }>): Float32Array {
  const bits = bitsOf(text);
  const half = 2 ** 23;
  if ('scale' in made)
    return Float32Array.from(
      { length: sizeOf(made.shape) },
      (_, i) => (made.offset ?? 0) + made.scale * ((bits(i) - half) / half),
    );
  if ('signs' in made)
    return Float32Array.from({ length: sizeOf(made.shape) }, (_, i) =>
      bits(i) >= half ? made.signs : -made.signs,
    );
  const [, , height, width] = made.shape as [number, number, number, number];
  const [rows, columns] = [Math.ceil(height / made.cell), Math.ceil(width / made.cell)];
  return Float32Array.from({ length: sizeOf(made.shape) }, (_, i) => {
    const [n, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    const cell = (n * rows + Math.floor(y / made.cell)) * columns + Math.floor(x / made.cell);
    return Math.floor((bits(cell) * made.identifiers) / 2 ** 24);
  });
}

/** Marks the pixels whose id differs from that of one of their four neighbours. */
function edgesOf({ shape, values }: Numbers): Numbers {
  const [, , height, width] = shape as [number, number, number, number];
  const differs = (i: number, neighbour: number, inside: boolean): boolean =>
    inside && values[i] !== values[neighbour];
  const edges = values.map((_, i) => {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    const found =
      differs(i, i - 1, x > 0) ||
      differs(i, i + 1, x < width - 1) ||
      differs(i, i - width, y > 0) ||
      differs(i, i + width, y < height - 1);
    return Number(found);
  });
  return { shape, values: edges };
}

function oneHot({ shape, values }: Numbers, classes: number): Numbers {
  const [pictures, , height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const found = new Float32Array(pictures * classes * pixels);
  values.forEach((id, i) => {
    found[(Math.floor(i / pixels) * classes + id) * pixels + (i % pixels)] = 1;
  });
  return { shape: [pictures, classes, height, width], values: found };
}

/** Joins pictures along their channels. */
function joinChannels(parts: readonly Numbers[]): Float32Array {
  const [pictures] = parts[0]!.shape as [number];
  const pieces = Array.from({ length: pictures }, (_, n) =>
    parts.map(({ values }) =>
      values.subarray((n * values.length) / pictures, ((n + 1) * values.length) / pictures),
    ),
  ).flat();
  const joined = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Reads a fixture of test/fixtures/systems. */
export function readSystem(name: string): SystemFixture {
  const fixture = readFixture(`systems/${name}`);
  const meta = fixture.meta as {
    readonly salt: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly made: Readonly<Record<string, Made>>;
    readonly large: Readonly<Record<string, Sampled>>;
  };
  const given = (key: string): Numbers => {
    const made = meta.made[key];
    if (!made) throw new Error(`fixture ${name} does not make ${key}`);
    const values =
      'joined' in made
        ? joinChannels(
            made.joined.map((part) => {
              if ('one_hot' in part) return oneHot(given(part.one_hot), part.classes);
              return 'edges' in part ? edgesOf(given(part.edges)) : given(part.of);
            }),
          )
        : draw(`${meta.salt}/${key}`, made);
    return { shape: made.shape, values };
  };
  const expectResult = (key: string, actual: Numbers | undefined): void =>
    compare(fixture, meta.large[key], key, actual);
  const distances = (key: string, actual: Numbers | undefined): number[] => {
    if (!actual) throw new Error(`${key} was not computed`);
    const stride = meta.large[key]?.stride ?? 1;
    const stored = fixture.get(meta.large[key] ? sampleOf(key) : key);
    return [...stored.values].map((value, i) => Math.abs(actual.values[i * stride]! - value));
  };
  const expectGradient = (key: string, actual: Numbers | undefined): void => {
    const stored = fixture.get(meta.large[key] ? sampleOf(key) : key);
    if (lengthOf(distances(key, actual)) > 1e-2 * lengthOf(stored.values)) expectResult(key, actual);
  };
  const whole = [...fixture.tensors.keys()].filter((key) => !/^\w+_sample\./.test(key));
  const results = [...whole, ...Object.keys(meta.large)];
  return {
    name,
    options: meta.options,
    results,
    given,
    expectGradient,
    distances,
    givenUnder: (prefix) =>
      Object.fromEntries(
        Object.keys(meta.made)
          .filter((key) => key.startsWith(prefix))
          .map((key) => [key.slice(prefix.length), given(key)]),
      ),
    expectResult,
    expectAll: (prefix, actual) => {
      const found = results.filter((key) => key.startsWith(prefix));
      for (const key of found) expectResult(key, actual[key.slice(prefix.length)]);
      return found.length;
    },
  };
}

const lengthOf = (values: Iterable<number>): number => Math.hypot(...values);

/** Names the sample of a large result. */
const sampleOf = (key: string): string => key.replace('.', '_sample.');

function compare(
  fixture: Fixture,
  sampled: Sampled | undefined,
  key: string,
  actual: Numbers | undefined,
): void {
  if (!sampled) {
    expectClose(key, actual, fixture.get(key));
    return;
  }
  if (!actual) throw new Error(`${key} was not computed`);
  const stored = fixture.get(sampleOf(key));
  expectClose(
    key,
    { shape: stored.shape, values: actual.values.filter((_, i) => i % sampled.stride === 0) },
    stored,
  );
  const norm = Math.sqrt(actual.values.reduce((sum, value) => sum + value * value, 0));
  expect(Math.abs(norm / sampled.l2 - 1), `${key}: norm ${norm}, stored ${sampled.l2}`).toBeLessThan(1e-4);
  const sum = actual.values.reduce((total, value) => total + value, 0);
  const note = `${key}: sum ${sum}, stored ${sampled.sum}`;
  expect(Math.abs(sum - sampled.sum), note).toBeLessThanOrEqual(sampled.sum_atol);
}
