/** Tests the metrics against values computed with NumPy, SciPy and scikit-image (test/reference/measures.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boundaryF1 } from '../../compiler/metrics/boundary-f1.ts';
import { classAccuracy } from '../../compiler/metrics/class-accuracy.ts';
import {
  countPixels,
  shortCounts,
  sumCounts,
  type ClassCounts,
} from '../../compiler/metrics/class-counts.ts';
import type { ClassMap, FeatureMap } from '../../compiler/metrics/define.ts';
import { diversity } from '../../compiler/metrics/diversity.ts';
import { featureSet, type FeatureSet } from '../../compiler/metrics/features.ts';
import { fid } from '../../compiler/metrics/fid.ts';
import { metrics, ofClasses, ofPaintings } from '../../compiler/metrics/index.ts';
import { discrepancy, kernelDistance, kid } from '../../compiler/metrics/kid.ts';
import { meanIoU } from '../../compiler/metrics/mean-iou.ts';
import { perceptualDistance } from '../../compiler/metrics/perceptual-distance.ts';
import { pixelAccuracy } from '../../compiler/metrics/pixel-accuracy.ts';
import { psnr } from '../../compiler/metrics/psnr.ts';
import { meanAndDeviation } from '../../compiler/metrics/spread.ts';
import { ssim } from '../../compiler/metrics/ssim.ts';

type Rows = readonly (readonly number[])[];

interface Fixture {
  readonly frechet: readonly { readonly a: Rows; readonly b: Rows; readonly distance: number }[];
  readonly kernel: {
    readonly a: Rows;
    readonly b: Rows;
    readonly all: number;
    readonly subsets: readonly { readonly a: number[]; readonly b: number[]; readonly value: number }[];
    readonly mean: number;
    readonly deviation: number;
  };
  readonly pictures: readonly {
    readonly width: number;
    readonly height: number;
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly psnr: number;
    readonly ssim: number;
  }[];
  readonly segmentation: {
    readonly classes: number;
    readonly void: number;
    readonly truth: readonly number[];
    readonly found: readonly number[];
    readonly pixelAccuracy: number;
    readonly classAccuracy: number;
    readonly meanIoU: number;
    readonly perClass: readonly (number | null)[];
  };
  readonly boundaries: readonly {
    readonly width: number;
    readonly height: number;
    readonly void: number;
    /** A digit for each pixel. */
    readonly truth: string;
    readonly found: string;
    readonly score: number;
  }[];
  readonly features: {
    readonly layers: readonly { readonly a: Rows; readonly b: Rows }[];
    readonly weights: Rows;
    readonly weighted: number;
    readonly plain: number;
  };
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/measures.json', import.meta.url), 'utf8'),
) as Fixture;

const setOf = (rows: Rows): FeatureSet => featureSet(Float64Array.from(rows.flat()), rows[0]!.length);
const layerOf = (rows: Rows): FeatureMap => ({
  values: Float64Array.from(rows.flat()),
  channels: rows[0]!.length,
});

const frechet = async (a: FeatureSet, b: FeatureSet): Promise<number> => (await fid.distance(a, b)).value;

describe('the Frechet distance', () => {
  it.each(fixture.frechet)('is that of SciPy ($distance)', async ({ a, b, distance }) => {
    expect((await frechet(setOf(a), setOf(b))) / distance).toBeCloseTo(1, 6);
  });

  it('is 0 between a set and itself, with fewer vectors than numbers and with more', async () => {
    for (const { a } of fixture.frechet) expect(await frechet(setOf(a), setOf(a))).toBeLessThan(1e-9);
  });

  it('is the squared distance of the means where sets differ by that alone', async () => {
    const { a } = fixture.frechet[1]!;
    const moved = a.map((row) => row.map((value, index) => value + (index === 0 ? 3 : 0)));
    expect(await frechet(setOf(a), setOf(moved))).toBeCloseTo(9, 9);
  });

  it('refuses a single vector, which has no covariance', async () => {
    await expect(frechet(setOf([[1, 2]]), setOf([[1, 2]]))).rejects.toThrow('needs two vectors, found 1');
  });
});

