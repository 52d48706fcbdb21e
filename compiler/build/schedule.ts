/** Computes the scalars that change from step to step: learning rates, and what optimizers derive from them. */
import { scalarInputs } from './optimizers.ts';
import type { TrainSpec } from '../format/types.ts';
import type { OptimizerSpec } from '../optimizers/index.ts';

/** Gives the number of training steps; an epoch has `stepsPerEpoch` steps. */
export function totalSteps(train: TrainSpec, stepsPerEpoch: number): number {
  return train.steps ?? Math.ceil((train.epochs ?? 1) * stepsPerEpoch);
}

/**
 * Gives the learning rate of `step` (from 0). In the first `warmup` steps it grows linearly to the full rate. After
 * `decay_from` epochs it falls by equal parts at the end of each epoch, reaching 0 at the end of training (SPADE
 * `trainers/pix2pix_trainer.py`, update_learning_rate). Otherwise it is constant.
 */
export function rateAt(
  train: TrainSpec,
  optimizer: OptimizerSpec,
  step: number,
  stepsPerEpoch: number,
): number {
  const rate = optimizer.rate * Math.min(1, (step + 1) / (optimizer.warmup ?? 1));
  const epochs = totalSteps(train, stepsPerEpoch) / stepsPerEpoch;
  if (train.decay_from === undefined || train.decay_from >= epochs) return rate;
  const epoch = Math.floor(step / stepsPerEpoch); // completed epochs
  const fallen = Math.max(0, epoch - train.decay_from) / (epochs - train.decay_from);
  return rate * Math.max(0, 1 - fallen);
}

/** Gives the scalar inputs of a step, which optimizers derive from their learning rates, rounded once. */
export function scalarsAt(
  train: TrainSpec,
  step: number,
  stepsPerEpoch: number,
): Record<string, Float32Array> {
  return Object.fromEntries(
    train.optimizers
      .flatMap((optimizer) =>
        Object.entries(
          scalarInputs(optimizer, { rate: rateAt(train, optimizer, step, stepsPerEpoch), step }),
        ),
      )
      .map(([name, value]) => [name, Float32Array.of(value)]),
  );
}
