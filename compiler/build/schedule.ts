/** What changes from step to step without being state: learning rates, and what optimizers make of them. */
import { scalarInputs } from './optimizers.ts';
import type { TrainSpec } from '../format/types.ts';
import type { OptimizerSpec } from '../optimizers/index.ts';

/** Gives the number of steps of a training; an epoch is `stepsPerEpoch` of them. */
export function totalSteps(train: TrainSpec, stepsPerEpoch: number): number {
  return train.steps ?? Math.ceil((train.epochs ?? 1) * stepsPerEpoch);
}

/**
 * Gives the learning rate of `step` (from 0): in each of the `warmup` first steps higher by an equal part, the last of them
 * having the full rate; then constant; after `decay_from` epochs lower by equal parts at the end of each epoch, to reach 0 at
 * the end (SPADE `trainers/pix2pix_trainer.py`, update_learning_rate).
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
  const epoch = Math.floor(step / stepsPerEpoch); // epochs that are over
  const fallen = Math.max(0, epoch - train.decay_from) / (epochs - train.decay_from);
  return rate * Math.max(0, 1 - fallen);
}

/** Gives the scalar inputs of a step: what each optimizer makes of its learning rate, rounded once. */
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
