/** Computes each metric of each cell over its seeds, and its difference to the baseline with intervals. */
import type { Metric } from '../evaluate/record.ts';
import { mean } from '../../compiler/metrics/spread.ts';
import type { ShortCounts } from '../../compiler/metrics/class-counts.ts';
import { resampledScores } from './resampled-scores.ts';
import {
  bootstrapInterval,
  deviation,
  excludesZero,
  percentileInterval,
  welchInterval,
  type Interval,
} from './statistics.ts';
import type { Cell, Comparison } from './types.ts';

/** A metric of all cells. */
export interface Measure {
  readonly name: string;
  readonly better: Metric['better'];
  readonly ceiling: number | undefined;
  /** In the order of the comparison's cells; undefined for a cell without a value. */
  readonly cells: readonly (Summary | undefined)[];
  /**
   * Differences to the baseline, in the order of the cells; undefined for the baseline, and where either has no value.
   */
  readonly differences: readonly (Difference | undefined)[];
}

/** A metric of one cell. */
export interface Summary {
  /** One value per evaluated run. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Sample standard deviation over seeds; undefined for a single seed. */
  readonly deviation: number | undefined;
  readonly isBest: boolean;
}

/** The difference of a cell to the baseline: its value minus the baseline's. */
export interface Difference {
  readonly value: number;
  /**
   * The interval over equal maps, averaged over seeds; undefined for a metric without values per map, and for a single
   * map.
   */
  readonly maps: PairedDifference | undefined;
  /** The interval from the spread over seeds; undefined if a cell has a single seed. */
  readonly seeds: Interval | undefined;
  /** `unclear`: an interval contains both signs. `unknown`: no interval can be computed. */
  readonly verdict: 'better' | 'worse' | 'unclear' | 'unknown';
}

export interface PairedDifference extends Interval {
  readonly mean: number;
  /** Whether values per map stand in for a metric that is not their mean. */
  readonly isStandIn: boolean;
  /** The number of maps for which both have a value. */
  readonly count: number;
}

/** Computes all metrics, in the order in which evaluations list them. */
export function measure({ cells, baseline }: Comparison): Measure[] {
  const known = cells.flatMap(({ runs }) => runs.flatMap(({ evaluation }) => evaluation?.metrics ?? []));
  const names = [...new Set(known.map(({ name }) => name))];
  return names.map((name) => {
    const { better } = known.find((metric) => metric.name === name)!;
    const metrics = cells.map((cell) => metricsOf(cell, name));
    const means = metrics.map((ofCell) =>
      ofCell.length > 0 ? mean(ofCell.map(({ value }) => value)) : undefined,
    );
    const sign = better === 'higher' ? 1 : -1;
    const best = Math.max(...means.map((value) => (value === undefined ? -Infinity : sign * value)));
    const reference = metrics[cells.indexOf(baseline)] ?? [];
    return {
      name,
      better,
      ceiling: known.find((metric) => metric.name === name && metric.ceiling !== undefined)?.ceiling,
      cells: metrics.map((ofCell) => {
        const values = ofCell.map(({ value }) => value);
        if (values.length === 0) return undefined;
        const center = mean(values);
        return { values, mean: center, deviation: deviation(values), isBest: sign * center === best };
      }),
      differences: cells.map((cell, index) => {
        const ours = metrics[index] ?? [];
        if (cell === baseline || ours.length === 0 || reference.length === 0) return undefined;
        return differ(ours, reference, sign);
      }),
    };
  });
}

/** A metric of a run with its counts, if it is computed from counts. */
interface MeasuredMetric extends Metric {
  readonly counts: readonly ShortCounts[] | undefined;
}

function metricsOf({ runs }: Cell, name: string): MeasuredMetric[] {
  return runs.flatMap(({ evaluation }) => {
    const metric = evaluation?.metrics.find((one) => one.name === name);
    return metric ? [{ ...metric, counts: metric.score === undefined ? undefined : evaluation?.counts }] : [];
  });
}

/** Tolerance for sums in another order, and for values that were written as float32. */
const roundingShare = 1e-5;

/** Tells whether the mean of the values per map differs from the metric, as for a mean over classes. */
function isProxy({ value, perMap }: Metric): boolean {
  const values = perMap?.filter((one) => one !== null) ?? [];
  return (
    values.length > 0 && Math.abs(mean(values) - value) > roundingShare * Math.max(1e-9, Math.abs(value))
  );
}

function differ(
  ours: readonly MeasuredMetric[],
  theirs: readonly MeasuredMetric[],
  sign: 1 | -1,
): Difference {
  const values = (metrics: readonly Metric[]): number[] => metrics.map(({ value }) => value);
  const value = mean(values(ours)) - mean(values(theirs));
  const maps = pairSums(ours, theirs, value) ?? pairValues(ours, theirs);
  const seeds = welchInterval(values(ours), values(theirs));
  const intervals = [maps, seeds].filter((interval) => interval !== undefined);
  const isClear = intervals.every(
    (interval) => excludesZero(interval) && Math.sign(interval.low) === Math.sign(value),
  );
  const verdict =
    intervals.length === 0 ? 'unknown' : !isClear ? 'unclear' : sign * value > 0 ? 'better' : 'worse';
  return { value, maps, seeds, verdict };
}

/** Compares scores of resampled maps; undefined if a run has no counts per map. */
function pairSums(
  ours: readonly MeasuredMetric[],
  theirs: readonly MeasuredMetric[],
  value: number,
): PairedDifference | undefined {
  const [a, b] = [resampled(ours), resampled(theirs)];
  const count = ours[0]?.counts?.length ?? 0;
  if (!a || !b || count < 2) return undefined;
  // A resample of void maps alone has no score.
  const differences = a.map((score, resample) => score - b[resample]!).filter(Number.isFinite);
  if (differences.length === 0) return undefined;
  return { mean: value, isStandIn: false, count, ...percentileInterval(differences) };
}

/** Gives the score of each resample, averaged over seeds; undefined if a seed has no counts. */
function resampled(metrics: readonly MeasuredMetric[]): Float64Array | undefined {
  const ofSeeds = metrics.flatMap(({ counts, score }) => {
    const scores = counts && score !== undefined ? resampledScores(counts).get(score) : undefined;
    return scores ? [scores] : [];
  });
  if (ofSeeds.length < metrics.length) return undefined;
  return ofSeeds[0]?.map((_, resample) => mean(ofSeeds.map((scores) => scores[resample]!)));
}

/** Compares over the maps for which both have values, each averaged over seeds. */
function pairValues(ours: readonly Metric[], theirs: readonly Metric[]): PairedDifference | undefined {
  const [a, b] = [overSeeds(ours), overSeeds(theirs)];
  const differences = a.flatMap((value, map) => {
    const other = b[map];
    return value === undefined || other === undefined ? [] : [value - other];
  });
  if (differences.length < 2) return undefined;
  return {
    mean: mean(differences),
    isStandIn: [...ours, ...theirs].some(isProxy),
    count: differences.length,
    ...bootstrapInterval(differences),
  };
}

/** Gives each map's value averaged over seeds; undefined if a seed has none. */
export function overSeeds(metrics: readonly Metric[]): (number | undefined)[] {
  const [first] = metrics;
  return (
    first?.perMap?.map((_, map) => {
      const values = metrics.map(({ perMap }) => perMap?.[map] ?? undefined);
      return values.every((value) => value !== undefined) ? mean(values) : undefined;
    }) ?? []
  );
}
