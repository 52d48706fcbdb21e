/** Tests the statistics of comparisons against known values, and the coverage of intervals. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/ir/random.ts';
import {
  countPixels,
  shortCounts,
  sumCounts,
  type ClassCounts,
} from '../../compiler/metrics/class-counts.ts';
import { evaluated as metricsOf } from '../../compiler/metrics/index.ts';
import { mean } from '../../compiler/metrics/spread.ts';
import { measure } from '../../runtime/compare/measures.ts';
import { bootstrapInterval, deviation, welchInterval } from '../../runtime/compare/statistics.ts';
import type { Comparison } from '../../runtime/compare/types.ts';
import type { EvalRecord, Metric } from '../../runtime/evaluate/record.ts';
import { meanMetric } from '../support/compared-runs.ts';

/** Makes a comparison of cells whose runs have only metrics. */
function compared(...cells: readonly (readonly Metric[])[]): Comparison {
  return comparedEvaluations(...cells.map((runs) => runs.map((metric) => ({ metrics: [metric] }))));
}

/** Makes a comparison of cells whose runs have only evaluations. */
function comparedEvaluations(
  ...cells: readonly (readonly Pick<EvalRecord, 'metrics' | 'counts'>[])[]
): Comparison {
  const made = cells.map((runs, index) => ({
    label: `cell ${index}`,
    point: {},
    runs: runs.map((evaluation) => ({ evaluation })),
  }));
  return { title: '', axes: [], notes: [], cells: made, baseline: made[0] } as unknown as Comparison;
}

const only = (comparison: Comparison) => measure(comparison)[0]!;

describe('intervals', () => {
  it('of Welch are those of SciPy', () => {
    // scipy.stats.ttest_ind([1, 2, 4], [2, 5, 6, 9], equal_var=False).confidence_interval(0.95)
    const { low, high } = welchInterval([1, 2, 4], [2, 5, 6, 9])!;
    expect([low, high]).toEqual([expect.closeTo(-7.605798, 5), expect.closeTo(1.272465, 5)]);
    expect(welchInterval([1], [2, 3])).toBeUndefined();
  });

  it('of the bootstrap are the same at each call, and as wide as the normal ones for many values', () => {
    const random = new RandomStream(3, 'values');
    const values = Array.from({ length: 400 }, () => 5 + random.normal());
    const first = bootstrapInterval(values);
    expect(bootstrapInterval([...values])).toEqual(first);
    const width = 2 * 1.96 * (deviation(values)! / Math.sqrt(400));
    expect((first.high - first.low) / width).toBeCloseTo(1, 1);
  });

  it('of the bootstrap hold the true mean about as often as they claim', () => {
    const random = new RandomStream(4, 'coverage');
    const held = Array.from({ length: 200 }, () => {
      const { low, high } = bootstrapInterval(Array.from({ length: 30 }, () => random.normal()));
      return low <= 0 && 0 <= high;
    }).filter(Boolean).length;
    expect(held).toBeGreaterThanOrEqual(180);
    expect(held).toBeLessThanOrEqual(199);
  });
});

