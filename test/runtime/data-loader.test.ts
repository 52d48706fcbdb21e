/** Tests the loader: a batch depends only on seed and step, and every sample occurs once per epoch. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nearestGrid, planPatches, squareWindow } from '../../compiler/patches/plan.ts';
import { patchIndexer } from '../../compiler/patches/tables.ts';
import {
  openDataset,
  type Batch,
  type Dataset,
  type DatasetOptions,
  type LoaderOptions,
} from '../../runtime/data/dataset.ts';
import { readClasses } from '../../runtime/data/classes.ts';
import { samplesOfStep, isFlipped } from '../../runtime/data/order.ts';
import { classesUpTo, greyPng, numberedFiles, writeFiles } from './data-support.ts';

const MINI = fileURLToPath(new URL('../../examples/data/camvid-mini/', import.meta.url));

async function open(options: DatasetOptions): Promise<Dataset> {
  const dataset = await openDataset(options);
  onTestFinished(() => dataset.close());
  return dataset;
}

/**
 * Opens a data set of numbered samples, 4x2 pixels: sample n has the id n at its left edge, and an instance at its
 * right.
 */
async function openNumbered(count: number, more: Partial<DatasetOptions> = {}): Promise<Dataset> {
  const root = writeFiles(await numberedFiles(count));
  const [images, labels, instances] = ['images', 'labels', 'instances'].map((name) => path.join(root, name));
  return open({
    folders: { images, labels: labels as string, instances },
    classes: classesUpTo(count + 2),
    size: { width: 4, height: 2 },
    workers: 2,
    ...more,
  });
}

async function take(dataset: Dataset, steps: number, options: LoaderOptions): Promise<Batch[]> {
  const loader = dataset.loader(options);
  const batches: Batch[] = [];
  for (let i = 0; i < steps; i++) batches.push(await loader.next());
  await loader.close();
  return batches;
}

const PLAIN = { batch: 3, seed: 5, augment: { flip: false } };
const FLIPPING = { batch: 3, seed: 5, augment: { flip: true } };

describe('patches of a loader', () => {
  const { plan } = planPatches({ width: 4, height: 2, edges: true }, [
    {
      grid: nearestGrid({ width: 4, height: 2 }, { width: 4, height: 2 }),
      windows: [squareWindow(3), squareWindow(3)],
    },
    { grid: nearestGrid({ width: 4, height: 2 }, { width: 2, height: 1 }), windows: [squareWindow(3)] },
  ]);

  it.each([1, 2])(
    'are those of the maps that the batch holds, flipped as they are, in %i parts',
    async (parts) => {
      const dataset = await openNumbered(7);
      for (const { labels, edges, patches } of await take(dataset, 3, {
        ...FLIPPING,
        batch: 4,
        patches: { plan, parts },
      })) {
        const length = labels.length / parts;
        const expected = Array.from({ length: parts }, (_, part) =>
          patchIndexer(plan).index(
            labels.slice(part * length, (part + 1) * length),
            edges!.slice(part * length, (part + 1) * length),
          ),
        );
        expect(patches).toEqual(expected);
      }
    },
  );
});

