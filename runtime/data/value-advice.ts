/** Finds the most likely cause of wrong values in label maps, from all maps together, and the settings that fix it. */
import { lastClassIsVoid } from '../../compiler/format/labels.ts';
import type { Color } from './class-info.ts';
import { colorSettings, saidOf, valueSettings, type Meaning, type Settings } from './settings.ts';
import type { Count, Tally } from './tally.ts';

/** The likely cause of undeclared values, with the settings that fix it, if any do. */
export type ValueAdvice = { readonly settings?: Settings | undefined } & (
  | {
      /** Values scatter around a few, as after JPEG or smooth scaling. */
      readonly kind: 'scattered';
      readonly peaks: readonly number[];
    }
  /** Almost no neighbors are equal. */
  | { readonly kind: 'picture' }
  /** Black and white are two classes. */
  | { readonly kind: 'binary'; readonly white: number }
  /** A few greys, far from each other, represent the classes in order. */
  | { readonly kind: 'greys'; readonly greys: readonly number[] }
  /** There are as many ids as classes, but they start at `first`. */
  | { readonly kind: 'from'; readonly first: number }
  /** There are more classes than declared. */
  | {
      readonly kind: 'more';
      readonly last: number;
      /** Whether the declared number lacks only the void class. */
      readonly isVoidUncounted: boolean;
      /** Whether the names suggest otherwise: their number is that of the ids without 0. */
      readonly isNamedFrom1: boolean;
      /** The alternative settings: with 0 as void or, for named classes, with 0 as a class. */
      readonly other: Settings | undefined;
      /** The alternative settings with the last value as void. */
      readonly unknownLast: Settings | undefined;
    }
  /** Values that conventionally mean void. */
  | { readonly kind: 'void'; readonly values: readonly number[] }
  /** Ids were multiplied, as when saved as 16-bit greys. */
  | { readonly kind: 'multiplied'; readonly factor: number }
  /** All label ids of Cityscapes, where only the train ids were declared. */
  | { readonly kind: 'cityscapes' }
  | {
      /** Nothing shows whether values are classes, void or mistakes: the user must choose one of these. */
      readonly kind: 'unclear';
      readonly values: readonly number[];
      readonly asVoid: Settings | undefined;
      readonly asClasses: Settings | undefined;
    }
  /** Not a map of ids. */
  | { readonly kind: 'other' }
);

/** A value fills areas if at least this share of its pixels is inside them. */
const innerShare = 0.1;
/** Fewer values without areas are thin objects, such as poles. */
const fewThin = 8;
/** Values within this distance of a more frequent one are its noise. */
const noise = 8;
/** Conventional values for void. */
const customVoid = [255, 65535];
/** Fewer greys than declared classes are recognized only above this value: lower values are ids. */
const leastGrey = 64;
/** The highest value that a grey of 8 bits has. */
const highestByte = 255;
/** Cityscapes trains on this many of its labels; the ids of things are contiguous. */
const cityscapes = { trained: 19, firstThing: 24, labels: 34 } as const;

/** Tells whether a value fills areas. */
export const isSolid = ({ pixels, inner }: Count): boolean => inner > 0 && inner >= innerShare * pixels;

/** Finds the values around which others scatter; undefined if values fill areas, as ids do. */
export function peaksOf(values: ReadonlyMap<number, Count>): readonly number[] | undefined {
  const solid = [...values].filter(([, count]) => isSolid(count));
  const thin = values.size - solid.length;
  if (thin < fewThin || thin < 2 * solid.length) return undefined;
  const peaks: (readonly [number, Count])[] = [];
  for (const [value, count] of solid.sort(([, a], [, b]) => b.pixels - a.pixels)) {
    const isNoise = peaks.some(
      ([peak, { pixels }]) => Math.abs(peak - value) <= noise && count.pixels < pixels / 4,
    );
    if (!isNoise) peaks.push([value, count]);
  }
  return peaks.map(([value]) => value).sort((a, b) => a - b);
}

