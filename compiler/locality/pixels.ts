/**
 * Describes which pixels a label-local value reads: views of label maps along both axes, and the picture of the maps
 * behind each picture of the value. Interned, like axes.
 */
import { must } from '../../dsl/errors.ts';
import { Axes, joinViews, viewKey, type Axis, type AxisView } from './axis.ts';

/**
 * The pixels of a value, or of some of its channels. Without maps, the value depends on weights and its position
 * alone.
 */
export interface Pixels {
  readonly id: number;
  /** The picture of the maps behind each picture of the value; undefined if all pictures are equal. */
  readonly pictures: readonly number[] | undefined;
  /** The map of each view; both axes have the views in this order. */
  readonly maps: readonly string[];
  readonly rows: Axis;
  readonly columns: Axis;
}

interface View {
  readonly map: string;
  readonly rows: AxisView;
  readonly columns: AxisView;
}

const viewsOf = ({ maps, rows, columns }: Pixels): View[] =>
  maps.map((map, index) => ({
    map,
    rows: must(rows.views[index], 'a view of pixels has rows'),
    columns: must(columns.views[index], 'a view of pixels has columns'),
  }));

export class PixelTable {
  readonly axes = new Axes();
  private readonly known = new Map<string, Pixels>();
  private readonly merged = new Map<string, Pixels | undefined>();

  /** The pixels of a label map. */
  map(name: string, pictures: number, height: number, width: number): Pixels {
    const shown = Array.from({ length: pictures }, (_, index) => index);
    return this.intern(shown, [name], this.axes.map(height), this.axes.map(width));
  }

  /** The pixels of a value that is equal everywhere in every picture. */
  uniform(height: number, width: number): Pixels {
    return this.intern(undefined, [], this.axes.uniform(height), this.axes.uniform(width));
  }

  /** Changes the reads along rows and columns; views keep their order. */
  along(pixels: Pixels, rows: (axis: Axis) => Axis, columns: (axis: Axis) => Axis): Pixels {
    return this.intern(pixels.pictures, pixels.maps, rows(pixels.rows), columns(pixels.columns));
  }

  /** Selects the pictures `indices`, in that order. */
  takePictures(pixels: Pixels, indices: readonly number[]): Pixels {
    const shown =
      pixels.pictures &&
      indices.map((index) => must(pixels.pictures?.[index], 'a value of pixels has the shape of a picture'));
    return this.intern(shown, pixels.maps, pixels.rows, pixels.columns);
  }

  /** Broadcasts a single picture, row or column to a size. */
  broadcast(pixels: Pixels, [pictures, height, width]: readonly [number, number, number]): Pixels {
    const stretch = (size: number) => (axis: Axis) =>
      axis.size === size ? axis : this.axes.take(axis, new Array<number>(size).fill(0));
    const wide = this.along(pixels, stretch(height), stretch(width));
    return wide.pictures?.length === 1 && pictures > 1
      ? this.takePictures(wide, new Array<number>(pictures).fill(0))
      : wide;
  }

  /** The reads of a pointwise combination of two values; undefined if it mixes pictures. */
  merge(a: Pixels, b: Pixels): Pixels | undefined {
    if (a === b) return a;
    const key = `${a.id} ${b.id}`;
    if (!this.merged.has(key)) this.merged.set(key, this.mergeNew(a, b));
    return this.merged.get(key);
  }

  private mergeNew(a: Pixels, b: Pixels): Pixels | undefined {
    if (a.pictures && b.pictures && String(a.pictures) !== String(b.pictures)) return undefined;
    const views = viewsOf(a);
    for (const view of viewsOf(b)) {
      const joined = views.map((other) => other.map === view.map && joinBoth(other, view));
      const at = joined.findIndex((one) => one);
      const found = joined[at];
      if (found) views[at] = found;
      else views.push(view);
    }
    // Sorted, so that equal reads are equal whatever their history.
    const keyed = views.map((view) => ({
      view,
      key: `${view.map} ${viewKey(view.rows)} ${viewKey(view.columns)}`,
    }));
    const sorted = keyed.toSorted((x, y) => (x.key < y.key ? -1 : 1)).map(({ view }) => view);
    return this.intern(
      a.pictures ?? b.pictures,
      sorted.map(({ map }) => map),
      this.axes.combine(
        a.rows,
        b.rows,
        sorted.map(({ rows }) => rows),
      ),
      this.axes.combine(
        a.columns,
        b.columns,
        sorted.map(({ columns }) => columns),
      ),
    );
  }

  private intern(
    pictures: readonly number[] | undefined,
    maps: readonly string[],
    rows: Axis,
    columns: Axis,
  ): Pixels {
    const key = `${pictures ?? 'any'}|${maps}|${rows.id}|${columns.id}`;
    const known = this.known.get(key);
    if (known) return known;
    const pixels: Pixels = { id: this.known.size, pictures, maps, rows, columns };
    this.known.set(key, pixels);
    return pixels;
  }
}

function joinBoth(a: View, b: View): View | undefined {
  const rows = joinViews(a.rows, b.rows);
  const columns = joinViews(a.columns, b.columns);
  return rows && columns && { map: a.map, rows, columns };
}
