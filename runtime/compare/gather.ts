/** Reads the runs to compare, from an ablation's folder or from several run folders, and groups them into cells. */
import { existsSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { readEvaluation, type EvalRecord } from '../evaluate/record.ts';
import { readAblation, type AblationRecord } from '../run/ablation.ts';
import { readMetrics } from '../run/records.ts';
import { listFolder } from '../base/records.ts';
import { layoutOf, readRunFolder } from '../run/folder.ts';
import { damagedRunFile } from '../run/messages.ts';
import {
  ablationAmongRuns,
  alone,
  evaluatedEarlier,
  namedTwice,
  noSuchBaseline,
  notCounted,
  notEvaluated,
  notFinished,
  nothingToCompare,
  notStarted,
  unevenSteps,
} from './messages.ts';
import { quoted } from '../base/shell.ts';
import { sharedProtocol } from './protocols.ts';
import { oneForEachSeed } from './seeds.ts';
import { withoutSeed } from './specs.ts';
import { runAxis, type Cell, type ComparedRun, type Comparison, type Note } from './types.ts';

export interface GatherOptions {
  /** One folder of an ablation, or the folders of two or more runs. */
  readonly folders: readonly string[];
  /** Label of the baseline cell; by default the first cell. */
  readonly baseline?: string | undefined;
}

/** A run with all its evaluations, before a common protocol is chosen. */
interface ReadRun extends Omit<ComparedRun, 'evaluation'> {
  readonly records: readonly EvalRecord[];
}

/** Reads the runs to compare. Throws a SpadeworkError if there is nothing to compare, or if protocols differ. */
export function gather({ folders, baseline }: GatherOptions): Comparison {
  const [only] = folders;
  const ablation = folders.length === 1 && only !== undefined ? readAblation(only) : undefined;
  const found = ablation ? cellsOfAblation(ablation, resolve(only!)) : cellsOfRuns(folders);
  const distinct = found.cells.map((cell) => ({ cell, ...oneForEachSeed(cell.runs) }));
  const evaluated = distinct.flatMap(({ runs }) => runs).filter(({ records }) => records.length > 0);
  const protocol = sharedProtocol(evaluated);
  const cells = distinct.map(({ cell, runs }): Cell => ({
    ...cell,
    runs: runs.map(({ records, ...run }) => ({
      ...run,
      evaluation: records.find(({ protocolId }) => protocolId === protocol),
    })),
  }));
  return {
    title: ablation?.name ?? 'Comparison',
    doc: ablation?.doc,
    axes: found.axes,
    cells,
    baseline: baselineOf(cells, baseline),
    notes: [
      ...found.notes,
      ...distinct.flatMap(({ notes }) => notes),
      ...notesOn(cells.flatMap((cell) => cell.runs)),
    ],
  };
}

function baselineOf(cells: readonly Cell[], label: string | undefined): Cell {
  const found = label === undefined ? cells[0] : cells.find((cell) => cell.label === label);
  if (!found)
    throw noSuchBaseline(
      String(label),
      cells.map((cell) => cell.label),
    );
  return found;
}

interface Found {
  readonly axes: readonly string[];
  readonly cells: readonly (Omit<Cell, 'runs'> & { readonly runs: readonly ReadRun[] })[];
  readonly notes: readonly Note[];
}

function cellsOfAblation(ablation: AblationRecord, folder: string): Found {
  const named = ablation.axes.map(({ name }) => name);
  // Without a varied axis, the only cell is that of the experiment.
  const axes = named.length > 0 ? named : ['experiment'];
  const cells = new Map<string, { point: Cell['point']; runs: ReadRun[] }>();
  const missing: string[] = [];
  for (const { name, point } of ablation.runs) {
    const run = readPlanned(join(folder, name), name);
    if (!run) {
      missing.push(name);
      continue;
    }
    const place: Cell['point'] = named.length > 0 ? point : { experiment: ablation.of };
    const label = axes.map((axis) => place[axis]).join(', ');
    const cell = cells.get(label) ?? { point: place, runs: [] };
    cells.set(label, cell);
    cell.runs.push(run);
  }
  if (cells.size === 0) throw nothingToCompare(folder);
  return {
    axes,
    cells: [...cells].map(([label, cell]) => ({ label, ...cell })),
    notes:
      missing.length > 0
        ? [{ text: notStarted(missing), command: `spadework ablate ${quoted(folder)}` }]
        : [],
  };
}

/** Reads a run of an ablation; undefined if it has not started. */
function readPlanned(folder: string, name: string): ReadRun | undefined {
  const { spec, run } = layoutOf(folder);
  return existsSync(spec) && existsSync(run) ? readRun(folder, name) : undefined;
}

function cellsOfRuns(folders: readonly string[]): Found {
  const [first] = folders;
  if (folders.length === 1 && first !== undefined) {
    readRunFolder(first);
    throw alone(first);
  }
  const places = new Set<string>();
  const runs: ReadRun[] = [];
  for (const folder of folders) {
    if (readAblation(folder)) throw ablationAmongRuns(folder);
    if (places.has(resolve(folder))) throw namedTwice(folder);
    places.add(resolve(folder));
    runs.push(readRun(folder, basename(resolve(folder))));
  }
  const cells = new Map<string, ReadRun[]>();
  for (const run of runs) {
    const key = JSON.stringify(withoutSeed(run.spec));
    cells.set(key, [...(cells.get(key) ?? []), run]);
  }
  const labels = labelsOf([...cells.values()]);
  return {
    axes: [runAxis],
    cells: [...cells.values()].map((ofCell, index) => {
      const label = labels[index]!;
      return { label, point: { [runAxis]: label }, runs: ofCell };
    }),
    notes: [],
  };
}

/** Labels cells by the common prefix of their runs' names, or by folder if that is not unique. */
function labelsOf(cells: readonly (readonly ReadRun[])[]): string[] {
  const short = cells.map((runs) => commonStart(runs.map(({ name }) => name)));
  const tellsApart = new Set(short).size === short.length && short.every((label) => label !== '');
  return tellsApart ? short : fromCommonFolder(cells.map(([run]) => run!.folder));
}

/** Gives the paths of folders relative to their deepest common folder. */
function fromCommonFolder(folders: readonly string[]): string[] {
  const paths = folders.map((folder) => resolve(folder).split(sep));
  let depth = 0;
  while (paths.every((path) => path.length > depth + 1 && path[depth] === paths[0]![depth])) depth++;
  return paths.map((path) => path.slice(depth).join(sep));
}

/** Gives the common prefix of names without the seed: `spade` for spade_s1 and spade_s2. */
function commonStart(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length === 0) return first;
  let length = first.length;
  for (const name of others) while (!name.startsWith(first.slice(0, length))) length--;
  return first
    .slice(0, length)
    .replace(/(?<![-_.])[-_.]*$/, '')
    .replace(/(?:^|(?<![-_.])[-_.]+)(?:s|seed)$/, '');
}

