/**
 * Finds the distinct patches of label maps. It numbers the patches of a level in two sweeps: first the columns of each
 * window, tuples of `kernel` values below one another, then rows of such columns. A deeper level reads the numbers of the
 * level before, so its patches are never written out.
 *
 *     labels, edges -> grid: code = 2 * label + edge -> columns of codes -> patches of codes = level 0's rows
 *                                         level 0's row of each pixel -> columns of rows -> patches of rows = level 1's rows
 */
import { edgesOf, toLabels } from './codes.ts';
import { OUTSIDE, levelSizes, type PatchPlan, type PatchWindow } from './plan.ts';
import { TupleRanks } from './ranks.ts';

/** The distinct patches of one level over all pictures, in order of first appearance: picture by picture, row by row. */
export interface PatchTable {
  /** Size of the level's output, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Number of distinct patches. */
  readonly count: number;
  /** Places of a patch: kernel rows x kernel columns. */
  readonly places: number;
  /**
   * What each patch holds at each place, row by row, [count, places]: label ids at a first level, else rows of the table
   * that the level looks at. OUTSIDE where the place lies outside the image (or outside the output of the level before):
   * there every activation is 0, not what the layers make of it.
   */
  readonly parts: Int32Array<ArrayBuffer>;
  /** Edge bits of a first level's patches, [count, places], 0 outside; undefined at other levels and without edges. */
  readonly edges: Uint8Array<ArrayBuffer> | undefined;
  /** The row of each pixel's patch, [pictures, height, width]; undefined if the plan does not want it. */
  readonly pixels: Int32Array<ArrayBuffer> | undefined;
}

/** The tables of one batch of pictures, in the order of the plan's levels. */
export interface PatchTables {
  readonly pictures: number;
  readonly tables: readonly PatchTable[];
}

/** Integers of label maps, one a pixel, picture by picture: [B,H,W]. */
export type LabelIds = Int32Array | Uint16Array | Uint8Array;

/** Edge bits of label maps, 0 or 1, picture by picture: [B,H,W]. */
export type EdgeBits = Float32Array | Uint8Array;

/** Finds patches; keeps its working memory from call to call. */
export interface PatchIndexer {
  /**
   * Finds the distinct patches of label maps, [B,H,W], as they are fed to the step: flipped and cropped. All arrays of the
   * result are fresh. Throws a RangeError if sizes do not fit the plan, an id is negative or an edge is neither 0 nor 1.
   */
  index(labels: LabelIds, edges?: EdgeBits): PatchTables;
}

/** Makes the finder of a plan's patches. Throws a RangeError where the plan contradicts itself. */
export function patchIndexer(plan: PatchPlan): PatchIndexer {
  const sizes = levelSizes(plan);
  const grids = plan.grids.map(({ rows, columns }) => {
    return { rows: Int32Array.from(rows), columns: Int32Array.from(columns) };
  });
  const gridCodes = grids.map(({ rows, columns }) => new Int32Array(rows.length * columns.length));
  const scratch = { padded: new Int32Array(0), columns: new Int32Array(0) };
  const sweeps = plan.levels.map((level) => {
    const { source, window } = level;
    const seen =
      'grid' in source
        ? { height: grids[source.grid]!.rows.length, width: grids[source.grid]!.columns.length }
        : sizes[source.level]!;
    return new WindowSweep(window, seen.height, seen.width, scratch);
  });
  /** The rows of one picture's pixels, for levels whose pixels only the next level wants. */
  const passing = plan.levels.map(({ pixels }, i) =>
    pixels ? undefined : new Int32Array(sizes[i]!.height * sizes[i]!.width),
  );
  const area = plan.height * plan.width;

  return {
    index(labels, edges) {
      const pictures = labels.length / area;
      if (!Number.isInteger(pictures))
        throw new RangeError(
          `${labels.length} labels are no pictures of ${plan.width} x ${plan.height} pixels`,
        );
      if (plan.edges && edges?.length !== labels.length)
        throw new RangeError(
          `${labels.length} labels need as many edge bits, found ${edges?.length ?? 'none'}`,
        );
      for (const sweep of sweeps) sweep.clear();
      const pixels = plan.levels.map((level, i) =>
        level.pixels ? new Int32Array(pictures * sizes[i]!.height * sizes[i]!.width) : undefined,
      );
      for (let picture = 0; picture < pictures; picture++) {
        grids.forEach((grid, i) => {
          codesOf(grid, labels, plan.edges ? edges : undefined, picture * area, plan.width, gridCodes[i]!);
        });
        const rows: Int32Array[] = [];
        plan.levels.forEach(({ source }, i) => {
          const { height, width } = sizes[i]!;
          const at = picture * height * width;
          const found = passing[i] ?? pixels[i]!.subarray(at, at + height * width);
          sweeps[i]!.sweep('grid' in source ? gridCodes[source.grid]! : rows[source.level]!, found);
          rows.push(found);
        });
      }
      const tables = plan.levels.map(({ source }, i) => {
        const parts = sweeps[i]!.parts();
        const isFirst = 'grid' in source;
        const bits = isFirst && plan.edges ? edgesOf(parts) : undefined;
        if (isFirst) toLabels(parts);
        return { ...sizes[i]!, ...sweeps[i]!.counts(), parts, edges: bits, pixels: pixels[i] };
      });
      return { pictures, tables };
    },
  };
}

