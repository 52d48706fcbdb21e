/** Tests augmentation: it is a pure function of seed, epoch and sample, with one geometry for photo and maps. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyChange, changeOf, type Augmentation } from '../../runtime/data/augment.ts';
import type { DecodedSample } from '../../runtime/data/sample.ts';
import { denseIds, edgesOf } from '../../runtime/data/maps.ts';
import { augmentationOf, openTrainingData } from '../../runtime/run/data.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { Batch, LoaderOptions } from '../../runtime/data/dataset.ts';
import { patchIndexer } from '../../compiler/patches/tables.ts';
import { planPatches, nearestGrid, squareWindow } from '../../compiler/patches/plan.ts';
import { greyPng, rgb, writeFiles } from './data-support.ts';

const STORED = { width: 12, height: 10 };
const SIZE = { width: 8, height: 6 };

/** A sample in which every pixel encodes its position: its column in labels, its row in red. */
function placed({ width, height }: { width: number; height: number }): DecodedSample {
  const pixels = Array.from(
    { length: width * height },
    (_, i) => [i % width, Math.floor(i / width)] as const,
  );
  const instances = denseIds(Uint16Array.from(pixels, ([x, y]) => 4 * Math.floor(y / 3) + Math.floor(x / 4)));
  return {
    labels: Uint8Array.from(pixels, ([x]) => x),
    instances,
    edges: edgesOf(instances, { width, height }),
    image: Uint8Array.from(pixels.flatMap(([x, y]) => [y, x, 100])),
  };
}

const CROP: Augmentation = { flip: true, crop: { from: STORED, scale: [1, 1] } };
const places = Array.from({ length: 200 }, (_, index) => ({
  index: index % 20,
  epoch: Math.floor(index / 20),
}));