function readRun(folder: string, name: string): ReadRun {
  const { spec, record } = readRunFolder(folder);
  return { folder, name, spec, record, curves: readMetrics(folder), records: readEvaluations(folder) };
}

/** Reads all evaluations of a run. */
function readEvaluations(folder: string): EvalRecord[] {
  const place = layoutOf(folder).evaluations;
  return listFolder(place, damagedRunFile)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readEvaluation(join(place, name)) ?? []);
}

/** Lists missing parts of runs, and limits of their numbers. */
function notesOn(runs: readonly ComparedRun[]): Note[] {
  const notes: Note[] = runs
    .filter(({ record }) => record.status !== 'finished')
    .map(({ folder, name, record }) => ({
      text: notFinished(name, record.status, record.steps, record.stepsPlanned),
      command: `spadework resume ${quoted(folder)}`,
    }));
  const without = runs.filter(({ evaluation }) => !evaluation);
  if (without.length > 0)
    notes.push({
      text: notEvaluated(without.map(({ name }) => name)),
      command: `spadework eval ${quoted(without[0]!.folder)}`,
    });
  const uncounted = runs.filter(
    ({ evaluation }) => evaluation?.protocol.judges.segmenter && !evaluation.counts,
  );
  if (uncounted.length > 0)
    notes.push({
      text: notCounted(uncounted.map(({ name }) => name)),
      command: `spadework eval ${quoted(uncounted[0]!.folder)} --segmenter RUN --again`,
    });
  const evaluations = runs.flatMap(({ name, record, evaluation }) =>
    evaluation ? [{ name, done: record.steps, step: evaluation.step }] : [],
  );
  for (const { name, step, done } of evaluations)
    if (step < done) notes.push({ text: evaluatedEarlier(name, step, done) });
  const steps = [...new Set(evaluations.map(({ step }) => step))].sort((a, b) => a - b);
  if (steps.length > 1) notes.push({ text: unevenSteps(steps) });
  return notes;
}
