/** Measures the colors of label maps: which of them fill areas, and their distances from the colors of classes. */
import type { ClassInfo, Color } from './class-info.ts';
import { nearestClass } from './coding.ts';
import { unpack, type Count, type Tally } from './tally.ts';
import { isSolid } from './value-advice.ts';

/** JPEG changes the color of an area by at most this distance. */
export const flat = 16;
/** The distance of black and white, rounded up. */
export const farthestColor = 442;
/** In maps too small for areas, a color with this share of all pixels counts as an area. */
const largeShare = 0.1;

export interface Found extends Count {
  readonly color: Color;
  readonly isArea: boolean;
}

/** Lists the colors of maps, the most frequent first. */
export function colorsOf({ colors }: Tally): readonly Found[] {
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

export const pixelsOf = (some: readonly Found[]): number => some.reduce((sum, { pixels }) => sum + pixels, 0);

export const distanceTo = (classes: readonly ClassInfo[], color: Color): number =>
  classes.length === 0 ? Infinity : nearestClass(classes, color).distance;

/**
 * The smallest distance that assigns every color to its nearest class; `farthest` bounds it if there were too many
 * colors to count.
 */
export function coveringDistance(
  found: readonly Found[],
  classes: readonly ClassInfo[],
  { uncounted }: Tally,
  farthest: number,
): number {
  const most = Math.max(0, ...found.map(({ color }) => distanceTo(classes, color)));
  return Math.ceil(uncounted > 0 ? Math.max(most, farthest) : most);
}

/** Tells whether blur can cause such a distance: less than half the distance between two classes. */
export const isOfBlur = (distance: number, classes: readonly ClassInfo[]): boolean =>
  distance <= Math.ceil(gapsBetween(classes).most / 2);

/** Gives the distances between the two nearest and the two farthest colors of classes. */
export function gapsBetween(classes: readonly ClassInfo[]): {
  readonly least: number;
  readonly most: number;
} {
  let [least, most] = [Infinity, 0];
  for (const [i, { color }] of classes.entries())
    for (let j = i + 1; j < classes.length; j++) {
      const gap = Math.hypot(...color.map((channel, c) => channel - classes[j]!.color[c]!));
      least = Math.min(least, gap);
      most = Math.max(most, gap);
    }
  return { least, most };
}
