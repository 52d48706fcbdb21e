/** Counts the values or colors in label maps: how often each occurs, and how many of its pixels are inside areas. */

/** The count of a value, or of a color packed into a number. */
export interface Count {
  readonly pixels: number;
  /** Pixels whose eight neighbors are equal to them: areas have such pixels, noise and blurred borders have none. */
  readonly inner: number;
}

/** The counts of label maps. */
export interface Tally {
  readonly values: ReadonlyMap<number, Count>;
  /** The counts of maps that hold colors. */
  readonly colors: ReadonlyMap<number, Count>;
  /** Pixels of colors beyond the limit of counted colors. */
  readonly uncounted: number;
  /** Maps whose values are not 8-bit greys as a viewer shows them: palette indices, and other depths. */
  readonly others: number;
}

export const emptyTally: Tally = { values: new Map(), colors: new Map(), uncounted: 0, others: 0 };

/** The most colors that are counted; photographs have more. */
const countedColors = 4096;

interface Counting {
  pixels: number;
  inner: number;
}

/** Counts the values of an id map, [height, width]; `isShown` if they are 8-bit greys as a viewer shows them. */
export function tallyValues(ids: Uint16Array, width: number, isShown: boolean): Tally {
  return { ...emptyTally, values: countKeys(ids, width, 2 ** 16).counts, others: isShown ? 0 : 1 };
}

/** Counts the colors of a map, [height, width, 3]. */
export function tallyColors(rgb: Uint8Array, width: number): Tally {
  const keys = new Uint32Array(rgb.length / 3);
  for (let i = 0; i < keys.length; i++) keys[i] = pack(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!);
  const { counts, uncounted } = countKeys(keys, width, countedColors);
  return { ...emptyTally, colors: counts, uncounted };
}

export const pack = (red: number, green: number, blue: number): number => (red << 16) | (green << 8) | blue;

export const unpack = (color: number): [number, number, number] => [
  color >> 16,
  (color >> 8) & 255,
  color & 255,
];

function countKeys(
  keys: Uint16Array | Uint32Array,
  width: number,
  most: number,
): { readonly counts: Map<number, Counting>; readonly uncounted: number } {
  const counts = new Map<number, Counting>();
  let uncounted = 0;
  let count: Counting | undefined;
  const last = keys.length - width;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    // Pixels come in runs, so map lookups are rare.
    if (count === undefined || key !== keys[i - 1]) count = counts.get(key);
    if (count === undefined) {
      if (counts.size >= most) {
        uncounted++;
        continue;
      }
      counts.set(key, (count = { pixels: 0, inner: 0 }));
    }
    count.pixels++;
    const x = i % width;
    if (i >= width && i < last && x > 0 && x < width - 1 && isInner(keys, i, width)) count.inner++;
  }
  return { counts, uncounted };
}

function isInner(keys: Uint16Array | Uint32Array, i: number, width: number): boolean {
  const key = keys[i];
  for (let row = i - width; row <= i + width; row += width)
    if (keys[row - 1] !== key || keys[row] !== key || keys[row + 1] !== key) return false;
  return true;
}

/** Sums the counts of maps. */
export class TallySum {
  private readonly values = new Map<number, Counting>();
  private readonly colors = new Map<number, Counting>();
  private uncounted = 0;
  private others = 0;

  add(tally: Tally): void {
    for (const [value, count] of tally.values) addTo(this.values, value, count);
    for (const [color, count] of tally.colors)
      if (this.colors.has(color) || this.colors.size < 16 * countedColors) addTo(this.colors, color, count);
      else this.uncounted += count.pixels;
    this.uncounted += tally.uncounted;
    this.others += tally.others;
  }

  get sum(): Tally {
    const { values, colors, uncounted, others } = this;
    return { values, colors, uncounted, others };
  }
}

function addTo(counts: Map<number, Counting>, key: number, { pixels, inner }: Count): void {
  const sum = counts.get(key);
  if (sum === undefined) counts.set(key, { pixels, inner });
  else {
    sum.pixels += pixels;
    sum.inner += inner;
  }
}
