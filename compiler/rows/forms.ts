/**
 * Says how a label-local value is held without its pixels: as ids on a grid, as channels that each are one of a few
 * values, or as rows of a table, one for each distinct patch of a level.
 */
import type { Node } from '../ir/node.ts';
import type { Grid } from '../patches/plan.ts';

/** Zeros around a picture that the next window looks at: (before, after) of rows and of columns. */
export interface Margin {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

export const noMargin: Margin = { rows: [0, 0], columns: [0, 0] };

/** Channels of a picture: classes as one-hot, the edge bit, or whatever else stands beside them. */
export type Piece =
  | { readonly holds: 'classes'; readonly channels: number }
  | { readonly holds: 'edge'; readonly channels: 1 }
  | { readonly holds: 'other'; readonly channels: number; readonly node: Node };

interface OnGrid {
  readonly grid: Grid;
  /** How often the pictures of the maps follow each other. */
  readonly times: number;
}

/** Class ids, [N,H,W]. */
export interface Ids extends OnGrid {
  readonly kind: 'ids';
}

/** Pieces side by side, [N,H,W,C]. */
export interface Pieces extends OnGrid {
  readonly kind: 'pieces';
  readonly pieces: readonly Piece[];
  readonly margin: Margin;
}

/** A table [R,C]: each pixel has the row of its patch. */
export interface Rows {
  readonly kind: 'rows';
  readonly level: number;
  /** Size of the level's output, in pixels. */
  readonly height: number;
  readonly width: number;
  readonly times: number;
  readonly rows: Node;
  readonly margin: Margin;
}

export type Form = Ids | Pieces | Rows;

/** Pixels that an op makes itself because rows are a part of what it does. */
export interface Pixels {
  readonly kind: 'pixels';
  /** A value of the new graph. */
  readonly pixels: Node;
}

export const hasMargin = ({ rows, columns }: Margin): boolean =>
  [...rows, ...columns].some((amount) => amount > 0);

/** Tells whether all channels of pieces are labels. */
export const isAllLabels = ({ pieces }: Pieces): boolean => pieces.every(({ holds }) => holds !== 'other');

/** Keeps the entries of a grid's axis at `indices`. */
export function takeOfGrid(grid: Grid, axis: 1 | 2, indices: readonly number[]): Grid {
  const pick = (from: ArrayLike<number>): number[] => indices.map((index) => from[index]!);
  return axis === 1 ? { ...grid, rows: pick(grid.rows) } : { ...grid, columns: pick(grid.columns) };
}

/** Tells whether two grids show the same pixels. */
export const isSameGrid = (a: Grid, b: Grid): boolean => keyOfGrid(a) === keyOfGrid(b);

/** Gives text by which equal grids are known. */
export const keyOfGrid = ({ rows, columns }: Grid): string =>
  `${Array.from(columns).join()}x${Array.from(rows).join()}`;
