/** Describes which patches a program needs: the grids of a label map's resolutions, and the windows that read them. */

/** The value that stands for everything outside the image, in place of a label id or of a row. */
export const OUTSIDE = -1;

/** A resolution of the label map: the pixel (y,x) is the map's pixel (rows[y], columns[x]). */
export interface Grid {
  readonly rows: ArrayLike<number>;
  readonly columns: ArrayLike<number>;
}

/** One axis of a window, as of a convolution; all in pixels of what it looks at. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first and after the last pixel. */
  readonly before: number;
  readonly after: number;
}

/** What one convolution or pooling sees of its input at each of its output's pixels. */
export interface PatchWindow {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

/** Patches of one window: over a grid's labels, or over the rows of an earlier level at each of its pixels. */
export interface PatchLevel {
  readonly source: { readonly grid: number } | { readonly level: number };
  readonly window: PatchWindow;
  /** Whether the index of every pixel is wanted, not only the distinct patches. */
  readonly pixels: boolean;
}

/** All patches of a step's label maps: what the loader computes and the step is fed with. Plain data, may be cloned. */
export interface PatchPlan {
  /** Height and width of the label maps, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Whether patches differ by the instance-edge bits too. */
  readonly edges: boolean;
  readonly grids: readonly Grid[];
  /** A level comes after the one that it looks at. */
  readonly levels: readonly PatchLevel[];
}

/** A wanted index per pixel: windows one after another over a grid, such as two convolutions of 3 x 3. */
export interface PatchChain {
  readonly grid: Grid;
  readonly windows: readonly PatchWindow[];
}

/** Gives the grid of a nearest resize: output pixel i takes source pixel floor(i * in / out), at any ratio. */
export function nearestGrid(
  from: { readonly height: number; readonly width: number },
  to: { readonly height: number; readonly width: number },
): Grid {
  const taken = (input: number, output: number) =>
    Array.from({ length: output }, (_, i) => Math.floor((i * input) / output));
  return { rows: taken(from.height, to.height), columns: taken(from.width, to.width) };
}

/**
 * Gives the window of a square kernel. Without `before` and `after` it is padded so that stride 1 keeps the size; an even
 * kernel then has one more pixel after than before.
 */
export function squareWindow(kernel: number, other: Partial<Omit<WindowAxis, 'kernel'>> = {}): PatchWindow {
  const { stride = 1, dilation = 1 } = other;
  const around = (kernel - 1) * dilation;
  const { before = Math.floor(around / 2), after = Math.ceil(around / 2) } = other;
  const axis = { kernel, stride, dilation, before, after };
  return { rows: axis, columns: axis };
}

/** Gives how many pixels an axis of `size` pixels has behind a window: 0 or less if the window does not fit. */
export function sizeBehind(size: number, { kernel, stride, dilation, before, after }: WindowAxis): number {
  return Math.floor((size + before + after - (kernel - 1) * dilation - 1) / stride) + 1;
}

/** Gives the sizes of all levels' outputs, in their order. Throws a RangeError where the plan contradicts itself. */
export function levelSizes(plan: PatchPlan): { readonly height: number; readonly width: number }[] {
  plan.grids.forEach(({ rows, columns }, grid) => {
    for (const [list, size] of [[rows, plan.height] as const, [columns, plan.width] as const])
      for (let i = 0; i < list.length; i++)
        if (!(list[i]! >= 0 && list[i]! < size))
          throw new RangeError(`grid ${grid} takes pixel ${list[i]!} of an axis that has ${size}`);
  });
  const sizes: { height: number; width: number }[] = [];
  plan.levels.forEach(({ source, window }, level) => {
    const grid = 'grid' in source ? plan.grids[source.grid] : undefined;
    const seen =
      'level' in source
        ? sizes[source.level]
        : grid && { height: grid.rows.length, width: grid.columns.length };
    if (seen === undefined) throw new RangeError(`level ${level} looks at nothing that comes before it`);
    const height = sizeBehind(seen.height, window.rows);
    const width = sizeBehind(seen.width, window.columns);
    if (height < 1 || width < 1)
      throw new RangeError(
        `the window of level ${level} does not fit into ${seen.width} x ${seen.height} pixels`,
      );
    sizes.push({ height, width });
  });
  return sizes;
}

/** Makes a plan level by level: equal grids are one, and so are equal windows over the same. */
export class PlanBuilder {
  private readonly grids: Grid[] = [];
  private readonly levels: PatchLevel[] = [];
  private readonly numbers = new Map<string, number>();
  private edges = false;

  constructor(private readonly maps: Pick<PatchPlan, 'height' | 'width'>) {}

  /** Numbers a grid. */
  grid(grid: Grid): number {
    const key = `grid ${Array.from(grid.rows).join()} ${Array.from(grid.columns).join()}`;
    return this.number(key, () => this.grids.push(grid) - 1);
  }

  /** Numbers the level of a window over a grid or an earlier level. */
  level(source: PatchLevel['source'], window: PatchWindow): number {
    const key = JSON.stringify([source, axisKey(window.rows), axisKey(window.columns)]);
    return this.number(key, () => this.levels.push({ source, window, pixels: false }) - 1);
  }

  /** Has the index of every pixel of a level computed too. */
  wantPixels(level: number): void {
    this.levels[level] = { ...this.levels[level]!, pixels: true };
  }

  /** Has patches differ by the instance-edge bits too. */
  wantEdges(): void {
    this.edges = true;
  }

  /** Gives the plan of what was numbered so far. */
  plan(): PatchPlan {
    const { maps, edges, grids, levels } = this;
    return { ...maps, edges, grids: [...grids], levels: [...levels] };
  }

  private number(key: string, add: () => number): number {
    const known = this.numbers.get(key) ?? add();
    this.numbers.set(key, known);
    return known;
  }
}

/**
 * Makes a plan of chains: equal grids become one, and chains share the levels of the windows that they begin with. Also
 * gives, for each chain, the level whose pixels it wants. Throws a RangeError for a chain without windows.
 */
export function planPatches(
  maps: { readonly height: number; readonly width: number; readonly edges: boolean },
  chains: readonly PatchChain[],
): { readonly plan: PatchPlan; readonly ends: readonly number[] } {
  const builder = new PlanBuilder({ height: maps.height, width: maps.width });
  if (maps.edges) builder.wantEdges();
  const ends = chains.map(({ grid, windows }) => {
    if (windows.length === 0) throw new RangeError('a chain of patches has at least one window');
    let source: PatchLevel['source'] = { grid: builder.grid(grid) };
    let level = 0;
    for (const window of windows) {
      level = builder.level(source, window);
      source = { level };
    }
    builder.wantPixels(level);
    return level;
  });
  return { plan: builder.plan(), ends };
}

const axisKey = (axis: WindowAxis) => [axis.kernel, axis.stride, axis.dilation, axis.before, axis.after];