describe('the kernel distance', () => {
  const { a, b, all, subsets, mean, deviation } = fixture.kernel;
  const [first, second] = [setOf(a), setOf(b)];
  const every = (rows: Rows): number[] => rows.map((_, row) => row);

  it('estimates the discrepancy as NumPy does, of whole sets and of subsets', () => {
    expect(discrepancy(first, second, every(a), every(b)) / all).toBeCloseTo(1, 10);
    const values = subsets.map((subset) => discrepancy(first, second, subset.a, subset.b));
    values.forEach((value, index) => expect(value / subsets[index]!.value).toBeCloseTo(1, 10));
    const found = meanAndDeviation(values);
    expect(found.mean / mean).toBeCloseTo(1, 10);
    expect(found.deviation / deviation).toBeCloseTo(1, 10);
  });

  it('of subsets that hold all is that of the sets, with no deviation', () => {
    const same = setOf(a.slice(0, b.length));
    const { mean: found, deviation: none } = kernelDistance(same, second, {
      subsets: 3,
      size: b.length,
      seed: 1,
    });
    expect(found).toBeCloseTo(discrepancy(same, second, every(b), every(b)), 9);
    expect(none).toBeLessThan(1e-9);
  });

  it('of KID is over a hundred halves of the smaller set', () => {
    const { mean: value, deviation: spread } = kernelDistance(first, second, {
      subsets: 100,
      size: 5,
      seed: 2,
    });
    expect(kid.distance(first, second, 2)).toEqual({ value, deviation: spread });
  });

  it('depends on the seed alone, and comes near to that of the whole sets', () => {
    const of = (seed: number) => kernelDistance(first, second, { subsets: 400, size: 6, seed });
    expect(of(1)).toEqual(of(1));
    expect(of(2).mean).not.toBe(of(1).mean);
    expect(Math.abs(of(1).mean - all)).toBeLessThan((4 * of(1).deviation) / Math.sqrt(400));
  });
});

describe('similarity of pictures', () => {
  it.each(fixture.pictures)(
    'of $width x $height is that of scikit-image',
    ({ width, height, a, b, ...expected }) => {
      const one = { width, height, data: Uint8Array.from(a) };
      const other = { width, height, data: Uint8Array.from(b) };
      expect(psnr.compare(one, other)).toBeCloseTo(expected.psnr, 10);
      expect(ssim.compare(one, other)).toBeCloseTo(expected.ssim, 10);
    },
  );

  it('of equal pictures is the highest there is', () => {
    const { width, height, a } = fixture.pictures[0]!;
    const one = { width, height, data: Uint8Array.from(a) };
    expect(psnr.compare(one, one)).toBe(100);
    expect(ssim.compare(one, one)).toBeCloseTo(1, 12);
  });

  it('has no structure where the window is larger than the picture', () => {
    const small = { width: 10, height: 20, data: new Uint8Array(600) };
    expect(ssim.compare(small, small)).toBeNull();
  });
});

describe('segmentation', () => {
  const scoresOf = (counts: ClassCounts) => ({
    pixelAccuracy: pixelAccuracy.score(counts),
    classAccuracy: classAccuracy.score(counts),
    meanIoU: meanIoU.score(counts),
    perClass: meanIoU.perClass(counts),
  });
  const { classes, void: voidId, truth, found, ...expected } = fixture.segmentation;

  it('is scored as NumPy scores it: void left out, and classes that are nowhere', () => {
    const scores = scoresOf(countPixels(truth, found, { classes, voidIds: [voidId] }));
    for (const name of ['pixelAccuracy', 'classAccuracy', 'meanIoU'] as const)
      expect(scores[name], name).toBeCloseTo(expected[name], 12);
    scores.perClass.forEach((value, id) =>
      expect(value === null ? null : value.toFixed(12)).toBe(expected.perClass[id]?.toFixed(12) ?? null),
    );
  });

  it('scores the sum of maps, not the mean of their scores', () => {
    const half = (ids: readonly number[], part: number) => ids.slice(100 * part, 100 * part + 100);
    const parts = [0, 1].map((part) =>
      countPixels(half(truth, part), half(found, part), { classes, voidIds: [voidId] }),
    );
    expect(scoresOf(sumCounts(parts)).meanIoU).toBeCloseTo(expected.meanIoU, 12);
  });

  it('gives no score where everything is void, and counts void where no class is', () => {
    const nothing = countPixels([0, 0], [1, 1], { classes: 2, voidIds: [0] });
    expect(scoresOf(nothing)).toEqual({
      pixelAccuracy: null,
      classAccuracy: null,
      meanIoU: null,
      perClass: [null, null],
    });
    const everything = countPixels([0, 0], [1, 0], { classes: 2, voidIds: [] });
    expect(scoresOf(everything)).toMatchObject({ pixelAccuracy: 0.5, perClass: [0.5, 0] });
  });

  it('refuses ids beyond the classes, and maps of two sizes', () => {
    const labels = { classes: 2, voidIds: [] };
    expect(() => countPixels([2], [0], labels)).toThrow('id 2 is none of 2 classes');
    expect(() => countPixels([1], [0, 1], labels)).toThrow('different maps');
  });

  it('keeps of a map the classes that are in it or found, void left out', () => {
    const counts = countPixels([0, 1, 1, 4], [1, 1, 4, 1], { classes: 6, voidIds: [4] });
    expect(shortCounts(counts)).toEqual([
      [0, 1, 0, 0],
      [1, 2, 2, 1],
    ]);
  });
});

