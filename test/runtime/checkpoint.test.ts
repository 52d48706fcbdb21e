/** Tests safetensors files: written tensors are read back, and damaged files are refused with the reason. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DamagedFile } from '../../runtime/weights/errors.ts';
import { readSafetensors, writeSafetensors } from '../../runtime/weights/safetensors.ts';

let folder: string;
let path: string;

const tensors = [
  { name: 'é.weight', shape: [2, 3] },
  { name: 'scale', shape: [] },
  { name: 'none', shape: [0, 4] },
];
const values = [
  Float32Array.of(1, -2, 3.5, Number.MIN_VALUE, 1e38, -0),
  Float32Array.of(Math.PI),
  new Float32Array(0),
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-safetensors-'));
  path = join(folder, 'a.safetensors');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file with a header and some bytes of data, as another program might. */
function writeRaw(header: unknown, dataBytes: number): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, 'raw.safetensors');
  writeFileSync(file, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
  return file;
}

describe('a safetensors file', () => {
  it('gives back names, shapes and values to the bit', async () => {
    const written = await writeSafetensors(path, tensors, values);
    const read = await readSafetensors(path);
    expect(read.sha256).toBe(written);
    expect([...read.tensors.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
    tensors.forEach(({ name, shape }, i) =>
      expect(read.tensors.get(name)).toEqual({ shape, values: values[i] }),
    );
  });

  it('has the published layout: length, JSON header, data from a multiple of 8 on', async () => {
    await writeSafetensors(path, tensors, values);
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    expect((8 + length) % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      'é.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      scale: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
      none: { dtype: 'F32', shape: [0, 4], data_offsets: [28, 28] },
    });
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3.5);
  });

  it('is refused where tensors and values do not match', async () => {
    await expect(writeSafetensors(path, tensors, values.slice(1))).rejects.toThrow(RangeError);
    await expect(writeSafetensors(path, tensors, values.slice(0, 2))).rejects.toThrow(RangeError);
  });

  it('may hold a free text, and tensors in any order', async () => {
    const file = writeRaw(
      {
        __metadata__: { format: 'pt' },
        b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
        a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
      },
      8,
    );
    expect([...(await readSafetensors(file)).tensors.keys()]).toEqual(['a', 'b']);
  });

  const entry = (change: object): object => ({
    a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change },
  });
  it.each([
    ['is missing', () => join(folder, 'absent'), 'the file is missing'],
    ['ends before its header', () => writeRaw('{', 0), 'its header is not JSON'],
    ['has a header that is no object', () => writeRaw('[]', 0), 'its header is not a JSON object'],
    ['has an incomplete entry', () => writeRaw({ a: { dtype: 'F32' } }, 0), "entry of 'a' lacks"],
    ['holds another dtype', () => writeRaw(entry({ dtype: 'I32' }), 8), "'a' has dtype I32, expected F32"],
    [
      'has offsets that do not fit a shape',
      () => writeRaw(entry({ shape: [3] }), 8),
      'its shape [3] needs 12',
    ],
    ['has a gap', () => writeRaw(entry({ data_offsets: [4, 12] }), 12), "'a' starts at byte 4, expected 0"],
    [
      'is cut off',
      () => writeRaw(entry({}), 7),
      "'a' ends at byte 8, but the file has only 7 bytes of values",
    ],
    [
      'goes on after its data',
      () => writeRaw(entry({}), 9),
      'it holds 9 bytes of values, its header accounts for 8',
    ],
  ])('that %s is refused with the reason', async (_what, make, reason) => {
    const reading = readSafetensors(make());
    await expect(reading).rejects.toThrow(DamagedFile);
    await expect(reading).rejects.toThrow(reason);
  });

  it('with a length beyond its end is refused', async () => {
    const file = writeRaw('{}', 0);
    const bytes = readFileSync(file);
    bytes.writeBigUInt64LE(2n ** 40n);
    writeFileSync(file, bytes);
    await expect(readSafetensors(file)).rejects.toThrow(`its header claims ${2 ** 40} bytes`);
  });
});
