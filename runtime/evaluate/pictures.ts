/** Reads and scales the 8-bit pictures of an evaluation, and converts them for networks. */
import sharp from 'sharp';
import { toUnitRange } from '../data/dataset.ts';
import { resizeNearest, type Size } from '../data/maps.ts';
import type { Picture } from '../report/pixels.ts';

/** Reads a generated picture. */
export async function readPicture(file: string): Promise<Picture> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Scales a picture as the photographs of the data are scaled; a picture of that size is returned unchanged. */
export async function scalePicture(picture: Picture, { width, height }: Size): Promise<Picture> {
  if (picture.width === width && picture.height === height) return picture;
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const data = await sharp(picture.data, { raw })
    .resize({ width, height, fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer();
  return { width, height, data };
}

/** Scales class ids as the label maps of the data are scaled. */
export function scaleLabels(labels: Int32Array, from: Size, to: Size): ArrayLike<number> {
  if (from.width === to.width && from.height === to.height) return labels;
  return resizeNearest({ ...from, ids: Uint16Array.from(labels) }, to);
}

/** Converts a picture to [-1,1], [H,W,3]. */
export function toUnit({ data }: Picture): Float32Array {
  const values = new Float32Array(data.length);
  toUnitRange(data, values, 0);
  return values;
}
