/** Answers for the numbers on quality: each metric of each cell over its seeds, and what differs from the baseline. */
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
  /** In the order of the comparison's cells; undefined where a cell has no value. */
  readonly cells: readonly (Summary | undefined)[];
  /** Differences to the baseline, in the order of the cells; undefined for the baseline and where either has no value. */
  readonly differences: readonly (Difference | undefined)[];
}

/** A metric of one cell. */
export interface Summary {
  /** One value for each evaluated run. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Sample standard deviation over seeds; undefined for a single one. */
  readonly deviation: number | undefined;
  readonly isBest: boolean;
}

/** How a cell differs from the baseline: this cell's value less the baseline's. */
export interface Difference {
  readonly value: number;
  /** Over the same maps, in the mean over seeds; undefined where the metric has nothing of single maps, or there is one map. */
  readonly maps: PairedDifference | undefined;
  /** By the spread over seeds; undefined where a cell has a single one. */
  readonly seeds: Interval | undefined;
  /** `unclear`: an interval has both signs. `unknown`: there is nothing to tell it from noise by. */
  readonly verdict: 'better' | 'worse' | 'unclear' | 'unknown';
}

export interface PairedDifference extends Interval {
  readonly mean: number;
  /** Whether values of single maps stand in for a metric that they do not average to. */
  readonly isStandIn: boolean;
  /** How many maps both have a value for. */
  readonly count: number;
}

/** Measures all metrics, in the order in which evaluations name them. */
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

/** A metric of a run with the counts that it is made of, where it is. */
interface MeasuredMetric extends Metric {
  readonly counts: readonly ShortCounts[] | undefined;
}

function metricsOf({ runs }: Cell, name: string): MeasuredMetric[] {
  return runs.flatMap(({ evaluation }) => {
    const metric = evaluation?.metrics.find((one) => one.name === name);
    return metric ? [{ ...metric, counts: metric.score === undefined ? undefined : evaluation?.counts }] : [];
  });
}

/** Rounding of sums in another order, and of values that were written as float32. */
const roundingShare = 1e-5;

/** Tells whether values of single maps average to something else than the metric, as those of a mean over classes do. */
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

/** Compares scores of the sums of drawn maps; undefined where a run has no counts of its maps. */
function pairSums(
  ours: readonly MeasuredMetric[],
  theirs: readonly MeasuredMetric[],
  value: number,
): PairedDifference | undefined {
  const [a, b] = [resampled(ours), resampled(theirs)];
  const count = ours[0]?.counts?.length ?? 0;
  if (!a || !b || count < 2) return undefined;
  // Where all drawn maps are void there is no score.
  const differences = a.map((score, resample) => score - b[resample]!).filter(Number.isFinite);
  if (differences.length === 0) return undefined;
  return { mean: value, isStandIn: false, count, ...percentileInterval(differences) };
}

/** Gives the score of each resample in the mean over seeds; undefined where a seed has no counts. */
function resampled(metrics: readonly MeasuredMetric[]): Float64Array | undefined {
  const ofSeeds = metrics.flatMap(({ counts, score }) => {
    const scores = counts && score !== undefined ? resampledScores(counts).get(score) : undefined;
    return scores ? [scores] : [];
  });
  if (ofSeeds.length < metrics.length) return undefined;
  return ofSeeds[0]?.map((_, resample) => mean(ofSeeds.map((scores) => scores[resample]!)));
}

/** Compares over the maps that both have values for, each averaged over seeds. */
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

/** Gives the mean over seeds of each map's value; undefined where a seed has none. */
export function overSeeds(metrics: readonly Metric[]): (number | undefined)[] {
  const [first] = metrics;
  return (
    first?.perMap?.map((_, map) => {
      const values = metrics.map(({ perMap }) => perMap?.[map] ?? undefined);
      return values.every((value) => value !== undefined) ? mean(values) : undefined;
    }) ?? []
  );
}
