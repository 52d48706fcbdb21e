/** Tests the patches of label maps against a naive implementation, which writes every patch as a text. */
import { describe, expect, it } from 'vitest';
import {
  OUTSIDE,
  nearestGrid,
  planPatches,
  sizeBehind,
  squareWindow,
  type Grid,
  type PatchChain,
  type PatchPlan,
  type PatchWindow,
} from '../../compiler/patches/plan.ts';
import { patchIndexer, type PatchTable, type PatchTables } from '../../compiler/patches/tables.ts';
import { repeatPatches, unitePatches } from '../support/unite-patches.ts';
import { RandomStream } from '../../compiler/ir/random.ts';

/** Labels and edge bits of pictures, [B,H,W]. */
interface Maps {
  readonly labels: Int32Array;
  readonly edges: Uint8Array;
}

/** The content of a pixel: a label with its edge bit, or a patch as a text; undefined outside. */
type Shown = string | undefined;
type Picture = Shown[][];

const size = { height: 13, width: 11 };
const randomMaps = (
  pictures: number,
  label: (y: number, x: number, random: RandomStream) => number,
  { height, width } = size,
): Maps => {
  const random = new RandomStream(7, 'maps of a test');
  const each = (value: (y: number, x: number) => number): number[] =>
    Array.from({ length: pictures * height * width }, (_, i) =>
      value(Math.floor(i / width) % height, i % width),
    );
  return {
    labels: Int32Array.from(each((y, x) => label(y, x, random))),
    edges: Uint8Array.from(each(() => Math.floor(random.uniform() * 1.2))),
  };
};
const dice = (sides: number) => (_y: number, _x: number, random: RandomStream) =>
  Math.floor(random.uniform() * sides);

const maps: Record<string, (pictures: number) => Maps> = {
  'one label': (pictures) => ({
    ...randomMaps(pictures, () => 3),
    edges: new Uint8Array(pictures * 13 * 11),
  }),
  'two labels at random': (pictures) => randomMaps(pictures, dice(2)),
  'pure noise of many labels': (pictures) => randomMaps(pictures, dice(60000)),
  'regions of one pixel': (pictures) =>
    randomMaps(pictures, (y, x) => (y % 5 === 2 && x % 4 === 1 ? 1 + (y % 2) : 0)),
  'blocks with borders': (pictures) =>
    randomMaps(pictures, (y, x) => Math.floor(y / 5) + 4 * Math.floor(x / 4)),
};

const axis = { kernel: 3, stride: 1, dilation: 1, before: 1, after: 1 };
const whole = nearestGrid(size, size);
const chains: Record<string, PatchChain> = {
  'kernel 1': { grid: whole, windows: [squareWindow(1)] },
  'kernel 2': { grid: whole, windows: [squareWindow(2)] },
  'kernel 3': { grid: whole, windows: [squareWindow(3)] },
  'kernel 4': { grid: whole, windows: [squareWindow(4)] },
  'kernel 5': { grid: whole, windows: [squareWindow(5)] },
  '3 after 3': { grid: whole, windows: [squareWindow(3), squareWindow(3)] },
  '3 after 1 after 5': { grid: whole, windows: [squareWindow(5), squareWindow(1), squareWindow(3)] },
  'kernel 4, stride 2, padding 2, twice': {
    grid: whole,
    windows: [
      squareWindow(4, { stride: 2, before: 2, after: 2 }),
      squareWindow(4, { stride: 2, before: 2, after: 2 }),
    ],
  },
  'no padding': { grid: whole, windows: [squareWindow(3, { before: 0, after: 0 }), squareWindow(3)] },
  'more padding than kernel': {
    grid: whole,
    windows: [squareWindow(2, { before: 3, after: 4 }), squareWindow(3)],
  },
  'dilation 2, stride 3': {
    grid: whole,
    windows: [squareWindow(3, { dilation: 2, stride: 3 }), squareWindow(2)],
  },
  'sides that differ': {
    grid: whole,
    windows: [
      {
        rows: { kernel: 1, stride: 2, dilation: 1, before: 0, after: 1 },
        columns: { kernel: 4, stride: 1, dilation: 2, before: 5, after: 0 },
      },
      { rows: axis, columns: { ...axis, kernel: 2, after: 0 } },
    ],
  },
  'smaller, no whole ratio': {
    grid: nearestGrid(size, { height: 5, width: 7 }),
    windows: [squareWindow(3), squareWindow(3)],
  },
  'larger, no whole ratio': {
    grid: nearestGrid(size, { height: 17, width: 25 }),
    windows: [squareWindow(3), squareWindow(3)],
  },
  'one pixel': {
    grid: nearestGrid(size, { height: 1, width: 1 }),
    windows: [squareWindow(3), squareWindow(3)],
  },
};

