/** Draws pictures and writes them as PNG: colored label maps, generated images, and grids of both. */
import sharp from 'sharp';
import { forHtml } from '../../dsl/escape.ts';
import { writeWhole } from '../base/files.ts';
import { CHANNELS, type Picture } from './pixels.ts';

/** The layout of a grid. */
export interface GridOptions {
  /** Headings over the columns. */
  readonly columns?: readonly string[];
  /** Pixels between pictures and around them; 8 by default. */
  readonly gap?: number;
  /** The integer factor by which pictures are enlarged, by repeating pixels; 1 by default. */
  readonly scale?: number;
}

const GRID_BACKGROUND = 255;

/** Blends two pictures of the same size; `share` is the weight of the upper one. */
export function blend(lower: Picture, upper: Picture, share: number): Picture {
  const { width, height } = lower;
  if (upper.width !== width || upper.height !== height)
    throw new RangeError(`${upper.width}x${upper.height} does not lie over ${width}x${height}`);
  const data = lower.data.map((value, i) => Math.round(value + share * (upper.data[i]! - value)));
  return { width, height, data };
}

/** Writes a photograph as JPEG, a tenth of PNG's size; creates its folder. */
export async function writePhotograph(path: string, { width, height, data }: Picture): Promise<void> {
  const jpeg = await sharp(data, { raw: { width, height, channels: CHANNELS } })
    .jpeg({ quality: 88, chromaSubsampling: '4:4:4' })
    .toBuffer();
  await writeWhole(path, jpeg);
}

/** Writes a picture as PNG atomically; creates its folder. */
export async function writePicture(path: string, picture: Picture): Promise<void> {
  const { width, height, data } = picture;
  const png = await sharp(data, { raw: { width, height, channels: CHANNELS } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  await writeWhole(path, png);
}

/**
 * Writes rows of pictures as one PNG on white, under headings where `columns` are given.
 *
 * A column is as wide as its widest picture and a row as high as its highest; smaller ones sit top left, and rows may
 * differ in length. Throws a RangeError for a grid without pictures or a scale that is not a positive integer.
 */
export async function writeGrid(
  path: string,
  rows: readonly (readonly Picture[])[],
  options: GridOptions = {},
): Promise<void> {
  const { columns, gap = 8, scale = 1 } = options;
  if (!Number.isInteger(scale) || scale < 1) {
    throw new RangeError(`a grid's scale must be a positive integer, found ${scale}`);
  }
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  if (columnCount === 0) throw new RangeError('a grid needs at least one picture');
  const widths = Array.from({ length: columnCount }, (_, column) =>
    Math.max(...rows.map((row) => (row[column]?.width ?? 0) * scale)),
  );
  const heights = rows.map((row) => Math.max(0, ...row.map((picture) => picture.height * scale)));
  const lefts = starts(widths, gap, gap);
  const width = lefts.at(-1)! + widths.at(-1)! + gap;
  const fontSize = Math.max(11, Math.min(24, Math.round(Math.max(...widths) / 14)));
  const headingHeight = columns ? 2 * fontSize : 0;
  const tops = starts(heights, headingHeight + gap, gap);
  const height = tops.at(-1)! + heights.at(-1)! + gap;

  const data = new Uint8Array(CHANNELS * width * height).fill(GRID_BACKGROUND);
  // The headings are a separate band: drawing text over the pictures could change their pixels by rounding.
  if (columns) data.set(await drawHeadings(columns, lefts, widths, width, headingHeight, gap, fontSize));
  rows.forEach((row, r) =>
    row.forEach((picture, c) => paste(data, width, picture, lefts[c]!, tops[r]!, scale)),
  );
  await writePicture(path, { width, height, data });
}

/** Returns the start of each of `sizes` in a line with gaps of `gap`. */
function starts(sizes: readonly number[], first: number, gap: number): number[] {
  let next = first;
  return sizes.map((size) => {
    const start = next;
    next += size + gap;
    return start;
  });
}

/** Copies a picture into a wider one, every pixel becoming `scale` x `scale` pixels. */
function paste(
  target: Uint8Array,
  targetWidth: number,
  picture: Picture,
  left: number,
  top: number,
  scale: number,
): void {
  const rowLength = CHANNELS * picture.width * scale;
  for (let y = 0; y < picture.height; y++) {
    const row = new Uint8Array(rowLength);
    for (let x = 0; x < picture.width; x++) {
      const source = CHANNELS * (y * picture.width + x);
      const pixel = picture.data.subarray(source, source + CHANNELS);
      for (let copy = 0; copy < scale; copy++) row.set(pixel, CHANNELS * (x * scale + copy));
    }
    for (let copy = 0; copy < scale; copy++) {
      target.set(row, CHANNELS * ((top + y * scale + copy) * targetWidth + left));
    }
  }
}

/** Draws the heading band, [height, width, 3] bytes, each heading centered over its column. */
async function drawHeadings(
  columns: readonly string[],
  lefts: readonly number[],
  widths: readonly number[],
  width: number,
  height: number,
  gap: number,
  fontSize: number,
): Promise<Uint8Array> {
  const baseline = (height + gap + 0.7 * fontSize) / 2;
  const texts = lefts.map((left, c) => {
    const center = left + widths[c]! / 2;
    return `<text x="${center}" y="${baseline}">${forHtml(columns[c] ?? '')}</text>`;
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" text-anchor="middle" ` +
    `font-family="Helvetica, Arial, sans-serif" font-size="${fontSize}" fill="#333">${texts.join('')}</svg>`;
  const background = { r: GRID_BACKGROUND, g: GRID_BACKGROUND, b: GRID_BACKGROUND };
  return sharp(Buffer.from(svg)).flatten({ background }).toColorspace('srgb').removeAlpha().raw().toBuffer();
}
