/**
 * Describes one axis of what label-local values read: for every row (or column) of a value, which rows of which grids,
 * and how. A grid is a label map after nearest resizing, whose entries are rows of the map itself, so that any ratio
 * is exact. Axes are interned: equal ones are one object, and the result of an op on an axis is computed once.
 */
import { must } from '../../dsl/errors.ts';

/** A value's reads of one grid along one axis: at entry i, the grid's entries anchors[i] + from to anchors[i] + to. */
export interface AxisView {
  /** The row of the label map behind each entry of the grid. */
  readonly grid: readonly number[];
  /** The position of each entry of the value on the grid; padding may be outside. */
  readonly anchors: readonly number[];
  readonly from: number;
  readonly to: number;
}

export interface Axis {
  readonly id: number;
  readonly size: number;
  readonly views: readonly AxisView[];
  /**
   * The phase of each entry: entries of one phase compute the same function of the labels they read. Phases differ at
   * borders, and between entries of a resize that share their source differently (the two phases of a doubling).
   */
  readonly phases: readonly number[];
  /** Whether each entry reads anything; padding does not. */
  readonly reads: readonly boolean[];
}

/** For every entry of a result: the entries of the operand that it reads, in order; undefined for entries outside. */
type Taps = (index: number) => readonly (number | undefined)[];

/** Numbers keys in the order of their first occurrence. */
export function numbered(keys: readonly string[]): number[] {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const number = seen.get(key) ?? seen.size;
    seen.set(key, number);
    return number;
  });
}

/** Lists 0 .. count - 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Gives a key that is equal for equal views along an axis. */
export const viewKey = ({ grid, anchors, from, to }: AxisView): string => `${grid}/${anchors}/${from}/${to}`;

const isSingle = ({ from, to }: AxisView): boolean => from === 0 && to === 0;

/** The position of an operand's entry on a grid; beyond the ends, anchors are extrapolated. */
function anchorAt({ anchors }: AxisView, index: number): number {
  const last = anchors.length - 1;
  if (index >= 0 && index <= last) return must(anchors[index], 'an offset lies inside of the axis');
  const [end, next] = index < 0 ? [0, 1] : [last, last - 1];
  const at = must(anchors[end], 'an axis has entries');
  const step = anchors[next] === undefined ? 1 : Math.abs(anchors[next] - at);
  return at + (index - end) * step;
}

/** Converts a view of single entries to a view of a new grid made of these entries; later windows count its entries. */
function regrid(view: AxisView): AxisView {
  const { grid, anchors } = view;
  if (!isSingle(view) || anchors.some((anchor) => grid[anchor] === undefined)) return view;
  return { ...view, grid: anchors.map((anchor) => grid[anchor]!), anchors: upTo(anchors.length) };
}

