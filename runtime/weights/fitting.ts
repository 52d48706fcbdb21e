/**
 * Finds what a file fits, if it does not fit as requested: another network, another mapping, another part of the file.
 */
import { isInputError } from '../../dsl/errors.ts';
import type { WeightsFile } from './stored.ts';
import { listMappings } from './library.ts';
import { loadMapping } from './load-mapping.ts';
import type { Mapping } from './mapping.ts';
import { compareWeights, fits, type MatchReport } from './match.ts';
import { type Asked, type Fitting } from './messages.ts';
import type { WeightVariable } from './official.ts';

/**
 * Finds a network and a mapping that the whole file fits, in the requested part or elsewhere in the file; requested
 * ones are tried first. `leftOverIsFine` is that of `fits`.
 */
export function findFitting(
  networks: readonly { readonly name: string; readonly variables: readonly WeightVariable[] }[],
  file: WeightsFile,
  asked: Asked,
  leftOverIsFine = false,
): Fitting | undefined {
  const known = [undefined, ...listMappings().map(loadMapping)];
  const mappings = asked.mapping === undefined ? known : [loadMapping(asked.mapping), ...known];
  const inOrder = networks.filter(({ name }) => name === asked.network).concat(networks);
  for (const inside of new Set([asked.inside, undefined]))
    for (const { name, variables } of inOrder)
      for (const mapping of mappings) {
        const report = compareWhereNamed(variables, file, mapping, inside);
        if (!report || !fits(report, leftOverIsFine)) continue;
        return { network: name, mapping: mapping?.name, inside: report.inside };
      }
  return undefined;
}

/**
 * Compares if the mapping and the part are applicable: a mapping for other networks may give two variables one name.
 */
function compareWhereNamed(
  variables: readonly WeightVariable[],
  file: WeightsFile,
  mapping: Mapping | undefined,
  inside: string | undefined,
): MatchReport | undefined {
  try {
    return compareWeights(variables, file, mapping, inside);
  } catch (error) {
    if (isInputError(error)) return undefined;
    throw error;
  }
}
