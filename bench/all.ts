/**
 * Runs all benchmarks of speed and memory with a target, and prints one Markdown table of targets and measured values.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { must } from '../dsl/errors.ts';
import { atLeast, defaultSettings, withPeerOptions, type CompareSettings } from './options.ts';
import { compare, medianOver, type Comparison, type Task } from './rounds.ts';
import { compileSeconds, markdownTable, ratio, restyleRatio } from './table.ts';

/** The settings of a case; the command line and defaults give the others. */
type CaseSettings = Partial<CompareSettings> & Pick<CompareSettings, 'labels'>;

/** A comparison with its target: the least speedup over the opponent. */
interface Case {
  readonly name: string;
  readonly task: Task;
  readonly settings: CaseSettings;
  /** Undefined if the value is only measured. */
  readonly target?: number;
  /** The target for another vector z with the same map. */
  readonly restyleTarget?: number;
}

type GivenSettings =
  'rounds' | 'python' | 'channelsLast' | 'compile' | 'lean' | 'fastest' | 'steps' | 'warmup';

interface AllSettings extends Pick<CompareSettings, GivenSettings> {
  readonly data: string;
  readonly only?: string;
  readonly quick?: true;
}

/** At most a tenth slower. */
const asFast = 1 / 1.1;

/** The most seconds for compiling a step of width 64, and for its first step. */
const longestStart = { compile: 5, firstStep: 15 };

const square = { width: 256, height: 256 };
const wide = { width: 512, height: 256 };

/** Lists the cases; `data` is the folder of the data sets. */
function casesOf(data: string): Case[] {
  const camvid = { labels: join(data, 'camvid', 'trainannot'), classes: 12, size: square };
  const cityscapes = {
    labels: join(data, 'cityscapes-samples', 'train_label'),
    instances: join(data, 'cityscapes-samples', 'train_inst'),
    classes: 35,
    size: wide,
  };
  const coco = {
    labels: join(data, 'coco-stuff-samples', 'train_label'),
    instances: join(data, 'coco-stuff-samples', 'train_inst'),
    classes: 183,
    void: 255,
    size: square,
  };
  const training = (name: string, settings: CaseSettings, target?: number): Case => ({
    name: `training: ${name}`,
    task: 'training',
    settings: { width: 32, batch: 1, ...settings },
    ...(target !== undefined && { target }),
  });
  const synthesis = (width: number, target: number, restyleTarget: number): Case => ({
    name: `synthesis: SPADE ${width}, CamVid 256x256`,
    task: 'synthesis',
    settings: { ...camvid, width, batch: 1 },
    target,
    restyleTarget,
  });
  const bfloat16 = { ...camvid, precision: 'bfloat16' } as const;
  return [
    training('SPADE 32, CamVid 256x256, batch 1', camvid, 4),
    training('SPADE 32, CamVid 256x256, batch 2', { ...camvid, batch: 2 }, 4),
    training('SPADE 32, Cityscapes 512x256', cityscapes, 4.5),
    training('SPADE 32, COCO-Stuff 256x256', coco, 5.5),
    training('SPADE 64, CamVid 256x256', { ...camvid, width: 64 }, 2.5),
    synthesis(64, 2.5, 3.5),
    synthesis(32, 4, 6),
    training('bfloat16, SPADE 32, CamVid 256x256', bfloat16),
    training('bfloat16 against our float32', { ...bfloat16, against: 'float32' }),
    training('pix2pixHD 32, CamVid 256x256', { ...camvid, model: 'pix2pixhd' }, asFast),
    training('U-Net 64, CamVid 256x256', { ...camvid, model: 'unet', width: 64 }, asFast),
    training(
      'noise against our own pixel by pixel, SPADE 32, 256x256',
      { labels: 'noise', classes: 35, size: square, against: 'dense' },
      asFast,
    ),
  ];
}

const small = { size: { width: 64, height: 64 }, width: 8, steps: 1, warmup: 0, rounds: 1 };

/** Formats a value, and marks it if it misses its target. */
function against(figure: number, digits: number, isMissed: boolean): string {
  return figure.toFixed(digits) + (isMissed ? ' (missed)' : '');
}

