/** Reads tensors and rejects files with values that are not finite. */
import { notFiniteValues, type NotFinite } from './messages.ts';
import type { WeightsFile } from './stored.ts';

/** Finds values that are not finite: their number, and the index of the first; undefined if there are none. */
export function notFiniteIn(
  values: Float32Array,
  shape: readonly number[],
): Omit<NotFinite, 'name' | 'dtype'> | undefined {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return undefined;
  let count = 0;
  for (const value of values.subarray(at)) if (!Number.isFinite(value)) count++;
  const index: number[] = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return { shape, count, of: values.length, index, first: values[at] ?? NaN };
}

/**
 * Reads tensors by name; the caller has room for them. Throws a SpadeworkError that lists all tensors with values that
 * are not finite.
 */
export function readFinite(file: WeightsFile, names: Iterable<string>): Map<string, Float32Array> {
  const bad: NotFinite[] = [];
  const read = new Map<string, Float32Array>();
  for (const name of names) {
    const { shape = [], dtype = '' } = file.tensors.get(name) ?? {};
    const values = file.read(name, true);
    const found = notFiniteIn(values, shape);
    if (found) bad.push({ name, dtype, ...found });
    else read.set(name, values);
  }
  if (bad.length > 0) throw notFiniteValues(file.path, bad);
  return read;
}
