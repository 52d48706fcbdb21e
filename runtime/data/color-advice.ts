/** Answers for what wrong colors of label maps most likely mean: the hint, and its one number, follow from all of them together. */
import { lastClassIsVoid } from '../../compiler/format/labels.ts';
import type { ClassInfo, Color } from './class-info.ts';
import { nearestClass } from './coding.ts';
import { colorSettings, saidOf, valueSettings, type Meaning, type Settings } from './settings.ts';
import { unpack, type Count, type Tally } from './tally.ts';
import { adviceOnValues, isSolid } from './value-advice.ts';

/** What is to be done about colors that are not those of classes; the settings make them right, where any do. */
export type ColorAdvice = { readonly settings?: Settings | undefined } &
  /** Borders were blurred, or colors altered: each pixel is taken for the nearest class. */
  (
    | { readonly kind: 'near'; readonly distance: number }
    /** Colors that no class has and that are no blur, and what is left for `distance`. */
    | { readonly kind: 'missing'; readonly colors: readonly Color[]; readonly distance: number }
    /** No distance is right for all colors: some are farther from all classes than blur between two of them. */
    | { readonly kind: 'far' }
    /** Maps hold the ids of the classes. */
    | { readonly kind: 'ids' }
    /** Maps hold few colors, and hardly those of the classes. */
    | { readonly kind: 'palette'; readonly colors: readonly Color[] }
    /** Maps hold colors where ids are expected, and the classes' are among them. */
    | { readonly kind: 'masks' }
    /** Some maps hold ids, and others colors. */
    | { readonly kind: 'mixed' }
    /** Photographs, as it seems. */
    | { readonly kind: 'photographs' }
  );

/** Colors this near to that of a class are most likely meant to be it. */
const blurred = 60;
/** More classes than these are not added one by one. */
const mostAdded = 8;
/** As many colors of areas are told. */
const mostTold = 256;
/** Where maps are too small to have areas, colors of such a share of all pixels stand for them. */
const largeShare = 0.1;

interface Found extends Count {
  readonly color: Color;
  readonly isArea: boolean;
}

/** Lists the colors of maps, the most frequent first. */
function colorsOf({ colors }: Tally): readonly Found[] {
  const counts = [...colors.values()];
  const total = counts.reduce((sum, { pixels }) => sum + pixels, 0);
  const hasAreas = counts.some(({ inner }) => inner > 0);
  return [...colors]
    .map(([color, count]) => ({
      color: unpack(color),
      ...count,
      isArea: hasAreas ? isSolid(count) : count.pixels >= largeShare * total,
    }))
    .sort((a, b) => b.pixels - a.pixels);
}

const pixelsOf = (some: readonly Found[]): number => some.reduce((sum, { pixels }) => sum + pixels, 0);

const distanceTo = (classes: readonly ClassInfo[], color: Color): number =>
  classes.length === 0 ? Infinity : nearestClass(classes, color).distance;

/** The number that takes every color for the nearest class; `farthest` bounds it where colors were too many to be counted. */
function coveringDistance(
  found: readonly Found[],
  classes: readonly ClassInfo[],
  { uncounted }: Tally,
  farthest: number,
): number {
  const most = Math.max(0, ...found.map(({ color }) => distanceTo(classes, color)));
  return Math.ceil(uncounted > 0 ? Math.max(most, farthest) : most);
}

/** Says what colors that no class has mean, where masks of colors are expected. */
export function adviceOnColors(tally: Tally, meaning: Meaning, farthest: number): ColorAdvice {
  const ids = settingsOfIds(tally, meaning);
  if (ids) return { kind: 'ids', settings: ids };
  const classes = meaning.coding.colors?.classes ?? [];
  const said = saidOf(meaning);
  const found = colorsOf(tally);
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
  // Blur stays between two classes: it is nearer to one of them than half of the way.
  if (distance > Math.ceil(gapsBetween(all).most / 2)) return { kind: 'far' };
  if (missing.length === 0) return { kind: 'near', distance, settings: { color_distance: distance } };
  const needed = distance > (said.color_distance ?? 0) ? distance : 0;
  return { kind: 'missing', colors, distance: needed, settings: withClasses(meaning, colors, needed) };
}

/** Finds wrong colors that are meant: blur and noise make many colors, most of them near those of classes. */
function exactColors(found: readonly Found[], classes: readonly ClassInfo[]): ReadonlySet<Color> {
  const near = Math.min(blurred, gapsBetween(classes).least / 3);
  const wrong = found.filter(({ color }) => distanceTo(classes, color) > 0);
  const far = wrong.filter(({ color }) => distanceTo(classes, color) > near);
  const areAlone = wrong.length <= mostAdded && far.length === wrong.length;
  const all = pixelsOf(wrong);
  return new Set(far.filter(({ pixels }) => areAlone || 2 * pixels >= all).map(({ color }) => color));
}