const patchText = (places: readonly string[]): string => `[${places.join(' ')}]`;

/** Writes the content of every pixel of a grid. */
function shownBy(
  { rows, columns }: Grid,
  { labels, edges }: Maps,
  picture: number,
  plan: PatchPlan,
): Picture {
  return Array.from(rows, (row) =>
    Array.from(columns, (column) => {
      const at = (picture * plan.height + row) * plan.width + column;
      return `${labels[at]}${plan.edges && edges[at] === 1 ? 'e' : ''}`;
    }),
  );
}

/** Writes the patch of every pixel through a window as text. */
function seenThrough({ rows, columns }: PatchWindow, seen: Picture): Picture {
  const places = (kernel: number, dilation: number) => Array.from({ length: kernel }, (_, i) => i * dilation);
  return Array.from({ length: sizeBehind(seen.length, rows) }, (_, y) =>
    Array.from({ length: sizeBehind(seen[0]!.length, columns) }, (_, x) => {
      const patch = places(rows.kernel, rows.dilation).map((dy) =>
        places(columns.kernel, columns.dilation).map(
          (dx) =>
            seen[y * rows.stride - rows.before + dy]?.[x * columns.stride - columns.before + dx] ?? 'out',
        ),
      );
      return patchText(patch.flat());
    }),
  );
}

