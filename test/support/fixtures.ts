/**
 * Answers for the fixtures made with the official PyTorch code: finds them, reads them, brings them into our layouts, and
 * compares as their README says.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Largest accepted distance, beside 1e-4 of the stored value. */
  readonly atol: number | undefined;
}
export interface Fixture {
  readonly name: string;
  /** The tensors in our layout: pictures NHWC, kernels HWIO. */
  readonly tensors: ReadonlyMap<string, FixtureTensor>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Committed fixtures, then those that lie beside a checkout of the project. */
const folders = ['../fixtures/', '../../../shared/parity/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Finds a fixture's folder, or undefined where it is not there (the large ones are not committed). */
export function findFixture(name: string): string | undefined {
  return folders.map((folder) => folder + name).find((folder) => existsSync(`${folder}/fixture.safetensors`));
}

interface TensorMeta {
  readonly layout?: string;
  readonly atol?: number;
}

/** Reads a fixture. */
export function readFixture(name: string): Fixture {
  const folder = findFixture(name);
  if (!folder) throw new Error(`there is no fixture ${name}`);
  const meta = JSON.parse(readFileSync(`${folder}/fixture.json`, 'utf8')) as Record<string, unknown>;
  const described = meta['tensors'] as Record<string, TensorMeta>;
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
    const stored = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    const { layout, atol } = described[key] ?? {};
    const order = permutationOf(layout ?? guessLayout(key, shape));
    tensors.set(key, order ? { ...permute(stored, shape, order), atol } : { shape, values: stored, atol });
  }
  return { name, tensors, meta };
}

function guessLayout(key: string, shape: readonly number[]): string {
  return shape.length === 4 ? (key.includes('weight') ? 'OIHW' : 'NCHW') : 'vector';
}

function permutationOf(layout: string): readonly number[] | undefined {
  if (layout.startsWith('NCHW')) return [0, 2, 3, 1];
  if (layout.startsWith('OIHW')) return [2, 3, 1, 0];
  return undefined;
}

/** Reorders axes: axis i of the result is axis order[i] of the stored tensor. */
export function permute(stored: Float32Array, shape: readonly number[], order: readonly number[]) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const to = order.map((axis) => shape[axis]!);
  const values = new Float32Array(stored.length);
  const index = new Array<number>(to.length).fill(0);
  for (let flat = 0; flat < values.length; flat++) {
    values[flat] = stored[order.reduce((sum, axis, i) => sum + index[i]! * strides[axis]!, 0)]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < to[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape: to, values };
}

/** Gives our name for a parameter of the official SPADE code. */
export function ourName(official: string): string {
  return official
    .replace(/^netG\./, 'G.')
    .replace(/^netD\./, 'D.')
    .replace('mlp_shared.0.', 'mlp_shared.')
    .replace(/model(\d+)(\.0)+\./, 'model_$1.')
    .replace(/weight_orig$/, 'weight')
    .replace(/weight_([uv])$/, 'weight.$1');
}

/**
 * Reads variables under a prefix such as `param.`, by our names. The vector v of spectral normalization runs over (I,H,W) in
 * the fixtures and over (H,W,I) here; it is reordered by its kernel's shape.
 */
export function variablesOf(
  fixture: Fixture,
  prefix: string,
  rename: (name: string) => string,
): Map<string, FixtureTensor> {
  const found = new Map<string, FixtureTensor>();
  for (const [key, tensor] of fixture.tensors) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const kernel = name.endsWith('weight_v') && fixture.tensors.get(`param.${name.replace(/_v$/, '_orig')}`);
    if (kernel) {
      const [h, w, i] = kernel.shape as [number, number, number];
      found.set(rename(name), {
        shape: tensor.shape,
        values: permute(tensor.values, [i, h, w], [1, 2, 0]).values,
        atol: tensor.atol,
      });
    } else found.set(rename(name), tensor);
  }
  return found;
}

/** Expects |actual - stored| <= atol + 1e-4 |stored| everywhere; `atol` is the fixture's for this tensor. */
export function expectClose(what: string, actual: Float32Array | undefined, stored: FixtureTensor): void {
  if (!actual) throw new Error(`${what} was not computed`);
  expect(actual.length, `${what}: number of entries`).toBe(stored.values.length);
  let worst = 0;
  let where = 0;
  stored.values.forEach((value, index) => {
    const excess = Math.abs(actual[index]! - value) / ((stored.atol ?? 0) + 1e-4 * Math.abs(value));
    if (!(excess <= worst)) [worst, where] = [excess, index];
  });
  expect(
    worst,
    `${what}: entry ${where} is ${actual[where]}, stored ${stored.values[where]}, in units of the tolerance`,
  ).toBeLessThanOrEqual(1);
}
