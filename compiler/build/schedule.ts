/** Answers for what changes from step to step without being state: learning rates with Adam's bias corrections. */
import { scalarInputs } from './optimizers.ts';
import type { OptimizerSpec, TrainSpec } from '../format/types.ts';

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

/**
 * Gives the scalar inputs of a step. Adam's corrections (Kingma and Ba 2015, section 2) are folded into them in double
 * precision: rate' = rate sqrt(1 - b2^t) / (1 - b1^t) and epsilon' = epsilon sqrt(1 - b2^t), with t = step + 1; equal to
 * adding epsilon after the correction, as PyTorch does.
 */
export function scalarsAt(
  train: TrainSpec,
  step: number,
  stepsPerEpoch: number,
): Record<string, Float32Array> {
  const scalars: Record<string, Float32Array> = {};
  for (const optimizer of train.optimizers) {
    const names = scalarInputs(optimizer.network);
    const rate = rateAt(train, optimizer, step, stepsPerEpoch);
    if (optimizer.kind !== 'adam') {
      scalars[names.rate] = Float32Array.of(rate);
      continue;
    }
    const correction = Math.sqrt(1 - optimizer.beta2 ** (step + 1));
    scalars[names.rate] = Float32Array.of((rate * correction) / (1 - optimizer.beta1 ** (step + 1)));
    scalars[names.epsilon] = Float32Array.of(optimizer.epsilon * correction);
  }
  return scalars;
}