/** Measures how far the two nearest and the two farthest colors of classes are from each other. */
function gapsBetween(classes: readonly ClassInfo[]): { readonly least: number; readonly most: number } {
  let [least, most] = [Infinity, 0];
  for (const [i, { color }] of classes.entries())
    for (let j = i + 1; j < classes.length; j++) {
      const gap = Math.hypot(...color.map((channel, c) => channel - classes[j]!.color[c]!));
      least = Math.min(least, gap);
      most = Math.max(most, gap);
    }
  return { least, most };
}

/** Gives the settings under which all colors, which are small greys then, are ids; undefined where they are not. */
function settingsOfIds(tally: Tally, meaning: Meaning): Settings | undefined {
  const greys = [...tally.colors].map(([color, count]) => [color & 255, color % 0x010101, count] as const);
  if (tally.uncounted > 0 || greys.some(([, rest]) => rest !== 0)) return undefined;
  const values = new Map(greys.map(([grey, , count]) => [grey, count]));
  // Noise around black, or around any grey of a class, fills no areas.
  const isId = ({ color, isArea }: Found): boolean => isArea && distanceTo(meaning.classes, color) > 0;
  if (!colorsOf(tally).some(isId)) return undefined;
  const change: Settings = { label_format: 'ids' };
  const asIds = valueSettings(meaning, change, values.keys());
  if (asIds) return asIds;
  // Beside small ids there may be void, or a class that was not counted.
  const advice = adviceOnValues({ ...tally, values, colors: new Map() }, meaning);
  const isOfIds =
    advice.kind === 'more' || advice.kind === 'from' || (advice.kind === 'void' && advice.isCustom);
  return isOfIds && advice.settings ? { ...change, ...advice.settings } : undefined;
}

/** Gives the settings that add colors to the classes: a single black one stands for pixels without a label. */
function withClasses(meaning: Meaning, added: readonly Color[], distance: number): Settings | undefined {
  const said = saidOf(meaning);
  if (said.legend !== undefined || said.colors === undefined || lastClassIsVoid(said)) return undefined;
  const isVoid = added.length === 1 && added[0]!.every((channel) => channel === 0);
  const names = added.map((_, i) => (isVoid ? 'unlabelled' : `class ${said.classes + i}`));
  return {
    classes: said.classes + added.length,
    ...(said.names && { names: [...said.names, ...names] }),
    colors: [...said.colors, ...added],
    ...(isVoid && { void: [...(said.void ?? []), said.classes] }),
    ...(distance > 0 && { color_distance: distance }),
  };
}

/** Gives the advice to list the colors of maps: those of areas, and thin ones that are meant, too. */
function paletteOf(found: readonly Found[], tally: Tally, meaning: Meaning): ColorAdvice {
  const areas = found.filter(({ isArea }) => isArea).map(({ color }) => color);
  const exact = exactColors(found, asClasses(areas));
  const colors = found.filter((one) => one.isArea || exact.has(one.color)).map(({ color }) => color);
  // Which name is whose, colors do not tell.
  const isListed = saidOf(meaning).names === undefined && colors.length <= mostTold;
  const distance = (): number =>
    coveringDistance(found, asClasses(colors), tally, tally.uncounted > 0 ? 442 : 0);
  return {
    kind: 'palette',
    colors: colors.slice(0, mostTold),
    settings: isListed ? colorSettings(meaning, colors, distance()) : undefined,
  };
}

const asClasses = (colors: readonly Color[], from = 0): ClassInfo[] =>
  colors.map((color, i) => ({ id: from + i, name: '', color }));

/** Says what colors mean where ids are expected. */
export function adviceOnMasks(tally: Tally, meaning: Meaning): ColorAdvice {
  if (tally.values.size > 0) return { kind: 'mixed' };
  const { colors: given, legend } = saidOf(meaning);
  const found = colorsOf(tally);
  const areas = found.filter(({ isArea }) => isArea);
  if (found.length > 0 && pixelsOf(areas) < (pixelsOf(found) + tally.uncounted) / 4)
    return { kind: 'photographs' };
  const isKnown = ({ color }: Found): boolean => distanceTo(meaning.classes, color) === 0;
  if ((given !== undefined || legend !== undefined) && areas.length > 0 && areas.every(isKnown)) {
    const colors = [...exactColors(found, meaning.classes)];
    const all = [...meaning.classes, ...asClasses(colors, meaning.classes.length)];
    const distance = coveringDistance(found, all, tally, 442);
    const more = colors.length > 0 ? withClasses(meaning, colors, distance) : undefined;
    return {
      kind: 'masks',
      settings: { label_format: 'colors', ...more, ...(distance > 0 && { color_distance: distance }) },
    };
  }
  return paletteOf(found, tally, meaning);
}
