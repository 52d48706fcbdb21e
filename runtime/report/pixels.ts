/** Pixels in memory: label maps in the colors of their classes, and what networks paint. */
import type { ClassInfo } from '../data/class-info.ts';

/** An 8-bit RGB image: `data` is row-major, three bytes per pixel, `3 * width * height` long. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export const CHANNELS = 3;

/**
 * Draws a label map in its classes' colors.
 *
 * `labels` holds `width * height` class ids, row by row. Throws a RangeError for an id that no class declares.
 */
export function colorize(
  labels: ArrayLike<number>,
  width: number,
  height: number,
  classes: readonly ClassInfo[],
): Picture {
  const colors = new Map(classes.map(({ id, color }) => [id, color]));
  const data = new Uint8Array(CHANNELS * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const id = labels[pixel];
    const color = id === undefined ? undefined : colors.get(id);
    if (color === undefined)
      throw new RangeError(undeclaredLabel(id, pixel % width, Math.floor(pixel / width)));
    data.set(color, CHANNELS * pixel);
  }
  return { width, height, data };
}

function undeclaredLabel(id: number | undefined, x: number, y: number): string {
  return id === undefined
    ? `the label map ends before pixel (${x}, ${y})`
    : `label ${id} at pixel (${x}, ${y}) belongs to no declared class`;
}

/**
 * Converts a float image in [-1, 1], laid out [height, width, 3], to a picture; values outside are clipped, NaN
 * becomes black.
 *
 * `offset` is the image's start in `values`, so that one image of a batch needs no copy.
 */
export function fromFloat(values: Float32Array, width: number, height: number, offset = 0): Picture {
  const length = CHANNELS * width * height;
  if (offset + length > values.length) {
    throw new RangeError(
      `an image of ${width}x${height} at offset ${offset} needs ${offset + length} values, found ${values.length}`,
    );
  }
  // A clamped array rounds to nearest and clips.
  const clamped = new Uint8ClampedArray(length);
  for (let i = 0; i < length; i++) clamped[i] = (values[offset + i]! + 1) * 127.5;
  return { width, height, data: new Uint8Array(clamped.buffer) };
}
