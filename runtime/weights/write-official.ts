/** Exports variables as safetensors files with the names and axis orders of other programs. */
import { plainMapping, type Mapping } from './mapping.ts';
import { officialPlaces, type WeightVariable } from './official.ts';
import { writeSafetensors } from './safetensors.ts';

/** The metadata that marks files written by Spadework. */
export const exportedMark = { made_by: 'Spadework' } as const;

/**
 * Writes values of variables, given by our names, as a safetensors file with the names and axis orders of a mapping.
 * Importing the file with the same mapping gives the same bits. Gives the SHA-256 of the file.
 */
export async function writeOfficial(
  variables: readonly WeightVariable[],
  values: ReadonlyMap<string, Float32Array>,
  mapping: Mapping | undefined,
  path: string,
): Promise<string> {
  const places = [...officialPlaces(variables, mapping ?? plainMapping)];
  function* inOrder(): Generator<Float32Array> {
    for (const [ours, place] of places) {
      const found = values.get(ours);
      if (!found) throw new RangeError(`there are no values of ${ours} to write`);
      yield place.toOfficial(found);
    }
  }
  const heads = places.map(([, { name, shape }]) => ({ name, shape }));
  return writeSafetensors(path, heads, inOrder(), exportedMark);
}
