/** Answers for what the command may use of runs: training, going on, painting. */
export { RunError } from '../base/errors.ts';
export type { RunObserver, RunResult } from '../train/run.ts';
export { resume, train, type ResumeOptions, type TrainOptions } from '../train/train.ts';
export { overrideSpec, type SpecOverrides } from './settings.ts';
export {
  exportWeights,
  importWeights,
  type ExportOptions,
  type ImportOptions,
  type ImportResult,
} from '../exchange/exchange.ts';
export { synth, type SynthOptions, type SynthResult } from '../synthesize/synthesize.ts';
