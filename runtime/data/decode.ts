/** Answers for turning files into arrays: ids of PNG maps exactly as stored, photos as RGB, both at the wanted size. */
import sharp from 'sharp';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A map of ids, one a pixel, row by row: [height, width]. */
export interface IdMap extends Size {
  readonly ids: Uint16Array;
}

/** What a PNG holds that has colors where ids are expected: the first colored pixel. */
export interface ColoredPixel {
  readonly x: number;
  readonly y: number;
  readonly color: readonly [number, number, number];
}

/** A picture of colors: RGB of 8 bits, row by row: [height, width, 3]. */
export interface RgbMap extends Size {
  readonly rgb: Uint8Array;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Offsets in a PNG file: IHDR is always the first chunk, so its fields have fixed places. */
const IHDR = { type: 12, bitDepth: 24, colorType: 25, checksum: 29, end: 33 } as const;
const GREY = 0;
const PALETTE = 3;
const GREY_WITH_ALPHA = 4;

/**
 * Reads the ids of a PNG file's content: grey values of 1 to 16 bits and palette indices as they are stored, never scaled,
 * color-managed or expanded to the palette's colors; alpha is ignored. An RGB file is taken for grey if all its pixels are.
 * Gives the first colored pixel instead if it is not. Throws the decoder's error if the content cannot be decoded.
 */
export async function decodeIds(content: Buffer): Promise<IdMap | ColoredPixel> {
  if (content.length < IHDR.end || !content.subarray(0, 8).equals(PNG_SIGNATURE)) {
    throw new Error('it is not a PNG file, or holds only its beginning');
  }
  const bitDepth = content.readUInt8(IHDR.bitDepth);
  const colorType = content.readUInt8(IHDR.colorType);
  const png = colorType === PALETTE ? withoutPalette(content) : content;
  // An embedded color profile must not touch ids, hence ignoreIcc.
  const image = sharp(png, { failOn: 'error', ignoreIcc: true }).removeAlpha();
  if (colorType !== GREY && colorType !== PALETTE && colorType !== GREY_WITH_ALPHA) {
    const { data, info } = await image
      .toColourspace(bitDepth === 16 ? 'rgb16' : 'srgb')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    return greyOfRgb({ words: wordsOf(data), width: info.width, height: info.height });
  }
  const { data, info } = await image
    .toColourspace(bitDepth === 16 ? 'grey16' : 'b-w')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const ids = wordsOf(data);
  if (bitDepth < 8) {
    const scale = 255 / (2 ** bitDepth - 1); // the decoder stretches 1, 2 and 4 bits to 0..255
    for (let i = 0; i < ids.length; i++) ids[i] = (ids[i] as number) / scale;
  }
  return { width: info.width, height: info.height, ids };
}

/**
 * Makes a grey PNG of a palette PNG: the same compressed pixels, which are the indices, under a header that calls them grey.
 * The decoder would otherwise give the palette's colors.
 */
function withoutPalette(content: Buffer): Buffer<ArrayBuffer> {
  const header = Buffer.from(content.subarray(0, IHDR.end));
  header.writeUInt8(GREY, IHDR.colorType);
  header.writeUInt32BE(checksum(header.subarray(IHDR.type, IHDR.checksum)), IHDR.checksum);
  const kept: Uint8Array[] = [header];
  for (let at: number = IHDR.end; at + 8 <= content.length;) {
    const end = at + 12 + content.readUInt32BE(at); // length, type, data, checksum
    const type = content.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT' || type === 'IEND') kept.push(content.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

/** Computes the CRC-32 of a PNG chunk; zlib's own is missing from the first releases of Node 20. */
function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** Copies raw 16-bit pixels out of the decoder's buffer, which need not be aligned and cannot be handed to another thread. */
function wordsOf(data: Buffer): Uint16Array<ArrayBuffer> {
  return new Uint16Array(new Uint8Array(data).buffer);
}

/** [H,W,3] -> [H,W] */
function greyOfRgb(map: Size & { readonly words: Uint16Array | Uint8Array }): IdMap | ColoredPixel {
  const { words, width, height } = map;
  const ids = new Uint16Array(width * height);
  for (let i = 0; i < ids.length; i++) {
    const color = [words[3 * i]!, words[3 * i + 1]!, words[3 * i + 2]!] as const;
    if (color[0] !== color[1] || color[0] !== color[2])
      return { x: i % width, y: Math.floor(i / width), color };
    ids[i] = color[0];
  }
  return { width, height, ids };
}

/** Gives the bits of a value in a PNG file's content. */
export function bitsOf(content: Buffer): number {
  return content.readUInt8(IHDR.bitDepth);
}

/** Reads a picture of colors as it is stored; alpha is ignored. Throws the decoder's error. */
export async function decodeColors(content: Buffer): Promise<RgbMap> {
  const { data, info } = await sharp(content, { failOn: 'error', ignoreIcc: true })
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** Takes colors for ids where they are all grey; else gives the first one that is not. */
export function idsOfColors({ width, height, rgb }: RgbMap): IdMap | ColoredPixel {
  return greyOfRgb({ words: rgb, width, height });
}

/** Which half of a picture's columns is meant. */
export type Half = 'left' | 'right';

/** Takes a half of a picture. */
export function halfOf({ width, height, rgb }: RgbMap, half: Half): RgbMap {
  const columns = Math.floor(width / 2);
  const start = half === 'left' ? 0 : width - columns;
  const part = new Uint8Array(3 * columns * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * (y * width + start);
    part.set(rgb.subarray(from, from + 3 * columns), 3 * y * columns);
  }
  return { width: columns, height, rgb: part };
}

/**
 * Scales a map by nearest neighbor: output pixel i takes source pixel floor(i * in / out), the rule of PyTorch's `nearest`,
 * by which the official SPADE code scales label maps inside its networks.
 */
export function resizeNearest(map: IdMap, { width, height }: Size): Uint16Array {
  if (map.width === width && map.height === height) return map.ids;
  const columns = Uint32Array.from({ length: width }, (_, x) => Math.floor((x * map.width) / width));
  const ids = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * map.height) / height) * map.width;
    for (let x = 0; x < width; x++) ids[y * width + x] = map.ids[row + (columns[x] as number)] as number;
  }
  return ids;
}

/** Marks with 1 the pixels whose instance differs from that of any of their four neighbors: [H,W] -> [H,W]. */
export function edgesOf(
  instances: Uint16Array | Int32Array,
  { width, height }: Size,
): Uint8Array<ArrayBuffer> {
  const edges = new Uint8Array(width * height);
  for (let i = 0; i < edges.length; i++) {
    if (i % width > 0 && instances[i] !== instances[i - 1]) edges[i] = edges[i - 1] = 1;
    if (i >= width && instances[i] !== instances[i - width]) edges[i] = edges[i - width] = 1;
  }
  return edges;
}

/** Renumbers instances from 0 in the order in which they are met, so that no number is left out: [H,W] -> [H,W]. */
export function denseIds(instances: Uint16Array | Int32Array): Uint16Array<ArrayBuffer> {
  const numbers = new Map<number, number>();
  return Uint16Array.from(instances, (id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
}

/** Photos in the wild carry harmless oddities; only damage and missing data are errors. */
const PHOTO = { failOn: 'error' } as const;

/** Reads the size of a photo, or of the half that it is, from the header, without decoding pixels. Throws the decoder's error. */
export async function photoSize(content: Buffer, half?: Half): Promise<Size> {
  const { width, height } = await sharp(content, PHOTO).metadata();
  return { width: half ? Math.floor(width / 2) : width, height };
}

/**
 * Decodes a photo to 8-bit sRGB, [height, width, 3]. It is scaled to exactly the wanted size with a Lanczos filter (which
 * averages when shrinking), neither cropped nor padded; grey becomes RGB, alpha is dropped. A camera's orientation tag is
 * not applied, because label maps are drawn on the stored pixels. `half` takes that part of the picture alone. Throws the decoder's error.
 */
export async function decodePhoto(
  content: Buffer,
  { width, height }: Size,
  half?: Half,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = sharp(content, PHOTO);
  const photo = half ? whole.extract(await regionOf(content, half)) : whole;
  const pixels = await photo
    .removeAlpha()
    .resize({ width, height, fit: 'fill', kernel: 'lanczos3', fastShrinkOnLoad: false })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
  return new Uint8Array(pixels); // a copy: the decoder's own buffer cannot be handed to another thread
}

/** Says where a half of a picture lies. */
async function regionOf(
  content: Buffer,
  half: Half,
): Promise<Size & { readonly left: number; readonly top: number }> {
  const { width: columns } = await sharp(content, PHOTO).metadata();
  const { width, height } = await photoSize(content, half);
  return { left: half === 'left' ? 0 : columns - width, top: 0, width, height };
}
