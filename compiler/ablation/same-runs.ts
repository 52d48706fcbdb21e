/** Reports runs of an ablation with equal specs, which would train the same. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { hashText } from '../ir/random.ts';
import type { Spec } from '../format/types.ts';
import * as messages from './messages.ts';
import type { PlannedValue } from './types.ts';

/** A combination of values, with its expanded spec. */
export interface SpecOfValues {
  readonly values: readonly PlannedValue[];
  readonly spec: Spec | undefined;
}

/** Reports values that make no difference: each pair once, in however many runs it is. */
export function reportSameRuns(
  cells: readonly SpecOfValues[],
  report: (diagnostic: Diagnostic) => void,
): void {
  // Keeping the texts of hundreds of specs takes too much memory: only hashes are kept, and equal hashes are confirmed
  // by writing the texts again.
  const byHash = new Map<number, SpecOfValues[]>();
  const said = new Set<string>();
  for (const cell of cells) {
    if (!cell.spec) continue;
    const text = whatRuns(cell.spec);
    const hash = hashText(text);
    const alike = byHash.get(hash) ?? [];
    byHash.set(hash, [...alike, cell]);
    const same = alike.find(({ spec }) => spec && whatRuns(spec) === text);
    if (!same) continue;
    const differing = cell.values.flatMap((value, axis) => {
      const other = same.values[axis];
      return other && other !== value ? [{ first: other, second: value }] : [];
    });
    const key = differing.map(({ first, second }) => `${first.span.start} ${second.span.start}`).join();
    if (differing.length > 0 && !said.has(key)) report(messages.sameRuns(differing));
    said.add(key);
  }
}

/** Fields of a spec that do not affect a run: places in texts, comments, and the calls that made its parts. */
const aside: ReadonlySet<string> = new Set(['at', 'doc', 'definition', 'arguments', 'sources']);

/** Writes the fields of a spec that determine a run. */
function whatRuns(spec: Spec): string {
  return JSON.stringify(spec, (key, value: unknown) => (aside.has(key) ? undefined : value));
}
