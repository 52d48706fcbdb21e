/**
 * Lists names that older versions of Spadework gave to variables. `sync_batch` used to be a block around `batch`
 * rather than an alias, so old runs have `norm_0.batch.running_mean` for `norm_0.running_mean`.
 */
import { renamer } from './mapping.ts';

/**
 * [name in current networks, name in old runs]. A labelled call had an extra level; unlabelled calls were counted
 * separately.
 */
const pairs: readonly (readonly [today: string, earlier: string])[] = [
  ['{path}.{p}', '{path}.batch.{p}'],
  ['batch.{p}', 'sync_batch.batch.{p}'],
  ['batch_{n}.{p}', 'sync_batch_{n}.batch.{p}'],
  ['{path}.batch.{p}', '{path}.sync_batch.batch.{p}'],
  ['{path}.batch_{n}.{p}', '{path}.sync_batch_{n}.batch.{p}'],
];

/** The variables of `batch`: its statistics and, if it is affine, its scales and shifts. */
const kept = ['running_{q}', 'affine.{q}'];

/** Renames from the current name to an old one, and back. */
const renamers = pairs.flatMap(([today, earlier]) =>
  kept.flatMap((part) => {
    const [ours, official] = [today.replace('{p}', part), earlier.replace('{p}', part)];
    return [renamer({ ours, official }), renamer({ ours: official, official: ours })];
  }),
);

/** Lists the names of a variable in files of other Spadework versions; empty for most variables. */
export function otherVersionsNames(name: string): string[] {
  const others = renamers.flatMap((rename) => rename(name) ?? []);
  return others.length === 0 ? [] : [...new Set([name, ...others])];
}
