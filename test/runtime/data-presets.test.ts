/** Tests presets on their original data sets; skipped where a data set is missing. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { voidIds } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { openTestData, openTrainingData } from '../../runtime/run/data.ts';
import { fillInData } from '../../compiler/language/data.ts';
import { dataPresets } from '../../runtime/specs/read.ts';

/** A data set in a folder: the folder of its pictures, its number of pairs, and the content of a map. */
const sets: readonly {
  readonly preset: string;
  readonly folder: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly pairs: readonly [train: number, test: number | undefined];
  /** Shares of all pixels in one training map. */
  readonly shares: Readonly<Record<string, number>>;
}[] = [
  { preset: 'camvid', folder: 'camvid', pairs: [367, 233], shares: { Road: 0.05, Sky: 0.01 } },
  {
    preset: 'cityscapes',
    folder: 'cityscapes-samples',
    settings: {
      images: 'train_img',
      labels: 'train_label',
      instances: 'train_inst',
      test_images: null,
      test_labels: null,
      test_instances: null,
    },
    pairs: [8, undefined],
    shares: { road: 0.2, 'ego vehicle': 0.01 },
  },
  { preset: 'coco_stuff', folder: 'coco-stuff-samples', pairs: [13, 8], shares: {} },
  {
    preset: 'ade20k',
    folder: 'ade20k-samples',
    settings: { images: 'images', labels: 'annotations', test_images: null, test_labels: null },
    pairs: [3, undefined],
    shares: {},
  },
];

const root = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

describe.each(sets)('the preset $preset', ({ preset, folder, settings = {}, pairs, shares }) => {
  const path = `${root}${folder}`;
  const data = {
    name: preset,
    ...fillInData({ path, ...settings }, dataPresets()[preset] ?? {}),
  } as unknown as DataSpec;

  it('reads the data set whole', { tags: 'needs-data-sets' }, async () => {
    const training = await openTrainingData(data);
    onTestFinished(() => training.close());
    const test = await openTestData(data);
    onTestFinished(() => test?.close());
    expect([training.pairs.length, test?.pairs.length]).toEqual(pairs);
    if (training.pairs.length < 100) await training.check();
    const { labels, image } = await training.read(0);
    expect(image).toHaveLength(3 * labels.length);
    for (const [name, least] of Object.entries(shares)) {
      const { id } = training.classes.find((one) => one.name === name)!;
      expect(labels.filter((one) => one === id).length / labels.length, name).toBeGreaterThan(least);
    }
  });
});

describe('void classes', () => {
  it.each([
    ['camvid', [11]],
    ['coco_stuff', [182]],
    ['ade20k', [150]],
  ])('of the preset %s are those of the official code', (preset, ids) => {
    expect(voidIds(dataPresets()[preset] as unknown as DataSpec)).toEqual(ids);
  });

  it('of Cityscapes leave the 19 classes that are scored', () => {
    const data = dataPresets()['cityscapes'] as unknown as DataSpec;
    expect(data.classes - voidIds(data).length).toBe(19);
  });
});
