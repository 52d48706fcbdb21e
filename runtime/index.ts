/** What the package gives to programs: specs checked and compiled, models, and all that the command does with runs. */
export { SpadeworkError } from '../dsl/errors.ts';
export { compile, lower, optimize } from '../compiler/index.ts';
export { cpu, withoutKernels } from '../compiler/lower/targets.ts';
export { check, openRun, openSpec, openText } from './model/open.ts';
export { splitSemantics } from './model/semantics.ts';
export { readTensors } from './model/tensors.ts';
export { resume, train } from './library/train.ts';
export { compare, evaluate, synthesize } from './library/use.ts';
export { ablate } from './library/ablate.ts';
export type { Spec, Target } from '../compiler/index.ts';
export type { Ablatable, AblateObserver, AblateOptions } from './library/ablate.ts';
export type { Trainable } from './library/options.ts';
export type { ResumeOptions, TrainOptions } from './library/train.ts';
export type {
  CompareOptions,
  EvaluateObserver,
  EvaluateOptions,
  SynthesizeObserver,
  SynthesizeOptions,
} from './library/use.ts';
export type { RunObserver, RunResult } from './train/run.ts';
export type * from './model/types.ts';
