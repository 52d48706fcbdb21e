/**
 * Makes pictures of streets by casting a ray per pixel to ground, walls or sky; trees, cars and people stand in front.
 */
import type { RandomStream } from '../../compiler/ir/random.ts';
import type { Size } from '../data/maps.ts';
import { Canvas, mix, scale, type Light, type Maker } from './canvas.ts';
import { layeredNoise, noise } from './noise.ts';

const ids = { sky: 0, building: 1, road: 2, pavement: 3, tree: 4, car: 5, person: 6, pole: 7 } as const;

const classes: Maker['classes'] = [
  { id: ids.sky, name: 'sky', color: [70, 130, 180] },
  { id: ids.building, name: 'building', color: [128, 64, 0] },
  { id: ids.road, name: 'road', color: [128, 64, 128] },
  { id: ids.pavement, name: 'pavement', color: [244, 35, 232] },
  { id: ids.tree, name: 'tree', color: [107, 142, 35] },
  { id: ids.car, name: 'car', color: [0, 0, 142] },
  { id: ids.person, name: 'person', color: [220, 20, 60] },
  { id: ids.pole, name: 'pole', color: [153, 153, 153] },
];

/** Lengths are in meters. The camera looks along the street. */
const eye = 1.6;
const curb = 4;
const wall = 7.5;
/** Beyond this distance, haze hides everything. */
const farthest = 90;

interface House {
  /** The range along the street. */
  readonly start: number;
  readonly end: number;
  readonly height: number;
  readonly color: Light;
  readonly floor: number;
  readonly instance: number;
  readonly seed: number;
}

/** The view of a street from the camera. */
interface View {
  readonly size: Size;
  /** The vanishing point of the street, in pixels. */
  readonly centerX: number;
  readonly horizon: number;
  /** The pixels of one meter at a distance of one meter. */
  readonly focus: number;
  readonly sun: { readonly side: -1 | 1; readonly color: Light; readonly haze: Light };
  readonly seed: number;
}

/** Makes the maker of streets. */
export function streetsMaker(): Maker {
  return {
    classes,
    make(random, size) {
      const canvas = new Canvas(size);
      const view = viewOf(random, size);
      paintStreet(canvas, view, random);
      for (const { distance, paint } of things(random).toSorted((a, b) => b.distance - a.distance))
        paint(canvas, view, distance);
      return canvas.finish(random, { exposure: 0.9 + 0.2 * random.uniform() });
    },
  };
}

function viewOf(random: RandomStream, size: Size): View {
  const evening = random.uniform() ** 2;
  return {
    size,
    centerX: size.width * (0.35 + 0.3 * random.uniform()),
    horizon: size.height * (0.42 + 0.12 * random.uniform()),
    focus: 0.75 * Math.max(size.width, size.height),
    sun: {
      side: random.below(2) === 0 ? -1 : 1,
      color: mix([1, 0.98, 0.94], [1, 0.82, 0.62], evening),
      haze: mix([0.82, 0.88, 0.94], [0.95, 0.8, 0.66], evening),
    },
    seed: random.uint32(),
  };
}

/** Blends distant light into haze. */
function hazed(view: View, light: Light, distance: number): Light {
  const lit: Light = [
    light[0] * view.sun.color[0],
    light[1] * view.sun.color[1],
    light[2] * view.sun.color[2],
  ];
  return mix(lit, view.sun.haze, 1 - Math.exp(-distance / 70));
}

const houseColors: readonly Light[] = [
  [0.62, 0.33, 0.25],
  [0.74, 0.67, 0.54],
  [0.55, 0.52, 0.5],
  [0.8, 0.76, 0.7],
  [0.66, 0.45, 0.3],
  [0.48, 0.4, 0.38],
];

function houses(canvas: Canvas, random: RandomStream): House[] {
  const row: House[] = [];
  for (let start = 1; start < farthest;) {
    const end = start + 6 + 9 * random.uniform();
    const color = houseColors[random.below(houseColors.length)]!;
    const hasGap = random.uniform() < 0.12;
    if (!hasGap)
      row.push({
        start,
        end,
        height: 5 + 10 * random.uniform(),
        color,
        floor: 2.8 + 0.6 * random.uniform(),
        instance: canvas.newInstance(),
        seed: random.uint32(),
      });
    start = end;
  }
  return row;
}

