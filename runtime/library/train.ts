/** Trains experiments, as `spadework train` and `spadework resume` do. */
import {
  resume as resumeRun,
  train as trainSpec,
  type TrainOptions as TrainSpecOptions,
} from '../train/train.ts';
import type { CommonOptions, RunResult } from '../train/run.ts';
import type { SpecOverrides } from '../run/settings.ts';
import { boolean, runArgument, text, type Checks } from '../model/checks.ts';
import { inLongCall } from '../model/messages.ts';
import { readOptions } from '../model/options.ts';
import { checksOf, ofLibrary, specOf, type Trainable } from './options.ts';

/** Options of a training. */
export interface TrainOptions
  extends CommonOptions, SpecOverrides, Pick<TrainSpecOptions, 'out' | 'overwrite' | 'dense'> {
  /** The experiment to train, if the text holds several. */
  readonly experiment?: string | undefined;
  /** Changes by path: `G.norm=instance()`. */
  readonly set?: readonly string[] | undefined;
  /** The command line that the run's page shows. */
  readonly command?: string | undefined;
}

/** Options of a resumed run. */
export type ResumeOptions = CommonOptions & Pick<SpecOverrides, 'steps' | 'data'>;

const common: Checks<CommonOptions> = {
  engine: checksOf.engine,
  signal: checksOf.signal,
  observer: checksOf.observer,
};
const lengths = { steps: checksOf.count, data: checksOf.path };
const trainOptions: Checks<TrainOptions> = {
  ...common,
  ...lengths,
  seed: checksOf.seed,
  batch: checksOf.count,
  out: checksOf.path,
  overwrite: boolean,
  dense: boolean,
  experiment: checksOf.experiment,
  set: checksOf.set,
  command: text,
};
const resumeOptions: Checks<ResumeOptions> = { ...common, ...lengths };

/**
 * Trains an experiment from the start, and gives the run's folder and page. Paths in the spec are relative to its file.
 * An aborted `signal` ends the run after the running step, with a checkpoint to resume from. Throws a SpadeworkError
 * for mistakes in the spec, unusable data, an unavailable engine, and anything that ends a run.
 */
export function train(source: Trainable, options: TrainOptions = {}): Promise<RunResult> {
  return inLongCall('train', () => {
    const { experiment, set, command = ofLibrary, ...read } = readOptions(options, trainOptions);
    return trainSpec({ ...read, ...specOf(source, { experiment, set }), command });
  });
}

/**
 * Resumes a run from its last checkpoint, with bits equal to those of an uninterrupted run; `steps` makes it longer.
 * Throws a SpadeworkError as `train` does, and if the folder holds no run.
 */
export function resume(run: string, options: ResumeOptions = {}): Promise<RunResult> {
  return inLongCall('resume', () => {
    const folder = runArgument('run', run);
    return resumeRun({ ...readOptions(options, resumeOptions), folder });
  });
}