/** The allowed relative error of the estimated peak memory. */
const estimateWithin = 0.15;

/** Gives the relative error of the estimated peak of a training step. */
function estimateOf(comparison: Comparison): string {
  if (comparison.rounds.some(({ ours }) => ours.estimated_rss_mb === undefined)) return '';
  const apart =
    medianOver(
      comparison,
      ({ ours }) => must(ours.estimated_rss_mb, 'the work of every case was estimated') / ours.peak_rss_mb,
    ) - 1;
  return `${apart < 0 ? '' : '+'}${against(100 * apart, 0, Math.abs(apart) > estimateWithin)} %`;
}

/** Makes a row for a comparison, and another one for a changed vector z. */
function rowsOf({ name, task, settings, target, restyleTarget }: Case, comparison: Comparison): string[][] {
  const { ours, theirs } = must(comparison.rounds[0], 'at least one round was run');
  const [ourPeak, theirPeak] = [
    medianOver(comparison, (round) => round.ours.peak_rss_mb),
    medianOver(comparison, (round) => round.theirs.peak_rss_mb),
  ];
  const isTraining = task === 'training' && target !== undefined;
  const isWide = isTraining && settings.width === 64;
  const firstStep = ours.first_step_ms / 1e3;
  const rowOf = (what: string, found: number, wanted: number | undefined, milliseconds: number): string[] => [
    what,
    wanted === undefined ? '' : wanted.toFixed(2),
    against(found, 2, wanted !== undefined && found < wanted),
    milliseconds.toFixed(0),
    medianOver(comparison, (round) => round.theirs.ms).toFixed(0),
    against(ourPeak, 0, settings.against === undefined && ourPeak > theirPeak),
    estimateOf(comparison),
    theirPeak.toFixed(0),
    against(compileSeconds(ours), 1, isWide && compileSeconds(ours) > longestStart.compile),
    against(firstStep, 1, isWide && firstStep > longestStart.firstStep),
    `${comparison.opponent}${task === 'training' ? '' : ', eval'}, ${theirs.threads} threads`,
  ];
  const rows = [
    rowOf(
      name,
      medianOver(comparison, ratio),
      target,
      medianOver(comparison, (round) => round.ours.ms),
    ),
  ];
  if (ours.restyle_ms !== undefined)
    rows.push(
      rowOf(
        `${name}, same map, another z`,
        medianOver(comparison, restyleRatio),
        restyleTarget,
        medianOver(comparison, (round) => must(round.ours.restyle_ms, 'every case was measured')),
      ),
    );
  return rows;
}

const heads = [
  'what',
  'target',
  'theirs / ours',
  'ours (ms)',
  'theirs (ms)',
  'ours (MB)',
  'estimate',
  'theirs (MB)',
  'our compile time (s)',
  'our first step (s)',
  'against',
];

try {
  const command = withPeerOptions(
    new Command('tsx bench/all.ts')
      .description('Runs every comparison that has a target, and prints one table.')
      .option('--data <folder>', 'the data sets: camvid, cityscapes-samples, coco-stuff-samples', 'data')
      .option('--only <text>', 'only cases whose name holds this')
      .option('--steps <n>', 'steps that are timed', atLeast(1), 5)
      .option('--warmup <n>', 'steps before them', atLeast(0), 2)
      .option('--quick', 'everything tiny, one step: shows that it works, measures nothing')
      .exitOverride(),
  );
  const { data, only = '', quick, ...given } = command.parse().opts<AllSettings>();
  const rows: string[][] = [];
  for (const one of casesOf(data).filter(({ name }) => name.includes(only))) {
    note(one.name);
    const settings: CompareSettings = {
      ...defaultSettings,
      against: 'torch',
      ...given,
      ...one.settings,
      ...(quick && small),
    };
    const { target: _target, restyleTarget: _restyleTarget, ...untested } = one;
    rows.push(...rowsOf(quick ? untested : one, compare(one.task, settings, note)));
  }
  markdownTable(heads, rows, { leftFirst: true }).forEach(print);
} catch (error) {
  process.exitCode = reportError(error);
}
