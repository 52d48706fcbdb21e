/** Checks label locality against values in float64, independently of the analysis. */
import { input, read } from '../../compiler/ir/sources.ts';
import { expect } from 'vitest';
import { reachable, shapeOf, type Node } from '../../compiler/ir/node.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { analyzeLocality } from '../../compiler/locality/analysis.ts';
import type { LocalValue } from '../../compiler/locality/local.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import type { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { cellsOf, indexPatches } from './locality-patches.ts';

/** Label maps of these tests are named `seg` (ids) and `seg.edges`, or as in data. */
export const isMap = (name: string): boolean => /^(seg|labels)(\.edges)?$/.test(name);

type Values = Map<string, RefTensor>;

/** Draws maps of areas with a few stray pixels, and random numbers for all other inputs. */
export function mapsOf(roots: readonly Node[], random: RandomStream, classes = 3): Values {
  const inputs = reachable(roots).filter(({ op }) => op === input);
  return new Map(
    inputs.map((node) => {
      const shape = shapeOf(node);
      const name = String(node.attrs['name']);
      const isId = isMap(name) && shape.length === 3;
      const [, height = 1, width = 1] = shape;
      const border = random.below(height * width);
      const draw = (i: number): number => {
        if (!isMap(name)) return random.uniform() * 2 - 1;
        if (random.below(6) === 0) return random.below(isId ? classes : 2);
        return Number(i % (height * width) < border);
      };
      return [name, { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => draw(i)) }];
    }),
  );
}

/** Draws nonzero numbers for all variables. */
export function variablesOf(roots: readonly Node[], random: RandomStream): Values {
  const reads = reachable(roots).filter(({ op }) => op === read);
  return new Map(
    reads.map((node) => [
      String(node.attrs['name']),
      {
        shape: shapeOf(node),
        data: Float64Array.from(
          { length: sizeOf(shapeOf(node)) },
          () => (random.uniform() + 0.1) * (random.below(3) - 1 || 1),
        ),
      },
    ]),
  );
}

/** The values of each pixel, all channels, as text that is equal for bitwise equal values. */
function pixelsOf({ shape, data }: RefTensor): string[] {
  const channels = shape[3] ?? 1;
  return Array.from({ length: data.length / channels }, (_, pixel) =>
    data.slice(pixel * channels, (pixel + 1) * channels).join(),
  );
}

/** Changes one entry of a map to another label; gives the maps and its position. */
function changeLabel(maps: Values, name: string, flat: number): Values {
  const { shape, data } = maps.get(name)!;
  const changed = data.slice();
  changed[flat] = shape.length === 3 ? (data[flat]! + 1) % 3 : 1 - data[flat]!;
  return new Map(maps).set(name, { shape, data: changed });
}

/** The cells of a map that a pixel of a value may depend on, as flat [picture,row,column]. */
function reach(local: LocalValue, name: string, shape: readonly number[], pixel: number): Set<number> {
  const [columns, rows] = [local.columnClasses.length, local.rowClasses.length];
  const [, height, width] = shape as [number, number, number];
  const picture = local.pictures[Math.floor(pixel / (rows * columns))]!;
  const [row, column] = [Math.floor(pixel / columns) % rows, pixel % columns];
  const cells = local.views
    .filter(({ map }) => map === name)
    .flatMap((view) =>
      cellsOf(view.rows, row).flatMap((h) =>
        cellsOf(view.columns, column).map((w) => (picture * height + h) * width + w),
      ),
    );
  return new Set(cells);
}

/**
 * Requires for every label-local node below the roots: pixels with equal patches have equal values, and labels outside
 * of a pixel's windows do not change it. Gives the number of local nodes.
 */
export function expectHolds(roots: readonly Node[], random: RandomStream, changes = 6): number {
  const { local } = analyzeLocality(roots, { isMap });
  const nodes = [...local.keys()];
  const maps = mapsOf(roots, random);
  const variables = variablesOf(roots, random);
  const before = evaluate(nodes, { inputs: maps, variables }).map(pixelsOf);
  nodes.forEach((node, index) => {
    const { indices, count } = indexPatches(local.get(node)!, maps);
    expect(before[index]).toHaveLength(indices.length);
    const pairs = new Set(indices.map((patch, pixel) => `${patch}: ${before[index]![pixel]}`));
    expect(pairs.size, `${node.op.name} has as many values as patches`).toBeLessThanOrEqual(count);
  });
  const names = [...maps.keys()].filter(isMap);
  for (let change = 0; change < changes; change++) {
    const name = names[random.below(names.length)]!;
    const { shape, data } = maps.get(name)!;
    const flat = random.below(data.length);
    const after = evaluate(nodes, { inputs: changeLabel(maps, name, flat), variables }).map(pixelsOf);
    nodes.forEach((node, index) => {
      const moved = before[index]!.flatMap((value, pixel) => (value === after[index]![pixel] ? [] : [pixel]));
      for (const pixel of moved)
        expect(reach(local.get(node)!, name, shape, pixel).has(flat), `${node.op.name} reads ${flat}`).toBe(
          true,
        );
    });
  }
  return nodes.length;
}

/**
 * Requires that a root is local, and that for every edge of its windows inside the map, some label there affects the
 * value.
 */
export function expectTight(root: Node, random: RandomStream, tries = 60): void {
  const local = analyzeLocality([root], { isMap }).local.get(root)!;
  const variables = variablesOf([root], random);
  const rows = local.rowClasses.length;
  const columns = local.columnClasses.length;
  for (const view of local.views)
    for (const [along, end] of [
      ['rows', 'from'],
      ['rows', 'to'],
      ['columns', 'from'],
      ['columns', 'to'],
    ] as const) {
      const across = along === 'rows' ? 'columns' : 'rows';
      const axis = view[along];
      const places = axis.anchors.flatMap((anchor, place) =>
        axis.grid[anchor + axis[end]] === undefined ? [] : [place],
      );
      if (places.length === 0) continue;
      const counts = Array.from({ length: tries }, () => 0).some(() => {
        const maps = mapsOf([root], random);
        const place = places[random.below(places.length)]!;
        const other = random.below(across === 'rows' ? rows : columns);
        const others = cellsOf(view[across], other);
        const edge = axis.grid[axis.anchors[place]! + axis[end]]!;
        const cell = others[random.below(others.length)]!;
        const [row, column] = along === 'rows' ? [place, other] : [other, place];
        const [h, w] = along === 'rows' ? [edge, cell] : [cell, edge];
        const [, height, width] = maps.get(view.map)!.shape as [number, number, number];
        const picture = random.below(local.pictures.length);
        const flat = (local.pictures[picture]! * height + h) * width + w;
        const [before, after] = [maps, changeLabel(maps, view.map, flat)].map(
          (inputs) =>
            pixelsOf(evaluate([root], { inputs, variables })[0]!)[(picture * rows + row) * columns + column],
        );
        return before !== after;
      });
      expect(counts, `${view.map} ${along} ${end} ${axis[end]} counts`).toBe(true);
    }
}
