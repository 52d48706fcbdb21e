/** Compares two programs: runs them alternately on equal settings, and checks that they do the same work. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from '../dsl/errors.ts';
import type { Measurement, StepMeasurement, SynthesisMeasurement } from './measure.ts';
import { alreadyDense, differentWork, noPeer, notReduced, programFailed } from './messages.ts';
import { sharedArguments, type CompareSettings } from './options.ts';
import { medianOf } from './timing.ts';

/** The measured task. */
export type Task = 'training' | 'synthesis';

/** The values that all programs print. */
export type Figures = Pick<
  Measurement,
  | ('ms' | 'min_ms' | 'max_ms' | 'first_step_ms' | 'peak_rss_mb')
  | ('library' | 'threads' | 'machine' | 'label_channels' | 'parameters')
> &
  Pick<SynthesisMeasurement, 'restyle_ms'> &
  Partial<Pick<StepMeasurement, 'estimated_rss_mb'>> & {
    /** Milliseconds by phase. */
    readonly compile_ms: Readonly<Record<string, number>>;
  };

export interface Round {
  readonly ours: Figures;
  readonly theirs: Figures;
}

/** The results of all rounds. */
export interface Comparison {
  readonly rounds: readonly Round[];
  /** The opponent in a word or two, with the chosen variant. */
  readonly opponent: string;
}

interface Program {
  /** Its name in messages. */
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
}

const fileHere = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Compares in rounds; `report` gets a line for each. Throws a SpadeworkError if a program fails or does other work. */
export function compare(task: Task, settings: CompareSettings, report: (line: string) => void): Comparison {
  const us = ourProgram(task, settings);
  let opponents = opponentsOf(task, settings);
  const rounds: Round[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    const ours = run(us, round);
    const found = opponents.map((program) => ({ program, theirs: run(program, round) }));
    const fastest = found.reduce((best, one) => (one.theirs.ms < best.theirs.ms ? one : best));
    if (found.length > 1) for (const { program, theirs } of found) report(`${program.name}: ${theirs.ms} ms`);
    // The first round selects the fastest variant for the others.
    opponents = [fastest.program];
    const { theirs } = fastest;
    refuseOtherWork({ ours, theirs });
    report(`round ${round} of ${settings.rounds}: ${ours.ms} ms here, ${theirs.ms} ms there`);
    rounds.push({ ours, theirs });
  }
  return { rounds, opponent: must(opponents[0], 'there is a program to be compared with').name };
}

/** Gives the median over rounds. */
export function medianOver({ rounds }: Comparison, of: (round: Round) => number): number {
  return medianOf(rounds.map(of));
}

function ourProgram(task: Task, settings: CompareSettings): Program {
  const file = task === 'training' ? 'step.ts' : 'paint.ts';
  const own = ['--engine', settings.engine, ...(settings.dense ? ['--dense'] : [])];
  const words = ['--import', 'tsx', fileHere(file), ...sharedArguments(settings), ...own];
  return { name: `bench/${file}`, command: process.execPath, words };
}

/** Lists the opponent's programs or variants, of which the fastest counts. */
function opponentsOf(task: Task, settings: CompareSettings): Program[] {
  if (settings.against === 'float32') {
    if (settings.precision === 'float32') throw notReduced();
    return [{ ...ourProgram(task, { ...settings, precision: 'float32' }), name: 'here in float32' }];
  }
  if (settings.against === 'dense') {
    if (settings.dense) throw alreadyDense();
    return [{ ...ourProgram(task, { ...settings, dense: true }), name: 'here pixel by pixel' }];
  }
  const candidates = pythonCandidates(settings.python);
  const python = findPython(candidates);
  if (python === undefined) throw noPeer(candidates);
  const { channelsLast, compile, lean, fastest } = settings;
  const chosen = [
    ...(channelsLast || fastest ? ['--channels-last'] : []),
    ...(compile && !fastest ? ['--compile'] : []),
    ...(lean ? ['--lean'] : []),
  ];
  const file = task === 'training' ? 'peer/torch_step.py' : 'peer/torch_synthesis.py';
  const variants = fastest ? [chosen, [...chosen, '--compile']] : [chosen];
  return variants.map((flags) => ({
    name: ['PyTorch', ...flags].join(' '),
    command: python,
    words: [fileHere(file), ...sharedArguments(settings), ...flags],
  }));
}

/** Gives the first Python with the modules that the peer needs; undefined if there is none. */
function findPython(candidates: readonly string[]): string | undefined {
  return candidates.find(
    (python) => spawnSync(python, ['-c', 'import torch, numpy, PIL'], { stdio: 'ignore' }).status === 0,
  );
}

/** Lists the Pythons to try: the given one, or that of an active environment and the system's. */
function pythonCandidates(named: string | undefined): string[] {
  if (named !== undefined) return [named];
  const active = process.env['VIRTUAL_ENV'];
  const inActive = active === undefined ? undefined : join(active, 'bin', 'python');
  return [...(inActive !== undefined && existsSync(inActive) ? [inActive] : []), 'python3', 'python'];
}

/** Runs a program to its end and parses its line of JSON. */
function run({ name, command, words }: Program, round: number): Figures {
  const { status, stdout } = spawnSync(command, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw programFailed(name, round);
  return JSON.parse(
    must(stdout.trim().split('\n').at(-1), 'a program of a comparison ends with a line of JSON'),
  ) as Figures;
}

function refuseOtherWork({ ours, theirs }: Round): void {
  for (const [what, of] of [
    ['the channels of label maps', ({ label_channels }: Figures) => String(label_channels)],
    ['the parameters', ({ parameters }: Figures) => JSON.stringify(parameters)],
  ] as const)
    if (of(ours) !== of(theirs)) throw differentWork(what, of(ours), of(theirs));
}
