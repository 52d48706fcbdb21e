/** Answers for comparing with PyTorch: runs both programs in turn on the same settings, and prints both and their ratio. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, reportError } from '../cli/errors.ts';
import { note, print } from '../cli/terminal.ts';
import { must } from '../compiler/ir/types.ts';
import { medianOf, type Measurement } from './measure.ts';
import { differentWork, noPeer, programFailed } from './messages.ts';
import { atLeast, benchCommand, readSettings, type StepSettings } from './options.ts';

interface CompareSettings extends StepSettings {
  readonly rounds: number;
  readonly python?: string;
  /** Variants of the peer. */
  readonly channelsLast?: true;
  readonly compile?: true;
  readonly lean?: true;
}

/** What both programs print. */
type Shared = Pick<
  Measurement,
  'ms' | 'min_ms' | 'max_ms' | 'peak_rss_mb' | 'library' | 'threads' | 'machine' | 'classes' | 'parameters'
>;

interface Round {
  readonly ours: Shared;
  readonly theirs: Shared;
}

const fileHere = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Gives the first Python that has what the peer needs, or undefined. */
function findPython(candidates: readonly string[]): string | undefined {
  return candidates.find(
    (python) => spawnSync(python, ['-c', 'import torch, numpy, PIL'], { stdio: 'ignore' }).status === 0,
  );
}

/** Lists the Pythons to try: the one named, else that of an active environment and the system's. */
function pythonCandidates(named: string | undefined): string[] {
  if (named !== undefined) return [named];
  const active = process.env['VIRTUAL_ENV'];
  const inActive = active === undefined ? undefined : join(active, 'bin', 'python');
  return [...(inActive !== undefined && existsSync(inActive) ? [inActive] : []), 'python3', 'python'];
}

/** Gives the arguments that both programs take. */
function sharedArguments(settings: StepSettings): string[] {
  const { size, width, batch, labels, images, classes, steps, warmup, threads, seed } = settings;
  const given = { width, batch, labels, images, classes, steps, warmup, threads, seed };
  return [
    ...['--size', `${size.width}x${size.height}`],
    ...Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
  ];
}

/** Runs a program to its end and reads its line of JSON; undefined where it fails. */
function run(program: string, programArguments: readonly string[]): Shared | undefined {
  const { status, stdout } = spawnSync(program, programArguments, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0
    ? (JSON.parse(must(stdout.trim().split('\n').at(-1), 'the line of JSON')) as Shared)
    : undefined;
}

/** Says what differs in the work that the programs did, if anything does. */
function differenceOf({ ours, theirs }: Round): string | undefined {
  for (const [what, of] of [
    ['the classes', ({ classes }: Shared) => String(classes)],
    ['the parameters', ({ parameters: { G, D } }: Shared) => `G ${G}, D ${D}`],
  ] as const)
    if (of(ours) !== of(theirs)) return differentWork(what, of(ours), of(theirs));
  return undefined;
}

/** Writes the rounds as a table, medians last. A ratio above 1 says that PyTorch takes longer. */
function tableOf(rounds: readonly Round[]): string {
  const ratio = ({ ours, theirs }: Round): number => theirs.ms / ours.ms;
  const median = (of: (round: Round) => number): number => medianOf(rounds.map(of));
  const rows = rounds.map((round, index) => [
    String(index + 1),
    round.ours.ms.toFixed(0),
    round.theirs.ms.toFixed(0),
    ratio(round).toFixed(2),
    round.ours.peak_rss_mb.toFixed(0),
    round.theirs.peak_rss_mb.toFixed(0),
  ]);
  const last = [
    'median',
    median(({ ours }) => ours.ms).toFixed(0),
    median(({ theirs }) => theirs.ms).toFixed(0),
    median(ratio).toFixed(2),
    median(({ ours }) => ours.peak_rss_mb).toFixed(0),
    median(({ theirs }) => theirs.peak_rss_mb).toFixed(0),
  ];
  const heads = ['round', 'ours (ms)', 'PyTorch (ms)', 'PyTorch / ours', 'ours (MB)', 'PyTorch (MB)'];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(must(heads[column], 'as many heads as cells').length)).join(' | ')} |`;
  return [
    line(heads),
    `|${heads.map((head) => '-'.repeat(head.length + 1) + ':').join('|')}|`,
    ...rows.map(line),
    line(last),
  ].join('\n');
}

function compareWithPeer(settings: CompareSettings): number {
  const candidates = pythonCandidates(settings.python);
  const python = findPython(candidates);
  if (python === undefined) {
    note(`error: ${noPeer(candidates)}`);
    return exitCodes.machine;
  }
  const shared = sharedArguments(settings);
  const { channelsLast, compile, lean } = settings;
  const variants = [channelsLast && '--channels-last', compile && '--compile', lean && '--lean'].filter(
    (flag) => flag !== undefined,
  );
  const rounds: Round[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    const ours = run(process.execPath, [
      '--import',
      'tsx',
      fileHere('step.ts'),
      ...shared,
      '--engine',
      settings.engine,
    ]);
    const theirs = ours && run(python, [fileHere('peer/torch_step.py'), ...shared, ...variants]);
    if (!ours || !theirs) {
      note(`error: ${programFailed(ours ? 'the peer' : 'bench/step.ts', round)}`);
      return exitCodes.machine;
    }
    const difference = differenceOf({ ours, theirs });
    if (difference !== undefined) {
      note(`error: ${difference}`);
      return exitCodes.machine;
    }
    note(`round ${round} of ${settings.rounds}: ${ours.ms} ms here, ${theirs.ms} ms in PyTorch`);
    rounds.push({ ours, theirs });
  }
  const { ours, theirs } = must(rounds[0], 'at least one round');
  print(`${ours.library} against ${theirs.library}${variants.map((flag) => ` ${flag}`).join('')}`);
  print(`${ours.machine}, threads: ${ours.threads}; ${shared.join(' ')}`);
  print(`medians of ${settings.steps} steps; peak of the resident size\n`);
  print(tableOf(rounds));
  return exitCodes.fine;
}

try {
  const command = benchCommand('compare', 'Times the training step here and in PyTorch, in turn.', {
    steps: 10,
  })
    .option('--rounds <n>', 'how often both run', atLeast(1), 3)
    .option('--python <path>', 'a Python with torch, numpy and pillow')
    .option('--channels-last', 'let PyTorch keep tensors in channels-last layout')
    .option('--compile', 'let PyTorch compile its networks')
    .option('--lean', "leave out the official trainer's work without effect");
  process.exitCode = compareWithPeer(readSettings<CompareSettings>(command));
} catch (error) {
  process.exitCode = reportError(error);
}
