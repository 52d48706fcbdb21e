/** Decodes image files to arrays: ids of PNG maps exactly as stored, photos as RGB, both scaled to a size. */
import { crc32 } from '../base/crc.ts';
import { standInOf, standIns } from '../base/stand-ins.ts';
import sharp from 'sharp';
import { longestSide } from '../../compiler/format/types.ts';
import type { IdMap, Size } from './maps.ts';
import { chunksOf, formatOf, GREY, GREY_WITH_ALPHA, IHDR, PALETTE, sizeOfPng } from './formats.ts';

/** A PNG with colors where ids are expected: the first colored pixel, and all colors. */
export interface Colored {
  readonly x: number;
  readonly y: number;
  readonly color: readonly [number, number, number];
  /** RGB of 8 bits; undefined where there are more bits. */
  readonly map: RgbMap | undefined;
}

/** A picture with 8-bit RGB colors, row by row: [height, width, 3]. */
export interface RgbMap extends Size {
  readonly rgb: Uint8Array;
}

/** The error for a picture that cannot be decoded; its message is a reason in one line. */
export class PictureError extends Error {
  /**
   * The kind of failure: a damaged file, another format, too many pixels, or a stand-in for a file that was not
   * fetched.
   */
  readonly why: 'damaged' | 'foreign' | 'vast' | keyof typeof standIns;

  constructor(why: PictureError['why'], reason: string) {
    super(reason);
    this.why = why;
  }
}

/** The most pixels of a map, 8192 x 8192: maps are decoded whole, so more would take too much memory per thread. */
export const MOST_MAP_PIXELS = 2 ** 26;
/** The most pixels of a photo; photos are scaled during decoding. */
export const MOST_PHOTO_PIXELS = 2 ** 28;

/** How pictures are decoded. */
export interface Decoding {
  /** Whether the camera's orientation tag is applied; by default pixels stay as stored. */
  readonly isTurned?: boolean | undefined;
  /** Whether warnings of the decoder are errors. */
  readonly isStrict?: boolean | undefined;
}

/** The options of sharp. Photos often have harmless oddities, so by default only damage and missing data are errors. */
const optionsOf = (most: number, isStrict = false) =>
  ({ failOn: isStrict ? 'warning' : 'error', limitInputPixels: most }) as const;

/** Decodes a picture of a known format through `decode`. Throws a PictureError. */
async function decoding<T>(content: Buffer, most: number, decode: () => Promise<T>): Promise<T> {
  requireFetched(content);
  if (content.length === 0) throw new PictureError('damaged', 'the file is empty');
  if (formatOf(content) === undefined)
    throw new PictureError('foreign', 'it is no JPEG, PNG, WebP, GIF or TIFF file');
  // Such a header is rejected here, as libpng would write a warning to the terminal.
  const said = sizeOfPng(content);
  if (said?.width === 0 || said?.height === 0) throw new PictureError('damaged', 'it has no pixels');
  try {
    requireSides(said ?? (formatOf(content) === 'TIFF' ? await sizeOf(content) : undefined));
    return await decode();
  } catch (error) {
    if (error instanceof PictureError) throw error;
    const { message } = error as Error;
    if (!message.includes('exceeds pixel limit')) throw new PictureError('damaged', damageOf(message));
    const { width, height } = await sizeOf(content);
    throw new PictureError('vast', `it has ${width} x ${height} pixels, more than ${most}`);
  }
}

function requireFetched(content: Buffer): void {
  const standIn = standInOf(content.toString('latin1', 0, 256));
  if (standIn) throw new PictureError(standIn, `it is ${standIns[standIn].what}`);
}

/** Rewords libvips' messages about a file; each original message is appended once. */
function damageOf(said: string): string {
  const [header, ends] = [
    /^Input buffer (has corrupt header:?|contains unsupported image format)/,
    /\bend\b/i,
  ];
  const words = [...new Set(said.replace(header, '').split('\n'))].map((line) => line.trim()).filter(Boolean);
  const what = ends.test(said)
    ? 'it ends in the middle'
    : header.test(said)
      ? 'its beginning is damaged or cut off'
      : 'its pixels are damaged or cut off';
  return words.length === 0 ? what : `${what} (${words.join('; ')})`;
}

