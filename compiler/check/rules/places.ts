/** Lists parts of a spec, with their places, that several rules check. */
import { trainedBy } from '../../format/queries.ts';
import type { ObjectiveSpec } from '../../format/types.ts';

/** Lists the networks that losses train, each with the JSON pointer of its name. */
export function trainedAt(
  objectives: readonly ObjectiveSpec[],
): { readonly network: string; readonly pointer: string }[] {
  return objectives.flatMap((objective, index) =>
    trainedBy(objective).map((network, position) => ({
      network,
      pointer: `/objectives/${index}/${position === 0 ? 'network' : `together/${position - 1}`}`,
    })),
  );
}
