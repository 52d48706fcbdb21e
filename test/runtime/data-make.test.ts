/** Tests synthetic data sets: equal for equal seeds, valid, and learnable. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DataSpec } from '../../compiler/format/types.ts';
import { makeData, makeSample, makerOf, type Kind } from '../../runtime/synthetic/index.ts';
import { checkData } from '../../runtime/check-data/check.ts';
import { runCli } from '../cli/run-cli.ts';
import { temporaryFolder } from './data-support.ts';

const size = { width: 48, height: 32 };

async function made(kind: Kind, seed = 1, count = 10): Promise<string> {
  const folder = join(temporaryFolder(), kind);
  await makeData({ kind, folder, count, size, classes: 6, seed });
  return folder;
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.\w+$/.test(name))
    .sort();

const dataSpec = (path: string, classes: number): DataSpec => ({
  name: 'made',
  path,
  images: 'train/images',
  labels: 'train/labels',
  instances: 'train/instances',
  test_images: 'test/images',
  test_labels: 'test/labels',
  test_instances: 'test/instances',
  legend: 'classes.json',
  classes,
  size,
  batch: 1,
});

/** [kind, classes] */
const kinds = [
  ['shapes', 6],
  ['streets', 8],
] as const;

describe.each(kinds)('a data set of %s', (kind, classes) => {
  it('has pairs, instances of 16 bits and a legend in which nothing is wrong', async () => {
    const folder = await made(kind);
    const { errors, warnings, splits } = await checkData(dataSpec(folder, classes));
    expect([errors, warnings]).toEqual([[], []]);
    expect(splits.map(({ survey }) => survey.pairs.length)).toEqual([8, 2]);
    const { instances } = splits[0]!.survey;
    expect(Object.fromEntries(instances!.bits)).toEqual({ 16: 8 });
    expect(instances!.most).toBeGreaterThan(4);
  });

  it('is the same to the byte for the same seed, and another for another', async () => {
    const [first, second, other] = [await made(kind), await made(kind), await made(kind, 2)];
    const names = filesIn(first);
    expect(filesIn(second)).toEqual(names);
    expect(names).toHaveLength(31);
    const differ = (folder: string): string[] =>
      names.filter((name) => !readFileSync(join(first, name)).equals(readFileSync(join(folder, name))));
    expect(differ(second)).toEqual([]);
    expect(differ(other)).toEqual(names.filter((name) => name !== 'classes.json'));
  });

  it('has photographs that its maps explain: classes differ in color', () => {
    const maker = makerOf(kind, classes);
    const samples = Array.from({ length: 12 }, (_, index) => makeSample(maker, 'train', index, size, 3));
    const means = new Map<number, { sum: number[]; count: number }>();
    const all = [0, 0, 0];
    let count = 0;
    for (const { labels, photo } of samples)
      labels.forEach((id, pixel) => {
        const mean = means.get(id) ?? { sum: [0, 0, 0], count: 0 };
        for (let c = 0; c < 3; c++) {
          mean.sum[c]! += photo[3 * pixel + c]!;
          all[c]! += photo[3 * pixel + c]!;
        }
        mean.count++;
        count++;
        means.set(id, mean);
      });
    let [around, within] = [0, 0];
    for (const { labels, photo } of samples)
      labels.forEach((id, pixel) => {
        const mean = means.get(id)!;
        for (let c = 0; c < 3; c++) {
          around += (photo[3 * pixel + c]! - all[c]! / count) ** 2;
          within += (photo[3 * pixel + c]! - mean.sum[c]! / mean.count) ** 2;
        }
      });
    expect(within / around, 'what is left when the class is known').toBeLessThan(0.7);
    expect(means.size).toBeGreaterThan(4);
  });

  it('gives a picture whatever others are made beside it', async () => {
    const [few, many] = [await made(kind, 1, 5), await made(kind, 1, 20)];
    const photoOf = (folder: string, name: string) =>
      readFileSync(join(folder, 'train', 'images', `${name}.jpg`));
    expect(photoOf(few, '2').equals(photoOf(many, '02'))).toBe(true);
  });
});

describe('shapes', () => {
  it('have as many classes as are asked for, each with a name and a color of its own', () => {
    const { classes } = makerOf('shapes', 200);
    expect(new Set(classes.map(({ name }) => name)).size).toBe(200);
    expect(new Set(classes.map(({ color }) => color.join())).size).toBe(200);
  });

  it('may be ground alone', () => {
    const { labels } = makeSample(makerOf('shapes', 1), 'train', 0, size, 0);
    expect(new Set(labels)).toEqual(new Set([0]));
  });
});

describe('spadework data make', () => {
  it('makes a data set and prints how a spec names it', async () => {
    const folder = temporaryFolder();
    const words = ['data', 'make', 'streets', 'made', '--count', '5', '--size', '32x16'];
    const { code, out } = await runCli(words, { folder });
    expect([code, out]).toEqual([0, expect.stringContaining('classes: 8, size: 32x16')]);
    const { width, height } = await sharp(join(folder, 'made/test/images/0.jpg')).metadata();
    expect([width, height]).toEqual([32, 16]);
    const spec = `network Painter(seg: LabelMap) -> Image {
  return seg |> conv(3) |> tanh
}
experiment one {
  ${out}
  let G = Painter()
  loss G = mean(abs(fake() - real()))
  train { steps: 1 optimize G with adam(rate: 1e-4) }
}`;
    writeFileSync(join(folder, 'one.spade'), spec);
    expect((await runCli(['check', 'one.spade'], { folder })).code).toBe(0);
    const again = await runCli(words, { folder });
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringContaining("error[folder-not-empty]: 'made' is not empty\nhint:"),
    ]);
  });

  it('takes the folder as --out, too, once', async () => {
    const folder = temporaryFolder();
    const run = (...words: string[]) => runCli(['data', 'make', 'streets', ...words], { folder });
    expect(await run('--out', 'made', '--count', '2', '--size', '16x16')).toMatchObject({
      code: 0,
      out: expect.stringContaining('path: "made"') as string,
    });
    expect(readdirSync(join(folder, 'made', 'train', 'images'))).toHaveLength(1);
    expect(await run('one', '--out', 'two')).toMatchObject({
      code: 2,
      err: expect.stringContaining("two folders are named, 'one' and 'two'") as string,
    });
    expect(await run()).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'folder'") as string,
    });
  });

  it('refuses what it cannot make', async () => {
    const run = (...words: string[]) => runCli(['data', 'make', ...words], { folder: temporaryFolder() });
    expect(await run('houses', 'out')).toMatchObject({ code: 2 });
    expect(await run('shapes', 'out', '--size', '4x4')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a size of 8x8 to 9999x9999') as string,
    });
    expect(await run('streets', 'out', '--classes', '3')).toMatchObject({
      code: 1,
      err: expect.stringContaining('streets have classes of their own') as string,
    });
  });
});
