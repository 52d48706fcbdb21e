/** Accumulates metrics: each tally receives all maps, a few at a time, and then gives its metrics. */
import { must } from '../../dsl/errors.ts';
import {
  countPixels,
  shortCounts,
  sumCounts,
  type ClassCounts,
  type ShortCounts,
} from '../../compiler/metrics/class-counts.ts';
import type { ClassMap, FeatureMap } from '../../compiler/metrics/define.ts';
import { featureSet, joinRows, type FeatureSet } from '../../compiler/metrics/features.ts';
import { evaluated } from '../../compiler/metrics/index.ts';
import { meanDifference } from '../../compiler/metrics/l1.ts';
import { featureDistance } from '../../compiler/metrics/perceptual-distance.ts';
import { meanOfKnown } from '../../compiler/metrics/spread.ts';
import type { Sample } from '../data/dataset.ts';
import type { Picture } from '../report/pixels.ts';
import type { PhotoRows } from './cache.ts';
import type { LayerNetwork, VectorNetwork } from './feature-network.ts';
import { scaleLabels } from './pictures.ts';
import type { Metric } from './record.ts';
import type { Segmenter } from './segmenter.ts';
import type { Size } from '../data/maps.ts';

/** A held-out map with its generated pictures. */
export interface PaintedMap {
  readonly sample: Pick<Sample, 'name' | 'labels'>;
  /** One picture per style. */
  readonly painted: readonly Picture[];
  readonly photo: Picture | undefined;
}

/** Accumulates the values of one or a few metrics. */
export interface Tally {
  /** Adds the next maps, in order. */
  add(maps: readonly PaintedMap[]): Promise<void>;
  metrics(): readonly Metric[] | Promise<readonly Metric[]>;
  /** Gives the pixels per class of each map, if metrics are scores of their sum. */
  counts?(): readonly ShortCounts[];
}

const firstOf = ({ painted }: PaintedMap): Picture => must(painted[0], 'every map is painted');
const photoOf = ({ photo }: PaintedMap): Picture => must(photo, 'the metric has photographs');

/** The values per map for each metric of a list. */
class Values {
  private readonly ofMaps: (number | null)[][];

  constructor(private readonly metrics: readonly Pick<Metric, 'name' | 'better'>[]) {
    this.ofMaps = metrics.map(() => []);
  }

  /** Adds the values of a map, in the order of the metrics. */
  add(values: readonly (number | null)[]): void {
    values.forEach((value, index) => this.ofMaps[index]?.push(value));
  }

  /** Gives each metric as the mean over maps with a value; no metric if no map has one. */
  means(nameOf: (name: string) => string = String): Metric[] {
    return this.metrics.flatMap(({ name, better }, index) => {
      const perMap = this.ofMaps[index] ?? [];
      const value = meanOfKnown(perMap);
      return value === null ? [] : [{ name: nameOf(name), value, better, perMap }];
    });
  }
}

/** Metrics that compare generated pictures with photographs. */
export class PhotographTally implements Tally {
  private readonly compared = evaluated('photographs');
  private readonly values = new Values(this.compared);

  add(maps: readonly PaintedMap[]): Promise<void> {
    for (const map of maps)
      this.values.add(this.compared.map(({ compare }) => compare(firstOf(map), photoOf(map))));
    return Promise.resolve();
  }

  metrics(): readonly Metric[] {
    return this.values.means();
  }
}

const ofCounts = evaluated('class counts');
const ofClassMaps = evaluated('class maps');

/** Names the metrics whose values per photograph are cached beside its counts. */
export const keptMetrics: readonly string[] = ofClassMaps.map(({ name }) => name);

/** The segmenter's result for the picture of a map. */
interface Segmented {
  readonly counts: ClassCounts;
  /** The values of class metrics, in their order. */
  readonly values: readonly (number | null)[];
}

/** Metrics of the segmenter's result, with the photographs' values as the ceiling. */
export class SegmentationTally implements Tally {
  private readonly painted: Segmented[] = [];
  private readonly real: Segmented[];
  private readonly isRealKnown: boolean;

  /** `known` are cached counts and values of photographs. */
  constructor(
    private readonly name: string,
    private readonly segmenter: Segmenter,
    private readonly sizes: { readonly maps: Size; readonly segmenter: Size },
    private readonly labels: { readonly classes: number; readonly voidIds: readonly number[] },
    known: PhotoRows | undefined,
  ) {
    this.isRealKnown = known !== undefined;
    this.real = (known ?? []).map(unpack);
  }

  async add(maps: readonly PaintedMap[]): Promise<void> {
    this.painted.push(...(await this.find(maps, firstOf)));
    if (!this.isRealKnown && maps.every(({ photo }) => photo))
      // Rounded as in the cache, so that the first evaluation gives the same digits as later ones.
      this.real.push(...(await this.find(maps, photoOf)).map(pack).map(unpack));
  }

  private async find(
    maps: readonly PaintedMap[],
    pictureOf: (map: PaintedMap) => Picture,
  ): Promise<Segmented[]> {
    const { maps: from, segmenter: size } = this.sizes;
    const found = await this.segmenter.find(maps.map(pictureOf));
    return maps.map(({ sample }, index) => {
      const ids = must(found[index], 'every picture was segmented');
      const truth = scaleLabels(sample.labels, from, size);
      const [wanted, seen]: [ClassMap, ClassMap] = [
        { ...size, ids: truth },
        { ...size, ids },
      ];
      return {
        counts: countPixels(truth, ids, this.labels),
        values: ofClassMaps.map(({ compare }) => compare(wanted, seen, this.labels.voidIds)),
      };
    });
  }

