/** Finds the most likely cause of wrong colors in label maps, from all maps together, and the settings that fix it. */
import { lastClassIsVoid } from '../../compiler/format/labels.ts';
import type { ClassInfo, Color } from './class-info.ts';
import { nearestClass } from './coding.ts';
import { colorSettings, saidOf, valueSettings, type Meaning, type Settings } from './settings.ts';
import { alterationOf, type Altered } from './color-alterations.ts';
import {
  colorsOf,
  coveringDistance,
  distanceTo,
  farthestColor,
  flat,
  gapsBetween,
  isOfBlur,
  pixelsOf,
  type Found,
} from './found-colors.ts';
import type { Tally } from './tally.ts';
import { adviceOnValues, isSolid } from './value-advice.ts';

/** The likely cause of colors that are not those of classes, with the settings that fix it, if any do. */
export type ColorAdvice = { readonly settings?: Settings | undefined } &
  /** Borders were blurred, or colors changed slightly: each pixel belongs to the nearest class. */
  (
    | { readonly kind: 'near'; readonly distance: number }
    /** Colors that no class has and that are not blur, and the `distance` that the remaining colors need. */
    | { readonly kind: 'missing'; readonly colors: readonly Color[]; readonly distance: number }
    /** All colors are those of the classes after one change; the settings give the colors as they are in the maps. */
    | Altered
    /** Whole areas have colors near those of classes, too large for blur; each with its nearest class. */
    | {
        readonly kind: 'areas';
        readonly colors: readonly (readonly [color: Color, nearest: Color])[];
        readonly distance: number;
      }
    /** No distance fits all colors: some are farther from all classes than a blend of two of them. */
    | { readonly kind: 'far' }
    /** Maps hold the ids of the classes. */
    | { readonly kind: 'ids' }
    /** Maps hold few colors, and few of them are colors of classes. */
    | { readonly kind: 'palette'; readonly colors: readonly Color[] }
    /** Maps hold colors where ids are expected, including colors of classes. */
    | { readonly kind: 'masks' }
    /** Some maps hold ids, and others colors. */
    | { readonly kind: 'mixed' }
    /** The files are likely photographs. */
    | { readonly kind: 'photographs' }
  );

/** Colors within this distance of a class's color are likely meant to be it. */
const blurred = 60;
/** Areas with at least this share of all pixels are more than noise. */
const notableShare = 0.1;
/** The most classes that are added one by one. */
const mostAdded = 8;
/** The most colors of areas that are listed. */
const mostTold = 256;
/** Finds the cause of colors that no class has, for color-coded maps. */
export function adviceOnColors(tally: Tally, meaning: Meaning, farthest: number): ColorAdvice {
  const ids = settingsOfIds(tally, meaning);
  if (ids) return { kind: 'ids', settings: ids };
  const classes = meaning.coding.colors?.classes ?? [];
  const said = saidOf(meaning);
  const found = colorsOf(tally);
  const altered = alterationOf(found, tally, meaning);
  if (altered) return altered;
  const total = pixelsOf(found) + tally.uncounted;
  const areas = found.filter(({ isArea }) => isArea);
  const far = ({ color }: Found): boolean => distanceTo(classes, color) > blurred;
  const near = found.filter((one) => !far(one));
  if (areas.length === 0 || pixelsOf(areas) < total / 4) {
    if (pixelsOf(near) < total / 2) return { kind: 'photographs' };
  } else if (areas.filter(far).length > mostAdded || pixelsOf(near) < total / 10)
    return paletteOf(found, tally, meaning);
  const exact = exactColors(found, classes);
  const missing = found.filter((one) => (one.isArea && far(one)) || exact.has(one.color));
  const colors = missing.map(({ color }) => color);
  const all = [...classes, ...asClasses(colors, classes.length)];
  const distance = coveringDistance(found, all, tally, farthest);
  if (!isOfBlur(distance, all)) return { kind: 'far' };
  const merged = mergedAreas(found, all, total);
  if (merged.length > 0) return { kind: 'areas', colors: merged, distance };
  if (missing.length === 0) return { kind: 'near', distance, settings: { color_distance: distance } };
  const needed = distance > (said.color_distance ?? 0) ? distance : 0;
  return {
    kind: 'missing',
    colors,
    distance: needed,
    settings: withClasses(meaning, missing, total, needed),
  };
}

/** Finds the wrong colors that are intended: blur and noise make many colors, most of them near those of classes. */
function exactColors(found: readonly Found[], classes: readonly ClassInfo[]): ReadonlySet<Color> {
  const near = Math.min(blurred, gapsBetween(classes).least / 3);
  const wrong = found.filter(({ color }) => distanceTo(classes, color) > 0);
  const far = wrong.filter(({ color }) => distanceTo(classes, color) > near);
  const areAlone = wrong.length <= mostAdded && far.length === wrong.length;
  const all = pixelsOf(wrong);
  return new Set(far.filter(({ pixels }) => areAlone || 2 * pixels >= all).map(({ color }) => color));
}

/**
 * Finds areas that a distance would merge into a class without evidence: they are too far for noise, or they touch the
 * color of the class itself, and there is no blur or noise anywhere.
 */
