/** What a checkpoint saves of a program's variables, wherever its bytes come from: nothing here reads a file. */
import { sizeOf } from '../../compiler/ir/types.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { DamagedFile } from '../weights/errors.ts';
import { notFiniteIn } from '../weights/finite.ts';
import { notFiniteValue } from '../weights/messages.ts';
import type { StoredTensor } from '../weights/safetensors-layout.ts';
import { checkpointOfOtherSpec } from './messages.ts';

/** Values that were saved, by full name. */
export interface Saved {
  /** What messages call the checkpoint. */
  readonly folder: string;
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** Rejects variables that are not finite, as we never save such. */
export function requireFinite(file: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, { shape, values }] of tensors) {
    const found = notFiniteIn(values, shape);
    if (found)
      throw new DamagedFile(`${file}: ${notFiniteValue({ name, dtype: 'F32', ...found })} is not finite`);
  }
}

/** Finds the values for `restore`, by full name. Throws a SpadeworkError if they do not fit. */
export function valuesOf(
  variables: readonly Variable[],
  { folder, values }: Saved,
  frozen: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(
    variables.map(({ name, type, role }) => {
      const found =
        role === 'accumulator'
          ? new Float32Array(sizeOf(type.shape))
          : (values.get(name) ?? frozen.get(name));
      if (!found) throw checkpointOfOtherSpec(folder, `variable ${name} is missing`);
      if (found.length !== sizeOf(type.shape))
        throw checkpointOfOtherSpec(
          folder,
          `variable ${name} has ${found.length} values, expected [${type.shape.join(',')}]`,
        );
      return [name, found] as const;
    }),
  );
}