describe('differences of a segmenter’s scores', () => {
  const scored = metricsOf('class counts');
  const labels = { classes: 4, voidIds: [3] };

  /** Makes maps of which a segmenter finds a share of pixels, some maps with fewer classes than others. */
  function countsOf(count: number, share: number, seed: number): ClassCounts[] {
    const random = new RandomStream(seed, 'maps');
    return Array.from({ length: count }, (_, map) => {
      const truth = Array.from({ length: 60 }, () => random.below(2 + (map % 3)));
      return countPixels(
        truth,
        truth.map((id) => (random.uniform() < share ? id : random.below(4))),
        labels,
      );
    });
  }

  /** Makes the evaluation of a run, as it is recorded. */
  function evaluated(counts: readonly ClassCounts[]): Pick<EvalRecord, 'metrics' | 'counts'> {
    const metrics = scored.map(({ name, better, score, recordedAs }): Metric => {
      const value = score(sumCounts(counts))!;
      return { name, value, better, score: recordedAs, perMap: counts.map(score) };
    });
    return { metrics, counts: counts.map(shortCounts) };
  }

  const differencesOf = (
    ours: readonly (readonly ClassCounts[])[],
    theirs: readonly (readonly ClassCounts[])[],
  ) =>
    measure(comparedEvaluations(theirs.map(evaluated), ours.map(evaluated))).map(
      (one) => one.differences[1]!,
    );

  it('lie where those of maps that are drawn and counted together do', () => {
    const ours = [1, 2].map((seed) => countsOf(9, 0.9, seed));
    const theirs = [3, 4].map((seed) => countsOf(9, 0.6, seed));
    const random = new RandomStream(9, 'bootstrap');
    const draws = Array.from({ length: 10_000 }, () => Array.from({ length: 9 }, () => random.below(9)));
    differencesOf(ours, theirs).forEach(({ maps, value }, index) => {
      const direct = (maps: readonly number[]): number => {
        const scores = [ours, theirs].map((runs) =>
          mean(runs.map((run) => scored[index]!.score(sumCounts(maps.map((map) => run[map]!)))!)),
        );
        return scores[0]! - scores[1]!;
      };
      const sorted = draws.map(direct).sort((a, b) => a - b);
      const between = (share: number): number => {
        const below = Math.floor(share * 9999);
        return sorted[below]! + (share * 9999 - below) * (sorted[below + 1]! - sorted[below]!);
      };
      expect(maps).toMatchObject({ isStandIn: false, count: 9 });
      expect(maps!.mean).toBe(value);
      expect([maps!.low, maps!.high]).toEqual([
        expect.closeTo(between(0.025), 12),
        expect.closeTo(between(0.975), 12),
      ]);
    });
  });

  it('are exact where all maps are the same one, and of a single map have no interval', () => {
    const [one, other] = [countsOf(1, 0.9, 1)[0]!, countsOf(1, 0.6, 2)[0]!];
    for (const { maps, value } of differencesOf([[one, one]], [[other, other]]))
      expect([maps!.low, maps!.high]).toEqual([expect.closeTo(value, 12), expect.closeTo(value, 12)]);
    for (const { maps } of differencesOf([[one]], [[other]])) expect(maps).toBeUndefined();
  });

  it('are 0 between equal runs, however different their maps are', () => {
    const maps = countsOf(9, 0.7, 5);
    for (const difference of differencesOf([maps], [maps]))
      expect(difference).toMatchObject({ maps: { low: 0, high: 0 }, verdict: 'unclear' });
  });

  it('leave resamples out that hold void alone', () => {
    const nothing = countPixels([3, 3], [0, 1], labels);
    const [ours, theirs] = [countsOf(1, 0.9, 6)[0]!, countsOf(1, 0.6, 7)[0]!];
    for (const { maps, value } of differencesOf([[ours, nothing]], [[theirs, nothing]]))
      expect([maps!.low, maps!.high]).toEqual([expect.closeTo(value, 12), expect.closeTo(value, 12)]);
  });

  it('are of stand-ins where one run was recorded without counts', () => {
    const [ours, theirs] = [evaluated(countsOf(9, 0.9, 1)), evaluated(countsOf(9, 0.6, 2))];
    const [first] = measure(comparedEvaluations([theirs], [{ metrics: ours.metrics }]));
    expect(first!.differences[1]!.maps!.isStandIn).toBe(true);
  });
});

describe('differences', () => {
  const maps = Array.from({ length: 40 }, (_, map) => Math.sin(map));

  it('are found between paired maps where the spread of maps alone would hide them', () => {
    const better = maps.map((value, map) => value + 0.05 + 0.01 * Math.cos(map));
    const { differences } = only(compared([meanMetric('m', maps)], [meanMetric('m', better)]));
    expect(differences[1]).toMatchObject({ verdict: 'better', seeds: undefined });
    expect(differences[1]!.maps!.low).toBeGreaterThan(0.04);
  });

  it('that seeds could have made are not clear, however clear they are on the maps', () => {
    const shifted = (by: number): Metric =>
      meanMetric(
        'm',
        maps.map((value) => value + by),
      );
    const noisy = compared([shifted(0), shifted(0.2)], [shifted(0.05), shifted(0.2)]);
    expect(only(noisy).differences[1]).toMatchObject({ verdict: 'unclear' });
    expect(only(noisy).differences[1]!.maps!.low).toBeGreaterThan(0);
    const steady = compared([shifted(0), shifted(0.001)], [shifted(0.05), shifted(0.051)]);
    expect(only(steady).differences[1]).toMatchObject({ verdict: 'better' });
  });

  it('in a metric that is better when lower are worse when higher', () => {
    const { differences, cells } = only(
      compared(
        [meanMetric('m', maps, 'lower')],
        [
          meanMetric(
            'm',
            maps.map((value) => value + 1),
            'lower',
          ),
        ],
      ),
    );
    expect(differences[1]!.verdict).toBe('worse');
    expect(cells.map((cell) => cell!.isBest)).toEqual([true, false]);
  });

  it('of a metric of the whole set rest on seeds alone, and are not known with one', () => {
    const fid = (value: number): Metric => ({ name: 'FID', value, better: 'lower' });
    expect(only(compared([fid(90)], [fid(80)])).differences[1]!.verdict).toBe('unknown');
    const several = only(compared([fid(90), fid(91), fid(92)], [fid(80), fid(81), fid(82)]));
    expect(several.differences[1]).toMatchObject({ verdict: 'better', maps: undefined });
  });

  it('say when the values of maps only stand in for the metric', () => {
    const isStandIn = (other: Metric) =>
      only(compared([meanMetric('m', maps)], [other])).differences[1]!.maps!.isStandIn;
    expect(isStandIn(meanMetric('m', maps))).toBe(false);
    expect(isStandIn({ ...meanMetric('m', maps), value: 0.7 })).toBe(true);
  });

  it('leave out maps that one side has no value for', () => {
    const holes = { ...meanMetric('m', maps), perMap: maps.map((value, map) => (map < 10 ? null : value)) };
    expect(only(compared([meanMetric('m', maps)], [holes])).differences[1]!.maps!.count).toBe(30);
  });
});
