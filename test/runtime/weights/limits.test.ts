/**
 * Tests that the cost of reading a file of weights is bounded by its size: counts values, unpacked bytes and tensors,
 * not seconds.
 */
import { SpadeworkError } from '../../../dsl/errors.ts';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWeights } from '../../../runtime/weights/file.ts';
import { Meter } from '../../../runtime/weights/limits.ts';
import { attacks } from './attacks.ts';
import {
  archive,
  legacy,
  op,
  pickle,
  safetensors,
  storage,
  tensor,
  text,
  zip,
  type PickleParts,
} from './pickles.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/weights/', import.meta.url));
const mebibyte = 2 ** 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-limits-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Opens a file and reads all tensors; gives how many there are. */
async function readAll(path: string, meter: Meter): Promise<number> {
  const file = await openWeights(path, meter);
  for (const name of file.tensors.keys()) file.read(name);
  return file.tensors.size;
}

describe('small files that claim very much', () => {
  it.each(attacks)(
    '$file is refused before it costs more than its size explains',
    async ({ file, make, said }) => {
      const bytes = make();
      const meter = new Meter();
      const reading = readAll(write(file, bytes), meter);
      await expect(reading).rejects.toBeInstanceOf(SpadeworkError);
      await expect(reading).rejects.toThrow(said);
      // The last charge is refused before allocation, so it may be as large as the file claims.
      expect(meter.built).toBeLessThan(36 * mebibyte + 16 * bytes.length);
    },
  );
});

describe('honest files', () => {
  const many = (count: number): PickleParts => [
    op.emptyDict,
    op.mark,
    ...Array.from({ length: count }, (_, i) => [
      text(`layers.${Math.floor(i / 10)}.block.${i % 10}.weight`),
      tensor({ storage: storage({ key: `${i}` }) }),
    ]).flat(),
    op.setItems,
  ];
  const values = new Uint8Array(16);

  it('of 10,000 tensors cost a third of what is allowed, stored or deflated', async () => {
    const count = 10_000;
    for (const isDeflated of [false, true]) {
      const bytes = zip([
        { path: 'a/data.pkl', content: pickle(many(count)), isDeflated },
        ...Array.from({ length: count }, (_, i) => ({ path: `a/data/${i}`, content: values, isDeflated })),
      ]);
      const meter = new Meter();
      expect(await readAll(write('many.pth', bytes), meter)).toBe(count);
      expect(meter.built).toBeLessThan((32 * mebibyte + 16 * bytes.length) / 1.5);
    }
  });

  it('of 10,000 tensors are read from safetensors', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `layers.${i}.weight`);
    const entries = names.map((name, i) => [
      name,
      { dtype: 'F32', shape: [4], data_offsets: [16 * i, 16 * i + 16] },
    ]);
    const bytes = safetensors(Object.fromEntries(entries) as object, new Uint8Array(16 * names.length));
    const meter = new Meter();
    expect(await readAll(write('many.safetensors', bytes), meter)).toBe(names.length);
    expect(meter.built).toBeLessThan(10 * bytes.length);
  });

  it('may hold a number that is expanded to millions', async () => {
    const bytes = archive([tensor({ shape: [2000, 2000], strides: [0, 0] })]);
    const file = await openWeights(write('expanded.pth', bytes));
    const read = file.read('tensor');
    expect([read.length, read[0], read.at(-1)]).toEqual([4_000_000, 1, 1]);
  });

  it('may hold what is expanded beyond all bounds, as long as nobody takes it or the network has room for it', async () => {
    const size = 2 ** 12;
    const mask = tensor({ shape: [size, size, size], strides: [0, 0, 0] });
    const wide = tensor({ shape: [size, size + 1], strides: [0, 0] });
    const parts = [
      op.emptyDict,
      op.mark,
      text('w'),
      tensor({}),
      text('mask'),
      mask,
      text('wide'),
      wide,
      op.setItems,
    ];
    for (const make of [archive, legacy]) {
      const file = await openWeights(write('mask.pth', make(parts)));
      expect([...file.read('w')]).toEqual([1, 2, 3, 4]);
      expect(() => file.read('mask')).toThrow(
        'as they repeat what is stored\nhint: where you trust the file, save such',
      );
      expect(() => file.read('wide')).toThrow('would take 275 GB');
      expect(file.read('wide', true).length).toBe(size * (size + 1));
    }
  });

  it('are unpacked once where tensors share a storage', async () => {
    const count = 1000;
    const part = (i: number): Uint8Array => tensor({ shape: [1], offset: i, count });
    const parts = [
      op.emptyDict,
      op.mark,
      ...Array.from({ length: count }, (_, i) => [text(`${i}`), part(i)]).flat(),
      op.setItems,
    ];
    const content = new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
    const pickled = pickle(parts);
    const bytes = zip([
      { path: 'a/data.pkl', content: pickled },
      { path: 'a/data/0', content, isDeflated: true },
    ]);
    const meter = new Meter();
    const file = await openWeights(write('shared.pth', bytes), meter);
    for (const name of file.tensors.keys()) expect([...file.read(name)]).toEqual([Number(name)]);
    expect(meter.unpacked).toBe(content.length);
  });

  it('of the repository stay below a hundredth of what is allowed', async () => {
    for (const name of readdirSync(fixtures).filter((one) => /^[^e].*\.pth$/.test(one))) {
      const meter = new Meter();
      await readAll(join(fixtures, name), meter);
      expect(meter.built, name).toBeLessThan(
        (32 * mebibyte + 16 * statSync(join(fixtures, name)).size) / 100,
      );
    }
  });
});