describe('parts of pictures', () => {
  it('are the same part of photo, labels and instances, mirrored together', () => {
    const sample = placed(STORED);
    for (const place of places.slice(0, 30)) {
      const change = changeOf(CROP, SIZE, 7, place);
      const { labels, image, instances, edges } = applyChange(sample, STORED, change, SIZE);
      const { left, top } = change.part!;
      for (let y = 0; y < SIZE.height; y++)
        for (let x = 0; x < SIZE.width; x++) {
          const column = left + (change.flip ? SIZE.width - 1 - x : x);
          const at = y * SIZE.width + x;
          expect([labels[at], image?.[3 * at + 1], image?.[3 * at]]).toEqual([column, column, top + y]);
          const neighbor = instances![at - (x > 0 ? 1 : 0)];
          const source = (c: number, r: number) => sample.instances![r * STORED.width + c];
          const before = left + (change.flip ? SIZE.width - x : x - 1);
          if (x > 0) {
            const isSame = source(column, top + y) === source(before, top + y);
            expect(instances![at] === neighbor).toBe(isSame);
            if (!isSame) expect(edges![at]).toBe(1);
          }
        }
      expect(Math.max(...instances!) + 1, 'no number is left out').toBe(new Set(instances).size);
    }
  });

  it('reach every corner, and all places between', () => {
    const parts = places.map((place) => changeOf(CROP, SIZE, 1, place).part!);
    expect(new Set(parts.map(({ left }) => left))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(new Set(parts.map(({ top }) => top))).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('have edges only where both sides are in the part', () => {
    const instances = Uint16Array.from({ length: 120 }, (_, i) => (i % 12 < 4 ? 0 : 1));
    const sample = { ...placed(STORED), instances, edges: edgesOf(instances, STORED) };
    const part = { scaled: STORED, left: 4, top: 0 };
    const { edges, instances: taken } = applyChange(sample, STORED, { flip: false, part }, SIZE);
    expect(new Set(edges)).toEqual(new Set([0]));
    expect(new Set(taken)).toEqual(new Set([0]));
  });
});

describe('random scales', () => {
  const scaled: Augmentation = { flip: false, crop: { from: STORED, scale: [0.75, 1.5] } };

  it('lie in their range and keep labels those of the place that the photo shows', () => {
    const stored = { width: 18, height: 15 };
    const sample = placed(stored);
    const widths = places.map((place) => {
      const change = changeOf(scaled, SIZE, 3, place);
      const { labels, image } = applyChange(sample, stored, change, SIZE);
      labels.forEach((column, i) => expect(Math.abs(image![3 * i + 1]! - column)).toBeLessThanOrEqual(1));
      return change.part!.scaled.width;
    });
    expect(Math.min(...widths)).toBe(9);
    expect(Math.max(...widths)).toBe(18);
    expect(new Set(widths).size).toBeGreaterThan(7);
  });

  it('blend the pixels of photos, and none of the labels', () => {
    const labels = Uint8Array.of(0, 0, 9, 9);
    const image = Uint8Array.from([0, 0, 100, 100].flatMap((value) => [value, value, value]));
    const sample = { labels, image, edges: undefined, instances: undefined };
    const part = { scaled: { width: 8, height: 1 }, left: 0, top: 0 };
    const whole = { width: 8, height: 1 };
    const taken = applyChange(sample, { width: 4, height: 1 }, { flip: false, part }, whole);
    expect([...taken.labels]).toEqual([0, 0, 0, 0, 9, 9, 9, 9]);
    expect([...taken.image!].filter((_, i) => i % 3 === 0)).toEqual([0, 0, 0, 25, 75, 100, 100, 100]);
  });
});

describe('tones', () => {
  const tone = (factors: readonly [number, number, number], pixels: readonly number[]): number[] => {
    const size = { width: pixels.length / 3, height: 1 };
    const sample = {
      labels: new Uint8Array(size.width).fill(1),
      image: Uint8Array.from(pixels),
      edges: undefined,
      instances: undefined,
    };
    const changed = applyChange(sample, size, { flip: false, tone: factors }, size);
    expect(changed.labels).toEqual(sample.labels);
    return [...changed.image!];
  };

  it('of factor 1 leave a photo as it is', () => {
    expect(tone([1, 1, 1], [1, 20, 255, 0, 77, 3])).toEqual([1, 20, 255, 0, 77, 3]);
  });

  it('multiply for brightness, and clip', () => {
    expect(tone([1.5, 1, 1], [10, 100, 200])).toEqual([15, 150, 255]);
  });

  it('spread around the mean grey for contrast', () => {
    expect(tone([1, 0.5, 1], [0, 0, 0, 100, 100, 100])).toEqual([25, 25, 25, 75, 75, 75]);
  });

  it('fade to grey for saturation', () => {
    expect(tone([1, 1, 0], [200, 100, 50])).toEqual([124, 124, 124]); // 0.299 r + 0.587 g + 0.114 b
  });

  it('vary within their shares, each by itself', () => {
    const drawn = places.map(
      (place) => changeOf({ flip: false, jitter: [0.1, 0, 0.5] }, SIZE, 1, place).tone!,
    );
    for (const [index, share] of [0.1, 0, 0.5].entries()) {
      const factors = drawn.map((factors) => factors[index]!);
      expect(Math.min(...factors)).toBeCloseTo(1 - share, 1);
      expect(Math.max(...factors)).toBeCloseTo(1 + share, 1);
    }
  });
});

describe('a loader that changes pictures', () => {
  async function open() {
    const files: Record<string, Buffer> = {};
    for (let n = 0; n < 5; n++) {
      const ids = Array.from({ length: 120 }, (_, i) => (i * (n + 3)) % 7);
      files[`labels/${n}.png`] = await greyPng(ids, 12);
      files[`instances/${n}.png`] = await greyPng(
        ids.map((id) => id % 2),
        12,
      );
      files[`images/${n}.png`] = await rgb(
        ids.flatMap((id) => [9 * id, 20 * id, 3 * n]),
        12,
      )
        .png()
        .toBuffer();
    }
    const data: DataSpec = {
      name: 'changing',
      path: writeFiles(files),
      images: 'images',
      labels: 'labels',
      instances: 'instances',
      classes: 7,
      size: SIZE,
      batch: 2,
      augment: ['flip'],
      crop_from: { width: 9, height: 7 },
      scale: [1, 1.3],
      jitter: [0.2, 0.2, 0.2],
    };
    const dataset = await openTrainingData(data);
    onTestFinished(() => dataset.close());
    const options: LoaderOptions = { batch: 2, seed: 4, augment: augmentationOf(data) };
    return { dataset, options };
  }

  async function take(steps: number, more: Partial<LoaderOptions> = {}): Promise<Batch[]> {
    const { dataset, options } = await open();
    const loader = dataset.loader({ ...options, ...more });
    const batches: Batch[] = [];
    for (let step = 0; step < steps; step++) batches.push(await loader.next());
    await loader.close();
    return batches;
  }

  it('gives a step the same bits whether it started there or before', async () => {
    const all = await take(7);
    const resumed = await take(3, { start: 4 });
    expect(resumed).toEqual(all.slice(4));
    expect((await take(7, { seed: 5 }))[0]?.images).not.toEqual(all[0]?.images);
  });

  it('shows a sample otherwise in another epoch', async () => {
    const all = await take(10);
    const seen = new Set(
      all.flatMap(({ names, images }) =>
        names.flatMap((name, i) => (name === '0' ? [images!.slice(144 * i, 144 * (i + 1)).join()] : [])),
      ),
    );
    expect(seen.size).toBe(4);
  });

  it('finds the patches of the maps as the step is fed with them', async () => {
    const { plan } = planPatches({ ...SIZE, edges: true }, [
      { grid: nearestGrid(SIZE, SIZE), windows: [squareWindow(3)] },
    ]);
    for (const { labels, edges, patches } of await take(3, { patches: { plan, parts: 1 } }))
      expect(patches).toEqual([patchIndexer(plan).index(labels, edges)]);
  });

  it('reads single samples whole, at the size of the data', async () => {
    const { dataset } = await open();
    const { labels, image } = await dataset.read(2);
    expect([labels.length, image?.length]).toEqual([48, 144]);
    const expected = Array.from({ length: 48 }, (_, i) => {
      const [x, y] = [Math.floor(((i % 8) * 12) / 8), Math.floor((Math.floor(i / 8) * 10) / 6)];
      return ((y * 12 + x) * 5) % 7;
    });
    expect([...labels]).toEqual(expected);
  });
});
