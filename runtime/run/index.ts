/** Answers for what the command may use of runs: training, going on, painting. */
export { RunError } from './messages.ts';
export type { RunObserver, RunResult } from './run.ts';
export { resume, train, type ResumeOptions, type TrainOptions } from './train.ts';
export { overrideSpec, type SpecOverrides } from './settings.ts';
export {
  exportWeights,
  importWeights,
  type ExportOptions,
  type ImportOptions,
  type ImportResult,
} from './exchange.ts';
export { synth, type SynthOptions, type SynthResult } from './synth.ts';
