/** Answers for runs of an ablation that would train the same: their specs are equal but for where and how they are written. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Spec } from '../spec/types.ts';
import * as messages from './messages.ts';
import type { PlannedValue } from './plan.ts';

/** A combination of values, with what it expands to. */
export interface SpecOfValues {
  readonly values: readonly PlannedValue[];
  readonly spec: Spec | undefined;
}

/** Reports values that make no difference: each pair once, however many runs it is in. */
export function reportSameRuns(
  cells: readonly SpecOfValues[],
  report: (diagnostic: Diagnostic) => void,
): void {
  const byDigest = new Map<number, SpecOfValues[]>();
  const said = new Set<string>();
  for (const cell of cells) {
    if (!cell.spec) continue;
    const text = whatRuns(cell.spec);
    const alike = byDigest.get(digestOf(text)) ?? [];
    byDigest.set(digestOf(text), [...alike, cell]);
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

/** What a spec says beside what it makes a run do: places in texts, comments, and the calls that made its parts. */
const aside: ReadonlySet<string> = new Set(['at', 'doc', 'definition', 'arguments', 'sources']);

/** Writes what of a spec decides how a run goes. */
function whatRuns(spec: Spec): string {
  return JSON.stringify(spec, (key, value: unknown) => (aside.has(key) ? undefined : value));
}

/** A number that is mostly another for another text (FNV-1a); equal ones are compared. */
function digestOf(text: string): number {
  let digest = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return digest;
}