const sizeOf = (content: Buffer): Promise<Size> => sharp(content, { limitInputPixels: false }).metadata();

function requireSides(size: Size | undefined): void {
  if (size && Math.max(size.width, size.height) > longestSide)
    throw new PictureError(
      'vast',
      `it has ${size.width} x ${size.height} pixels, more than ${longestSide} on a side`,
    );
}

/**
 * Reads the ids of a PNG: grey values of 1 to 16 bits and palette indices as stored, never scaled, color-managed or
 * expanded to palette colors; alpha is ignored. An RGB file counts as grey if all its pixels are grey; otherwise the
 * result is the first colored pixel and all colors. Throws a PictureError if the content cannot be decoded.
 */
export async function decodeIds(
  content: Buffer,
  { isTurned = false }: Decoding = {},
): Promise<IdMap | Colored> {
  requireFetched(content);
  const format = formatOf(content);
  if (format !== undefined && format !== 'PNG')
    throw new PictureError('foreign', `it is not a PNG file but ${format}`);
  if (content.length > 0 && (content.length < IHDR.end || format === undefined))
    throw new PictureError('damaged', 'it is not a PNG file, or holds only its beginning');
  return decoding(content, MOST_MAP_PIXELS, () => decodePng(content, isTurned));
}

async function decodePng(content: Buffer, isTurned: boolean): Promise<IdMap | Colored> {
  const bitDepth = content.readUInt8(IHDR.bitDepth);
  const colorType = content.readUInt8(IHDR.colorType);
  const png = colorType === PALETTE ? withoutPalette(content) : content;
  // An embedded color profile must not change ids, hence ignoreIcc.
  const whole = sharp(png, { ...optionsOf(MOST_MAP_PIXELS), ignoreIcc: true });
  const image = (isTurned ? whole.autoOrient() : whole).removeAlpha();
  if (colorType !== GREY && colorType !== PALETTE && colorType !== GREY_WITH_ALPHA) {
    const { data, info } = await image
      .toColourspace(bitDepth === 16 ? 'rgb16' : 'srgb')
      .raw({ depth: bitDepth === 16 ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return greyOfRgb({ words: bitDepth === 16 ? wordsOf(data) : data, width, height });
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
 * Converts a palette PNG to a grey PNG: the same compressed indices under a header for grey pixels. Otherwise the
 * decoder would give the palette's colors.
 */
function withoutPalette(content: Buffer): Buffer<ArrayBuffer> {
  const header = Buffer.from(content.subarray(0, IHDR.end));
  header.writeUInt8(GREY, IHDR.colorType);
  header.writeUInt32BE(crc32(header.subarray(IHDR.type, IHDR.checksum)), IHDR.checksum);
  const kept: Uint8Array[] = [header];
  for (const { type, whole } of chunksOf(content))
    if (type === 'IDAT' || type === 'eXIf' || type === 'IEND') kept.push(whole);
  return Buffer.concat(kept);
}

/** Views raw 16-bit pixels in the decoder's buffer; copies them only if they are not aligned. */
function wordsOf(data: Buffer): Uint16Array {
  const { buffer, byteOffset, length } = data;
  return byteOffset % 2 === 0
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint16Array(new Uint8Array(data).buffer);
}

/** [H,W,3] -> [H,W] */
function greyOfRgb(map: Size & { readonly words: Uint16Array | Uint8Array }): IdMap | Colored {
  const { words, width, height } = map;
  const ids = new Uint16Array(width * height);
  for (let i = 0; i < ids.length; i++) {
    const color = [words[3 * i]!, words[3 * i + 1]!, words[3 * i + 2]!] as const;
    if (color[0] !== color[1] || color[0] !== color[2]) {
      const rgb = words instanceof Uint8Array ? { width, height, rgb: words } : undefined;
      return { x: i % width, y: Math.floor(i / width), color, map: rgb };
    }
    ids[i] = color[0];
  }
  return { width, height, ids };
}

/** Gives the bits of a value in a PNG file's content. */
export function bitsOf(content: Buffer): number {
  return content.readUInt8(IHDR.bitDepth);
}

/** Reads a picture's colors as stored; alpha is ignored. Throws a PictureError. */
export function decodeColors(content: Buffer, { isTurned = false }: Decoding = {}): Promise<RgbMap> {
  return decoding(content, MOST_MAP_PIXELS, async () => {
    const whole = sharp(content, { ...optionsOf(MOST_MAP_PIXELS), ignoreIcc: true });
    const { data, info } = await (isTurned ? whole.autoOrient() : whole)
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: data };
  });
}

/** Converts colors to ids if they are all grey; otherwise gives the first color that is not. */
export function idsOfColors({ width, height, rgb }: RgbMap): IdMap | Colored {
  return greyOfRgb({ words: rgb, width, height });
}

/** The half of a picture's columns. */
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

/** The information in a picture's header. */
export interface Header {
  /** The decoded size: after the orientation tag, if it is applied. */
  readonly size: Size;
  /** The size if the orientation tag were treated the other way. */
  readonly otherSize: Size;
  /** The camera's orientation tag, 1 to 8; 1 is upright. */
  readonly orientation: number;
  readonly hasAlpha: boolean;
  readonly isCmyk: boolean;
  /** Whether it has more than 8 bits a value. */
  readonly isDeep: boolean;
  /** Pictures in the file. */
  readonly frames: number;
}

/** Reads the header of a picture or of its half, without decoding pixels. Throws a PictureError. */
export function readHeader(
  content: Buffer,
  { isTurned = false }: Decoding = {},
  half?: Half,
): Promise<Header> {
  return decoding(content, MOST_PHOTO_PIXELS, async () => {
    const found = await sharp(content, optionsOf(MOST_PHOTO_PIXELS)).metadata();
    const partOf = ({ width, height }: Size): Size => ({
      width: half ? Math.floor(width / 2) : width,
      height,
    });
    const stored = { width: found.width, height: found.height };
    const [size, otherSize] = isTurned ? [found.autoOrient, stored] : [stored, found.autoOrient];
    return {
      size: partOf(size),
      otherSize: partOf(otherSize),
      orientation: found.orientation ?? 1,
      hasAlpha: found.hasAlpha,
      isCmyk: found.space === 'cmyk',
      isDeep: found.depth !== 'uchar',
      frames: found.pages ?? 1,
    };
  });
}

/** Tells whether some pixel of a picture with an alpha channel is not opaque. Throws a PictureError. */
export function isTransparent(content: Buffer): Promise<boolean> {
  return decoding(content, MOST_PHOTO_PIXELS, async () => {
    const { isOpaque } = await sharp(content, optionsOf(MOST_PHOTO_PIXELS)).stats();
    return !isOpaque;
  });
}

/**
 * Decodes a photo to 8-bit sRGB, [height, width, 3]. It is scaled to exactly the given size with a Lanczos filter
 * (which averages when shrinking), neither cropped nor padded; grey becomes RGB, alpha is dropped. The orientation tag
 * is applied only on request, as label maps may be drawn on the stored pixels. `half` selects that half of the
 * picture. Throws a PictureError.
 */
export function decodePhoto(
  content: Buffer,
  { width, height }: Size,
  { isTurned = false, isStrict = false }: Decoding = {},
  half?: Half,
): Promise<Uint8Array<ArrayBuffer>> {
  return decoding(content, MOST_PHOTO_PIXELS, async () => {
    const stored = sharp(content, optionsOf(MOST_PHOTO_PIXELS, isStrict));
    const whole = isTurned ? stored.autoOrient() : stored;
    const photo = half ? whole.extract(await regionOf(content, half, isTurned)) : whole;
    const pixels = await photo
      .removeAlpha()
      .resize({ width, height, fit: 'fill', kernel: 'lanczos3', fastShrinkOnLoad: false })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
    return new Uint8Array(pixels); // a copy, as the decoder's buffer cannot be transferred to another thread
  });
}

/** Gives the region of a half of a picture. */
async function regionOf(
  content: Buffer,
  half: Half,
  isTurned: boolean,
): Promise<Size & { readonly left: number; readonly top: number }> {
  const { size: whole } = await readHeader(content, { isTurned });
  const width = Math.floor(whole.width / 2);
  return { left: half === 'left' ? 0 : whole.width - width, top: 0, width, height: whole.height };
}
