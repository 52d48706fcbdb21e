/** Makes pictures for the data tests: real files, written to a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { onTestFinished } from 'vitest';
import type { ClassInfo } from '../../runtime/data/class-info.ts';

/** Makes a folder that is deleted after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'spadework-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Declares the classes 0..count-1. */
export function classesUpTo(count: number): ClassInfo[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: `class ${id}`,
    color: [id, id, id] as const,
  }));
}

/** Makes an 8- or 16-bit grey PNG of ids. */
export function greyPng(ids: readonly number[], width: number, bits: 8 | 16 = 8): Promise<Buffer> {
  const raw = { width, height: ids.length / width, channels: 1 } as const;
  return bits === 8
    ? sharp(Uint8Array.from(ids), { raw }).toColourspace('b-w').png().toBuffer()
    : sharp(Uint16Array.from(ids), { raw }).toColourspace('grey16').png().toBuffer();
}

/** Makes a picture of RGB values, three per pixel. */
export function rgb(values: readonly number[], width: number): Sharp {
  return sharp(Uint8Array.from(values), { raw: { width, height: values.length / 3 / width, channels: 3 } });
}

/** Makes a PNG from bytes, so that no library changes the given indices: palette (3) or grey (0). */
export function handMadePng(
  indices: readonly number[],
  width: number,
  bits: number,
  colorType: 0 | 3,
): Buffer {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const height = indices.length / width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colorType, 0, 0, 0], 8);
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    rows.push(0); // filter: none
    for (let x = 0; x < width; x += 8 / bits) {
      let byte = 0;
      for (let k = 0; k < 8 / bits; k++)
        byte = (byte << bits) | (x + k < width ? (indices[y * width + x + k] ?? 0) : 0);
      rows.push(byte);
    }
  }
  const palette = Uint8Array.from({ length: 3 * 2 ** bits }, (_, i) => (i * 37 + 200) % 256);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(colorType === 3 ? [chunk('PLTE', palette), chunk('tRNS', Uint8Array.of(0, 128))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** Writes files to a new folder, by relative path, and gives the folder. */
export function writeFiles(files: Readonly<Record<string, Buffer | string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** Makes the files of a data set with distinguishable samples: 4x2 pixels, sample n has the id n at its left edge. */
export async function numberedFiles(count: number): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (let n = 0; n < count; n++) {
    const ids = [n, 0, 0, 1, n, 0, 0, 1];
    files[`labels/s${n}.png`] = await greyPng(ids, 4);
    files[`instances/s${n}.png`] = await greyPng([5, 5, 5, 9, 5, 5, 5, 9], 4);
    const photo = rgb(
      ids.flatMap((id) => [id, 2 * id, 255 - id]),
      4,
    );
    files[`images/s${n}.png`] = await photo.png().toBuffer();
  }
  return files;
}
