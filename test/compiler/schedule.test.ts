/** Tests learning rates over steps, and the scalars that a step is fed. */
import { describe, expect, it } from 'vitest';
import { rateAt, scalarsAt } from '../../compiler/build/schedule.ts';
import type { TrainSpec } from '../../compiler/format/types.ts';
import type { OptimizerSpec } from '../../compiler/optimizers/index.ts';

const sgd: OptimizerSpec = { network: 'G', kind: 'sgd', rate: 0.4, momentum: 0 };
const train = (settings: Partial<TrainSpec>): TrainSpec => ({ optimizers: [sgd], ...settings });
const ratesOf = (settings: Partial<TrainSpec>, optimizer: OptimizerSpec, perEpoch: number, steps: number) =>
  Array.from({ length: steps }, (_, step) => rateAt(train(settings), optimizer, step, perEpoch));
const close = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 12) as number);

describe('a rate', () => {
  it('is constant where nothing is said', () => {
    expect(ratesOf({ steps: 3 }, sgd, 1, 3)).toEqual([0.4, 0.4, 0.4]);
  });

  it('rises over the steps of the warm-up, the last of which has the full rate', () => {
    expect(ratesOf({ steps: 6 }, { ...sgd, warmup: 4 }, 1, 6)).toEqual(close([0.1, 0.2, 0.3, 0.4, 0.4, 0.4]));
  });

  it('falls at the end of each epoch after decay_from', () => {
    const rates = ratesOf({ epochs: 4, decay_from: 2 }, sgd, 2, 8);
    expect(rates).toEqual(close([0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2]));
  });

  it('may rise and fall', () => {
    const rates = ratesOf({ epochs: 3, decay_from: 1 }, { ...sgd, warmup: 2 }, 1, 3);
    expect(rates).toEqual(close([0.2, 0.4, 0.2]));
  });
});

describe('the scalars of a step', () => {
  it('are the rate, and for Adam rate and epsilon with the corrections of the step', () => {
    const adam: OptimizerSpec = {
      network: 'D',
      kind: 'adam',
      rate: 0.1,
      beta1: 0.5,
      beta2: 0.75,
      epsilon: 0.01,
    };
    const scalars = scalarsAt({ steps: 9, optimizers: [sgd, adam] }, 1, 1);
    const correction = Math.sqrt(1 - 0.75 ** 2);
    expect(scalars).toEqual({
      'G/rate': Float32Array.of(0.4),
      'D/rate': Float32Array.of((0.1 * correction) / (1 - 0.5 ** 2)),
      'D/epsilon': Float32Array.of(0.01 * correction),
    });
  });
});
