/** What a metric is: one object that says all about it, told apart by what it is computed from. */
import type { ClassCounts } from './class-counts.ts';
import type { FeatureSet } from './features.ts';
import type { EightBitPicture } from './pictures.ts';

/** What every metric says. */
export interface MetricFacts<Name extends string = string> {
  /** As records, tables and specs have it; networks that it looks through are added in brackets. */
  readonly name: Name;
  readonly better: 'higher' | 'lower';
  /** What it says of a run, in a few words; docs/metrics.md has them. */
  readonly doc: string;
  /** Whether evaluations compute it, and whether runs do of themselves as they train. */
  readonly measuredBy: readonly ('evaluation' | 'training')[];
  /** Whether it tells the best checkpoint of a run whose spec names none, among those of the same needs. */
  readonly decides?: true;
}

/** Of paintings beside their photographs, in the mean over maps. */
export interface PhotographMetric {
  readonly needs: 'photographs';
  /** Compares two pictures of one size; null where they have no value. */
  readonly compare: (painted: EightBitPicture, photo: EightBitPicture) => number | null;
}

/** Of the pixels of all maps by class, as a segmenter finds them in paintings: a score of their sum. */
export interface CountMetric {
  readonly needs: 'class counts';
  /** Scores counts, those of one map or the sum of many; null where there is nothing to score. */
  readonly score: (counts: ClassCounts) => number | null;
  /** What records call the score; it stays, since comparisons find it there and score drawn maps anew. */
  readonly recordedAs: string;
  /** Gives the score of each class by id, where it is a mean over classes. */
  readonly perClass?: (counts: ClassCounts) => readonly (number | null)[];
}

/** A label map, or the classes that a segmenter finds in a picture. */
export interface ClassMap {
  readonly width: number;
  readonly height: number;
  /** Row-major class ids. */
  readonly ids: ArrayLike<number>;
}

/** Of a label map and what a segmenter finds in its painting, in the mean over maps. */
export interface ClassMapMetric {
  readonly needs: 'class maps';
  /** Compares two maps of one size; pixels whose true class is void count nowhere. Null where there is nothing to compare. */
  readonly compare: (truth: ClassMap, found: ClassMap, voidIds: readonly number[]) => number | null;
}

/** A number that is estimated. */
export interface Estimate {
  readonly value: number;
  /** Its standard deviation over random parts of the pictures. */
  readonly deviation?: number;
}

/** Of the features of all paintings and all photographs, which a network gives. */
export interface FeatureMetric {
  readonly needs: 'features';
  /** With fewer pictures of either kind it cannot be computed. */
  readonly fewest: number;
  readonly distance: (painted: FeatureSet, photos: FeatureSet, seed: number) => Estimate | Promise<Estimate>;
}

/** A layer's features of one picture: the channels of a pixel stand together. */
export interface FeatureMap {
  readonly values: Float32Array | Float64Array;
  readonly channels: number;
}

/** Of the layers of a painting and of its photograph, which a network gives, in the mean over maps. */
export interface LayerMetric {
  readonly needs: 'layers';
  /** Compares layer by layer; channels count by their `weights`, where there are some, else alike. */
  readonly compare: (
    painted: readonly FeatureMap[],
    photo: readonly FeatureMap[],
    weights?: readonly ArrayLike<number>[],
  ) => number;
}

/** Of several paintings of one map, in the mean over maps. */
export interface StyleMetric {
  readonly needs: 'styles';
  /** Says how far two or more paintings are apart, of which each two have a distance. */
  readonly spread: <Painting>(
    paintings: readonly Painting[],
    distance: (a: Painting, b: Painting) => number,
  ) => number;
}

export type MetricKind =
  PhotographMetric | CountMetric | ClassMapMetric | FeatureMetric | LayerMetric | StyleMetric;

export type Metric = MetricFacts & MetricKind;

/** Gives a metric as it is written. */
export const defineMetric = <const Name extends string, Kind extends MetricKind>(
  definition: MetricFacts<Name> & Kind,
): MetricFacts<Name> & Kind => definition;
