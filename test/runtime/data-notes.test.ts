/**
 * Tests notes about files that may be read differently than intended: each kind gives one warning, and the data stays
 * usable.
 */
import path from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DataSpec } from '../../compiler/format/types.ts';
import { decodeIds, decodePhoto, readHeader } from '../../runtime/data/decode.ts';
import { areas, dataSpec, examine, photoOf, requireMended } from './data-examine.ts';
import { greyPng, handMadePng, rgb, writeFiles } from './data-support.ts';

const ids = areas([0, 1, 2]);
const plainMap = (): Promise<Buffer> => greyPng(ids, 32);

/** Inserts a chunk after the header of a PNG file. */
function withChunk(png: Buffer, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([
    png.subarray(0, 33),
    frame.subarray(0, 4),
    body,
    frame.subarray(4),
    png.subarray(33),
  ]);
}

const word = (...values: number[]): Buffer => {
  const data = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => data.writeUInt32BE(value, 4 * i));
  return data;
};

/** Examines data with these files, whose pairs share a stem; gives the first lines of the messages. */
async function said(
  files: Readonly<Record<string, Buffer>>,
  more: Partial<DataSpec> = {},
): Promise<{ readonly errors: string[]; readonly warnings: string[]; readonly root: string }> {
  const root = writeFiles(files);
  const { errors, warnings } = await examine(dataSpec(root, more));
  const firstLines = (some: typeof errors) =>
    some.map(({ text }) => text.split('\n')[0]!.replaceAll(root + path.sep, ''));
  return { errors: firstLines(errors), warnings: firstLines(warnings), root };
}

/** Examines one photo, named a with an ending, and a valid map. */
const ofPhoto = async (ending: string, content: Buffer) =>
  said({ [`images/a.${ending}`]: content, 'labels/a.png': await plainMap() });

/** Examines one map and a valid photo. */
const ofMap = async (content: Buffer, more: Partial<DataSpec> = {}) =>
  said({ 'images/a.png': await photoOf(1).png().toBuffer(), 'labels/a.png': content }, more);

describe('orientation tags', () => {
  const turned = (seed: number, width: number, height: number): Promise<Buffer> =>
    photoOf(seed, width, height).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const portrait = (): Promise<Buffer> => greyPng(areas([0, 1, 2], 24, 32), 24);

  it('are warned of in one message, and turn photos where that is said', async () => {
    const root = writeFiles({
      'images/a.jpg': await turned(1, 32, 32),
      'images/b.jpg': await turned(2, 32, 32),
      'images/c.jpg': await photoOf(3).jpeg().toBuffer(),
      'labels/a.png': await plainMap(),
      'labels/b.png': await plainMap(),
      'labels/c.png': await plainMap(),
    });
    const data = dataSpec(root);
    const { errors, warnings } = await examine(data);
    expect([errors.length, warnings.length]).toEqual([0, 1]);
    expect(warnings[0]?.text).toContain(
      '2 photos have an EXIF orientation tag, by which viewers turn pictures',
    );
    expect(warnings[0]?.text).toContain('Orientation 6: turned right by 90 degrees');
    expect((await requireMended(data, warnings[0])).orientation).toBe('exif');
    expect((await examine({ ...data, orientation: 'stored' })).warnings).toEqual([]);
  });

  it('are named where shapes differ only because of them', async () => {
    const root = writeFiles({ 'images/a.jpg': await turned(1, 32, 24), 'labels/a.png': await portrait() });
    const data = dataSpec(root);
    const [error] = (await examine(data)).errors;
    expect(error?.text).toContain('fit once they are turned by it: orientation: "exif"');
    await requireMended(data, error);
    const stored = writeFiles({
      'images/a.jpg': await turned(1, 24, 32),
      'labels/a.png': await portrait(),
    });
    const [other] = (await examine(dataSpec(stored, { orientation: 'exif' }))).errors;
    expect(other?.text).toContain('orientation: "stored"');
    await requireMended(dataSpec(stored, { orientation: 'exif' }), other);
    // Here shapes decide: the maps fit the stored pixels.
    const [warning] = (await examine(dataSpec(stored))).warnings;
    expect((await requireMended(dataSpec(stored), warning)).orientation).toBe('stored');
  });

  it('move pixels as they say: photos, halves of pictures, and ids in grey and in palettes', async () => {
    const picture = rgb(Array.from({ length: 8 }, (_, i) => [10 * i, 0, 0]).flat(), 4).withMetadata({
      orientation: 6,
    });
    const png = await picture.png().toBuffer();
    const reds = (pixels: Uint8Array): number[] => [...pixels].filter((_, i) => i % 3 === 0);
    const clockwise = [40, 0, 50, 10, 60, 20, 70, 30];
    const [size, half] = [
      { width: 2, height: 4 },
      { width: 1, height: 4 },
    ];
    expect(reds(await decodePhoto(png, { width: 4, height: 2 }))).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
    expect(reds(await decodePhoto(png, size, { isTurned: true }))).toEqual(clockwise);
    expect(reds(await decodePhoto(png, half, { isTurned: true }, 'right'))).toEqual([0, 10, 20, 30]);
    expect((await readHeader(png, { isTurned: true })).size).toEqual(size);
    const exif = (await sharp(png).metadata()).exif!;
    const values = [0, 1, 2, 3, 4, 5, 6, 7];
    for (const colorType of [0, 3] as const) {
      const map = withChunk(handMadePng(values, 4, 8, colorType), 'eXIf', exif);
      const stored = await decodeIds(map);
      const ids90 = await decodeIds(map, { isTurned: true });
      if (!('ids' in stored) || !('ids' in ids90)) throw new Error('colors');
      expect([...stored.ids]).toEqual(values);
      expect([ids90.width, ...ids90.ids]).toEqual([2, 4, 0, 5, 1, 6, 2, 7, 3]);
    }
  });
});

