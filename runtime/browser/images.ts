/** Pictures by canvas: label maps and photos out of image data, and paintings into it. */
import { classOfValue } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { ClassInfo } from '../data/class-info.ts';
import { resizeNearest } from '../data/maps.ts';
import { CHANNELS, type Picture } from '../report/pixels.ts';
import { noContext, noSuchColor, noSuchValue, notGrey, wrongSize } from './messages.ts';

/** What of the data's declaration says how label maps are read. */
type Reading = Pick<DataSpec, 'size' | 'classes' | 'ids_from' | 'void'>;

/** Pixels as a canvas gives them: four bytes each, the last of which is opacity. */
const bytesPerPixel = 4;

/**
 * Reads a map whose greys are the values of classes, scaled to the data's size as `synth` scales maps: class ids, [H,W]. Throws a
 * SpadeworkError for a color, and for a value that is no class.
 */
export function labelsById(image: ImageData, data: Reading): Int32Array<ArrayBuffer> {
  return labelsOf(image, data, ([red, green, blue], x, y) => {
    if (red !== green || red !== blue) throw notGrey(x, y, [red, green, blue].join());
    const id = classOfValue(data, red);
    if (id === undefined) throw noSuchValue(x, y, red);
    return id;
  });
}

/** Reads a map that is drawn in the colors of classes, scaled so, too. Throws a SpadeworkError for another color. */
export function labelsByColor(
  image: ImageData,
  data: Reading,
  classes: readonly ClassInfo[],
): Int32Array<ArrayBuffer> {
  const ids = new Map(classes.map(({ id, color }) => [color.join(), id]));
  return labelsOf(image, data, (color, x, y) => {
    const id = ids.get(color.join());
    if (id === undefined) throw noSuchColor(x, y, color.join());
    return id;
  });
}

function labelsOf(
  { width, height, data: pixels }: ImageData,
  { size }: Reading,
  idOf: (color: readonly [number, number, number], x: number, y: number) => number,
): Int32Array<ArrayBuffer> {
  const ids = Uint16Array.from({ length: width * height }, (_, pixel) => {
    const at = bytesPerPixel * pixel;
    const color = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!] as const;
    return idOf(color, pixel % width, Math.floor(pixel / width));
  });
  return Int32Array.from(resizeNearest({ width, height, ids }, size));
}

/** Reads a photo of the data's size, for the style of a painting: RGB in [-1,1], [H,W,3]. Throws a SpadeworkError for another size. */
export function photoOf({ width, height, data }: ImageData, { size }: Reading): Float32Array<ArrayBuffer> {
  if (width !== size.width || height !== size.height)
    throw wrongSize(`${width}x${height}`, `${size.width}x${size.height}`);
  return Float32Array.from({ length: CHANNELS * width * height }, (_, i) => {
    const at = bytesPerPixel * Math.floor(i / CHANNELS) + (i % CHANNELS);
    return data[at]! / 127.5 - 1;
  });
}

/** Makes image data of a picture. */
export function imageOf({ width, height, data }: Picture): ImageData {
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    image.data.set(data.subarray(CHANNELS * pixel, CHANNELS * (pixel + 1)), bytesPerPixel * pixel);
    image.data[bytesPerPixel * pixel + CHANNELS] = 255;
  }
  return image;
}

/** What pictures are put with, on a canvas of either kind. */
type PictureContext = Pick<CanvasRenderingContext2D, 'putImageData'>;

/** Shows a picture on a canvas, which gets its size. Throws a SpadeworkError where the canvas is used in another way already. */
export function draw(picture: Picture, canvas: HTMLCanvasElement | OffscreenCanvas): void {
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context: PictureContext | null = canvas.getContext('2d');
  // One that was drawn on by WebGL has no other context anymore.
  if (!context) throw noContext();
  context.putImageData(imageOf(picture), 0, 0);
}
