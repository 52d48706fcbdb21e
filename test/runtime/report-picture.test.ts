/** Tests that written pictures have exactly the given pixels. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeGrid, writePicture } from '../../runtime/report/picture.ts';
import { colorize, fromFloat, type Picture } from '../../runtime/report/pixels.ts';

const SKY = { id: 0, name: 'Sky', color: [128, 129, 130] } as const;
const ROAD = { id: 7, name: 'Road', color: [255, 0, 64] } as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spadework-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function readPng(path: string): Promise<Picture> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  expect((await sharp(path).metadata()).format).toBe('png');
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

function pixelAt(picture: Picture, x: number, y: number): number[] {
  const start = 3 * (y * picture.width + x);
  return [...picture.data.subarray(start, start + 3)];
}

/** Makes a picture in which every byte differs from its neighbors. */
function pattern(width: number, height: number, seed: number): Picture {
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => (seed + 37 * i) % 251),
  };
}

describe('colorize', () => {
  test('draws every label in the color of its class', () => {
    const picture = colorize(Int32Array.of(0, 7, 7, 0, 0, 7), 3, 2, [SKY, ROAD]);
    expect([picture.width, picture.height]).toEqual([3, 2]);
    expect([...picture.data]).toEqual([SKY, ROAD, ROAD, SKY, SKY, ROAD].flatMap(({ color }) => [...color]));
  });

  test('names the pixel of a label that no class declares', () => {
    expect(() => colorize([0, 0, 0, 0, 9, 0], 3, 2, [SKY, ROAD])).toThrow(
      'label 9 at pixel (1, 1) belongs to no declared class',
    );
  });

  test('refuses a label map that is too short', () => {
    expect(() => colorize([0, 0, 0], 2, 2, [SKY])).toThrow('the label map ends before pixel (1, 1)');
  });
});

describe('fromFloat', () => {
  test('maps [-1, 1] onto 0..255, rounds, clips, and shows NaN as black', () => {
    const picture = fromFloat(Float32Array.of(-1, 0.004, 1, -3, 5, NaN), 2, 1);
    expect([...picture.data]).toEqual([0, 128, 255, 0, 255, 0]);
  });

  test('takes the second image out of a batch', () => {
    const batch = Float32Array.of(-1, -1, -1, 1, -1, 1);
    expect([...fromFloat(batch, 1, 1, 3).data]).toEqual([255, 0, 255]);
  });

  test('refuses to read past the end', () => {
    expect(() => fromFloat(new Float32Array(5), 2, 1)).toThrow('needs 6 values, found 5');
  });
});

describe('writePicture', () => {
  test('writes exactly these pixels, in a folder that it makes, and leaves no other file', async () => {
    const path = join(folder, 'samples', 'step-000100', 'label-0.png');
    const picture = pattern(13, 7, 5);
    await writePicture(path, picture);
    expect(await readPng(path)).toEqual(picture);
    expect(await readdir(join(folder, 'samples', 'step-000100'))).toEqual(['label-0.png']);
  });

  test('replaces an older file', async () => {
    const path = join(folder, 'a.png');
    await writePicture(path, pattern(4, 4, 1));
    await writePicture(path, pattern(5, 3, 9));
    expect(await readPng(path)).toEqual(pattern(5, 3, 9));
  });

  test('leaves nothing behind where the picture cannot be put in place', async () => {
    await writeFile(join(folder, 'taken'), '');
    await expect(writePicture(join(folder, 'taken', 'a.png'), pattern(2, 2, 1))).rejects.toThrow();
    await expect(writePicture(folder, pattern(2, 2, 1))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('writeGrid', () => {
  test('sets pictures side by side with gaps, each pixel grown by the scale', async () => {
    const path = join(folder, 'grid.png');
    const cells = [
      [pattern(4, 3, 1), pattern(6, 3, 60)],
      [pattern(4, 5, 120), pattern(6, 5, 180)],
    ];
    await writeGrid(path, cells, { gap: 2, scale: 3 });
    const grid = await readPng(path);
    expect([grid.width, grid.height]).toEqual([2 + 12 + 2 + 18 + 2, 2 + 9 + 2 + 15 + 2]);
    const lefts = [2, 16];
    const tops = [2, 13];
    cells.forEach((row, r) =>
      row.forEach((cell, c) => {
        for (let y = 0; y < 3 * cell.height; y++) {
          for (let x = 0; x < 3 * cell.width; x++) {
            const found = pixelAt(grid, lefts[c]! + x, tops[r]! + y);
            expect(found).toEqual(pixelAt(cell, Math.floor(x / 3), Math.floor(y / 3)));
          }
        }
      }),
    );
    expect(pixelAt(grid, 0, 0)).toEqual([255, 255, 255]);
    expect(pixelAt(grid, 14, 5)).toEqual([255, 255, 255]);
  });

  test('draws headings above the pictures without touching them, whatever characters they hold', async () => {
    const plain = join(folder, 'plain.png');
    const headed = join(folder, 'headed.png');
    const rows = [[pattern(80, 20, 3), pattern(80, 20, 90)]];
    await writeGrid(plain, rows);
    await writeGrid(headed, rows, { columns: ['Label <map> & "co"', 'Painted'] });
    const without = await readPng(plain);
    const withHeadings = await readPng(headed);
    const band = withHeadings.height - without.height;
    expect(band).toBeGreaterThan(10);
    const below = withHeadings.data.subarray(3 * band * withHeadings.width);
    expect([...below]).toEqual([...without.data]);
    const dark = withHeadings.data.subarray(0, 3 * band * withHeadings.width).filter((value) => value < 128);
    expect(dark.length).toBeGreaterThan(50);
  });

  test('leaves white where a row is shorter', async () => {
    const path = join(folder, 'grid.png');
    await writeGrid(path, [[pattern(4, 4, 1), pattern(4, 4, 2)], [pattern(4, 4, 3)]], { gap: 1 });
    const grid = await readPng(path);
    expect([grid.width, grid.height]).toEqual([11, 11]);
    expect(pixelAt(grid, 7, 7)).toEqual([255, 255, 255]);
  });

  test('refuses an empty grid and a scale that is no positive integer', async () => {
    const path = join(folder, 'grid.png');
    await expect(writeGrid(path, [])).rejects.toThrow('at least one picture');
    await expect(writeGrid(path, [[pattern(1, 1, 0)]], { scale: 1.5 })).rejects.toThrow('found 1.5');
    expect(await readdir(folder)).toEqual([]);
  });
});