describe('boundary F1', () => {
  /** Makes a map of rows of digits. */
  const mapOf = (...rows: readonly string[]): ClassMap => ({
    width: rows[0]!.length,
    height: rows.length,
    ids: [...rows.join('')].map(Number),
  });
  const score = (truth: readonly string[], found: readonly string[], voidIds: readonly number[] = []) =>
    boundaryF1.compare(mapOf(...truth), mapOf(...found), voidIds);

  it.each(fixture.boundaries)(
    'of $width x $height is what SciPy finds by distance transforms ($score)',
    ({ width, height, truth, found, score: expected, ...labels }) => {
      const [wanted, seen] = [truth, found].map((ids) => ({ width, height, ids: [...ids].map(Number) }));
      expect(boundaryF1.compare(wanted!, seen!, [labels.void])).toBeCloseTo(expected, 12);
    },
  );

  it('is the mean over classes of the harmonic mean of precision and recall', () => {
    // Of each class 4 boundary pixels are found, of which 3 are those of the truth: precision 3/4, recall 1.
    expect(score(['0011', '0011', '0011'], ['0011', '0011', '1011'])).toBeCloseTo(6 / 7, 12);
    // Class 2 is found beside: its precision is 0, and it has no recall.
    expect(score(['0011', '0011', '0011'], ['0011', '0011', '2011'])).toBeCloseTo((6 / 7 + 1 + 0) / 3, 12);
  });

  it('is 1 where all is found, 0 where nothing is, and nothing where there is no boundary', () => {
    expect(score(['0012', '0012'], ['0012', '0012'])).toBe(1);
    expect(score(['0001', '0001'], ['2344', '2344'])).toBe(0);
    expect(score(['000', '000'], ['000', '000'])).toBeNull();
    expect(score(['000', '000'], ['001', '001'])).toBe(0);
  });

  it('takes a boundary for found within 0.75 % of the diagonal, and none that is farther', () => {
    const rows = (width: number, at: number) => ['0'.repeat(at) + '1'.repeat(width - at)];
    // 0.0075 times the diagonal is 0.98 and 1.05: a boundary one pixel beside is near in the larger map alone.
    expect(score(rows(130, 60), rows(130, 61))).toBe(0);
    expect(score(rows(140, 60), rows(140, 61))).toBe(1);
    expect(score(rows(140, 60), rows(140, 62))).toBe(0);
  });

  it('counts nothing where the truth is void, nor boundaries with it', () => {
    expect(score(['0099', '0099'], ['0011', '0012'], [9])).toBeNull();
    expect(score(['00911', '00911'], ['00011', '01111'], [9])).toBe(0);
    expect(score(['0011', '0011'], ['0091', '0091'], [9])).toBeCloseTo(1 / 2, 12);
  });
});

describe('the distance of features', () => {
  const { layers, weights, weighted, plain } = fixture.features;
  const a = layers.map((layer) => layerOf(layer.a));
  const b = layers.map((layer) => layerOf(layer.b));

  it('is that of NumPy, with linear layers and without', () => {
    expect(perceptualDistance.compare(a, b, weights)).toBeCloseTo(weighted, 12);
    expect(perceptualDistance.compare(a, b)).toBeCloseTo(plain, 12);
  });

  it('is 0 between a picture and itself, and refuses layers of two networks', () => {
    expect(perceptualDistance.compare(a, a)).toBe(0);
    expect(() => perceptualDistance.compare(a, a.slice(0, 1))).toThrow('layer 1 is not the same');
  });

  it('of pairs is the mean over all of them', () => {
    expect(diversity.spread([1, 3, 8], (x, y) => Math.abs(x - y))).toBeCloseTo((2 + 7 + 5) / 3, 12);
  });
});

describe('the table of metrics', () => {
  it('has each name once, and one of each kind that a run measures of itself decides about its best checkpoint', () => {
    const names = metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const ofOneKind of [ofPaintings, ofClasses])
      expect(ofOneKind.map(({ decides = false }) => decides)).toEqual(
        ofOneKind.map((_, index) => index === 0),
      );
  });

  it('is the table of docs/metrics.md, but for what runs alone measure', () => {
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const missing = metrics.filter(
      ({ name, better, doc, measuredBy }) =>
        measuredBy.includes('evaluation') &&
        !rows.some(
          ([, title = '', , direction, what]) =>
            new RegExp(`\`${name}( \\(\\w\\))?\``).test(title) && direction === better && what === doc,
        ),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});
