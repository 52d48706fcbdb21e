/**
 * Answers for names that earlier versions gave our variables. `sync_batch` was a block around `batch` before it became an alias,
 * so that runs from then say `norm_0.batch.running_mean` where today's networks have `norm_0.running_mean`.
 */
import { renamer } from './mapping.ts';

/** Where a call has a label, today's name and the one with the level; without one, the calls were counted apart. */
const pairs: readonly (readonly [today: string, earlier: string])[] = [
  ['{path}.{p}', '{path}.batch.{p}'],
  ['batch.{p}', 'sync_batch.batch.{p}'],
  ['batch_{n}.{p}', 'sync_batch_{n}.batch.{p}'],
  ['{path}.batch.{p}', '{path}.sync_batch.batch.{p}'],
  ['{path}.batch_{n}.{p}', '{path}.sync_batch_{n}.batch.{p}'],
];

/** What `batch` keeps: its statistics, and where it is affine, its scales and shifts. */
const kept = ['running_{q}', 'affine.{q}'];

/** From today's name to an earlier one, and back. */
const renamers = pairs.flatMap(([today, earlier]) =>
  kept.flatMap((part) => {
    const [ours, official] = [today.replace('{p}', part), earlier.replace('{p}', part)];
    return [renamer({ ours, official }), renamer({ ours: official, official: ours })];
  }),
);

/** Lists what a variable may be called in files of another version of Spadework; nothing for most. */
export function otherVersionsNames(name: string): string[] {
  const others = renamers.flatMap((rename) => rename(name) ?? []);
  return others.length === 0 ? [] : [...new Set([name, ...others])];
}
