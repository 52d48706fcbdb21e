/** Paints with runs, measures and compares them, as `spadework synth`, `eval` and `compare` do. */
import {
  compare as compareRuns,
  type CompareOptions as CompareRunsOptions,
  type CompareResult,
} from '../compare/compare.ts';
import { evaluate as evaluateRun } from '../evaluate/evaluate.ts';
import type { EvaluateOptions as EvaluateRunOptions } from '../evaluate/options.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import {
  boolean,
  byName,
  describe,
  isWhole,
  runArgument,
  text,
  type Check,
  type Checks,
} from '../model/checks.ts';
import { inLongCall, wrongArgument, wrongOption } from '../model/messages.ts';
import { choice, readOptions } from '../model/options.ts';
import { synth, type SynthOptions, type SynthResult } from '../synthesize/synthesize.ts';
import { checksOf, ofLibrary } from './options.ts';

/** Is told the progress of a synthesis. */
export interface SynthesizeObserver {
  readonly log?: SynthOptions['log'];
  /** Is called before the first map and after each. */
  readonly painted?: SynthOptions['painted'];
}

/** Options of a synthesis. */
export interface SynthesizeOptions extends Omit<SynthOptions, 'run' | 'log' | 'painted' | 'command'> {
  /** The command line that the page shows. */
  readonly command?: string | undefined;
  /** Stops between two maps; the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: SynthesizeObserver | undefined;
}

/** Is told the progress of an evaluation. */
export interface EvaluateObserver {
  readonly log?: EvaluateRunOptions['log'];
  /** Is called before the first map of each part of the work, and at intervals after it. */
  readonly progressed?: EvaluateRunOptions['progressed'];
}

/** Options of an evaluation. */
export interface EvaluateOptions extends Omit<EvaluateRunOptions, 'run' | 'log' | 'progressed'> {
  /** Stops between two maps; the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: EvaluateObserver | undefined;
}

/** Options of a comparison. */
export interface CompareOptions extends Omit<CompareRunsOptions, 'folders' | 'isOurs' | 'command'> {
  /** The command line that the page shows. */
  readonly command?: string | undefined;
}

const { path, engine, signal, observer, count } = checksOf;

const synthesizeOptions: Checks<SynthesizeOptions> = {
  labels: path,
  out: path,
  instances: path,
  images: path,
  style: path,
  checkpoint: choice(['last', 'best']),
  engine,
  signal,
  observer,
  command: text,
};

const checkpointOrStep: Check = (name, value) => {
  if (!isWhole(value, 0)) choice(['last', 'best', 'a step'])(name, value);
};
const classes: Check = (name, value) => {
  if (!Array.isArray(value) || !value.every((one) => isWhole(one, 0)))
    throw wrongOption(name, describe(value), 'a list of class ids', 'write it in brackets: [0, 11]');
};
const evaluateOptions: Checks<EvaluateOptions> = {
  checkpoint: checkpointOrStep,
  segmenter: path,
  features: byName,
  perceptual: byName,
  styles: count,
  seed: checksOf.seed,
  void: classes,
  limit: count,
  maps: path,
  images: path,
  instances: path,
  cache: path,
  again: boolean,
  engine,
  signal,
  observer,
};
const compareOptions: Checks<CompareOptions> = {
  out: path,
  baseline: text,
  maxMaps: count,
  compact: boolean,
  command: text,
};

/**
 * Paints every label map of the folder `labels` with a run's weights, into `out/<name>.png`, with a page beside them.
 * Throws a SpadeworkError for unusable maps, for a run without a complete checkpoint, and if `out` cannot be written or
 * holds files that would be overwritten.
 */
export function synthesize(run: string, options: SynthesizeOptions): Promise<SynthResult> {
  return inLongCall('synthesize', () => {
    const folder = runArgument('run', run);
    const { command = ofLibrary, ...read } = readOptions(options, synthesizeOptions);
    for (const name of ['labels', 'out'] as const) path(name, read[name]);
    return synth({
      ...read,
      run: folder,
      command,
      log: (line) => read.observer?.log?.(line),
      painted: (done, total) => {
        read.signal?.throwIfAborted();
        read.observer?.painted?.(done, total);
      },
    });
  });
}

/**
 * Paints the held-out maps of a run and computes metrics of the pictures; the numbers come with their protocol, and are
 * kept in the run. Throws a SpadeworkError if the run or a network of the metrics cannot be used.
 */
export function evaluate(run: string, options: EvaluateOptions = {}): Promise<EvalRecord> {
  return inLongCall('evaluate', () => {
    const folder = runArgument('run', run);
    const read = readOptions(options, evaluateOptions);
    return evaluateRun({
      ...read,
      run: folder,
      log: (line) => read.observer?.log?.(line),
      progressed: (part, done, total) => {
        read.signal?.throwIfAborted();
        read.observer?.progressed?.(part, done, total);
      },
    });
  });
}

/**
 * Compares runs, or all runs of one ablation: writes a page with numbers, paired differences, pictures and curves, with
 * tables beside it, to the folder `out`. Throws a SpadeworkError if the runs cannot be compared.
 */
export function compare(folders: readonly string[], options: CompareOptions): Promise<CompareResult> {
  return inLongCall('compare', () => {
    if (!Array.isArray(folders))
      throw wrongArgument(
        'folders',
        describe(folders),
        "a list of runs' folders",
        'write it in brackets: ["runs/a", "runs/b"]',
      );
    const { command = ofLibrary, ...read } = readOptions(options, compareOptions);
    path('out', read.out);
    const checked = folders.map((folder, index) => runArgument(`folders[${index}]`, folder));
    return compareRuns({ ...read, folders: checked, command });
  });
}
