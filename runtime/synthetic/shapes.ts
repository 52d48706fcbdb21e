/** Makes pictures of simple shapes: each class has its own form, color and texture, under one light. */
import type { RandomStream } from '../../compiler/ir/random.ts';
import { numberedClasses } from '../data/classes.ts';
import type { Color } from '../data/class-info.ts';
import type { Size } from '../data/maps.ts';
import { Canvas, mix, scale, type Light, type Maker } from './canvas.ts';
import { layeredNoise, noise } from './noise.ts';

/** Forms around the origin, of radius 1. */
const forms: readonly { readonly name: string; readonly holds: (x: number, y: number) => boolean }[] = [
  { name: 'disc', holds: (x, y) => x * x + y * y < 1 },
  { name: 'box', holds: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8 },
  { name: 'triangle', holds: (x, y) => y > -0.5 && y < 1 - 1.73 * Math.abs(x) },
  {
    name: 'cross',
    holds: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.33 && Math.max(Math.abs(x), Math.abs(y)) < 1,
  },
  { name: 'ring', holds: (x, y) => x * x + y * y < 1 && x * x + y * y > 0.3 },
  { name: 'star', holds: (x, y) => Math.hypot(x, y) < 0.55 + 0.45 * Math.cos(5 * Math.atan2(y, x)) },
];

/** Textures on a thing's own plane, from 0 to 1. */
const textures: readonly {
  readonly name: string;
  readonly value: (u: number, v: number, seed: number) => number;
}[] = [
  { name: 'striped', value: (u, v) => Number(Math.sin(9 * u) > 0) * 0.9 + 0.05 * Math.sin(40 * v) },
  { name: 'dotted', value: (u, v) => Number(Math.hypot(mod(3 * u) - 0.5, mod(3 * v) - 0.5) < 0.28) },
  { name: 'marbled', value: (u, v, seed) => layeredNoise(2.5 * u + 7, 2.5 * v + 7, seed) },
  { name: 'checked', value: (u, v) => Number(mod(1.6 * u) > 0.5 !== mod(1.6 * v) > 0.5) },
  { name: 'woven', value: (u, v) => 0.5 + 0.25 * Math.sin(14 * u) + 0.25 * Math.sin(14 * v) },
];

const mod = (value: number): number => value - Math.floor(value);

/** Makes the maker of shapes: class 0 is the ground, the others are shapes. */
export function shapesMaker(count: number): Maker {
  const classes = numberedClasses(count).map(({ id, color }) => {
    const form = forms[(id - 1) % forms.length]?.name ?? '';
    const texture = textures[(id - 1) % textures.length]?.name ?? '';
    const round = Math.floor((id - 1) / (forms.length * textures.length));
    const name = id === 0 ? 'ground' : `${texture} ${form}${round > 0 ? ` ${round + 1}` : ''}`;
    return { id, name, color };
  });
  return {
    classes,
    make(random, size) {
      const canvas = new Canvas(size);
      const light = { angle: 2 * Math.PI * random.uniform(), height: 0.3 + 0.4 * random.uniform() };
      paintGround(canvas, random, light);
      const shapes = count === 1 ? 0 : 3 + random.below(6);
      for (let i = 0; i < shapes; i++) {
        const id = 1 + random.below(count - 1);
        paintShape(canvas, random, light, id, lightOf(classes[id]!.color));
      }
      return canvas.finish(random, { exposure: 0.85 + 0.3 * random.uniform() });
    },
  };
}

function lightOf([red, green, blue]: Color): Light {
  return [red / 255, green / 255, blue / 255];
}

interface Lamp {
  /** The direction of the light. */
  readonly angle: number;
  /** The share of the light that comes from above. */
  readonly height: number;
}

function paintGround(canvas: Canvas, random: RandomStream, { angle }: Lamp): void {
  const { width, height } = canvas.size;
  const seed = random.uint32();
  canvas.paint({ left: 0, top: 0, right: width, bottom: height }, 0, (x, y) => {
    const grain = layeredNoise((12 * x) / width, (12 * y) / width, seed, 3);
    const [u, v] = [x / width - 0.5, y / height - 0.5];
    const slope = 0.75 + 0.35 * (u * Math.cos(angle) + v * Math.sin(angle));
    return scale(mix([0.62, 0.58, 0.52], [0.8, 0.77, 0.72], grain), slope);
  });
}

function paintShape(canvas: Canvas, random: RandomStream, lamp: Lamp, id: number, color: Light): void {
  const { width, height }: Size = canvas.size;
  const radius = Math.min(width, height) * (0.1 + 0.16 * random.uniform());
  const [centerX, centerY] = [width * random.uniform(), height * random.uniform()];
  const turn = 2 * Math.PI * random.uniform();
  const seed = random.uint32();
  const form = forms[(id - 1) % forms.length]!;
  const texture = textures[(id - 1) % textures.length]!;
  const box = {
    left: centerX - 1.1 * radius,
    top: centerY - 1.1 * radius,
    right: centerX + 1.1 * radius,
    bottom: centerY + 1.1 * radius,
  };
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const place = (x: number, y: number): [number, number] => {
    const [dx, dy] = [(x + 0.5 - centerX) / radius, (y + 0.5 - centerY) / radius];
    return [cos * dx + sin * dy, cos * dy - sin * dx];
  };
  const [shiftX, shiftY] = [0.16 * radius * Math.cos(lamp.angle), 0.16 * radius * Math.sin(lamp.angle)];
  const shadow = {
    left: box.left - shiftX,
    top: box.top - shiftY,
    right: box.right - shiftX,
    bottom: box.bottom - shiftY,
  };
  canvas.shade(shadow, (x, y) => (form.holds(...place(x + shiftX, y + shiftY)) ? 0.62 : 1));
  const [bright, dark] = [mix(color, [1, 1, 1], 0.35), scale(color, 0.45)];
  canvas.paint(box, id, (x, y) => {
    const [u, v] = place(x, y);
    if (!form.holds(u, v)) return undefined;
    const toLight = ((x - centerX) * Math.cos(lamp.angle) + (y - centerY) * Math.sin(lamp.angle)) / radius;
    const shading = lamp.height + (1 - lamp.height) * (0.75 + 0.45 * toLight);
    const worn = 0.92 + 0.16 * noise(8 * u, 8 * v, seed);
    return scale(mix(dark, bright, texture.value(u, v, seed)), shading * worn);
  });
}
