/** Numbers the levels of patches that a program's methods use, all of one plan, where a table of them was chosen. */

import { must } from '../../../dsl/errors.ts';
import { isSameGrid, keyOfGrid } from '../../rows/forms.ts';
import type { LabelMaps, PatchFeed } from '../../patches/feed.ts';
import {
  PlanBuilder,
  nearestGrid,
  type Grid,
  type PatchLevel,
  type PatchWindow,
} from '../../patches/plan.ts';

/** Tells of a level, by its key, whether a table is made of it. */
export type TableChoice = (key: string) => boolean;

export class LevelPlanner {
  private readonly builder: PlanBuilder;
  private readonly keys = new Map<number, string>();

  constructor(
    readonly maps: LabelMaps,
    private readonly isChosen: TableChoice,
  ) {
    this.builder = new PlanBuilder(maps);
  }

  /** Numbers a level of patches; undefined where a table of it was not chosen. */
  level(
    source: { readonly grid: Grid } | { readonly level: number },
    window: PatchWindow,
  ): number | undefined {
    const key = `${'grid' in source ? this.gridKey(source.grid) : this.keys.get(source.level)} > ${windowKey(window)}`;
    if (!this.isChosen(key)) return undefined;
    const seen: PatchLevel['source'] =
      'grid' in source ? { grid: this.builder.grid(source.grid) } : { level: source.level };
    const level = this.builder.level(seen, window);
    this.keys.set(level, key);
    return level;
  }

  /** Names a grid by its size if it is the map resized, as it mostly is, and else by its entries. */
  private gridKey(grid: Grid): string {
    const [height, width] = [grid.rows.length, grid.columns.length];
    const isResized = isSameGrid(grid, nearestGrid(this.maps, { height, width }));
    return isResized ? `${width}x${height}` : keyOfGrid(grid);
  }

  wantPixels(level: number): void {
    this.builder.wantPixels(level);
  }

  wantEdges(): void {
    this.builder.wantEdges();
  }

  /** Gives what methods are fed: the plan of all levels numbered so far, and their keys. */
  feed(): PatchFeed {
    const plan = this.builder.plan();
    const keys = plan.levels.map((_, level) => must(this.keys.get(level), 'every level has a key'));
    return { plan, keys, maps: this.maps };
  }
}

/** Says what a window looks at: `3x3`, or `4x4/2 -2+1` with its step and what it has outside; columns first if rows differ. */
function windowKey({ rows, columns }: PatchWindow): string {
  const [across, down] = [columns, rows].map(({ stride, dilation, before, after }) => {
    const step = stride === 1 ? '' : `/${stride}`;
    return `${step}${dilation === 1 ? '' : `*${dilation}`} -${before}+${after}`;
  });
  return `${columns.kernel}x${rows.kernel}${across === down ? across : `${across} by${down}`}`;
}