describe('photos', () => {
  it('of several frames are read from the first', async () => {
    const frames = photoOf(1, 32, 64).raw().toBuffer({ resolveWithObject: true });
    const { data } = await frames;
    const raw = { width: 32, height: 64, channels: 3, pageHeight: 32 } as const;
    const webp = await sharp(data, { raw }).webp().toBuffer();
    expect((await ofPhoto('webp', webp)).warnings).toEqual([
      "1 photo holds several pictures, of which only the first is read: 'images/a.webp' (2 pictures)",
    ]);
    const gif = await sharp(data, { raw }).gif().toBuffer();
    expect((await ofPhoto('png', gif)).warnings).toHaveLength(2); // the second warning is about the format
    const apng = withChunk(await photoOf(1).png().toBuffer(), 'acTL', word(3, 0));
    expect((await ofPhoto('png', apng)).warnings[0]).toContain('(3 pictures)');
  });

  it('of another format than their ending are read, but for formats that are none of photos', async () => {
    expect((await ofPhoto('png', await photoOf(1).jpeg().toBuffer())).warnings).toEqual([
      "1 photo is of another format than the ending of the name says: 'images/a.png' (JPEG)",
    ]);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"/>');
    const page = Buffer.from('\n<!DOCTYPE html>\n<html><body>Sign in</body></html>');
    const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n');
    for (const look of [(file: Buffer) => ofPhoto('jpg', file), ofMap]) {
      expect((await look(page)).errors[0]).toMatch(/cannot be decoded: it is a web page, not the file/);
      expect((await look(pointer)).errors[0]).toMatch(/cannot be decoded: it is a pointer of Git LFS/);
    }
    expect((await ofPhoto('jpg', svg)).errors).toEqual([
      "'images/a.jpg' cannot be decoded: it is no JPEG, PNG, WebP, GIF or TIFF file",
    ]);
  });

  it('with transparent pixels, in CMYK, of other gamma or nearly black are told', async () => {
    const clear = await photoOf(1).ensureAlpha(0.5).png().toBuffer();
    expect((await ofPhoto('png', clear)).warnings[0]).toContain('1 photo has transparent pixels');
    expect((await ofPhoto('png', await photoOf(1).ensureAlpha(1).png().toBuffer())).warnings).toEqual([]);
    const cmyk = await photoOf(1).toColourspace('cmyk').jpeg().toBuffer();
    expect((await ofPhoto('jpg', cmyk)).warnings[0]).toContain('1 photo is in CMYK');
    const linear = withChunk(await photoOf(1).png().toBuffer(), 'gAMA', word(100000));
    expect((await ofPhoto('png', linear)).warnings[0]).toContain('(gamma 1)');
    const usual = withChunk(await photoOf(1).png().toBuffer(), 'gAMA', word(45455));
    expect((await ofPhoto('png', usual)).warnings).toEqual([]);
    const tenBits = await greyPng(
      Array.from({ length: 1024 }, (_, i) => i),
      32,
      16,
    );
    expect((await ofPhoto('png', tenBits)).warnings[0]).toContain('1 photo of 16 bits is nearly black');
  });

  it('that decode with remarks of the decoder are told, and those that do not are refused', async () => {
    const jpeg = await photoOf(1, 64, 64).jpeg({ quality: 95 }).toBuffer();
    const broken = Buffer.from(jpeg);
    broken.fill(0xf0, Math.floor(0.6 * jpeg.length), Math.floor(0.6 * jpeg.length) + 12);
    expect((await ofPhoto('jpg', broken)).warnings[0]).toMatch(
      /1 photo can be decoded, but seems damaged: .*JPEG/,
    );
    const { errors } = await ofPhoto('jpg', jpeg.subarray(0, jpeg.length / 2));
    expect(errors[0]).toContain("'images/a.jpg' cannot be decoded: ");
    const progressive = await photoOf(1, 64, 64).jpeg({ progressive: true }).toBuffer();
    expect(await ofPhoto('jpg', progressive)).toMatchObject({ errors: [], warnings: [] });
    expect((await ofPhoto('jpg', progressive.subarray(0, progressive.length / 2))).errors).toHaveLength(1);
  });

  it('of more pixels than are decoded are refused by their header', async () => {
    const vast = await photoOf(1).png().toBuffer();
    vast.writeUInt32BE(50000, 16);
    vast.writeUInt32BE(50000, 20);
    vast.writeUInt32BE(crc32(vast.subarray(12, 29)), 29);
    expect((await ofPhoto('png', vast)).errors[0]).toContain(
      'it has 50000 x 50000 pixels, more than 268435456',
    );
    expect((await ofMap(vast)).errors[0]).toContain('it has 50000 x 50000 pixels, more than 67108864');
    // Few pixels, in rows that would need gigabytes to scale.
    vast.writeUInt32BE(5_000_000, 16);
    vast.writeUInt32BE(38, 20);
    vast.writeUInt32BE(crc32(vast.subarray(12, 29)), 29);
    for (const { errors } of [await ofPhoto('png', vast), await ofMap(vast)])
      expect(errors[0]).toContain('it has 5000000 x 38 pixels, more than 65536 on a side');
  });
});