/** Joins two views of one map into the smallest view that contains both; undefined if they are on different grids. */
export function joinViews(a: AxisView, b: AxisView): AxisView | undefined {
  const sees = ({ grid, anchors }: AxisView): string => anchors.map((anchor) => grid[anchor]).join();
  const isOneGrid = String(a.anchors) === String(b.anchors) && String(a.grid) === String(b.grid);
  // A single entry is also a view of the other's grid, if that is centered on it.
  const isCentered = (isSingle(a) || isSingle(b)) && sees(a) === sees(b);
  if (!isOneGrid && !isCentered) return undefined;
  const base = isSingle(a) ? b : a;
  return { ...base, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

export class Axes {
  private readonly known = new Map<string, Axis>();
  private readonly made = new Map<string, Axis>();

  /** The axis of a label map. */
  map(size: number): Axis {
    const entries = upTo(size);
    return this.intern(
      [{ grid: entries, anchors: entries, from: 0, to: 0 }],
      entries.map(() => '0'),
      true,
    );
  }

  /** The axis of a value that is equal everywhere. */
  uniform(size: number): Axis {
    return this.intern(
      [],
      upTo(size).map(() => '0'),
      true,
    );
  }

  /** The axis of a pointwise combination; `views` are those of both operands, joined. */
  combine(a: Axis, b: Axis, views: readonly AxisView[]): Axis {
    const phases = a.phases.map((phase, index) => `${phase},${b.phases[index]}`);
    return this.intern(
      views,
      phases,
      a.reads.map((reads, index) => reads || b.reads[index] === true),
    );
  }

  /** Selects the entries `indices`, in that order. */
  take(axis: Axis, indices: readonly number[]): Axis {
    if (indices.length === axis.size && indices.every((from, to) => from === to)) return axis;
    return this.gather(
      axis,
      `take ${indices}`,
      indices.length,
      (i) => [indices[i]],
      (i) => indices[i]!,
    );
  }

  /** Adds entries of a constant before and after. */
  pad(axis: Axis, before: number, after: number): Axis {
    if (before === 0 && after === 0) return axis;
    const inside = (i: number): number => i - before;
    const taps: Taps = (i) => [within(inside(i), axis.size)];
    return this.gather(axis, `pad ${before} ${after}`, before + axis.size + after, taps, inside);
  }

  /**
   * The axis of a sliding window: `kernel` entries `dilation` apart; windows are `stride` apart and start `before`
   * entries outside.
   */
  slide(axis: Axis, size: number, kernel: number, stride: number, before: number, dilation = 1): Axis {
    if (kernel === 1 && stride === 1 && before === 0) return axis;
    const first = (i: number): number => i * stride - before;
    const taps: Taps = (i) => upTo(kernel).map((tap) => within(first(i) + tap * dilation, axis.size));
    const name = `slide ${size} ${kernel} ${stride} ${before} ${dilation}`;
    return this.gather(axis, name, size, taps, (i) => first(i) + ((kernel - 1) >> 1) * dilation);
  }

  /**
   * The axis of a transposed convolution: entries of the operand are `stride` apart in the result, each spread over
   * `kernel` entries that are `dilation` apart.
   */
  spread(axis: Axis, size: number, kernel: number, stride: number, before: number, dilation = 1): Axis {
    const source = (i: number, tap: number): number => (i + before - tap * dilation) / stride;
    const taps: Taps = (i) =>
      upTo(kernel).map((tap) =>
        Number.isInteger(source(i, tap)) ? within(source(i, tap), axis.size) : undefined,
      );
    const name = `spread ${size} ${kernel} ${stride} ${before} ${dilation}`;
    return this.gather(axis, name, size, taps, (i) => Math.floor(source(i, (kernel - 1) >> 1)));
  }

  private gather(
    axis: Axis,
    name: string,
    size: number,
    taps: Taps,
    center: (index: number) => number,
  ): Axis {
    const key = `${axis.id} ${name}`;
    const known = this.made.get(key);
    if (known) return known;
    const met = upTo(size).map(taps);
    const anchors = axis.views.map((view) => met.map((_, index) => anchorAt(view, center(index))));
    const views = axis.views.map((view, v): AxisView => {
      const offsets = met.flatMap((indices, index) =>
        indices.flatMap((from) =>
          from !== undefined && axis.reads[from] ? [anchorAt(view, from) - anchors[v]![index]!] : [],
        ),
      );
      const [least, most] = offsets.reduce(
        ([low, high], offset) => [Math.min(low, offset), Math.max(high, offset)],
        [Infinity, -Infinity],
      );
      const isRead = offsets.length > 0;
      return {
        grid: view.grid,
        anchors: anchors[v]!,
        from: isRead ? least + view.from : 0,
        to: isRead ? most + view.to : 0,
      };
    });
    // The phase of an entry follows from the phases and offsets of the entries that it reads.
    const phases = met.map((indices, index) =>
      indices
        .map((from) => {
          if (from === undefined) return 'outside';
          const offsets = axis.reads[from]
            ? axis.views.map((view, v) => anchorAt(view, from) - anchors[v]![index]!)
            : [];
          return `${axis.phases[from]} ${offsets}`;
        })
        .join(';'),
    );
    const reads = met.map((indices) =>
      indices.some((from) => from !== undefined && axis.reads[from] === true),
    );
    const result = this.intern(views, phases, reads);
    this.made.set(key, result);
    return result;
  }

  private intern(
    views: readonly AxisView[],
    keys: readonly string[],
    reads: readonly boolean[] | true,
  ): Axis {
    const regridded = views.map(regrid);
    const phases = numbered(keys);
    const flags = reads === true ? phases.map(() => true) : reads;
    const key = `${regridded.map(viewKey).join('|')}#${phases}#${flags.map(Number)}`;
    const known = this.known.get(key);
    if (known) return known;
    const axis: Axis = { id: this.known.size, size: keys.length, views: regridded, phases, reads: flags };
    this.known.set(key, axis);
    return axis;
  }
}

function within(index: number, size: number): number | undefined {
  return index >= 0 && index < size ? index : undefined;
}