function mergedAreas(
  found: readonly Found[],
  classes: readonly ClassInfo[],
  total: number,
): (readonly [Color, Color])[] {
  const wrong = found.filter(({ color }) => distanceTo(classes, color) > 0);
  const areas = wrong.filter(isSolid);
  const nearestOf = ({ color }: Found): ClassInfo => nearestClass(classes, color).class;
  const toldOf = (some: readonly Found[]): (readonly [Color, Color])[] =>
    some.map((one) => [one.color, nearestOf(one).color] as const);
  const distant = areas.filter(({ color }) => distanceTo(classes, color) > flat);
  if (pixelsOf(distant) > notableShare * total) return toldOf(distant);
  const counts = new Map<ClassInfo, number>();
  const solid = found.filter(isSolid);
  for (const one of solid) counts.set(nearestOf(one), (counts.get(nearestOf(one)) ?? 0) + 1);
  if (counts.size === 1 && solid.length > 1 && classes.length > 1) return toldOf(areas);
  const isClean = wrong.length <= mostAdded && wrong.length === areas.length;
  return isClean ? toldOf(areas.filter((one) => (counts.get(nearestOf(one)) ?? 0) > 1)) : [];
}

/** Gives the settings under which all colors, as small greys, are ids; undefined if they are not. */
function settingsOfIds(tally: Tally, meaning: Meaning): Settings | undefined {
  const greys = [...tally.colors].map(([color, count]) => [color & 255, color % 0x010101, count] as const);
  if (tally.uncounted > 0 || greys.some(([, rest]) => rest !== 0)) return undefined;
  const values = new Map(greys.map(([grey, , count]) => [grey, count]));
  // Noise around black, or around a grey of a class, fills no areas.
  const isId = ({ color, isArea }: Found): boolean => isArea && distanceTo(meaning.classes, color) > 0;
  if (!colorsOf(tally).some(isId)) return undefined;
  const change: Settings = { label_format: 'ids' };
  const asIds = valueSettings(meaning, change, values.keys());
  if (asIds) return asIds;
  // Values beside small ids may be void, or a class that was not counted.
  const advice = adviceOnValues({ ...tally, values, colors: new Map() }, meaning);
  const isOfIds = advice.kind === 'more' || advice.kind === 'from' || advice.kind === 'void';
  return isOfIds && advice.settings ? { ...change, ...advice.settings } : undefined;
}

/**
 * Gives the settings that add colors to the classes: a single black one, if it does not dominate, means unlabelled
 * pixels.
 */
function withClasses(
  meaning: Meaning,
  missing: readonly Found[],
  total: number,
  distance: number,
): Settings | undefined {
  const said = saidOf(meaning);
  const added = missing.map(({ color }) => color);
  if (said.legend !== undefined || said.colors === undefined || lastClassIsVoid(said)) return undefined;
  const isVoid =
    added.length === 1 && added[0]!.every((channel) => channel === 0) && 2 * pixelsOf(missing) < total;
  const names = added.map((_, i) => (isVoid ? 'unlabelled' : `class ${said.classes + i}`));
  return {
    classes: said.classes + added.length,
    ...(said.names && { names: [...said.names, ...names] }),
    colors: [...said.colors, ...added],
    ...(isVoid && { void: [...(said.void ?? []), said.classes] }),
    ...(distance > 0 && { color_distance: distance }),
  };
}

/** Gives the settings that list the colors of maps: those of areas, and of thin objects that are intended. */
function paletteOf(found: readonly Found[], tally: Tally, meaning: Meaning): ColorAdvice {
  const areas = found.filter(({ isArea }) => isArea).map(({ color }) => color);
  const exact = exactColors(found, asClasses(areas));
  const colors = found.filter((one) => one.isArea || exact.has(one.color)).map(({ color }) => color);
  // Colors alone do not show which name belongs to which.
  const isListed = saidOf(meaning).names === undefined && colors.length <= mostTold;
  const all = isListed ? asClasses(colors) : [];
  const distance = coveringDistance(found, all, tally, tally.uncounted > 0 ? farthestColor : 0);
  const isNear = distance === 0 || tally.uncounted > 0 || isOfBlur(distance, all);
  return {
    kind: 'palette',
    colors: colors.slice(0, mostTold),
    settings: isListed && isNear ? colorSettings(meaning, colors, distance) : undefined,
  };
}

const asClasses = (colors: readonly Color[], from = 0): ClassInfo[] =>
  colors.map((color, i) => ({ id: from + i, name: '', color }));

/** Finds the cause of colors where ids are expected. */
export function adviceOnMasks(tally: Tally, meaning: Meaning): ColorAdvice {
  if (tally.values.size > 0) return { kind: 'mixed' };
  const { colors: given, legend } = saidOf(meaning);
  const found = colorsOf(tally);
  const areas = found.filter(({ isArea }) => isArea);
  if (found.length > 0 && pixelsOf(areas) < (pixelsOf(found) + tally.uncounted) / 4)
    return { kind: 'photographs' };
  const altered =
    given !== undefined || legend !== undefined ? alterationOf(found, tally, meaning) : undefined;
  if (altered) return altered;
  const isKnown = ({ color }: Found): boolean => distanceTo(meaning.classes, color) === 0;
  if ((given !== undefined || legend !== undefined) && areas.length > 0 && areas.every(isKnown)) {
    const exact = exactColors(found, meaning.classes);
    const missing = found.filter(({ color }) => exact.has(color));
    const all = [...meaning.classes, ...asClasses([...exact], meaning.classes.length)];
    const distance = coveringDistance(found, all, tally, farthestColor);
    const total = pixelsOf(found) + tally.uncounted;
    const more = missing.length > 0 ? withClasses(meaning, missing, total, distance) : undefined;
    const isNear = distance === 0 || tally.uncounted > 0 || isOfBlur(distance, all);
    return {
      kind: 'masks',
      settings: isNear
        ? { label_format: 'colors', ...more, ...(distance > 0 && { color_distance: distance }) }
        : undefined,
    };
  }
  return paletteOf(found, tally, meaning);
}