describe('maps', () => {
  it('are read alike with profile, gamma, color space and interlacing', async () => {
    const map = await plainMap();
    const variants = [
      withChunk(map, 'gAMA', word(100000)),
      withChunk(map, 'sRGB', Buffer.from([0])),
      withChunk(map, 'cHRM', word(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
      withChunk(map, 'sBIT', Buffer.from([4])),
      await sharp(map).toColourspace('b-w').png({ progressive: true }).toBuffer(),
      await sharp(map).withIccProfile('p3').png().toBuffer(),
    ];
    for (const variant of variants) {
      const found = await decodeIds(variant);
      expect('ids' in found && [...found.ids]).toEqual(ids);
      expect((await ofMap(variant)).warnings).toEqual([]);
    }
  });

  it('with transparent pixels or several frames are told', async () => {
    const clear = await sharp(await plainMap())
      .toColourspace('srgb')
      .ensureAlpha(0)
      .png()
      .toBuffer();
    expect((await ofMap(clear)).warnings[0]).toContain('1 label map has transparent pixels');
    const apng = withChunk(await plainMap(), 'acTL', word(2, 0));
    expect((await ofMap(apng)).warnings[0]).toContain('1 label map holds several pictures');
  });

  it('that are no PNG are said to be what they are', async () => {
    expect((await ofMap(await photoOf(1).jpeg().toBuffer())).errors).toEqual([
      "'labels/a.png' cannot be decoded: it is not a PNG file but JPEG",
    ]);
  });

  it('of 16 bits in colors are told', async () => {
    const colors = [0, 1, 2].map((value) => [value, value, value]);
    const deep = await greyPng(
      ids.map((id) => 257 * id),
      32,
      16,
    );
    const { errors, warnings } = await ofMap(deep, { label_format: 'colors', colors });
    expect([errors, warnings.length]).toEqual([[], 1]);
    expect(warnings[0]).toContain('1 label map has colors of 16 bits');
  });

  it('whose palettes differ are told, and those of one palette are not', async () => {
    const withPalette = (shift: number): Buffer => {
      const png = handMadePng(ids, 32, 8, 3);
      const at = png.indexOf('PLTE') + 4;
      for (let i = 0; i < 9; i++) png[at + i] = (i * 50 + shift) % 256;
      png.writeUInt32BE(crc32(png.subarray(at - 4, at + 768)), at + 768);
      return png;
    };
    const pairs = async (shifts: readonly number[]) => {
      const files: Record<string, Buffer> = {};
      for (const [i, shift] of shifts.entries()) {
        files[`images/${i}.png`] = await photoOf(i).png().toBuffer();
        files[`labels/${i}.png`] = withPalette(shift);
      }
      return said(files);
    };
    expect((await pairs([1, 1])).warnings).toEqual([]);
    expect((await pairs([1, 1, 2])).warnings).toEqual([
      "the palettes of 1 label map give indices other colors than the maps before: 'labels/2.png'",
    ]);
  });

  it('whose palette holds greys that are other ids are told', async () => {
    const png = handMadePng(ids, 32, 8, 3);
    const at = png.indexOf('PLTE') + 4;
    for (let i = 0; i < 9; i++) png[at + i] = 2 - Math.floor(i / 3);
    png.writeUInt32BE(crc32(png.subarray(at - 4, at + 768)), at + 768);
    expect((await ofMap(png)).warnings[0]).toContain('hold greys which are ids of other classes');
  });
});
