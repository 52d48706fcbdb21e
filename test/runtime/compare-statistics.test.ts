/** Tests the statistics of comparisons against known values, and that intervals cover as often as they claim. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/random.ts';
import { measure } from '../../runtime/compare/measures.ts';
import { bootstrapInterval, deviation, welchInterval } from '../../runtime/compare/statistics.ts';
import type { Comparison } from '../../runtime/compare/types.ts';
import type { Metric } from '../../runtime/eval/record.ts';
import { meanMetric } from '../support/compared-runs.ts';

/** Makes a comparison of cells whose runs have only metrics. */
function compared(...cells: readonly (readonly Metric[])[]): Comparison {
  const made = cells.map((runs, index) => ({
    label: `cell ${index}`,
    point: {},
    runs: runs.map((metric) => ({ evaluation: { metrics: [metric] } })),
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
    expect(only(compared([meanMetric('m', maps)])).isProxied).toBe(false);
    expect(only(compared([{ ...meanMetric('m', maps), value: 0.7 }])).isProxied).toBe(true);
  });

  it('leave out maps that one side has no value for', () => {
    const holes = { ...meanMetric('m', maps), perMap: maps.map((value, map) => (map < 10 ? null : value)) };
    expect(only(compared([meanMetric('m', maps)], [holes])).differences[1]!.maps!.count).toBe(30);
  });
});
