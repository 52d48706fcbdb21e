/** Answers for what a run's spec says in the end: what the command line changes, and what is taken where it is silent. */
import { resolve } from 'node:path';
import { isMappingFile } from '../../compiler/format/queries.ts';
import type { DataSpec, Spec, TrainSpec, WeightsSpec } from '../../compiler/format/types.ts';
import { batchNotInParts, nothingToTrain, photosMissing } from './messages.ts';

/** What may be changed without touching the spec's text. */
export interface SpecOverrides {
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
  readonly batch?: number | undefined;
  /** Folder of the data, relative to the working folder. */
  readonly data?: string | undefined;
}

/** A spec that can be trained. */
export type TrainableSpec = Spec & { readonly data: DataSpec; readonly train: TrainSpec };

/**
 * Gives the spec of a run: with the overrides, and with absolute paths of data and weights, so that the run can go on from anywhere.
 * `base` is the folder that the spec's paths are relative to. Throws a SpadeworkError where the spec cannot be trained.
 */
export function overrideSpec(spec: Spec, base: string, overrides: SpecOverrides = {}): TrainableSpec {
  const { data, train } = spec;
  if (!data || !train || spec.objectives.length === 0) throw nothingToTrain(spec.name);
  if (data.images === undefined) throw photosMissing(data.name);
  const { steps, seed, batch } = overrides;
  const path = overrides.data === undefined ? data.path : resolve(overrides.data);
  const size = batch ?? data.batch;
  if (size % (train.accumulate ?? 1) !== 0) throw batchNotInParts(size, train.accumulate ?? 1);
  // A decay counts epochs, too: beside steps, the spec would be refused.
  const { epochs: _epochs, decay_from: _decay, ...lengthless } = train;
  return {
    ...absolutePaths(spec, base),
    data: {
      ...data,
      path: resolve(base, path),
      ...(batch !== undefined && { batch }),
    },
    train: {
      ...(steps === undefined ? train : { ...lengthless, steps }),
      ...(seed !== undefined && { seed }),
    },
  };
}

/** Gives a spec whose paths of data and weights, relative to the folder `base`, hold from anywhere. */
export function absolutePaths(spec: Spec, base: string): Spec {
  const fromBase = (file: string): string => resolve(base, file);
  return {
    ...spec,
    networks: spec.networks.map((network) =>
      network.weights ? { ...network, weights: placed(network.weights, fromBase) } : network,
    ),
    ...(spec.data && { data: { ...spec.data, path: fromBase(spec.data.path) } }),
  };
}

/** Makes the paths of weights absolute; a mapping of the package is a name, not a path. */
function placed({ path, mapping }: WeightsSpec, fromBase: (file: string) => string): WeightsSpec {
  return {
    path: fromBase(path),
    ...(mapping !== undefined && { mapping: isMappingFile(mapping) ? fromBase(mapping) : mapping }),
  };
}

/** The seed of a training which names none. */
export const defaultSeed = 0;
/** How many times a run paints samples and saves checkpoints where the spec does not say how often. */
const defaultSampleCount = 10;
const longestUnsaved = 1000;

/** Says which steps (counted from 1) paint samples and save checkpoints; the last one always does both. */
export function rhythmOf(
  train: TrainSpec,
  steps: number,
): { readonly seed: number; readonly sampleEvery: number; readonly checkpointEvery: number } {
  const tenth = Math.max(1, Math.ceil(steps / defaultSampleCount));
  return {
    seed: train.seed ?? defaultSeed,
    sampleEvery: train.sample_every ?? tenth,
    checkpointEvery: train.checkpoint_every ?? Math.min(tenth, longestUnsaved),
  };
}
