/** Applies the command line's overrides to a run's spec, and fills in defaults. */
import { resolve } from 'node:path';
import { isMappingFile } from '../../compiler/format/queries.ts';
import type { DataSpec, Spec, TrainSpec, WeightsSpec } from '../../compiler/format/types.ts';
import { defaultSeed } from './seed.ts';
import { batchNotInParts, nothingToTrain, photosMissing } from './messages.ts';

/** Settings that can be overridden without changing the spec's text. */
export interface SpecOverrides {
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
  readonly batch?: number | undefined;
  /** The folder of the data, relative to the working folder. */
  readonly data?: string | undefined;
}

/** A spec that can be trained. */
export type TrainableSpec = Spec & { readonly data: DataSpec; readonly train: TrainSpec };

/**
 * Gives the spec of a run: with the overrides, and with absolute paths of data and weights, so that the run can be
 * resumed from any working folder. Paths of the spec are relative to `base`. Throws a SpadeworkError if the spec
 * cannot be trained.
 */
export function overrideSpec(spec: Spec, base: string, overrides: SpecOverrides = {}): TrainableSpec {
  const { data, train } = spec;
  if (!data || !train || spec.objectives.length === 0) throw nothingToTrain(spec.name);
  if (data.images === undefined) throw photosMissing(data.name);
  const { steps, seed, batch } = overrides;
  const path = overrides.data === undefined ? data.path : resolve(overrides.data);
  const size = batch ?? data.batch;
  if (size % (train.accumulate ?? 1) !== 0) throw batchNotInParts(size, train.accumulate ?? 1);
  // A decay counts epochs, so a spec with steps and a decay would be rejected.
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

/** Makes the paths of data and weights absolute; they are relative to `base`. */
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

/** How many times a run makes samples and checkpoints, if the spec does not set an interval. */
const defaultSampleCount = 10;
const longestUnsaved = 1000;

/** Gives the intervals in steps (counted from 1) of samples and checkpoints; the last step always makes both. */
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
