/**
 * Checks the names and values of options at run time, for callers without a type checker: a misspelled `noise` would be
 * drawn at random, and a rate that is not a number would ruin the training.
 */
import { largestSeed } from '../../compiler/format/types.ts';
import {
  anyText,
  boolean,
  byName,
  callback,
  describe,
  isPlainObject,
  isWhole,
  text,
  texts,
  whole,
  type Check,
  type Checks,
} from './checks.ts';
import { declarations, provider, rules, settings } from './declarations.ts';
import { unknownChoice, unknownOption, wrongArgument, wrongBatch, wrongOption } from './messages.ts';
import type {
  CallOptions,
  CheckOptions,
  EngineChoice,
  ForwardOptions,
  GradientOptions,
  Layout,
  LossOptions,
  OfficialOptions,
  OpenOptions,
  RunOptions,
  SemanticsOptions,
  StepOptions,
  TextOptions,
} from './types.ts';

/** The largest step: random states are 32 bits wide. */
export const largestStep = 2 ** 31 - 1;
/** The largest batch; products of sizes stay exact below it. */
const largestBatch = 2 ** 24;

/** Makes a check for one of several texts. */
export function choice(known: readonly string[]): Check {
  return (name, value) => {
    if (!known.some((one) => one === value))
      throw unknownChoice(name, typeof value === 'string' ? value : describe(value), known);
  };
}

const layouts: Readonly<Record<Layout, true>> = { NHWC: true, NCHW: true };
const engines: Readonly<Record<EngineChoice, true>> = { auto: true, native: true, portable: true };

const layout = choice(Object.keys(layouts));
const seed = whole(0, largestSeed);
const batch: Check = (_, value) => {
  if (!isWhole(value, 1, largestBatch)) throw wrongBatch(describe(value), largestBatch);
};

/** Checks learning rates by network; the spec later tells which networks are trained. */
const rates: Check = (name, value) => {
  byName(name, value);
  for (const [network, rate] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    if (rate === undefined) continue;
    // Engines compute in single precision: a rate must be finite there.
    if (typeof rate !== 'number' || !(rate >= 0) || !Number.isFinite(Math.fround(rate)))
      throw wrongOption(
        `${name}.${network}`,
        describe(rate),
        'a finite number from 0',
        'leave the network out of rates to take the rate of the spec',
      );
  }
};

const signal: Check = (name, value) => {
  if (typeof value !== 'object' || value === null || !('aborted' in value))
    throw wrongOption(
      name,
      describe(value),
      'an AbortSignal',
      'take that of a controller: controller.signal',
    );
};

export const callOptions: Checks<CallOptions> = { layout, batch, seed, signal };
export const forwardOptions: Checks<ForwardOptions> = { ...callOptions, training: boolean };
export const gradientOptions: Checks<GradientOptions> = { ...callOptions, training: boolean };
export const lossOptions: Checks<LossOptions> = { ...callOptions, gradients: boolean, noise: byName };
export const stepOptions: Checks<StepOptions> = {
  ...callOptions,
  step: whole(0, largestStep),
  stepsPerEpoch: whole(1, Number.MAX_SAFE_INTEGER),
  rates,
  noise: byName,
  exposeGradients: boolean,
  exposePictures: boolean,
};
export const sizeOptions: Checks<Pick<CallOptions, 'batch'>> = { batch };
export const semanticsOptions: Checks<SemanticsOptions> = { layout, edges: boolean };
export const officialOptions: Checks<OfficialOptions> = {
  network: text,
  within: text,
  prefix: anyText,
  mapping: rules,
};
const specOptions = { experiment: text, network: text, inputs: declarations, settings, set: texts };
export const openOptions: Checks<OpenOptions> = {
  ...specOptions,
  engine: choice(Object.keys(engines)),
  seed,
  weights: boolean,
  log: callback,
};
export const textOptions: Checks<TextOptions> = { ...openOptions, name: text, provider };
export const checkOptions: Checks<CheckOptions> = { ...specOptions, provider };
export const runOptions: Checks<RunOptions> = {
  engine: openOptions.engine,
  seed,
  log: callback,
  checkpoint: whole(0, Number.MAX_SAFE_INTEGER, 'leave it out to take the last one'),
};

/**
 * Copies options, so that nothing changes them after the check. Throws a SpadeworkError for an unknown name or an
 * invalid value; `undefined` means the default.
 */
export function readOptions<Options extends object>(given: Options, checks: Checks<Options>): Options {
  if (!isPlainObject(given))
    throw wrongArgument(
      'options',
      describe(given),
      `an object of some of ${Object.keys(checks).join(', ')}`,
      'leave the options out to take the defaults',
    );
  // The copy has no prototype, so that options which are not given have no value.
  const taken = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, Object.keys(checks));
    if (value === undefined) continue;
    checks[name as keyof Options](name, value);
    taken[name] = value;
  }
  return taken as Options;
}

/** Reads the options of official names, of which one is required. */
export function readOfficialOptions(given: OfficialOptions): OfficialOptions {
  const options = readOptions<OfficialOptions>(given, officialOptions);
  text('network', options.network);
  return options;
}
