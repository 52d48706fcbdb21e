/** Answers for metrics as they come together: each is told of all maps, some at a time, and then gives what it found. */
import { must } from '../../dsl/errors.ts';
import type { Sample } from '../data/dataset.ts';
import {
  countPixels,
  scoresOf,
  shortCounts,
  sumCounts,
  type ClassCounts,
  type SegmentationScore,
  type ShortCounts,
} from '../metrics/class-counts.ts';
import { featureDistance, meanOfPairs, type FeatureMap } from '../metrics/feature-distance.ts';
import { featureSet, joinRows, type FeatureSet } from '../metrics/features.ts';
import { frechetDistance } from '../metrics/frechet.ts';
import { kernelDistance } from '../metrics/kernel-distance.ts';
import { meanDifference, peakSignalToNoise, structuralSimilarity } from '../metrics/similarity.ts';
import { meanOfKnown } from '../metrics/spread.ts';
import type { Picture } from '../report/picture.ts';
import type { PhotoRows } from './cache.ts';
import type { LayerNetwork, VectorNetwork } from './feature-network.ts';
import { scaleLabels } from './pictures.ts';
import type { Metric } from './record.ts';
import type { Segmenter } from './segmenter.ts';
import type { Size } from '../data/decode.ts';

/** A held-out map with what was painted of it. */
export interface PaintedMap {
  readonly sample: Pick<Sample, 'name' | 'labels'>;
  /** One for each style. */
  readonly painted: readonly Picture[];
  readonly photo: Picture | undefined;
}

/** Collects what one or a few metrics need. */
export interface Tally {
  /** Takes the next maps, in order. */
  add(maps: readonly PaintedMap[]): Promise<void>;
  metrics(): readonly Metric[];
  /** Gives the pixels of each map by class, where the metrics are scores of their sum. */
  counts?(): readonly ShortCounts[];
}

const firstOf = ({ painted }: PaintedMap): Picture => must(painted[0], 'every map is painted');
const photoOf = ({ photo }: PaintedMap): Picture => must(photo, 'the metric has photographs');

/** The mean over maps of values that some of them have; no metric where none has. */
function meanMetric(
  name: string,
  better: Metric['better'],
  perMap: readonly (number | null)[],
): readonly Metric[] {
  const value = meanOfKnown(perMap);
  return value === null ? [] : [{ name, value, better, perMap }];
}

/** PSNR and SSIM. */
export class SimilarityTally implements Tally {
  private readonly noise: number[] = [];
  private readonly structure: (number | null)[] = [];

  add(maps: readonly PaintedMap[]): Promise<void> {
    for (const map of maps) {
      this.noise.push(peakSignalToNoise(firstOf(map), photoOf(map)));
      this.structure.push(structuralSimilarity(firstOf(map), photoOf(map)));
    }
    return Promise.resolve();
  }

  metrics(): readonly Metric[] {
    return [...meanMetric('PSNR', 'higher', this.noise), ...meanMetric('SSIM', 'higher', this.structure)];
  }
}

/** mIoU and accuracies, with what the photographs themselves reach. */
export class SegmentationTally implements Tally {
  private readonly painted: ClassCounts[] = [];
  private readonly real: ClassCounts[];
  private readonly isRealKnown: boolean;

  /** `known` are counts of photographs from an earlier evaluation. */
  constructor(
    private readonly name: string,
    private readonly segmenter: Segmenter,
    private readonly sizes: { readonly maps: Size; readonly segmenter: Size },
    private readonly labels: { readonly classes: number; readonly voidIds: readonly number[] },
    known: PhotoRows | undefined,
  ) {
    this.isRealKnown = known !== undefined;
    this.real = (known ?? []).map((counts) => Float64Array.from(counts));
  }

  async add(maps: readonly PaintedMap[]): Promise<void> {
    this.painted.push(...(await this.count(maps, firstOf)));
    if (!this.isRealKnown && maps.every(({ photo }) => photo))
      this.real.push(...(await this.count(maps, photoOf)));
  }

  private async count(
    maps: readonly PaintedMap[],
    pictureOf: (map: PaintedMap) => Picture,
  ): Promise<ClassCounts[]> {
    const found = await this.segmenter.find(maps.map(pictureOf));
    return maps.map(({ sample }, index) => {
      const truth = scaleLabels(sample.labels, this.sizes.maps, this.sizes.segmenter);
      return countPixels(truth, must(found[index], 'every picture was segmented'), this.labels);
    });
  }

  /** Gives counts of the photographs, to be kept; undefined where they were known, or there are none. */
  rowsToKeep(): PhotoRows | undefined {
    if (this.isRealKnown || this.real.length === 0) return undefined;
    return this.real.map((counts) => Float32Array.from(counts));
  }

