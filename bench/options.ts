/** Answers for the command lines of the benchmarks: one list of options for all of them, read and checked. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Size } from '../runtime/data/decode.ts';

/** What a step is measured with. */
export interface StepSettings {
  readonly size: Size;
  /** Width of both networks. */
  readonly width: number;
  readonly batch: number;
  /** Folder of label maps. */
  readonly labels: string;
  /** Folder of their photographs; noise stands in without it. */
  readonly images?: string;
  /** Number of classes; without it the highest id of all maps, and one. */
  readonly classes?: number;
  readonly steps: number;
  /** Steps before the timed ones. */
  readonly warmup: number;
  readonly engine: 'native' | 'portable';
  readonly threads: number;
  readonly seed: number;
  /** How often a line about time and memory is written, in steps; 0 is never. */
  readonly reportEvery: number;
}

/** Makes a command with the options of all benchmarks; `defaults` replaces some of their values. */
export function benchCommand(
  name: string,
  description: string,
  defaults: { readonly steps?: number; readonly reportEvery?: number } = {},
): Command {
  return new Command(`tsx bench/${name}.ts`)
    .description(description)
    .addOption(
      new Option('--size <size>', 'N, or WIDTHxHEIGHT, in pixels')
        .argParser(sizeOf)
        .default(sizeOf('256'), '256'),
    )
    .option('--width <n>', 'width of both networks', atLeast(1), 32)
    .option('--batch <n>', 'pictures a step', atLeast(1), 2)
    .requiredOption('--labels <folder>', 'label maps: PNG, one class id a pixel')
    .option('--images <folder>', 'photographs of the label maps (without it: noise)')
    .option(
      '--classes <n>',
      'number of classes (without it: the highest id of all maps, and one)',
      atLeast(1),
    )
    .option('--steps <n>', 'steps that are timed', atLeast(1), defaults.steps ?? 20)
    .option('--warmup <n>', 'steps before them', atLeast(0), 3)
    .addOption(
      new Option('--engine <engine>', 'what runs it').choices(['native', 'portable']).default('native'),
    )
    .option('--threads <n>', 'threads of the native engine', atLeast(1), availableParallelism())
    .option('--seed <n>', 'seed of the initial values', atLeast(0), 1)
    .option(
      '--report-every <n>',
      'steps between two lines about time and memory; 0: none',
      atLeast(0),
      defaults.reportEvery ?? 0,
    )
    .exitOverride()
    .showHelpAfterError('(--help shows all options)');
}

/** Reads a command line. Throws a CommanderError, which has been shown, where it cannot be used. */
export function readSettings<Extra extends object>(command: Command): StepSettings & Extra {
  return command.parse().opts<StepSettings & Extra>();
}

/** Makes a reader of integers from `least` on. */
export function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least)
      throw new InvalidArgumentError(`Expected an integer of at least ${least}.`);
    return value;
  };
}

/** The generator halves its size five times. */
const sizeStep = 32;

function sizeOf(text: string): Size {
  const found = /^(\d+)(?:x(\d+))?$/.exec(text);
  const width = Number(found?.[1]);
  const height = Number(found?.[2] ?? width);
  if (!found || width < sizeStep || width % sizeStep !== 0 || height < sizeStep || height % sizeStep !== 0)
    throw new InvalidArgumentError(
      `Expected N or WIDTHxHEIGHT, multiples of ${sizeStep}, for example 256 or 512x256.`,
    );
  return { width, height };
}
