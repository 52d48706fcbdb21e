/** Answers for the colors that label maps hold: which fill areas, and how far they are from those of classes. */
import type { ClassInfo, Color } from './class-info.ts';
import { nearestClass } from './coding.ts';
import { unpack, type Count, type Tally } from './tally.ts';
import { isSolid } from './value-advice.ts';

/** Saved as JPEG, the color of an area is this near to what it was. */
export const flat = 16;
/** The distance of black and white, rounded up. */
export const farthestColor = 442;
/** Where maps are too small to have areas, colors of such a share of all pixels stand for them. */
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

/** The number that takes every color for the nearest class; `farthest` bounds it where colors were too many to be counted. */
export function coveringDistance(
  found: readonly Found[],
  classes: readonly ClassInfo[],
  { uncounted }: Tally,
  farthest: number,
): number {
  const most = Math.max(0, ...found.map(({ color }) => distanceTo(classes, color)));
  return Math.ceil(uncounted > 0 ? Math.max(most, farthest) : most);
}

/** Tells whether blur makes such a distance: it stays between two classes, nearer to one of them than half of the way. */
export const isOfBlur = (distance: number, classes: readonly ClassInfo[]): boolean =>
  distance <= Math.ceil(gapsBetween(classes).most / 2);

/** Measures how far the two nearest and the two farthest colors of classes are from each other. */
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