  /**
   * Gives counts and values of the photographs for the cache; undefined if they came from it, or there are no
   * photographs.
   */
  rowsToKeep(): PhotoRows | undefined {
    return this.isRealKnown || this.real.length === 0 ? undefined : this.real.map(pack);
  }

  counts(): readonly ShortCounts[] {
    return this.painted.map(({ counts }) => shortCounts(counts));
  }

  metrics(): readonly Metric[] {
    const sum = sumOf(this.painted);
    const ofPhotos = this.real.length > 0 ? sumOf(this.real) : undefined;
    const scores = ofCounts.map(({ name, better, score, recordedAs, perClass }) => ({
      ...this.named(name, better, score(sum)),
      score: recordedAs,
      ...ceilingAt(ofPhotos ? score(ofPhotos) : null),
      perMap: this.painted.map(({ counts }) => score(counts)),
      ...(perClass && { perClass: perClass(sum) }),
    }));
    const means = ofClassMaps.map(({ name, better }, index) => {
      const perMap = valuesAt(this.painted, index);
      const ceiling = meanOfKnown(valuesAt(this.real, index));
      return { ...this.named(name, better, meanOfKnown(perMap)), ...ceilingAt(ceiling), perMap };
    });
    return [...scores, ...means].filter(isKnown);
  }

  private named<T>(
    name: string,
    better: Metric['better'],
    value: T,
  ): Pick<Metric, 'name' | 'better'> & { value: T } {
    return { name: `${name} (${this.name})`, value, better };
  }
}

const isKnown = <T extends { readonly value: number | null }>(metric: T): metric is T & { value: number } =>
  metric.value !== null;

const sumOf = (maps: readonly Segmented[]): ClassCounts => sumCounts(maps.map(({ counts }) => counts));

const valuesAt = (maps: readonly Segmented[], index: number): (number | null)[] =>
  maps.map(({ values }) => values[index] ?? null);

const ceilingAt = (value: number | null): Pick<Metric, 'ceiling'> =>
  value === null ? {} : { ceiling: value };

/** Packs the result for a photograph into a row; a missing value becomes NaN. */
const pack = ({ counts, values }: Segmented): Float32Array =>
  Float32Array.from([...counts, ...values.map((value) => value ?? NaN)]);

function unpack(row: Float32Array): Segmented {
  const end = row.length - keptMetrics.length;
  const values = [...row.subarray(end)].map((value) => (Number.isNaN(value) ? null : value));
  return { counts: Float64Array.from(row.subarray(0, end)), values };
}

/** Metrics of the features of all pictures. */
export class FeatureTally implements Tally {
  private readonly painted: Float32Array[] = [];
  private readonly real: Float32Array[] = [];
  private readonly isRealKnown: boolean;

  /** `known` are cached features of the photographs. */
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

  /** Gives features of the photographs for the cache; undefined if they came from it. */
  rowsToKeep(): PhotoRows | undefined {
    return this.isRealKnown ? undefined : this.real;
  }

  metrics(): Promise<readonly Metric[]> {
    const [painted, real] = [setOf(this.painted), setOf(this.real)];
    return Promise.all(
      evaluated('features').map(async ({ name, better, distance }) => {
        const { value, deviation } = await distance(painted, real, this.seed);
        return {
          name: `${name} (${this.name})`,
          value,
          better,
          ...(deviation !== undefined && { deviation }),
        };
      }),
    );
  }
}

function setOf(rows: readonly Float32Array[]): FeatureSet {
  return featureSet(joinRows(rows), must(rows[0], 'there are pictures').length);
}

/** Metrics of layers: against photographs, if there are any, and between styles, if there are several. */
export class LayerTally implements Tally {
  private readonly compared = evaluated('layers');
  private readonly spreads = evaluated('styles');
  private readonly distances = new Values(this.compared);
  private readonly apart = new Values(this.spreads);

  constructor(
    private readonly name: string,
    private readonly network: LayerNetwork,
    private readonly linear: readonly Float32Array[] | undefined,
  ) {}

  async add(maps: readonly PaintedMap[]): Promise<void> {
    // Layers are large, so only those of one map are in memory.
    for (const { painted, photo } of maps) {
      const layers = await this.network.layers(photo ? [...painted, photo] : painted);
      const ofPainted = layers.slice(0, painted.length);
      const first = must(ofPainted[0], 'every held-out map was painted');
      const ofPhoto = must(layers.at(-1), 'the photograph is last');
      if (photo) this.distances.add(this.compared.map(({ compare }) => compare(first, ofPhoto, this.linear)));
      const between = (a: readonly FeatureMap[], b: readonly FeatureMap[]): number =>
        featureDistance(a, b, this.linear);
      if (painted.length > 1) this.apart.add(this.spreads.map(({ spread }) => spread(ofPainted, between)));
    }
  }

  metrics(): readonly Metric[] {
    const nameOf = (name: string): string => `${name} (${this.name})`;
    return [...this.distances.means(nameOf), ...this.apart.means(nameOf)];
  }
}

/** The color distance between the styles of a map, for evaluations without a perceptual network. */
export class ColorTally implements Tally {
  private readonly spreads = evaluated('styles');
  private readonly values = new Values(this.spreads);

  add(maps: readonly PaintedMap[]): Promise<void> {
    for (const { painted } of maps)
      this.values.add(this.spreads.map(({ spread }) => spread(painted, meanDifference)));
    return Promise.resolve();
  }

  metrics(): readonly Metric[] {
    return this.values.means((name) => `${name} (colors)`);
  }
}
