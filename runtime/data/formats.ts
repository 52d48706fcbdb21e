/** Reads picture headers from bytes: the format, and the PNG chunks that change the meaning of pixels. */

/** The supported picture formats. */
export type Format = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF';

/** Detects the format by the first bytes; undefined for unsupported ones, such as SVG. */
export function formatOf(content: Buffer): Format | undefined {
  const starts = (text: string, at = 0): boolean => content.toString('latin1', at, at + text.length) === text;
  if (starts('\xff\xd8\xff')) return 'JPEG';
  if (starts('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (starts('RIFF') && starts('WEBP', 8)) return 'WebP';
  if (starts('GIF8')) return 'GIF';
  if (starts('II*\0') || starts('MM\0*')) return 'TIFF';
  return undefined;
}

/** Offsets in a PNG file: IHDR is always the first chunk, so its fields have fixed offsets. */
export const IHDR = {
  type: 12,
  width: 16,
  height: 20,
  bitDepth: 24,
  colorType: 25,
  checksum: 29,
  end: 33,
} as const;

/** Color types of PNG files. */
export const GREY = 0;
export const PALETTE = 3;
export const GREY_WITH_ALPHA = 4;
export const RGB_WITH_ALPHA = 6;

/** A part of a PNG file. */
export interface Chunk {
  readonly type: string;
  /** Its content, without length, type and checksum. */
  readonly data: Buffer;
  /** The whole chunk. */
  readonly whole: Buffer;
}

/** Gives the chunks of a PNG file in order, up to the end of the bytes; the last one may be incomplete. */
export function* chunksOf(png: Buffer): Generator<Chunk> {
  for (let at = 8; at + 8 <= png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    yield {
      type,
      data: png.subarray(at + 8, at + 8 + length),
      whole: png.subarray(at, at + 12 + length),
    };
    at += 12 + length;
  }
}

/** Information in a PNG file that decoding ignores. */
export interface PngRemarks {
  /** Pictures of an animation; 1 for a still. */
  readonly frames: number;
  /** The gamma for display, if no color space replaces it. */
  readonly gamma: number | undefined;
}

/**
 * The gamma of sRGB as PNG writes it, which is assumed for all pictures; a different gamma differs by more than the
 * tolerance.
 */
const [usualGamma, tolerance] = [45455, 2500];

/** Reads this information from a PNG file, without decoding pixels. */
export function remarksOf(png: Buffer): PngRemarks {
  let frames = 1;
  let gamma: number | undefined;
  let hasSpace = false;
  for (const { type, data } of chunksOf(png)) {
    if (type === 'IDAT') break; // all remarks come before the pixels
    if (type === 'acTL' && data.length >= 4) frames = data.readUInt32BE(0);
    if (type === 'gAMA' && data.length >= 4) gamma = data.readUInt32BE(0);
    if (type === 'sRGB' || type === 'iCCP' || type === 'cICP') hasSpace = true;
  }
  const isUsual = hasSpace || gamma === undefined || Math.abs(gamma - usualGamma) <= tolerance;
  return { frames, gamma: isUsual ? undefined : gamma! / 100000 };
}

/** Gives the colors of a palette PNG, RGB packed into a number each; undefined where it has no palette. */
export function paletteOf(png: Buffer): readonly number[] | undefined {
  if (formatOf(png) !== 'PNG' || png.length < IHDR.end || png.readUInt8(IHDR.colorType) !== PALETTE)
    return undefined;
  for (const { type, data } of chunksOf(png))
    if (type === 'PLTE')
      return Array.from({ length: Math.floor(data.length / 3) }, (_, i) => data.readUIntBE(3 * i, 3));
  return undefined;
}

/** Gives the size in a PNG's header; undefined for other files and for incomplete headers. */
export function sizeOfPng(content: Buffer): { readonly width: number; readonly height: number } | undefined {
  if (formatOf(content) !== 'PNG' || content.length < IHDR.end) return undefined;
  return { width: content.readUInt32BE(IHDR.width), height: content.readUInt32BE(IHDR.height) };
}

/** Tells whether a PNG holds 8-bit greys, rather than palette indices or another depth. */
export function isGreyByte(png: Buffer): boolean {
  return png.readUInt8(IHDR.colorType) !== PALETTE && png.readUInt8(IHDR.bitDepth) === 8;
}
