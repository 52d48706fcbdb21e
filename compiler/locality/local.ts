/**
 * Defines the description of a label-local value that patch tables need: how to list its distinct patches, and which
 * patch each pixel has. The patch of a pixel is the class of its row, the class of its column, and the labels in the
 * windows of all views; pixels with equal patches have equal values.
 */
import { must } from '../../dsl/errors.ts';
import { numbered, type Axis, type AxisView } from './axis.ts';
import { PixelTable, type Pixels } from './pixels.ts';

export interface LocalAxis {
  /** The row (or column) of the map behind each entry of the grid: all nearest resizes before, composed exactly. */
  readonly grid: readonly number[];
  /**
   * The position of each row of the value on the grid; its window is anchors[i] + from to anchors[i] + to, both
   * included.
   */
  readonly anchors: readonly number[];
  /**
   * At most 0 if the window contains its own position. Entries outside the grid have no label; the class encodes which
   * are outside.
   */
  readonly from: number;
  readonly to: number;
}

/** A value's reads of one map. A value may read a map in several ways, such as classes resized and edges pooled. */
export interface LocalView {
  /** The name of the input. */
  readonly map: string;
  readonly rows: LocalAxis;
  readonly columns: LocalAxis;
}

export interface LocalValue {
  /**
   * Values with equal keys have equal patches at every pixel of every picture of the maps, so they can share indices.
   */
  readonly key: string;
  readonly views: readonly LocalView[];
  /**
   * The class of each row and column: rows of one class have the same parts of their windows outside, and use the rest
   * in the same way. All 0 if neither border nor position matters.
   */
  readonly rowClasses: readonly number[];
  readonly columnClasses: readonly number[];
  /** The picture of the maps behind each picture of the value: [0,1,0,1] for maps stacked twice. */
  readonly pictures: readonly number[];
  /** Whether any window crosses a border of its grid. */
  readonly readsOutside: boolean;
}

/** Describes pixels, each distinct reading once. */
export class LocalityTable {
  readonly pixels = new PixelTable();
  private readonly described = new Map<Pixels, LocalValue>();
  private readonly keys = new Map<string, number>();
  private readonly classes = new Map<Axis, readonly number[]>();

  /** Describes pixels that read at least one map. */
  describe(pixels: Pixels): LocalValue {
    const known = this.described.get(pixels);
    if (known) return known;
    const axes = [pixels.rows, pixels.columns];
    const made: LocalValue = {
      key: this.keyOf(pixels),
      views: pixels.maps.map((map, index) => ({
        map,
        rows: must(pixels.rows.views[index], 'a view of pixels has rows'),
        columns: must(pixels.columns.views[index], 'a view of pixels has columns'),
      })),
      rowClasses: this.classesOf(pixels.rows),
      columnClasses: this.classesOf(pixels.columns),
      pictures: must(pixels.pictures, 'what reads a map knows its pictures'),
      readsOutside: axes.some(({ views }) =>
        views.some((view) => view.anchors.some((_, index) => /[^0,]/.test(outside(view, index)))),
      ),
    };
    this.described.set(pixels, made);
    return made;
  }

  /** The key leaves out which pictures are read, as the patches of each picture are the same. */
  private keyOf({ maps, rows, columns }: Pixels): string {
    const text = `${maps}|${rows.id}|${columns.id}`;
    const known = this.keys.get(text) ?? this.keys.size;
    this.keys.set(text, known);
    return `patch_${known}`;
  }

  private classesOf(axis: Axis): readonly number[] {
    const known = this.classes.get(axis);
    if (known) return known;
    const keys = axis.phases.map(
      (phase, i) => `${phase} ${axis.views.map((view) => outside(view, i)).join(';')}`,
    );
    const classes = numbered(keys);
    this.classes.set(axis, classes);
    return classes;
  }
}

/** Gives how much of an entry's window is before and after the grid. */
function outside({ grid, anchors, from, to }: AxisView, index: number): string {
  const at = must(anchors[index], 'an axis has an anchor for each entry');
  const length = to - from + 1;
  const before = Math.min(length, Math.max(0, -(at + from)));
  const after = Math.min(length, Math.max(0, at + to - grid.length + 1));
  return `${before},${after}`;
}
