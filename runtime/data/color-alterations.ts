/** Detects color-coded maps all of whose colors were changed in the same way by the program that saved them. */
import type { Color } from './class-info.ts';
import { nearestClass } from './coding.ts';
import {
  coveringDistance,
  distanceTo,
  farthestColor,
  flat,
  isOfBlur,
  pixelsOf,
  type Found,
} from './found-colors.ts';
import { saidOf, type Meaning, type Settings } from './settings.ts';
import type { Tally } from './tally.ts';

const ofEach =
  (change: (channel: number) => number) =>
  ([red, green, blue]: Color): Color => [change(red), change(green), change(blue)];

/** A known change of all colors. */
export type Alteration = keyof typeof alterations;

/**
 * Changes that programs apply to all colors of a map, with the distance allowed from the exact result, and the number
 * of classes that must show the change: a single color may be that of one more class.
 */
const alterations = {
  exchanged: { of: ([red, green, blue]: Color): Color => [blue, green, red], tolerance: flat, least: 2 },
  divided: { of: ofEach((channel) => Math.floor(channel / 255)), tolerance: 0, least: 1 },
  flagged: { of: ofEach((channel) => Math.sign(channel)), tolerance: 0, least: 1 },
} as const;

/** A detected change; the settings give the classes' colors as they are in the maps. */
export interface Altered {
  readonly kind: 'altered';
  readonly how: Alteration;
  readonly settings?: Settings;
}

/** Finds the change after which the classes have the colors of all areas, if the declared colors do not match. */
export function alterationOf(found: readonly Found[], tally: Tally, meaning: Meaning): Altered | undefined {
  const classes = meaning.coding.colors?.classes ?? meaning.classes;
  const areas = found.filter(({ isArea }) => isArea);
  const total = pixelsOf(found) + tally.uncounted;
  if (classes.length === 0 || 4 * pixelsOf(areas) < total) return undefined;
  const isSo = (how: Alteration): boolean => {
    const { of, tolerance } = alterations[how];
    const others = classes.map((one) => ({ ...one, color: of(one.color) }));
    const isOther = ({ color }: Found): boolean => distanceTo(classes, color) > tolerance;
    return areas.every(({ color }) => distanceTo(others, color) <= tolerance) && areas.some(isOther);
  };
  const all = (Object.keys(alterations) as Alteration[])
    .filter(isSo)
    .map((how): Altered => ({ kind: 'altered', how, ...settingsAfter(how, areas, found, tally, meaning) }));
  return all.find(({ settings }) => settings) ?? all[0];
}

/** Gives the settings with the changed colors, if these distinguish all classes and show enough of them. */
function settingsAfter(
  how: Alteration,
  areas: readonly Found[],
  found: readonly Found[],
  tally: Tally,
  meaning: Meaning,
): { readonly settings?: Settings } {
  const classes = meaning.coding.colors?.classes ?? meaning.classes;
  const { legend, colors } = saidOf(meaning);
  if (legend !== undefined || colors === undefined) return {};
  const { of, least } = alterations[how];
  const others = classes.map((one) => ({ ...one, color: of(one.color) }));
  const changed = others.filter(({ color }, i) => color.join() !== classes[i]!.color.join());
  const seen = new Set(areas.map(({ color }) => nearestClass(others, color).class));
  const isDistinct = new Set(others.map(({ color }) => color.join())).size === others.length;
  const distance = coveringDistance(found, others, tally, farthestColor);
  const isNear = tally.uncounted > 0 || isOfBlur(distance, others);
  if (!isDistinct || !isNear || changed.filter((one) => seen.has(one)).length < least) return {};
  return {
    settings: {
      label_format: 'colors',
      colors: colors.map((color) => of(color as Color)),
      ...(distance > 0 && { color_distance: distance }),
    },
  };
}
