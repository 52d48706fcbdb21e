/** Decodes the content of label maps to class ids: values by a table, colors by the nearest class color. */
import { brokenInvariant } from '../../dsl/errors.ts';
import type { ClassInfo, Color } from './class-info.ts';
import type { RgbMap } from './decode.ts';
import type { IdMap } from './maps.ts';
import type { Undeclared, UndeclaredColor } from './findings.ts';
import { pack, unpack } from './tally.ts';

/** How label maps of a data set are read; plain data that can be cloned to threads. */
export interface LabelCoding {
  /** The values that may occur, each with its class. For color-coded maps, only the classes matter. */
  readonly values: readonly (readonly [value: number, id: number])[];
  /** Set if maps hold colors instead of values. */
  readonly colors?: {
    readonly classes: readonly ClassInfo[];
    /** The largest Euclidean RGB distance of a pixel from its class's color. */
    readonly distance: number;
  };
}

/** Makes the coding of maps whose values are the ids of the classes. */
export function plainCoding(classes: readonly ClassInfo[]): LabelCoding {
  return { values: classes.map(({ id }) => [id, id] as const) };
}

/** Decodes maps to ids, or finds the first pixel without a class. */
export interface LabelDecoder {
  /** The values that may occur. */
  readonly declared: readonly number[];
  /** Whether all ids fit into a byte. */
  readonly narrow: boolean;
  values(map: IdMap): IdMap | Undeclared;
  colors(map: RgbMap): IdMap | UndeclaredColor;
}

const none = -1;
/** At most this many near colors are cached: photographs have too many. */
const keptColors = 65536;
/** The most wrong colors of a file that are reported. */
const shownColors = 12;

/** Makes the decoder of a coding. */
export function labelDecoder({ values, colors }: LabelCoding): LabelDecoder {
  const idOf = new Int32Array(2 ** 16).fill(none);
  for (const [value, id] of values) idOf[value] = id;
  const isPlain = values.every(([value, id]) => value === id);
  const classOf = colors && colorFinder(colors.classes, colors.distance);
  return {
    declared: values.map(([value]) => value),
    narrow: values.every(([, id]) => id < 256),
    values(map) {
      const wrong = findUndeclared(map, idOf);
      if (wrong !== undefined || isPlain) return wrong ?? map;
      return { ...map, ids: map.ids.map((value) => idOf[value]!) };
    },
    colors({ width, height, rgb }) {
      if (!classOf) throw brokenInvariant('a map of colors without classes that have some');
      const ids = new Uint16Array(width * height);
      const colorAt = (i: number): Color => [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!];
      let first = none;
      let pixels = 0;
      const wrong = new Set<number>();
      let farthest = 0;
      for (let i = 0; i < ids.length; i++) {
        const id = classOf(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!);
        if (id >= 0) ids[i] = id;
        else {
          if (first < 0) first = i;
          pixels++;
          const color = colorAt(i);
          const key = pack(...color);
          if (wrong.has(key)) continue;
          if (wrong.size < keptColors) wrong.add(key);
          farthest = Math.max(farthest, nearestClass(colors.classes, color).distance);
        }
      }
      if (first < 0) return { width, height, ids };
      const color = colorAt(first);
      const [x, y] = [first % width, Math.floor(first / width)];
      const nearest = nearestClass(colors.classes, color);
      const some = [...wrong].slice(0, shownColors).map(unpack);
      return { x, y, color, pixels, total: ids.length, colors: some, nearest, farthest };
    },
  };
}

function colorFinder(
  classes: readonly ClassInfo[],
  distance: number,
): (red: number, green: number, blue: number) => number {
  const exact = new Map(classes.map(({ id, color: [red, green, blue] }) => [pack(red, green, blue), id]));
  const near = new Map<number, number>();
  return (red, green, blue) => {
    const color = pack(red, green, blue);
    const known = exact.get(color) ?? near.get(color);
    if (known !== undefined) return known;
    if (distance === 0) return none;
    const found = nearestClass(classes, [red, green, blue]);
    const id = found.distance <= distance ? found.class.id : none;
    if (near.size >= keptColors) near.clear();
    near.set(color, id);
    return id;
  };
}

/** Finds the class whose color is nearest; the first one of a tie. */
export function nearestClass(
  classes: readonly ClassInfo[],
  color: Color,
): { readonly class: ClassInfo; readonly distance: number } {
  const distances = classes.map((one) => Math.hypot(...one.color.map((channel, c) => channel - color[c]!)));
  const index = distances.indexOf(Math.min(...distances));
  return { class: classes[index]!, distance: distances[index]! };
}

function findUndeclared({ ids, width }: IdMap, idOf: Int32Array): Undeclared | undefined {
  let first = none;
  let pixels = 0;
  const values = new Set<number>();
  for (let i = 0; i < ids.length; i++) {
    const value = ids[i]!;
    if (idOf[value]! >= 0) continue;
    if (first < 0) first = i;
    pixels++;
    values.add(value);
  }
  if (first < 0) return undefined;
  const [x, y] = [first % width, Math.floor(first / width)];
  return { x, y, value: ids[first]!, pixels, total: ids.length, values: [...values] };
}