/** Finds the cause of undeclared values. */
export function adviceOnValues(tally: Tally, meaning: Meaning): ValueAdvice {
  const scattered = adviceOnScatter(tally, meaning);
  if (scattered) return scattered;
  const said = saidOf(meaning);
  const { ids_from: from = 0, void: voids = [] } = said;
  const values = [...tally.values.keys()].sort((a, b) => a - b);
  const declared = new Set(meaning.coding.values.map(([value]) => value));
  const wrong = values.filter((value) => !declared.has(value));
  const [first = 0] = wrong;
  const highest = values.at(-1) ?? 0;
  const real = said.classes - (lastClassIsVoid(said) ? 1 : 0);
  const greys = (): Settings | undefined =>
    tally.others === 0 ? colorSettings(meaning, values.map(greyOf), 0) : undefined;
  const withVoid = (more: readonly number[]): Settings => ({
    classes: real + 1,
    void: [...new Set([...voids, ...more])],
  });
  // A class named as void that no map contains may have been declared for these values.
  const voidCounted = (): Settings | undefined =>
    /void|unlabel|ignore|unknown/i.test(said.names?.at(-1) ?? '') && !values.includes(from + real - 1)
      ? { void: [...voids, ...wrong] }
      : undefined;
  const complete = (change: Settings): Settings | undefined => valueSettings(meaning, change, values);

  const ids = values.filter((value) => !customVoid.includes(value) && !voids.includes(value));
  const factor = factorOf(ids, tally, real);
  if (factor !== undefined) return { kind: 'multiplied', factor };
  const isWhite = highest > noise && (real <= 2 || highest >= leastGrey);
  if (values.every((value) => value === 0 || (value === highest && isWhite))) {
    const settings = tally.others === 0 ? colorSettings(meaning, [greyOf(0), greyOf(highest)], 0) : undefined;
    return { kind: 'binary', white: highest, settings };
  }
  const custom = wrong.filter((value) => customVoid.includes(value));
  const start = startOf(ids, from, real);
  if (start !== undefined && start !== from) {
    const settings = complete({ ids_from: start, ...(custom.length > 0 && withVoid(custom)) });
    return { kind: 'from', first: start, settings };
  }
  if (wrong.length === 1 && (customVoid.includes(first) || (first === 0 && from > 0)))
    return { kind: 'void', values: wrong, settings: complete(voidCounted() ?? withVoid(wrong)) };
  const gap = Math.min(...values.slice(1).map((value, i) => value - values[i]!));
  const isCounted = values.length === real && highest > 2 * noise;
  const isApart = gap >= noise && (values.length >= real || highest >= leastGrey);
  const last = ids.at(-1) ?? 0;
  const all = (counted: number): Settings => ({
    classes: counted + (custom.length > 0 || lastClassIsVoid(said) ? 1 : 0),
    ...(custom.length > 0 && { void: [...voids, ...custom] }),
  });
  const { trained, firstThing, labels } = cityscapes;
  if (real === trained && from === 0 && last >= firstThing && last <= labels) {
    // Names and colors would belong to other ids.
    const isNamed = said.names !== undefined || said.colors !== undefined || said.legend !== undefined;
    const counted = Math.max(labels, last + 1);
    return { kind: 'cityscapes', settings: isNamed ? undefined : complete(all(counted)) };
  }
  if ((isCounted || isApart) && highest <= highestByte && tally.others === 0)
    return { kind: 'greys', greys: values, settings: values.length >= real ? greys() : undefined };
  const isDense = 2 * ids.length > last - from + 1 || last === from + real;
  if (last >= from + real && last <= highestByte && isDense && (ids[0] ?? 0) >= from) {
    const counted = last - from + 1;
    const more = complete(all(counted));
    const isVoidUncounted = lastClassIsVoid(said) && counted === said.classes;
    // With one id too many, 0 or the last may be void. Counting all as classes loses none, so it is suggested first.
    const isOneMore =
      counted === real + 1 &&
      real > 1 &&
      from === 0 &&
      ids.includes(0) &&
      custom.length === 0 &&
      (!isVoidUncounted || said.names?.length === real);
    const unknown0 = isOneMore ? complete({ ids_from: 1, ...withVoid([0]) }) : undefined;
    const isNamedFrom1 = unknown0 !== undefined && said.names?.length === real;
    return {
      kind: 'more',
      last,
      isVoidUncounted,
      isNamedFrom1,
      unknownLast:
        isOneMore && voids.length === 0 && more !== undefined ? { ...more, void: [last] } : undefined,
      ...(isNamedFrom1 ? { settings: unknown0, other: more } : { settings: more, other: unknown0 }),
    };
  }
  if (wrong.length > 1 && (wrong.length >= declared.size || wrong.length > noise)) return { kind: 'other' };
  const pixels = (some: Iterable<Count>): number => [...some].reduce((sum, one) => sum + one.pixels, 0);
  const [only] = wrong;
  const mayBeVoid =
    wrong.length === 1 &&
    only !== undefined &&
    2 * (tally.values.get(only)?.pixels ?? 0) < pixels(tally.values.values());
  return {
    kind: 'unclear',
    values: wrong,
    asVoid: mayBeVoid ? complete(withVoid(wrong)) : undefined,
    asClasses: last <= highestByte && last >= from + real ? complete(all(last - from + 1)) : undefined,
  };
}

