/**
 * Answers for the names and choices in options, for callers whose compiler does not: a misspelled `noise` would be drawn, and a
 * misspelled engine be any.
 */
import { unknownChoice, unknownOption } from './messages.ts';
import type {
  CallOptions,
  EngineChoice,
  ForwardOptions,
  GradientOptions,
  Layout,
  LossOptions,
  OpenOptions,
  RunOptions,
  StepOptions,
  TextOptions,
} from './types.ts';

/** Lists the names of options; total, so that a new option cannot be forgotten. */
type Known<Options> = Readonly<Record<keyof Options, true>>;

export const callOptions: Known<CallOptions> = { layout: true, batch: true, seed: true };
export const forwardOptions: Known<ForwardOptions> = { ...callOptions, training: true };
export const gradientOptions: Known<GradientOptions> = { ...callOptions, training: true };
export const lossOptions: Known<LossOptions> = { ...callOptions, gradients: true, noise: true };
export const stepOptions: Known<StepOptions> = {
  ...callOptions,
  step: true,
  stepsPerEpoch: true,
  rates: true,
  noise: true,
  exposeGradients: true,
  exposePictures: true,
};
export const openOptions: Known<OpenOptions> = {
  experiment: true,
  network: true,
  inputs: true,
  settings: true,
  engine: true,
  seed: true,
  weights: true,
  log: true,
};
export const textOptions: Known<TextOptions> = { ...openOptions, name: true, provider: true };
export const runOptions: Known<RunOptions> = { engine: true, seed: true, log: true, checkpoint: true };

const layouts: Readonly<Record<Layout, true>> = { NHWC: true, NCHW: true };
const engines: Readonly<Record<EngineChoice, true>> = { auto: true, native: true, portable: true };
const choices = { layout: Object.keys(layouts), engine: Object.keys(engines) };

/** Throws a ModelError where an option has a name or a choice that is not known. */
export function checkOptions<Options extends object>(options: Options, known: Known<Options>): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(known, name)) throw unknownOption(name, Object.keys(known));
  for (const [name, allowed] of Object.entries(choices)) {
    const chosen = (options as Readonly<Record<string, unknown>>)[name];
    if (chosen !== undefined && !allowed.some((one) => one === chosen))
      throw unknownChoice(name, typeof chosen === 'string' ? chosen : typeof chosen, allowed);
  }
}
