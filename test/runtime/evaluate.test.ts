/** Tests the choice of a run's best step. */
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../compiler/metrics/index.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import { bestStep } from '../../runtime/train/evaluate.ts';

function records(metric: MetricName, values: readonly (number | null | undefined)[]): MetricRecord[] {
  return values.map((value, index) => ({
    step: index + 1,
    epoch: 0,
    seconds: 0,
    losses: {},
    ...(value !== undefined && { evaluation: { [metric]: value } }),
  }));
}

describe('the best step', () => {
  it('is the one with the highest value, the first of equal ones', () => {
    expect(bestStep(records('SSIM', [0.1, undefined, 0.5, 0.5, 0.2]), 'SSIM')).toBe(3);
  });

  it('is the one with the lowest distance', () => {
    expect(bestStep(records('L1', [0.4, 0.1, 0.3]), 'L1')).toBe(2);
  });

  it('is none of those without a value', () => {
    expect(bestStep(records('mIoU', [null, undefined]), 'mIoU')).toBeUndefined();
    expect(bestStep(records('mIoU', [null, 0]), 'mIoU')).toBe(2);
  });
});
