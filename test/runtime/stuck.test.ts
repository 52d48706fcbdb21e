/** Tests the warning about networks whose gradients stay 0, which is given once. */
import { describe, expect, it } from 'vitest';
import { StuckWatch, type Stuck } from '../../runtime/train/stuck.ts';

/** Feeds the norms of one network's gradients; gives the warnings, by step. */
function follow(lengths: readonly (number | null)[], steps = lengths.length): [number, Stuck[]][] {
  const watch = new StuckWatch();
  return lengths
    .map((length, index): [number, Stuck[]] => {
      const step = index + 1;
      const record = { step, epoch: 0, seconds: 0, losses: {}, gradients: { G: length, D: 1 } };
      return [step, watch.after(record, step === steps)];
    })
    .filter(([, stuck]) => stuck.length > 0);
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

describe('a network whose gradients are 0', () => {
  it('is told of at the tenth step, with the first, and not again', () => {
    expect(follow([0.5, ...zeros(30)], 100)).toEqual([[11, [{ network: 'G', since: 2 }]]]);
  });

  it('is told of at the last step where two were 0', () => {
    expect(follow([0.5, 0, 0])).toEqual([[3, [{ network: 'G', since: 2 }]]]);
    expect(follow([0.5, 0])).toEqual([]);
  });

  it('is not told of where they come back in time, or are not known', () => {
    expect(follow([...zeros(9), 1e-30, ...zeros(9)], 100)).toEqual([]);
    expect(follow(Array.from({ length: 30 }, () => null))).toEqual([]);
  });
});
