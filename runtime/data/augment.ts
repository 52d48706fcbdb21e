/**
 * Augments training samples by flips, crops and color jitter: pure functions of (seed, epoch, index), equal for photo,
 * labels and instances.
 */
import { hashText, philox4x32 } from '../../compiler/ir/random.ts';
import { scaleSize } from '../../compiler/format/queries.ts';
import { denseIds, edgesOf, type Size } from './maps.ts';
import { isFlipped, type Place } from './order.ts';
import type { DecodedSample } from './sample.ts';

/** How training samples are changed. */
export interface Augmentation {
  /** Mirrors half of the samples left to right. */
  readonly flip: boolean;
  /** Scales samples to `from` times a random factor from the range `scale`, and takes a random crop. */
  readonly crop?: { readonly from: Size; readonly scale: readonly [low: number, high: number] } | undefined;
  /** How far brightness, contrast and saturation of photos vary around 1. */
  readonly jitter?: readonly [brightness: number, contrast: number, saturation: number] | undefined;
}

/** The augmentation of one sample. */
export interface Change {
  readonly flip: boolean;
  /** The size that the sample is scaled to, and the first pixel of the crop; undefined if there is no crop. */
  readonly part?: { readonly scaled: Size; readonly left: number; readonly top: number } | undefined;
  /** Factors of brightness, contrast and saturation. */
  readonly tone?: readonly [number, number, number] | undefined;
}

const CROPS = hashText('crops of samples');
const TONES = hashText('tones of samples');

/** Draws the augmentation of a sample in an epoch; crops have the size `size`. */
export function changeOf(
  { flip, crop, jitter }: Augmentation,
  size: Size,
  seed: number,
  place: Place,
): Change {
  const { index, epoch } = place;
  const draw = (stream: number) =>
    philox4x32([seed >>> 0, stream], [index, epoch, 0, 0]).map((word) => word / 2 ** 32) as [
      number,
      number,
      number,
      number,
    ];
  let part: Change['part'];
  if (crop) {
    const [factor, x, y] = draw(CROPS);
    const [low, high] = crop.scale;
    const scale = low + factor * (high - low);
    const scaled = scaleSize(crop.from, scale);
    const left = Math.floor(x * (scaled.width - size.width + 1));
    part = { scaled, left, top: Math.floor(y * (scaled.height - size.height + 1)) };
  }
  const tone = jitter && toneOf(jitter, draw(TONES));
  return { flip: flip && isFlipped(seed, place), part, tone };
}

function toneOf(
  [brightness, contrast, saturation]: readonly [number, number, number],
  [a, b, c]: readonly [number, number, number, number],
): [number, number, number] {
  const around = (share: number, drawn: number): number => 1 + share * (2 * drawn - 1);
  return [around(brightness, a), around(contrast, b), around(saturation, c)];
}

/** Augments a sample stored at the size `stored`; the result has the size `size`. */
export function applyChange(sample: DecodedSample, stored: Size, change: Change, size: Size): DecodedSample {
  const part = change.part ?? { scaled: size, left: 0, top: 0 };
  const isWhole = sameSize(stored, size) && sameSize(part.scaled, size);
  const taken = isWhole ? sample : takePart(sample, stored, part, size);
  const turned = change.flip ? mirrorSample(taken, size.width) : taken;
  const { tone } = change;
  return tone && turned.image ? { ...turned, image: changeTone(turned.image, tone) } : turned;
}

const sameSize = (a: Size, b: Size): boolean => a.width === b.width && a.height === b.height;

function takePart(
  sample: DecodedSample,
  stored: Size,
  part: NonNullable<Change['part']>,
  size: Size,
): DecodedSample {
  const rows = placesOf(stored.height, part.scaled.height, part.top, size.height);
  const columns = placesOf(stored.width, part.scaled.width, part.left, size.width);
  const instances = sample.instances && takeNearest(sample.instances, stored.width, rows, columns);
  return {
    labels: takeNearest(sample.labels, stored.width, rows, columns),
    // Edges and instance ids are recomputed for the crop: an edge needs a neighbor inside it, and ids must have no
    // gaps.
    edges: instances && edgesOf(instances, size),
    instances: instances && denseIds(instances),
    image: sample.image && takeSmooth(sample.image, stored.width, rows, columns),
  };
}

