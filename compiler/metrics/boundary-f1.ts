/**
 * How well the boundaries of classes are found again (Csurka et al. 2013, section 3): for each class, the share of its found boundary
 * pixels near to a true one (precision), and of its true ones near to a found one (recall), with their harmonic mean; of a map, the
 * mean over the classes that have a boundary in it or in what is found.
 */
import { defineMetric, type ClassMap } from './define.ts';
import { meanOfKnown } from './spread.ts';

/** What is nearer than this share of a map's diagonal is a match, as in the paper. */
const tolerance = 0.0075;

/** Stands for pixels that are on no boundary. */
const inside = -1;

/** Gives the class of each boundary pixel: one beside a pixel of another class, where both are counted. */
function boundaryOf({ width, ids }: ClassMap, isCounted: (pixel: number) => boolean): Int32Array {
  return Int32Array.from(ids, (id, pixel) => {
    if (!isCounted(pixel)) return inside;
    const x = pixel % width;
    const beside = [pixel - width, pixel + width];
    if (x > 0) beside.push(pixel - 1);
    if (x < width - 1) beside.push(pixel + 1);
    return beside.some((other) => isCounted(other) && ids[other] !== id) ? id : inside;
  });
}

type Step = readonly [right: number, down: number];

/** Lists the steps to all pixels that are nearer than `distance`, the shortest first. */
function stepsWithin(distance: number): Step[] {
  const reach = Math.ceil(distance);
  const along = Array.from({ length: 2 * reach + 1 }, (_, index) => index - reach);
  const lengthOf = ([right, down]: Step): number => Math.hypot(right, down);
  return along
    .flatMap((down) => along.map((right): Step => [right, down]))
    .filter((step) => lengthOf(step) < distance)
    .sort((a, b) => lengthOf(a) - lengthOf(b));
}

/** Gives, by class, the share of boundary pixels that have one of the other map's near; classes without a boundary are left out. */
function matched(
  own: Int32Array,
  other: Int32Array,
  width: number,
  near: readonly Step[],
): Map<number, number> {
  const height = own.length / width;
  const totals = new Map<number, { all: number; right: number }>();
  own.forEach((id, pixel) => {
    if (id === inside) return;
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const isMatch = near.some(([right, down]) => {
      const isWithin = x + right >= 0 && x + right < width && y + down >= 0 && y + down < height;
      return isWithin && other[pixel + down * width + right] === id;
    });
    const total = totals.get(id) ?? { all: 0, right: 0 };
    totals.set(id, { all: total.all + 1, right: total.right + Number(isMatch) });
  });
  return new Map([...totals].map(([id, { all, right }]) => [id, right / all]));
}

export const boundaryF1 = defineMetric({
  name: 'boundary F1',
  better: 'higher',
  doc: 'how well a segmenter finds the boundaries of the classes again',
  measuredBy: ['evaluation', 'training'],
  needs: 'class maps',
  compare: (truth, found, voidIds) => {
    const isVoid = new Set(voidIds);
    const isCounted = (pixel: number): boolean => {
      const id = truth.ids[pixel];
      return id !== undefined && !isVoid.has(id);
    };
    const { width, height } = truth;
    const near = stepsWithin(tolerance * Math.hypot(width, height));
    const [wanted, seen] = [boundaryOf(truth, isCounted), boundaryOf(found, isCounted)];
    const [precision, recall] = [matched(seen, wanted, width, near), matched(wanted, seen, width, near)];
    // Void that is found is wrong where it takes a class's place, and has no score itself.
    const classes = [...new Set([...precision.keys(), ...recall.keys()])].filter((id) => !isVoid.has(id));
    return meanOfKnown(
      classes.map((id) => {
        const [p, r] = [precision.get(id) ?? 0, recall.get(id) ?? 0];
        return p + r === 0 ? 0 : (2 * p * r) / (p + r);
      }),
    );
  },
});