describe('the order of samples', () => {
  it('visits every sample once an epoch, in another order each time, whatever the batch', () => {
    for (const [count, batch] of [
      [7, 3],
      [8, 4],
      [3, 5],
      [1, 2],
    ] as const) {
      const stream = Array.from({ length: 3 * count }, (_, step) =>
        samplesOfStep(step, batch, count, 9),
      ).flat();
      for (let epoch = 0; epoch < 3; epoch++) {
        const part = stream.slice(epoch * count, (epoch + 1) * count);
        expect(part.every((place) => place.epoch === epoch)).toBe(true);
        expect(part.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
      }
    }
    const epochs = [0, 1].map((step) => samplesOfStep(step, 50, 50, 9).map(({ index }) => index));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('depends on the seed', () => {
    expect(samplesOfStep(0, 20, 20, 1)).toEqual(samplesOfStep(0, 20, 20, 1));
    expect(samplesOfStep(0, 20, 20, 1)).not.toEqual(samplesOfStep(0, 20, 20, 2));
  });

  it('flips about half of the samples, and not the same ones in each epoch', () => {
    const flips = (epoch: number): boolean[] =>
      Array.from({ length: 2000 }, (_, index) => isFlipped(3, { index, epoch }));
    const [first, second] = [flips(0), flips(1)];
    const count = first.filter(Boolean).length;
    expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(2000 * 0.25)); // five standard deviations
    const same = first.filter((flip, index) => flip === second[index]).length;
    expect(Math.abs(same - 1000)).toBeLessThan(5 * Math.sqrt(2000 * 0.25));
  });
});

describe('a loader', () => {
  it('gives the samples of samplesOfStep, in that order, with the epoch of the first', async () => {
    const dataset = await openNumbered(7);
    const batches = await take(dataset, 6, PLAIN);
    batches.forEach((batch, step) => {
      const places = samplesOfStep(step, 3, 7, 5);
      expect(batch.epoch).toBe(places[0]?.epoch);
      expect(batch.names).toEqual(places.map(({ index }) => dataset.pairs[index]?.name));
      const ids = places.map(({ index }) => Number(dataset.pairs[index]?.name.slice(1)));
      expect([...batch.labels]).toEqual(ids.flatMap((n) => [n, 0, 0, 1, n, 0, 0, 1]));
    });
  });

  it('gives the same batches again, with or without cache, threads and prefetching', async () => {
    const first = await take(await openNumbered(5), 8, FLIPPING);
    const frugal = await openNumbered(5, { workers: 1, cacheBytes: 0 });
    expect(await take(frugal, 8, { ...FLIPPING, prefetch: 0 })).toEqual(first);
    expect(await take(frugal, 8, { ...FLIPPING, seed: 6 })).not.toEqual(first);
  });

  it('that starts at a step goes on as if it had run up to it', async () => {
    const dataset = await openNumbered(5);
    const all = await take(dataset, 9, FLIPPING);
    expect(await take(dataset, 5, { ...FLIPPING, start: 4 })).toEqual(all.slice(4));
  });

  it('flips labels, edges, instances and photo together', async () => {
    const dataset = await openNumbered(6);
    const batches = await take(dataset, 8, FLIPPING);
    const seen = new Set<boolean>();
    batches.forEach((batch, step) => {
      samplesOfStep(step, 3, 6, 5).forEach((place, part) => {
        const flip = isFlipped(5, place);
        seen.add(flip);
        const n = Number(dataset.pairs[place.index]?.name.slice(1));
        const rows = (row: number[]): number[] => [row, row].flatMap((r) => (flip ? r.toReversed() : r));
        const ids = rows([n, 0, 0, 1]);
        const pixels = { labels: 8 * part, images: 24 * part };
        expect([...batch.labels.subarray(pixels.labels, pixels.labels + 8)]).toEqual(ids);
        expect([...(batch.edges ?? []).slice(pixels.labels, pixels.labels + 8)]).toEqual(rows([0, 0, 1, 1]));
        expect([...(batch.instances ?? []).slice(pixels.labels, pixels.labels + 8)]).toEqual(
          rows([0, 0, 0, 1]),
        );
        const values = ids.flatMap((id) => [id, 2 * id, 255 - id]);
        const image = (batch.images ?? new Float32Array()).subarray(pixels.images, pixels.images + 24);
        expect([...image].map((v) => Math.round((v + 1) * 127.5))).toEqual(values);
      });
    });
    expect(seen.size).toBe(2);
  });

  it('passes a closed loader and a closed data set on as errors, and leaves others alone', async () => {
    const dataset = await openNumbered(4, { cacheBytes: 0 });
    const [one, other] = [dataset.loader(PLAIN), dataset.loader(PLAIN)];
    await one.close();
    await expect(one.next()).rejects.toThrow('the loader is closed');
    expect((await other.next()).names).toHaveLength(3);
    await dataset.close();
    await expect(dataset.read(0)).rejects.toThrow('the data set is closed');
  });
});

describe('a sample', () => {
  it('is read as it is, photos in [-1,1]', async () => {
    const dataset = await openNumbered(3);
    const sample = await dataset.read(2);
    expect(sample.name).toBe('s2');
    expect([...sample.labels]).toEqual([2, 0, 0, 1, 2, 0, 0, 1]);
    expect([...(sample.edges ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect([...(sample.instances ?? [])]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
    const unit = (v: number): number => Math.fround((Math.fround(v / 255) - 0.5) / 0.5);
    expect([...(sample.image ?? [])].slice(0, 6)).toEqual([2, 4, 253, 0, 0, 255].map(unit));
    await expect(dataset.read(3)).rejects.toThrow('there is no sample 3');
  });

  it('may be a label map alone, with ids beyond 255', async () => {
    const root = writeFiles({ 'labels/a.png': await greyPng([0, 999], 2, 16) });
    const dataset = await open({
      folders: { images: undefined, labels: path.join(root, 'labels') },
      classes: classesUpTo(1000),
      size: { width: 4, height: 1 },
      workers: 1,
    });
    await dataset.check();
    const batch = await dataset.loader({ batch: 1, seed: 0, augment: { flip: false } }).next();
    expect([...batch.labels]).toEqual([0, 0, 999, 999]);
    expect([batch.images, batch.edges, batch.instances]).toEqual([undefined, undefined, undefined]);
  });
});

describe('the excerpt of CamVid', () => {
  it.each([
    ['train', 40],
    ['test', 6],
  ])('has right pairs in %s', async (split, count) => {
    const dataset = await open({
      folders: { images: path.join(MINI, split, 'images'), labels: path.join(MINI, split, 'labels') },
      classes: readClasses(path.join(MINI, 'classes.json')),
      size: { width: 160, height: 120 },
    });
    await dataset.check();
    expect(dataset.pairs).toHaveLength(count);
    expect(await take(dataset, 10, { batch: 4, seed: 1, augment: { flip: true } })).toHaveLength(10);
  });
});

describe('the process', () => {
  it.each(['closing', 'not closing'])(
    'ends by itself after %s the data set',
    async (way) => {
      const [dataset, classes] = ['dataset', 'classes'].map(
        (name) => new URL(`../../runtime/data/${name}.ts`, import.meta.url).href,
      );
      const script = `
      import { openDataset } from '${dataset}';
      import { readClasses } from '${classes}';
      const root = ${JSON.stringify(MINI)};
      const dataset = await openDataset({
        folders: { images: root + 'test/images', labels: root + 'test/labels' },
        classes: readClasses(root + 'classes.json'),
        size: { width: 160, height: 120 },
      });
      const batch = await dataset.loader({ batch: 2, seed: 1, augment: { flip: true }, prefetch: 6 }).next();
      if (${way === 'closing'}) await dataset.close();
      console.log(batch.names.length);
    `;
      const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        cwd: new URL('../..', import.meta.url),
      });
      expect(stdout).toBe('2\n');
    },
    30_000,
  );
});
