/**
 * Decides where rows pay, by how many distinct patches real maps have. A convolution over rows costs a product for each
 * row that patches are made of, a sum over the places of each patch, and reading a row at each pixel; pixel by pixel it costs a
 * product at each pixel.
 */
import { must } from '../../../dsl/errors.ts';
import type { PatchLimits } from '../../ir/target.ts';

import { levelSizes } from '../../patches/plan.ts';
import type { PatchFeed } from '../../patches/feed.ts';
import type { TableChoice } from './levels.ts';

/** What was decided about a level. */
export interface LevelChoice {
  readonly key: string;
  /** The level that it looks at; undefined for labels. */
  readonly below: number | undefined;
  /** Size of what it gives, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Distinct patches of a call, in the mean, and their share in the pixels. */
  readonly rows: number;
  readonly share: number;
  /** The most of any call. */
  readonly mostRows: number;
  readonly isTable: boolean;
}

/**
 * Decides about all levels of a program whose tables are all made; `counts` are numbers of patches of each level, in some calls. Above a
 * share of patches in pixels, sums and reading cost what products save; sooner for rows of labels, whose convolution is cheap.
 */
export function chooseLevels(
  { plan, keys, maps }: PatchFeed,
  counts: readonly (readonly number[])[],
  { share: largest, shareOfLabels }: PatchLimits,
): readonly LevelChoice[] {
  const levels = levelSizes(plan).map(({ height, width }, level) => {
    const { source } = must(plan.levels[level], 'there is a level for each size');
    const counted = must(counts[level], 'every level is counted');
    const rows = counted.reduce((sum, count) => sum + count, 0) / counted.length;
    return {
      key: must(keys[level], 'every level has a key'),
      below: 'level' in source ? source.level : undefined,
      height,
      width,
      rows,
      share: rows / (maps.pictures * height * width),
      mostRows: Math.max(...counted),
    };
  });
  const pays = levels.map(({ below, share }) => share <= (below === undefined ? shareOfLabels : largest));
  // From the deepest on: what a table is made of is one too, and without rows below there are none above.
  for (let level = levels.length - 1; level >= 0; level--) {
    const below = levels[level]?.below;
    if (pays[level] && below !== undefined) pays[below] = true;
  }
  return levels.map((one, level) => ({ ...one, isTable: pays[level] === true }));
}

/** Lists the levels of which tables are made. */
export function chosenKeys(levels: readonly LevelChoice[]): string[] {
  return levels.flatMap(({ key, isTable }) => (isTable ? [key] : []));
}

/** Makes the choice that a program is compiled with; undefined where no table is made. */
export function choiceOf(keys: readonly string[]): TableChoice | undefined {
  const chosen = new Set(keys);
  return keys.length === 0 ? undefined : (key) => chosen.has(key);
}
