/** The variables of a checkpoint, from the bytes of its file. */
import type { Variable } from '../../compiler/ir/variables.ts';
import { requireFinite, valuesOf } from '../run/variables.ts';
import { DamagedFile } from '../weights/errors.ts';
import { parseSafetensors, type StoredTensor } from '../weights/safetensors-layout.ts';
import { damagedVariables } from './messages.ts';

/** All bytes of a file, as `fetch` gives them. */
export type Bytes = ArrayBuffer | Uint8Array<ArrayBuffer>;

/** Reads the tensors of a safetensors file. Throws a SpadeworkError where it is damaged, or a number in it is not finite. */
export function readTensors(bytes: Bytes): ReadonlyMap<string, StoredTensor> {
  try {
    const tensors = parseSafetensors(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
    requireFinite('the file', tensors);
    return tensors;
  } catch (error) {
    throw error instanceof DamagedFile ? damagedVariables(error.message) : error;
  }
}

/** Finds the values of variables in a checkpoint's file. Throws a SpadeworkError where one is missing, or has another size. */
export function readVariables(bytes: Bytes, variables: readonly Variable[]): Map<string, Float32Array> {
  const tensors = readTensors(bytes);
  const values = new Map([...tensors].map(([name, tensor]) => [name, tensor.values]));
  return valuesOf(variables, { folder: 'variables.safetensors', values }, new Map());
}
