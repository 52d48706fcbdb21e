/** Removes duplicate runs: of several runs with one spec and seed, only one counts. */
import type { Spec } from '../../compiler/format/types.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import type { FullRunRecord } from '../run/folder.ts';
import { sameRuns } from './messages.ts';
import type { Note } from './types.ts';

interface SeededRun {
  readonly name: string;
  readonly spec: Spec;
  readonly record: FullRunRecord;
  readonly records: readonly EvalRecord[];
}

/**
 * Keeps one run per seed, preferring evaluated ones and then the most steps, in the original order; notes the others.
 */
export function oneForEachSeed<Run extends SeededRun>(
  runs: readonly Run[],
): { readonly runs: readonly Run[]; readonly notes: readonly Note[] } {
  const bySeed = new Map<number, Run[]>();
  for (const run of runs) {
    const seed = run.spec.train?.seed ?? 0;
    bySeed.set(seed, [...(bySeed.get(seed) ?? []), run]);
  }
  const kept = [...bySeed.values()].map((same) => ({ same, run: same.reduce(better) }));
  return {
    runs: kept.map(({ run }) => run),
    notes: kept.flatMap(({ same, run }) => {
      const others = same.filter((one) => one !== run).map(({ name }) => name);
      return others.length > 0 ? [{ text: sameRuns(others, run.name, run.spec.train?.seed ?? 0) }] : [];
    }),
  };
}

function better<Run extends SeededRun>(one: Run, other: Run): Run {
  const [before, after] = [one, other].map(({ records }) => (records.length > 0 ? 1 : 0)) as [number, number];
  return (after - before || other.record.steps - one.record.steps) > 0 ? other : one;
}