/** The source pixels of an axis. */
interface Places {
  /** By nearest neighbor: floor(i * in / out), as all label maps are scaled. */
  readonly nearest: Int32Array;
  /** The pixel lies between `low` and `high`, at the fraction `share`, measured at pixel centers. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float64Array;
}

function placesOf(stored: number, scaled: number, start: number, count: number): Places {
  const centers = Float64Array.from({ length: count }, (_, i) => {
    const center = ((start + i + 0.5) * stored) / scaled - 0.5;
    return Math.min(stored - 1, Math.max(0, center));
  });
  return {
    nearest: Int32Array.from({ length: count }, (_, i) => Math.floor(((start + i) * stored) / scaled)),
    low: Int32Array.from(centers, Math.floor),
    high: Int32Array.from(centers, Math.ceil),
    share: centers.map((center) => center - Math.floor(center)),
  };
}

/** [H,W] -> [h,w] */
function takeNearest<T extends Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  source: T,
  width: number,
  rows: Places,
  columns: Places,
): T {
  const [height, count] = [rows.nearest.length, columns.nearest.length];
  const result = new (source.constructor as new (length: number) => T)(height * count);
  for (let y = 0; y < height; y++) {
    const from = rows.nearest[y]! * width;
    for (let x = 0; x < count; x++) result[y * count + x] = source[from + columns.nearest[x]!]!;
  }
  return result;
}

/** [H,W,3] -> [h,w,3], bilinear; a pixel exactly at a source pixel keeps its value. */
function takeSmooth(
  source: Uint8Array<ArrayBuffer>,
  width: number,
  rows: Places,
  columns: Places,
): Uint8Array<ArrayBuffer> {
  const [height, count] = [rows.low.length, columns.low.length];
  const result = new Uint8Array(height * count * 3);
  for (let y = 0; y < height; y++) {
    const [above, below, down] = [rows.low[y]! * width, rows.high[y]! * width, rows.share[y]!];
    for (let x = 0; x < count; x++) {
      const [left, right, across] = [columns.low[x]!, columns.high[x]!, columns.share[x]!];
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number): number => source[3 * (row + column) + c]!;
        const top = at(above, left) + across * (at(above, right) - at(above, left));
        const bottom = at(below, left) + across * (at(below, right) - at(below, left));
        result[3 * (y * count + x) + c] = Math.round(top + down * (bottom - top));
      }
    }
  }
  return result;
}

function mirrorSample({ labels, edges, instances, image }: DecodedSample, width: number): DecodedSample {
  return {
    labels: mirrored(labels, width, 1),
    edges: edges && mirrored(edges, width, 1),
    instances: instances && mirrored(instances, width, 1),
    image: image && mirrored(image, width, 3),
  };
}

/** Mirrors a picture left to right: [H,W,C] -> [H,W,C]. */
function mirrored<T extends Uint8Array | Uint16Array>(source: T, width: number, channels: number): T {
  const result = source.slice() as T;
  const stride = width * channels;
  for (let row = 0; row < source.length; row += stride) {
    for (
      let from = row, to = row + stride - channels;
      from < row + stride;
      from += channels, to -= channels
    ) {
      for (let c = 0; c < channels; c++) result[to + c] = source[from + c] as number;
    }
  }
  return result;
}

/** Luma of Rec. 601, as picture libraries turn RGB into grey. */
const grey = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue;

/**
 * Changes the tone of a photo: brightness multiplies, contrast scales around the mean grey, saturation around each
 * pixel's grey.
 */
function changeTone(
  image: Uint8Array<ArrayBuffer>,
  [brightness, contrast, saturation]: readonly [number, number, number],
): Uint8Array<ArrayBuffer> {
  const clip = (value: number): number => Math.min(255, Math.max(0, value));
  let sum = 0;
  for (let i = 0; i < image.length; i += 3) {
    const [red, green, blue] = [image[i]!, image[i + 1]!, image[i + 2]!];
    sum += grey(clip(brightness * red), clip(brightness * green), clip(brightness * blue));
  }
  const mean = (3 * sum) / image.length;
  const result = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i += 3) {
    const spread = (value: number): number => clip(mean + contrast * (clip(brightness * value) - mean));
    const [red, green, blue] = [spread(image[i]!), spread(image[i + 1]!), spread(image[i + 2]!)];
    const shade = grey(red, green, blue);
    result[i] = Math.round(clip(shade + saturation * (red - shade)));
    result[i + 1] = Math.round(clip(shade + saturation * (green - shade)));
    result[i + 2] = Math.round(clip(shade + saturation * (blue - shade)));
  }
  return result;
}