function paintStreet(canvas: Canvas, view: View, random: RandomStream): void {
  const [sky, road, pavement] = [canvas.newInstance(), canvas.newInstance(), canvas.newInstance()];
  const sides = { left: houses(canvas, random), right: houses(canvas, random) };
  const { width, height } = view.size;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [across, up] = [(x + 0.5 - view.centerX) / view.focus, (view.horizon - y - 0.5) / view.focus];
      const toWall = Math.min(farthest, wall / Math.max(1e-6, Math.abs(across)));
      const toGround = up < 0 ? eye / -up : Infinity;
      if (toGround < toWall) {
        const side = across * toGround;
        const isRoad = Math.abs(side) < curb;
        const light = isRoad ? roadLight(view, side, toGround) : pavementLight(view, side, toGround);
        const instance = isRoad ? road : pavement;
        canvas.put(x, y, isRoad ? ids.road : ids.pavement, instance, hazed(view, light, toGround));
        continue;
      }
      const row = across < 0 ? sides.left : sides.right;
      const house =
        toWall < farthest ? row.find(({ start, end }) => toWall >= start && toWall < end) : undefined;
      const altitude = eye + up * toWall;
      if (house && altitude < house.height) {
        const isSunny = Math.sign(across) !== view.sun.side;
        const light = scale(houseLight(house, toWall, altitude), isSunny ? 1.05 : 0.7);
        canvas.put(x, y, ids.building, house.instance, hazed(view, light, toWall));
      } else canvas.put(x, y, ids.sky, sky, skyLight(view, x, y));
    }
}

function skyLight(view: View, x: number, y: number): Light {
  const { width, height } = view.size;
  const rise = Math.min(1, Math.max(0, (view.horizon - y) / (0.6 * height)));
  const blue = mix(view.sun.haze, [0.36, 0.56, 0.86], rise ** 0.7);
  const cloud = layeredNoise((4 * x) / width, (7 * y) / height, view.seed, 5);
  return mix(blue, [0.97, 0.96, 0.95], Math.min(1, Math.max(0, 3.2 * (cloud - 0.5))));
}

function roadLight(view: View, side: number, along: number): Light {
  const isMark = Math.abs(side) < 0.11 && along % 5 < 2.6;
  const isLine = Math.abs(Math.abs(side) - (curb - 0.35)) < 0.07;
  const grain = layeredNoise(3 * side, 3 * along, view.seed + 1, 3);
  const tracks = 0.05 * Math.cos(2 * Math.PI * (side / (curb / 2)));
  const tar = 0.3 + 0.1 * grain + tracks;
  return isMark || isLine ? [0.85, 0.85, 0.82] : [tar, tar, tar * 1.04];
}

function pavementLight(view: View, side: number, along: number): Light {
  const edge = Math.abs(side) < curb + 0.18;
  const isSeam = mod(side / 0.9) < 0.05 || mod(along / 0.9) < 0.06;
  const grain = noise(4 * side, 4 * along, view.seed + 2);
  return scale(edge ? [0.72, 0.71, 0.68] : [0.6, 0.57, 0.54], (isSeam ? 0.8 : 1) * (0.92 + 0.14 * grain));
}

function houseLight({ color, floor, height, start, seed }: House, along: number, altitude: number): Light {
  const [u, v] = [(along - start) / 2.3, altitude / floor];
  const inWindow = mod(u) > 0.25 && mod(u) < 0.75 && mod(v) > 0.3 && mod(v) < 0.8;
  const isRoof = altitude > height - 0.5;
  if (isRoof) return scale(color, 0.55);
  if (inWindow && altitude < height - 0.9) {
    const pane = noise(Math.floor(u) + 0.5, Math.floor(v) + 0.5, seed);
    const reflection = mod(v) - 0.3;
    return mix([0.12, 0.15, 0.2], [0.55, 0.66, 0.78], Math.min(1, 0.3 * pane + 0.8 * reflection));
  }
  const isFrame = mod(u) > 0.2 && mod(u) < 0.8 && mod(v) > 0.25 && mod(v) < 0.84;
  const bricks = mod(altitude / 0.3) < 0.15 ? 0.94 : 1;
  const worn = 0.85 + 0.25 * layeredNoise(1.2 * along, altitude, seed, 3);
  return scale(isFrame ? mix(color, [1, 1, 1], 0.5) : color, bricks * worn);
}

/** A thing that stands in the street, facing the camera. */
interface Thing {
  readonly distance: number;
  readonly paint: (canvas: Canvas, view: View, distance: number) => void;
}

function things(random: RandomStream): Thing[] {
  const some = (most: number, least: number, make: () => Thing): Thing[] =>
    Array.from({ length: least + random.below(most - least + 1) }, make);
  const outside = (): number => (random.below(2) === 0 ? -1 : 1) * (curb + 0.6 + 2.2 * random.uniform());
  return [
    ...some(6, 2, () =>
      standing(random, ids.tree, outside(), { width: 3.4, height: 5 + 2 * random.uniform() }, treeLight),
    ),
    ...some(4, 1, () =>
      standing(random, ids.pole, Math.sign(outside()) * (curb + 0.4), { width: 0.16, height: 6 }, poleLight),
    ),
    ...some(5, 1, () => car(random)),
    ...some(6, 1, () =>
      standing(
        random,
        ids.person,
        outside(),
        { width: 0.7, height: 1.6 + 0.25 * random.uniform() },
        personLight,
      ),
    ),
  ];
}

