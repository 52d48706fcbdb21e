/** Defines the command line options that all benchmarks share, and reads them. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Size } from '../runtime/data/maps.ts';

const models = ['spade', 'pix2pixhd', 'unet'] as const;
export type Model = (typeof models)[number];

const precisions = ['float32', 'bfloat16'] as const;
export type Precision = (typeof precisions)[number];

/** The value of `labels` that selects label maps of noise. */
export const noiseLabels = 'noise';

/** The settings of a measurement. */
export interface BenchSettings {
  readonly model: Model;
  readonly size: Size;
  /** Width of both networks. */
  readonly width: number;
  readonly batch: number;
  /** Folder of label maps, or `noise`. */
  readonly labels: string;
  /** Folder of instance maps, in the order of the label maps; their edges are one more channel. */
  readonly instances?: string;
  /** Folder of their photographs; noise by default. */
  readonly images?: string;
  /** The number of classes; by default the highest id of all maps plus one. */
  readonly classes?: number;
  /** The id of unlabelled pixels; they become the last class. */
  readonly void?: number;
  readonly steps: number;
  /** Steps before the timed ones. */
  readonly warmup: number;
  readonly precision: Precision;
  /** Disables tables, which compute repeated patches once. */
  readonly dense?: true;
  readonly engine: 'native' | 'portable';
  readonly threads: number;
  readonly seed: number;
  /** The interval in steps between lines about time and memory; 0 disables them. */
  readonly reportEvery: number;
}

/** The opponent: PyTorch, or Spadework in float32, or Spadework without tables. */
const opponents = ['torch', 'float32', 'dense'] as const;
export type Opponent = (typeof opponents)[number];

/** The settings of a comparison. */
export interface CompareSettings extends BenchSettings {
  readonly against: Opponent;
  readonly rounds: number;
  readonly python?: string;
  /** Variants of PyTorch. */
  readonly channelsLast?: true;
  readonly compile?: true;
  readonly lean?: true;
  /** Compares with the faster of eager and compiled PyTorch, both in channels-last layout. */
  readonly fastest?: true;
}

/** The default settings. */
export const defaultSettings = {
  model: 'spade',
  size: { width: 256, height: 256 },
  width: 32,
  batch: 2,
  steps: 20,
  warmup: 3,
  precision: 'float32',
  engine: 'native',
  threads: availableParallelism(),
  seed: 1,
  reportEvery: 0,
} as const satisfies Omit<BenchSettings, 'labels'>;

/** Makes a command with the options of all benchmarks; `changes` overrides some defaults. */
export function benchCommand(
  name: string,
  description: string,
  changes: Partial<Pick<BenchSettings, 'steps' | 'reportEvery'>> = {},
): Command {
  const defaults = { ...defaultSettings, ...changes };
  return new Command(`tsx bench/${name}.ts`)
    .description(description)
    .addOption(new Option('--model <model>', 'the networks').choices(models).default(defaults.model))
    .addOption(
      new Option('--size <size>', 'N, or WIDTHxHEIGHT, in pixels')
        .argParser(sizeOf)
        .default(defaults.size, '256'),
    )
    .option('--width <n>', 'width of both networks', atLeast(1), defaults.width)
    .option('--batch <n>', 'pictures a step', atLeast(1), defaults.batch)
    .requiredOption('--labels <folder>', `label maps: PNG, one class id a pixel; or ${noiseLabels}`)
    .option('--instances <folder>', 'instance maps, in the order of the label maps, for their edges')
    .option('--images <folder>', 'photographs of the label maps (without it: noise)')
    .option(
      '--classes <n>',
      'number of classes (without it: the highest id of all maps, and one)',
      atLeast(1),
    )
    .option('--void <id>', 'the id of pixels without a class; they become the last class', atLeast(0))
    .option('--steps <n>', 'steps that are timed', atLeast(1), defaults.steps)
    .option('--warmup <n>', 'steps before them', atLeast(0), defaults.warmup)
    .addOption(
      new Option('--precision <precision>', 'of convolutions and matrix products')
        .choices(precisions)
        .default(defaults.precision),
    )
    .option('--dense', 'compute pixel by pixel also where label maps repeat themselves')
    .addOption(
      new Option('--engine <engine>', 'what runs it')
        .choices(['native', 'portable'])
        .default(defaults.engine),
    )
    .option('--threads <n>', 'threads of the native engine', atLeast(1), defaults.threads)
    .option('--seed <n>', 'seed of the initial values', atLeast(0), defaults.seed)
    .option(
      '--report-every <n>',
      'steps between two lines about time and memory; 0: none',
      atLeast(0),
      defaults.reportEvery,
    )
    .exitOverride()
    .showHelpAfterError('(--help shows all options)');
}

/** Makes a command that compares two programs. */
export function compareCommand(name: string, description: string): Command {
  return withPeerOptions(benchCommand(name, description, { steps: 10 })).addOption(
    new Option('--against <opponent>', 'PyTorch, or the same here in float32 or pixel by pixel')
      .choices(opponents)
      .default('torch'),
  );
}

/** Adds the options for PyTorch. */
export function withPeerOptions(command: Command): Command {
  return command
    .option('--rounds <n>', 'how often both run', atLeast(1), 3)
    .option('--python <path>', 'a Python with torch, numpy and pillow')
    .option('--channels-last', 'let PyTorch keep tensors in channels-last layout')
    .option('--compile', 'let PyTorch compile its networks')
    .option('--lean', "leave out the official code's work without effect")
    .option('--fastest', 'take the faster of eager and compiled PyTorch, both in channels-last layout');
}

/** Reads a command line. Throws a CommanderError, which is already shown, if it is invalid. */
export function readSettings<Settings extends object = BenchSettings>(command: Command): Settings {
  return command.parse().opts<Settings>();
}

/** Gives our arguments that PyTorch's programs accept, too. */
export function sharedArguments(settings: BenchSettings): string[] {
  const { size, model, width, batch, labels, instances, images, classes, steps, warmup, threads, seed } =
    settings;
  const { precision, void: without } = settings;
  const given = {
    ...{ model, width, batch, labels, instances, images, classes, void: without, steps, warmup, precision },
    ...{ threads, seed },
  };
  return [
    ...['--size', `${size.width}x${size.height}`],
    ...Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
  ];
}

/** Makes a parser of integers that are at least `least`. */
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

/** Parses a size. Throws an InvalidArgumentError if the networks cannot halve it. */
export function sizeOf(text: string): Size {
  const found = /^(\d+)(?:x(\d+))?$/.exec(text);
  const width = Number(found?.[1]);
  const height = Number(found?.[2] ?? width);
  if (!found || width < sizeStep || width % sizeStep !== 0 || height < sizeStep || height % sizeStep !== 0)
    throw new InvalidArgumentError(
      `Expected N or WIDTHxHEIGHT, multiples of ${sizeStep}, for example 256 or 512x256.`,
    );
  return { width, height };
}