/** Writes the codes of a grid's pixels of the picture that begins at `start`. */
function codesOf(
  { rows, columns }: { rows: Int32Array; columns: Int32Array },
  labels: LabelIds,
  edges: EdgeBits | undefined,
  start: number,
  width: number,
  codes: Int32Array,
): void {
  let to = 0;
  let signs = 0;
  for (let y = 0; y < rows.length; y++) {
    const row = start + rows[y]! * width;
    for (let x = 0; x < columns.length; x++) {
      const at = row + columns[x]!;
      const edge = edges === undefined ? 0 : edges[at]!;
      if (edge !== 0 && edge !== 1) throw new RangeError(`an edge bit is 0 or 1, found ${edge}`);
      const code = (labels[at]! << 1) | edge;
      signs |= code | labels[at]!;
      codes[to++] = code;
    }
  }
  if (signs < 0) throw new RangeError('label ids are integers from 0 to 2^30 - 1');
}

/** Numbers the patches of one window, picture after picture, in a dictionary of columns and one of patches. */
class WindowSweep {
  private readonly columnRanks: TupleRanks;
  private readonly patchRanks: TupleRanks;

  constructor(
    private readonly window: PatchWindow,
    private readonly height: number,
    private readonly width: number,
    /** Memory that all sweeps share, grown to what the largest wants. */
    private readonly scratch: { padded: Int32Array; columns: Int32Array },
  ) {
    this.columnRanks = new TupleRanks(window.rows.kernel);
    this.patchRanks = new TupleRanks(window.columns.kernel);
    const { rows, columns } = window;
    const padded = (rows.before + height + rows.after) * width;
    const line = columns.before + width + columns.after;
    if (scratch.padded.length < padded) scratch.padded = new Int32Array(padded);
    if (scratch.columns.length < line) scratch.columns = new Int32Array(line);
  }

  clear(): void {
    this.columnRanks.clear();
    this.patchRanks.clear();
  }

  /** Numbers the patches of `values` [height, width] into `found`, one a pixel of the output. */
  sweep(values: Int32Array, found: Int32Array): void {
    const { height, width } = this;
    const { rows, columns } = this.window;
    const { padded, columns: line } = this.scratch;
    padded.fill(OUTSIDE, 0, rows.before * width);
    padded.set(values, rows.before * width);
    padded.fill(OUTSIDE, (rows.before + height) * width, (rows.before + height + rows.after) * width);
    const lineEnd = columns.before + width + columns.after;
    line.fill(OUTSIDE, 0, columns.before);
    line.fill(OUTSIDE, columns.before + width, lineEnd);
    const last = rows.before + height + rows.after - (rows.kernel - 1) * rows.dilation - 1;
    let to = 0;
    for (let top = 0; top <= last; top += rows.stride) {
      this.rankColumns(padded, top, line);
      to = this.rankPatches(line, lineEnd, found, to);
    }
  }

  /** Numbers the columns of the windows whose first row is `top` of the padded rows, into the middle of `line`. */
  private rankColumns(padded: Int32Array, top: number, line: Int32Array): void {
    const { columnRanks, height, width } = this;
    const { kernel, dilation, before } = this.window.rows;
    const start = this.window.columns.before;
    let inside = false;
    for (let row = top, i = 0; i < kernel; i++, row += dilation)
      inside ||= row >= before && row < before + height;
    if (!inside) {
      line.fill(OUTSIDE, start, start + width); // as columns beside the image are: equal patches get equal numbers
      return;
    }
    const step = dilation * width;
    const reach = kernel * step;
    let known = -1;
    for (let x = 0, at = top * width; x < width; x++, at++) {
      let same = x > 0;
      // Mostly a column equals its left neighbor; seeing that is cheaper than looking it up.
      for (let from = at; same && from < at + reach; from += step) same = padded[from] === padded[from - 1];
      if (!same) known = columnRanks.rank(padded, at, step);
      line[start + x] = known;
    }
  }

  /** Numbers the patches of one line of columns into `found` from `to` on; gives where the next line's begin. */
  private rankPatches(line: Int32Array, lineEnd: number, found: Int32Array, to: number): number {
    const { patchRanks } = this;
    const { kernel, stride, dilation } = this.window.columns;
    const reach = (kernel - 1) * dilation;
    /** How many columns up to this one equal their left neighbors. */
    let run = 0;
    let due = reach;
    let known = -1;
    for (let x = 0; x < lineEnd; x++) {
      run = x > 0 && line[x] === line[x - 1] ? run + 1 : 0;
      if (x < due) continue;
      due += stride;
      if (run < reach + stride) known = patchRanks.rank(line, x - reach, dilation);
      found[to++] = known;
    }
    return to;
  }

  counts(): { count: number; places: number } {
    return { count: this.patchRanks.count, places: this.window.rows.kernel * this.window.columns.kernel };
  }

  /** Writes the patches out, [count, places]. */
  parts(): Int32Array<ArrayBuffer> {
    const { count, width, keys } = this.patchRanks;
    const { width: height, keys: columns } = this.columnRanks;
    const parts = new Int32Array(count * height * width);
    for (let patch = 0, key = 0; patch < count; patch++) {
      const start = patch * height * width;
      for (let x = 0; x < width; x++, key++) {
        const column = keys[key]!;
        for (let y = 0; y < height; y++) {
          parts[start + y * width + x] = column === OUTSIDE ? OUTSIDE : columns[column * height + y]!;
        }
      }
    }
    return parts;
  }
}
