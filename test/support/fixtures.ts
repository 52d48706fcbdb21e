/**
 * Finds and reads the fixtures made with the official PyTorch code, with PyTorch's names and layouts, and compares as
 * their README defines.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Tensors } from '../../runtime/index.ts';

export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** The largest accepted distance, plus 1e-4 of the stored value. */
  readonly atol: number | undefined;
}
export interface Fixture {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, FixtureTensor>;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Gives a tensor; throws if the fixture has none of that name. */
  get(name: string): FixtureTensor;
  /** Gives the tensors whose names start with `prefix`, without the prefix. */
  under(prefix: string): Record<string, FixtureTensor>;
}

/** Committed fixtures, then those beside a checkout of the project. */
const folders = ['../fixtures/', '../../../shared/parity/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Finds a fixture's folder; undefined if it is missing (large ones are not committed). */
export function findFixture(name: string): string | undefined {
  return folders.map((folder) => folder + name).find((folder) => existsSync(`${folder}/fixture.safetensors`));
}

/** Reads a fixture. */
export function readFixture(name: string): Fixture {
  const folder = findFixture(name);
  if (!folder) throw new Error(`there is no fixture ${name}`);
  const meta = JSON.parse(readFileSync(`${folder}/fixture.json`, 'utf8')) as Record<string, unknown>;
  const described = meta['tensors'] as Record<string, { readonly atol?: number }>;
  const file = readFileSync(`${folder}/fixture.safetensors`);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerLength).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, FixtureTensor>();
  for (const [key, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (dtype !== 'F32') continue; // counters that the official code never reads
    const bytes = file.subarray(8 + headerLength + data_offsets[0], 8 + headerLength + data_offsets[1]);
    const values = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    tensors.set(key, { shape, values, atol: described[key]?.atol });
  }
  return {
    name,
    tensors,
    meta,
    get(key) {
      const found = tensors.get(key);
      if (!found) throw new Error(`fixture ${name} has no ${key}`);
      return found;
    },
    under(prefix) {
      return Object.fromEntries(
        [...tensors]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
      );
    },
  };
}

/** Requires |actual - stored| <= atol + 1e-4 |stored| everywhere; `atol` is the fixture's for this tensor. */
export function expectClose(what: string, actual: Tensors[string] | undefined, stored: FixtureTensor): void {
  if (!actual) throw new Error(`${what} was not computed`);
  expect(actual.values.length, `${what}: number of entries`).toBe(stored.values.length);
  let worst = 0;
  let where = 0;
  stored.values.forEach((value, index) => {
    const excess =
      Math.abs(actual.values[index]! - value) /
      ((stored.atol ?? 0) + 1e-4 * Math.abs(value) || Number.MIN_VALUE);
    if (!(excess <= worst)) [worst, where] = [excess, index];
  });
  expect(
    worst,
    `${what}: entry ${where} is ${actual.values[where]}, stored ${stored.values[where]}, in units of the tolerance`,
  ).toBeLessThanOrEqual(1);
}
