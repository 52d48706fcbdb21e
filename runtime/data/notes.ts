/**
 * Notes properties of usable files that decoding ignores, but that may mean they are read differently than intended.
 */
import path from 'node:path';
import { isTransparent, type Header } from './decode.ts';
import type { Note, Role } from './findings.ts';
import {
  formatOf,
  GREY_WITH_ALPHA,
  IHDR,
  paletteOf,
  remarksOf,
  RGB_WITH_ALPHA,
  type Format,
} from './formats.ts';
import type { Tally } from './tally.ts';

const endings: Readonly<Record<string, Format>> = {
  '.jpg': 'JPEG',
  '.jpeg': 'JPEG',
  '.png': 'PNG',
  '.webp': 'WebP',
};

/** The file that a note is about. */
interface Noted {
  readonly file: string;
  readonly role: Role;
  readonly content: Buffer;
}

/** Notes properties in a picture's header that decoding ignores. */
export function headerNotes({ file, role, content }: Noted, header: Header, fitsOtherwise: boolean): Note[] {
  const of = { file, role };
  const format = formatOf(content);
  const remarks = format === 'PNG' ? remarksOf(content) : undefined;
  const frames = remarks?.frames ?? header.frames;
  const isOther = format !== undefined && endings[path.extname(file).toLowerCase()] !== format;
  return [
    ...(header.orientation > 1
      ? [{ ...of, kind: 'orientation', orientation: header.orientation, fitsOtherwise } as const]
      : []),
    ...(frames > 1 ? [{ ...of, kind: 'frames', frames } as const] : []),
    ...(isOther ? [{ ...of, kind: 'ending', format } as const] : []),
    // CMYK and gamma do not affect ids or colors of classes.
    ...(header.isCmyk && role !== 'instance maps' ? [{ ...of, kind: 'cmyk' } as const] : []),
    ...(remarks?.gamma !== undefined && role === 'photos'
      ? [{ ...of, kind: 'gamma', gamma: remarks.gamma } as const]
      : []),
  ];
}

/** Notes what a label map or instance map contains beside its values; `colors` if it is color coded. */
export async function mapNotes(
  { file, role, content }: Noted,
  tally: Tally,
  declared: ReadonlySet<number>,
  isByColors: boolean,
): Promise<Note[]> {
  if (formatOf(content) !== 'PNG') return [];
  const of = { file, role };
  const colorType = content.readUInt8(IHDR.colorType);
  const isDeep = content.readUInt8(IHDR.bitDepth) > 8;
  const hasAlpha = colorType === GREY_WITH_ALPHA || colorType === RGB_WITH_ALPHA;
  const isCut = isByColors && isDeep;
  return [
    ...(hasAlpha && (await isTransparent(content)) ? [{ ...of, kind: 'transparent' } as const] : []),
    ...(isCut ? [{ ...of, kind: 'deepColors' } as const] : []),
    ...(isByColors ? [] : paletteNotes({ file, role, content }, tally, declared)),
  ];
}

/** Notes the palette of an id map: indices are read, colors are ignored. */
function paletteNotes(
  { file, role, content }: Noted,
  { values }: Tally,
  declared: ReadonlySet<number>,
): Note[] {
  const palette = role === 'label maps' ? paletteOf(content) : undefined;
  if (palette === undefined) return [];
  const colors = [...values.keys()].map((index) => [index, palette[index] ?? 0] as const);
  const greyOf = (color: number): number => (color % 0x010101 === 0 ? color & 255 : -1);
  // File optimizers turn grey pictures into palette pictures: then the greys are the ids.
  const isGrey = colors.every(([, color]) => declared.has(greyOf(color)));
  const isOther = colors.some(([index, color]) => greyOf(color) !== index);
  if (isGrey && isOther) return [{ file, role, kind: 'greyPalette' }];
  return isGrey ? [] : [{ file, role, kind: 'palette', colors }];
}

/** Tells whether a photo's pixels (8-bit RGB) are nearly black, as if 10- or 12-bit values were stored in 16 bits. */
export function isDark(image: Uint8Array): boolean {
  return image.every((value) => value < darkest);
}

const darkest = 32;