  counts(): readonly ShortCounts[] {
    return this.painted.map(shortCounts);
  }

  metrics(): readonly Metric[] {
    const scores = scoresOf(sumCounts(this.painted));
    const ceiling = this.real.length > 0 ? scoresOf(sumCounts(this.real)) : undefined;
    const maps = this.painted.map(scoresOf);
    const metric = (title: string, score: SegmentationScore): Metric[] => {
      const value = scores[score];
      if (value === null) return [];
      const reached = ceiling?.[score];
      return [
        {
          name: `${title} (${this.name})`,
          value,
          better: 'higher',
          score,
          ...(typeof reached === 'number' && { ceiling: reached }),
          perMap: maps.map((map) => map[score]),
          ...(score === 'meanIoU' && { perClass: scores.perClass }),
        },
      ];
    };
    return [
      ...metric('mIoU', 'meanIoU'),
      ...metric('pixel accuracy', 'pixelAccuracy'),
      ...metric('class accuracy', 'classAccuracy'),
    ];
  }
}

/** Kernel distances are estimated on so many subsets, of half of the pictures and at most so many. */
const subsets = 100;
const largestSubset = 1000;
/** With fewer maps there is no half that an unbiased estimate could be made of. */
export const fewestForFeatures = 4;

/** FID and KID. */
export class FeatureTally implements Tally {
  private readonly painted: Float32Array[] = [];
  private readonly real: Float32Array[] = [];
  private readonly isRealKnown: boolean;

  /** `known` are features of the photographs from an earlier evaluation. */
  constructor(
    private readonly name: string,
    private readonly network: VectorNetwork,
    private readonly seed: number,
    known: PhotoRows | undefined,
  ) {
    this.isRealKnown = known !== undefined;
    this.real.push(...(known ?? []));
  }

  async add(maps: readonly PaintedMap[]): Promise<void> {
    this.painted.push(...(await this.network.vectors(maps.map(firstOf))));
    if (!this.isRealKnown) this.real.push(...(await this.network.vectors(maps.map(photoOf))));
  }

  /** Gives features of the photographs, to be kept; undefined where they were known. */
  rowsToKeep(): PhotoRows | undefined {
    return this.isRealKnown ? undefined : this.real;
  }

  metrics(): readonly Metric[] {
    const [painted, real] = [setOf(this.painted), setOf(this.real)];
    const size = Math.min(largestSubset, Math.floor(Math.min(painted.count, real.count) / 2));
    const kernel = kernelDistance(painted, real, { subsets, size, seed: this.seed });
    return [
      { name: `FID (${this.name})`, value: frechetDistance(painted, real), better: 'lower' },
      { name: `KID (${this.name})`, value: kernel.mean, better: 'lower', deviation: kernel.deviation },
    ];
  }
}

function setOf(rows: readonly Float32Array[]): FeatureSet {
  return featureSet(joinRows(rows), must(rows[0], 'there are pictures').length);
}

/** The perceptual distance to the photographs, where there are any, and among styles, where there are several. */
export class PerceptualTally implements Tally {
  private readonly distances: number[] = [];
  private readonly spreads: number[] = [];

  constructor(
    private readonly name: string,
    private readonly network: LayerNetwork,
    private readonly linear: readonly Float32Array[] | undefined,
  ) {}

  async add(maps: readonly PaintedMap[]): Promise<void> {
    // Layers are large: those of one map at a time.
    for (const { painted, photo } of maps) {
      const layers = await this.network.layers(photo ? [...painted, photo] : painted);
      const ofPainted = layers.slice(0, painted.length);
      const between = (a: readonly FeatureMap[], b: readonly FeatureMap[]): number =>
        featureDistance(a, b, this.linear);
      if (photo)
        this.distances.push(
          between(
            must(ofPainted[0], 'every held-out map was painted'),
            must(layers.at(-1), 'the photograph is last'),
          ),
        );
      if (painted.length > 1) this.spreads.push(meanOfPairs(ofPainted, between));
    }
  }

  metrics(): readonly Metric[] {
    return [
      ...meanMetric(`perceptual distance (${this.name})`, 'lower', this.distances),
      ...meanMetric(`diversity (${this.name})`, 'higher', this.spreads),
    ];
  }
}

/** How far the styles of a map are apart in color, for evaluations without a network that could tell more. */
export class ColorDiversityTally implements Tally {
  private readonly spreads: number[] = [];

  add(maps: readonly PaintedMap[]): Promise<void> {
    for (const { painted } of maps) this.spreads.push(meanOfPairs(painted, meanDifference));
    return Promise.resolve();
  }

  metrics(): readonly Metric[] {
    return meanMetric('diversity (colors)', 'higher', this.spreads);
  }
}