/** Gives the light of a thing in its own coordinates: `u` from -1 to 1 across, `v` from 0 at the ground to 1. */
type OwnLight = (u: number, v: number, seed: number, color: Light) => Light | undefined;

function standing(
  random: RandomStream,
  id: number,
  side: number,
  { width, height }: Size,
  light: OwnLight,
): Thing {
  const seed = random.uint32();
  const color: Light = [random.uniform(), random.uniform(), random.uniform()];
  return {
    distance: 3.5 + 32 * random.uniform() ** 1.4,
    paint(canvas, view, distance) {
      const meter = view.focus / distance;
      const [center, ground] = [view.centerX + side * meter, view.horizon + eye * meter];
      const half = (width / 2) * meter;
      shadowBelow(canvas, center, ground, half, meter);
      const box = { left: center - half, right: center + half, top: ground - height * meter, bottom: ground };
      canvas.paint(box, id, (x, y) => {
        const [u, v] = [(x + 0.5 - center) / half, (ground - y - 0.5) / (height * meter)];
        const own = light(u, v, seed, color);
        return own && hazed(view, scale(own, 0.92 - 0.22 * u * view.sun.side), distance);
      });
    },
  };
}

function shadowBelow(canvas: Canvas, center: number, ground: number, half: number, meter: number): void {
  const flat = 0.22 * meter;
  const box = {
    left: center - 1.3 * half,
    right: center + 1.3 * half,
    top: ground - flat,
    bottom: ground + flat,
  };
  canvas.shade(box, (x, y) => (Math.hypot((x - center) / (1.3 * half), (y - ground) / flat) < 1 ? 0.6 : 1));
}

const treeLight: OwnLight = (u, v, seed) => {
  const radius = Math.hypot(u, (v - 0.66) / 0.36);
  const leaves = layeredNoise(5 * u + 9, 9 * v, seed, 4);
  if (radius < 0.72 + 0.5 * (leaves - 0.3)) {
    const shade = 0.45 + 0.75 * layeredNoise(9 * u, 15 * v, seed + 7, 3) + 0.25 * (v - 0.6);
    return scale([0.27, 0.43, 0.17], shade);
  }
  return Math.abs(u) < 0.07 && v < 0.5 ? [0.3, 0.22, 0.16] : undefined;
};

const poleLight: OwnLight = (u, v) => {
  const shine = 0.4 + 0.25 * (1 - Math.abs(u + 0.3));
  return v > 0.97 ? [0.9, 0.88, 0.75] : [shine, shine, shine];
};

const personLight: OwnLight = (u, v, seed, color) => {
  if (Math.hypot(u / 0.3, (v - 0.92) / 0.085) < 1) return v > 0.94 ? [0.2, 0.14, 0.1] : [0.78, 0.58, 0.46];
  const folds = 0.8 + 0.4 * noise(5 * u, 14 * v, seed);
  if (v > 0.46 && v < 0.84 && Math.abs(u) < 0.5 + 0.35 * (0.84 - v))
    return scale(mix(color, [0.5, 0.4, 0.4], 0.25), folds);
  const isLeg = v <= 0.46 && Math.abs(u) < 0.48 && Math.abs(u) > 0.06 + 0.12 * (0.46 - v);
  return isLeg ? scale([0.2, 0.22, 0.32], folds) : undefined;
};

function car(random: RandomStream): Thing {
  const isOncoming = random.below(2) === 0;
  const side = (isOncoming ? -1 : 1) * (curb / 2 + 0.3 * (random.uniform() - 0.5));
  return standing(random, ids.car, side, { width: 1.8, height: 1.45 }, carLight(isOncoming));
}

const carLight =
  (isOncoming: boolean): OwnLight =>
  (u, v, _seed, color) => {
    const side = Math.abs(u);
    if (v < 0.16) return side > 0.62 && side < 0.94 ? [0.07, 0.07, 0.08] : undefined;
    const cabin = 0.68 + 0.3 * (1 - v);
    if (v > 0.55) {
      if (side > cabin || (v > 0.93 && side > cabin - 0.12)) return undefined;
      if (v < 0.9 && side < cabin - 0.13) return mix([0.1, 0.12, 0.16], [0.62, 0.72, 0.8], 1.6 * (v - 0.55));
    } else if (side > 0.98) return undefined;
    if (v > 0.38 && v < 0.5 && side > 0.66) return isOncoming ? [0.97, 0.95, 0.85] : [0.8, 0.09, 0.07];
    if (v > 0.22 && v < 0.32 && side < 0.24) return [0.88, 0.88, 0.84];
    return scale(mix(color, [0.6, 0.6, 0.62], 0.3), 0.6 + 0.5 * v);
  };

const mod = (value: number): number => value - Math.floor(value);