/** Numbers texts in order of first occurrence. */
function numbered(texts: readonly Shown[]): number[] {
  const numbers = new Map<Shown, number>();
  return texts.map((text) => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
}

/** Writes every row of every table as text, by looking up its parts. */
function textsOf(plan: PatchPlan, { tables }: PatchTables): string[][] {
  const texts: string[][] = [];
  plan.levels.forEach(({ source }, level) => {
    const { count, places, parts, edges } = tables[level]!;
    const textOf = (at: number): string => {
      const part = parts[at]!;
      if (part === OUTSIDE) return 'out';
      if ('level' in source) return texts[source.level]![part]!;
      return `${part}${edges?.[at] === 1 ? 'e' : ''}`;
    };
    texts.push(
      Array.from({ length: count }, (_, row) =>
        patchText(Array.from({ length: places }, (_, place) => textOf(row * places + place))),
      ),
    );
  });
  return texts;
}

/** Writes every pixel of every level as text, naively. */
function expectedTexts(plan: PatchPlan, given: Maps, pictures: number): string[][] {
  const levels: Picture[][] = [];
  for (const { source, window } of plan.levels) {
    const seen =
      'level' in source
        ? levels[source.level]!
        : Array.from({ length: pictures }, (_, picture) =>
            shownBy(plan.grids[source.grid]!, given, picture, plan),
          );
    levels.push(seen.map((picture) => seenThrough(window, picture)));
  }
  return levels.map((level) => level.flat(2) as string[]);
}

/** Compares tables with the naive implementation: numbers, their order, contents, sizes. */
function expectRight(plan: PatchPlan, found: PatchTables, given: Maps, pictures: number): void {
  const texts = textsOf(plan, found);
  expectedTexts(plan, given, pictures).forEach((expected, level) => {
    const { count, height, width, places, parts, edges, pixels } = found.tables[level]!;
    expect(count).toBe(new Set(expected).size);
    expect(parts.length).toBe(count * places);
    expect(pictures * height * width).toBe(expected.length);
    if (edges) edges.forEach((bit, at) => expect(parts[at] === OUTSIDE && bit === 1).toBe(false));
    if (plan.levels[level]!.pixels) {
      expect(Array.from(pixels!)).toEqual(numbered(expected));
      expect(Array.from(pixels!, (row) => texts[level]![row])).toEqual(expected);
    } else {
      expect(pixels).toBeUndefined();
      expect(texts[level]).toEqual([...new Set(expected)]);
    }
  });
}

/** The tables of each picture, computed separately and united. */
function unitedOneByOne(plan: PatchPlan, { labels, edges }: Maps, pictures: number): PatchTables {
  const area = plan.height * plan.width;
  const indexer = patchIndexer(plan);
  const apart = Array.from({ length: pictures }, (_, i) =>
    indexer.index(labels.subarray(i * area, (i + 1) * area), edges.subarray(i * area, (i + 1) * area)),
  );
  return unitePatches(plan, apart);
}

describe.each(Object.keys(maps))('patches of %s', (kind) => {
  describe.each(Object.keys(chains))('%s', (name) => {
    it.each([
      [1, true],
      [3, true],
      [3, false],
    ])('are exact for %i pictures, edges: %s', (pictures, edges) => {
      const { plan } = planPatches({ ...size, edges }, [chains[name]!]);
      const given = maps[kind]!(pictures);
      expectRight(plan, patchIndexer(plan).index(given.labels, given.edges), given, pictures);
    });

    it('are the same found at once and picture by picture', () => {
      const { plan } = planPatches({ ...size, edges: true }, [chains[name]!]);
      const given = maps[kind]!(3);
      const atOnce = patchIndexer(plan).index(given.labels, given.edges);
      expect(unitedOneByOne(plan, given, 3)).toEqual(atOnce);
    });
  });
});

describe('patches', () => {
  const everything = planPatches({ ...size, edges: true }, Object.values(chains));

  it('of one plan with all chains are exact', () => {
    const given = maps['blocks with borders']!(2);
    expectRight(everything.plan, patchIndexer(everything.plan).index(given.labels, given.edges), given, 2);
  });

  it('do not depend on what was found before', () => {
    const indexer = patchIndexer(everything.plan);
    const [first, other] = [maps['two labels at random']!(2), maps['pure noise of many labels']!(3)];
    const before = indexer.index(first.labels, first.edges);
    const copy = structuredClone(before);
    indexer.index(other.labels, other.edges);
    expect(before).toEqual(copy);
    expect(indexer.index(first.labels, first.edges)).toEqual(copy);
  });

  it('are the same for all types of arrays', () => {
    const { labels, edges } = maps['blocks with borders']!(1);
    const indexer = patchIndexer(everything.plan);
    const expected = indexer.index(labels, edges);
    expect(indexer.index(Uint8Array.from(labels), Float32Array.from(edges))).toEqual(expected);
    expect(indexer.index(Uint16Array.from(labels), edges)).toEqual(expected);
  });

  it('stay exact where dictionaries have to grow', () => {
    const large = { height: 60, width: 70 };
    const { plan } = planPatches({ ...large, edges: true }, [
      { grid: nearestGrid(large, large), windows: [squareWindow(3), squareWindow(3)] },
    ]);
    const given = randomMaps(2, dice(50), large);
    expectRight(plan, patchIndexer(plan).index(given.labels, given.edges), given, 2);
  });

  it('of the same pictures again cost no rows', () => {
    const { plan } = planPatches({ ...size, edges: true }, [chains['3 after 3']!]);
    const { labels, edges } = maps['two labels at random']!(2);
    const once = patchIndexer(plan).index(labels, edges);
    const twice = patchIndexer(plan).index(
      Int32Array.from([...labels, ...labels]),
      Uint8Array.from([...edges, ...edges]),
    );
    expect(repeatPatches(once, 2)).toEqual(twice);
    expect(twice.tables.map(({ count }: PatchTable) => count)).toEqual(once.tables.map(({ count }) => count));
  });

  it('refuse labels and edges that they could not tell apart', () => {
    const { plan } = planPatches({ height: 1, width: 2, edges: true }, [
      { grid: { rows: [0], columns: [0, 1] }, windows: [squareWindow(3)] },
    ]);
    const index = (labels: number[], edges?: number[]) => () =>
      patchIndexer(plan).index(Int32Array.from(labels), edges && Float32Array.from(edges));
    expect(index([0, -1], [0, 0])).toThrow('label ids are integers from 0');
    expect(index([2 ** 30, 0], [0, 0])).toThrow('label ids are integers from 0');
    expect(index([2 ** 31 - 1, 0], [0, 0])).toThrow('label ids are integers from 0');
    expect(index([2 ** 30 - 1, 0], [0, 1])).not.toThrow();
    expect(index([0, 0], [0, 0.5])).toThrow('an edge bit is 0 or 1, found 0.5');
    expect(index([0, 0], [0])).toThrow('2 labels need as many edge bits, found 1');
    expect(index([0, 0])).toThrow('2 labels need as many edge bits, found none');
    expect(index([0, 0, 0], [0, 0, 0])).toThrow('3 labels are no pictures of 2 x 1 pixels');
  });
});

describe('planPatches', () => {
  const maps = { ...size, edges: false };

  it('shares grids and the windows that chains begin with', () => {
    const small = () => nearestGrid(size, { height: 6, width: 5 });
    const { plan, ends } = planPatches(maps, [
      { grid: small(), windows: [squareWindow(3), squareWindow(3)] },
      { grid: small(), windows: [squareWindow(3), squareWindow(5)] },
      { grid: small(), windows: [squareWindow(3)] },
      { grid: small(), windows: [squareWindow(3), squareWindow(3)] },
      { grid: whole, windows: [squareWindow(3), squareWindow(3)] },
    ]);
    expect(plan.grids.length).toBe(2);
    expect(plan.levels.map(({ source }) => source)).toEqual([
      { grid: 0 },
      { level: 0 },
      { level: 0 },
      { grid: 1 },
      { level: 3 },
    ]);
    expect(plan.levels.map(({ pixels }) => pixels)).toEqual([true, true, true, false, true]);
    expect(ends).toEqual([1, 2, 0, 1, 4]);
  });

  it('refuses a chain without windows', () => {
    expect(() => planPatches(maps, [{ grid: whole, windows: [] }])).toThrow('at least one window');
  });
});

describe('patchIndexer', () => {
  const plan = (change: Partial<PatchPlan>): PatchPlan => ({
    ...{ height: 2, width: 2, edges: false, grids: [{ rows: [0, 1], columns: [0, 1] }] },
    levels: [{ source: { grid: 0 }, window: squareWindow(3), pixels: true }],
    ...change,
  });
  const level = (source: PatchPlan['levels'][number]['source'], window = squareWindow(3)) => ({
    levels: [{ source, window, pixels: true }],
  });

  it.each([
    [
      'a grid that leaves the map',
      { grids: [{ rows: [0, 2], columns: [0] }] },
      'grid 0 takes pixel 2 of an axis that has 2',
    ],
    ['a level that looks at itself', level({ level: 0 }), 'level 0 looks at nothing'],
    ['a level without grid', level({ grid: 1 }), 'level 0 looks at nothing'],
    [
      'a window that does not fit',
      level({ grid: 0 }, squareWindow(3, { before: 0, after: 0 })),
      'does not fit into 2 x 2',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => patchIndexer(plan(change))).toThrow(message);
  });
});

describe('nearestGrid', () => {
  it('takes pixel floor(i * in / out)', () => {
    expect(nearestGrid({ height: 7, width: 4 }, { height: 3, width: 6 })).toEqual({
      rows: [0, 2, 4],
      columns: [0, 0, 1, 2, 2, 3],
    });
  });
});
