/** Numbers the patches of a label-local value's pixels naively, as a reference for tests. */
import { must } from '../../dsl/errors.ts';
import { numbered } from '../../compiler/locality/axis.ts';
import type { LocalAxis, LocalValue } from '../../compiler/locality/local.ts';

/** Label maps [pictures,height,width,channels], row by row. */
export interface MapData {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface PatchIndex {
  /** The patch of each pixel of each picture, numbered in order of first occurrence. */
  readonly indices: readonly number[];
  /** The number of patches: the rows of their table. */
  readonly count: number;
}

/** Numbers the distinct patches that the pixels of a value see in all pictures. */
export function indexPatches(local: LocalValue, maps: ReadonlyMap<string, MapData>): PatchIndex {
  const keys = local.pictures.flatMap((picture) =>
    local.rowClasses.flatMap((rowClass, row) =>
      local.columnClasses.map((columnClass, column) => {
        const cells = local.views.flatMap(({ map, rows, columns }) => {
          const { shape, data } = must(maps.get(map), `map ${map} is missing`);
          const [, height = 1, width = 1, channels = 1] = shape;
          return cellsOf(rows, row).flatMap((h) =>
            cellsOf(columns, column).flatMap((w) => {
              const start = ((picture * height + h) * width + w) * channels;
              return Array.from({ length: channels }, (_, c) => data[start + c]);
            }),
          );
        });
        return `${rowClass} ${columnClass} ${cells}`;
      }),
    ),
  );
  const indices = numbered(keys);
  return { indices, count: new Set(indices).size };
}

/** The rows of the map in the window of entry `index`, without those outside. */
export function cellsOf({ grid, anchors, from, to }: LocalAxis, index: number): number[] {
  const anchor = must(anchors[index], 'an axis has an anchor for each entry');
  return grid.slice(Math.max(0, anchor + from), Math.max(0, anchor + to + 1));
}
