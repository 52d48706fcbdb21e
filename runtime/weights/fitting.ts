/** Answers for what a file fits where it does not fit what it was asked for: another network, another mapping, another part. */
import { isInputError } from '../../dsl/errors.ts';
import type { WeightsFile } from './stored.ts';
import { listMappings, loadMapping, type Mapping } from './mapping.ts';
import { compareWeights, fits, type MatchReport } from './match.ts';
import { type Asked, type Fitting } from './messages.ts';
import type { WeightVariable } from './official.ts';

/**
 * Finds a network and a mapping that all of a file fits, those asked for first, in the part asked for or elsewhere in the file;
 * `leftOverIsFine` as `fits` has it.
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

/** Compares as far as a mapping and a part serve: that of another code may give two variables one name. */
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