/** Finds the factor that ids were multiplied by. 8-bit greys need no division, as they can be declared as colors. */
function factorOf(ids: readonly number[], { others }: Tally, real: number): number | undefined {
  const highest = ids.at(-1) ?? 0;
  const [first] = ids.filter((value) => value > 0);
  if (first === undefined || (highest <= highestByte && others === 0)) return undefined;
  const common = ids.reduce(greatestDivisor, 0);
  // Converting 8 bits to 16 multiplies greys by one of these.
  const factor = [highestByte + 2, highestByte + 1].find((scale) => common % scale === 0) ?? common;
  const isScaled = factor > highestByte || (factor >= noise && highest / factor < real);
  return isScaled && highest / factor <= highestByte ? factor : undefined;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * Finds the value that ids start at, if an offset alone makes them valid: they are contiguous and as many as the
 * classes. Ids that start at 1 may have gaps.
 */
function startOf(ids: readonly number[], from: number, real: number): number | undefined {
  const [first, last] = [ids[0], ids.at(-1)];
  if (first === undefined || last === undefined || real < 2) return undefined;
  if (from === 0 && first > 0 && last === real) return 1;
  const isFull = ids.length === real && last - first + 1 === real;
  return isFull && (first >= from + real || first === from - 1) ? first : undefined;
}

/** Finds the cause of scattered values; undefined if they are not scattered. */
export function adviceOnScatter(tally: Tally, meaning: Meaning): ValueAdvice | undefined {
  const peaks = peaksOf(tally.values);
  if (!peaks) return undefined;
  if (peaks.length < 2) return { kind: 'picture' };
  const values = [...tally.values.keys()];
  const distances = values.map((value) => Math.min(...peaks.map((peak) => Math.abs(peak - value))));
  const gaps = peaks.slice(1).map((peak, i) => peak - peaks[i]!);
  const isApart = Math.min(...gaps) > noise && Math.max(...values) <= highestByte && tally.others === 0;
  const settings =
    isApart && isNoiseAround(peaks, tally.values)
      ? colorSettings(meaning, peaks.map(greyOf), Math.hypot(1, 1, 1) * Math.max(...distances))
      : undefined;
  return { kind: 'scattered', peaks, settings };
}

/** Noise has nearly all values near a peak, ids of thin objects only some. */
function isNoiseAround(peaks: readonly number[], values: ReadonlyMap<number, Count>): boolean {
  return peaks.every((peak) => {
    const beside = [-2, -1, 1, 2].map((step) => peak + step);
    const possible = beside.filter((value) => value >= 0 && value <= highestByte);
    return 4 * possible.filter((value) => values.has(value)).length >= 3 * possible.length;
  });
}

const greyOf = (value: number): Color => [value, value, value];
