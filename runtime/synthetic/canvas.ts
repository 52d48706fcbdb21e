/** Paints a synthetic sample from back to front: the photograph, class ids and instances of the same pixels. */
import type { RandomStream } from '../../compiler/ir/random.ts';
import type { ClassInfo } from '../data/class-info.ts';
import type { Size } from '../data/maps.ts';

/** Red, green and blue; 0 is black, 1 the brightest value of a photograph. */
export type Light = readonly [red: number, green: number, blue: number];

/** A finished sample. */
export interface MadeSample extends Size {
  /** RGB of 8 bits, [H,W,3]. */
  readonly photo: Uint8Array;
  /** Class ids, [H,W]. */
  readonly labels: Uint8Array;
  /** Instances in the order of painting, [H,W]. */
  readonly instances: Uint16Array;
}

/** Gives the light of a pixel; undefined where the thing is not. */
export type Surface = (x: number, y: number) => Light | undefined;

/** Makes samples of one kind. */
export interface Maker {
  readonly classes: readonly ClassInfo[];
  /** Makes one sample from random numbers. */
  make(random: RandomStream, size: Size): MadeSample;
}

/** A picture on which things are painted over each other. */
export class Canvas {
  private readonly light: Float32Array;
  private readonly labels: Uint8Array;
  private readonly instances: Uint16Array;
  private painted = 0;

  constructor(readonly size: Size) {
    const pixels = size.width * size.height;
    this.light = new Float32Array(3 * pixels);
    this.labels = new Uint8Array(pixels);
    this.instances = new Uint16Array(pixels);
  }

  /** Numbers a new instance. */
  newInstance(): number {
    return this.painted++;
  }

  /** Paints one pixel of a thing. */
  put(x: number, y: number, id: number, instance: number, light: Light): void {
    const pixel = y * this.size.width + x;
    this.labels[pixel] = id;
    this.instances[pixel] = instance;
    this.light.set(light, 3 * pixel);
  }

  /** Paints a thing within a box of pixels, which may extend outside of the picture. */
  paint(
    box: { left: number; top: number; right: number; bottom: number },
    id: number,
    surface: Surface,
  ): void {
    const instance = this.newInstance();
    const { width, height } = this.size;
    for (let y = Math.max(0, Math.floor(box.top)); y < Math.min(height, Math.ceil(box.bottom)); y++)
      for (let x = Math.max(0, Math.floor(box.left)); x < Math.min(width, Math.ceil(box.right)); x++) {
        const light = surface(x, y);
        if (light) this.put(x, y, id, instance, light);
      }
  }

  /** Scales the light of pixels by `factorAt`, as a shadow does; labels stay. */
  shade(
    box: { left: number; top: number; right: number; bottom: number },
    factorAt: (x: number, y: number) => number,
  ): void {
    const { width, height } = this.size;
    for (let y = Math.max(0, Math.floor(box.top)); y < Math.min(height, Math.ceil(box.bottom)); y++)
      for (let x = Math.max(0, Math.floor(box.left)); x < Math.min(width, Math.ceil(box.right)); x++) {
        const [at, factor] = [3 * (y * width + x), factorAt(x, y)];
        for (let c = 0; c < 3; c++) this.light[at + c]! *= factor;
      }
  }

  /** Makes the photograph, with exposure and sensor noise. */
  finish(
    random: RandomStream,
    { exposure = 1, grain = 0.012 }: { exposure?: number; grain?: number },
  ): MadeSample {
    const { size, light, labels, instances } = this;
    const photo = new Uint8Array(light.length);
    for (let i = 0; i < light.length; i += 3) {
      const noise = grain * random.normal();
      for (let c = 0; c < 3; c++) {
        const value = exposure * light[i + c]! + noise;
        photo[i + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
    return { ...size, photo, labels, instances };
  }
}

/** Mixes two lights; `share` 0 gives the first, 1 the second. */
export function mix(a: Light, b: Light, share: number): Light {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}

/** Scales a light. */
export function scale([red, green, blue]: Light, factor: number): Light {
  return [red * factor, green * factor, blue * factor];
}
