/** Defines the layout of a run's folder; creates and clears it, and reads its spec and record. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { checkJson } from '../../compiler/index.ts';
import { specFormat, type Spec } from '../../compiler/format/types.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { positionAt } from '../../dsl/source.ts';
import {
  DamagedRecord,
  largestText,
  parseJson,
  readRecord,
  readText,
  RecordFormat,
  whileReading,
} from '../base/records.ts';
import { runSchema } from '../base/schemas.ts';
import { writeWhole, isFileError, whileWriting, unwritable } from '../base/files.ts';
import type { RunRecord } from './records.ts';
import { digestOf } from '../weights/digests.ts';
import { textsBeside } from './sources.ts';
import {
  damagedRunFile,
  noRecord,
  noRun,
  noRunFolder,
  notARunFolder,
  runFolderExists,
  runPlaceNoFolder,
  runFolderGone,
} from './messages.ts';
import { makeFolder } from '../base/make-folder.ts';

/** The files and folders of a run. */
export interface RunLayout {
  readonly folder: string;
  /** The source texts: the spec's file, then the user's files that it imports. */
  readonly source: string;
  /** The modules of the standard library that it uses. */
  readonly library: string;
  /** The spec, with the changes of the command line. */
  readonly spec: string;
  readonly run: string;
  readonly metrics: string;
  /** TensorBoard event files, one per process that trained. */
  readonly events: string;
  readonly checkpoints: string;
  /** Weights of networks that the run does not train, one file per network. */
  readonly weights: string;
  readonly samples: string;
  /** Evaluations: a file and a folder of generated pictures per protocol. */
  readonly evaluations: string;
  readonly page: string;
}

/** Gives the layout of a run in `folder`. */
export function layoutOf(folder: string): RunLayout {
  return {
    folder,
    ...textsBeside(folder),
    spec: join(folder, 'spec.json'),
    run: join(folder, 'run.json'),
    metrics: join(folder, 'metrics.jsonl'),
    events: join(folder, 'events'),
    checkpoints: join(folder, 'checkpoints'),
    weights: join(folder, 'weights'),
    samples: join(folder, 'samples'),
    evaluations: join(folder, 'eval'),
    page: join(folder, 'index.html'),
  };
}

/** The files of the lock on a run folder; they are not part of the run. */
export const lockFile = 'training.lock';
export const lockGuard = 'training.lock.guard';

/** The location of a new run. */
export interface NewRunPlace {
  /** The folder; by default the first free `runs/<experiment>-<n>`. */
  readonly out?: string | undefined;
  /** Whether an existing run may be deleted; anything but a run is never deleted. */
  readonly overwrite?: boolean | undefined;
}

/** Throws a SpadeworkError if a new run cannot be put there. */
export function checkRunPlace({ out, overwrite = false }: NewRunPlace): void {
  if (out === undefined) return;
  whileWriting(out, () => {
    // An empty text means the working folder, as in path joins.
    const place = out || '.';
    const found = statSync(place, { throwIfNoEntry: false });
    if (!found || isEmptyFolder(place, found)) return;
    if (!found.isDirectory()) throw runPlaceNoFolder(out);
    const { spec, run } = layoutOf(place);
    // A run that was killed at its start, or while being deleted, has only one of the two files.
    if (!isSpecFile(spec) && !isRecordFile(run)) throw notARunFolder(out);
    if (!overwrite) throw runFolderExists(out);
  });
}

/** Tells whether a file is a spec of a run: other programs have files called `spec.json`, too. */
const isSpecFile = (file: string): boolean => objectIn(file)?.['format'] === specFormat;

/** Tells whether a file is the record of a run. */
function isRecordFile(file: string): boolean {
  const { status, engine, experiment } = objectIn(file) ?? {};
  return [status, experiment].every((one) => typeof one === 'string') && typeof engine === 'object';
}

function objectIn(file: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(readText(file) ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Creates the folder of a new run if it is missing, and leaves its content. Throws a SpadeworkError. */
export function makeRunFolder(experiment: string, place: NewRunPlace): RunLayout {
  checkRunPlace(place);
  const folder = place.out;
  if (folder === undefined) return layoutOf(makeFreeFolder(experiment));
  whileWriting(folder, () => makeFolder(folder));
  return layoutOf(folder);
}

/** Deletes the run in a folder; the files that identify it as a run go last. Throws a SpadeworkError. */
export function clearRun(layout: RunLayout): void {
  const { folder, run, ...parts } = layout;
  whileWriting(folder, () => {
    for (const path of [...Object.values<string>(parts), run]) rmSync(path, { recursive: true, force: true });
  });
}

/** Tells whether a run is still in its folder. */
export function isInPlace({ spec }: RunLayout): boolean {
  return existsSync(spec);
}

/** Throws a SpadeworkError if a run is no longer in its folder: files written now would look like a run. */
export function requireInPlace(layout: RunLayout): void {
  if (!isInPlace(layout)) throw runFolderGone(layout.folder);
}

function isEmptyFolder(folder: string, found: Stats): boolean {
  const isContent = (name: string): boolean =>
    name !== lockFile && name !== lockGuard && !unfinishedFile.test(name);
  return found.isDirectory() && !readdirSync(folder).some(isContent);
}

/** The names of unfinished files and checkpoints that a killed process leaves. */
export const unfinishedFile = /(\.\d+|^step-\d+)\.tmp$/;

/** Creates a folder that no other process created. */
function makeFreeFolder(experiment: string): string {
  const parent = 'runs';
  whileWriting(parent, () => makeFolder(parent));
  for (let n = 1; ; n++) {
    const folder = join(parent, `${experiment}-${n}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw isFileError(error) ? unwritable(folder, error) : error;
    }
  }
}

/** The record of a run, with fields that its page does not show. */
export interface FullRunRecord extends RunRecord {
  /** The name of the source text of the spec. */
  readonly file: string;
  readonly memory?: RunMemory;
  /** The digest of the spec: an unchanged spec is not checked again. */
  readonly specSha256?: string;
}

/** The memory of a run early on and at its end, to detect leaks. */
export interface RunMemory {
  readonly early: MemoryAtStep;
  readonly end: MemoryAtStep;
}

export interface MemoryAtStep {
  readonly step: number;
  /** Resident memory of the process. */
  readonly residentBytes: number;
  /** The number of tensors in the engine. */
  readonly tensors: number;
}

/** Writes `run.json`. */
export async function writeRecord(
  layout: RunLayout,
  record: Omit<FullRunRecord, 'specSha256'>,
): Promise<void> {
  const specSha256 = digestOf(readFileSync(layout.spec));
  await writeWhole(layout.run, `${JSON.stringify({ ...record, specSha256 }, undefined, 2)}\n`);
}

const runFormat = new RecordFormat<FullRunRecord>(runSchema);

/** Reads the spec and the record of a run. Throws a SpadeworkError if the folder has none, or they are damaged. */
export function readRunFolder(folder: string): {
  readonly layout: RunLayout;
  readonly spec: Spec;
  readonly record: FullRunRecord;
} {
  const layout = layoutOf(folder);
  if (!isInPlace(layout)) readRunSpec(folder); // throws the error that names what the folder contains instead
  const record = readRecord(layout.run, runFormat, damagedRunFile);
  if (!record) throw noRecord(folder);
  return { layout, spec: readRunSpec(folder, record.specSha256), record };
}

/** Reads the spec of a run, and checks it unless its digest is `known`. Throws a SpadeworkError. */
export function readRunSpec(folder: string, known?: string): Spec {
  const file = layoutOf(folder).spec;
  return whileReading(file, damagedRunFile, () => {
    const text = readText(file, largestText);
    if (text === undefined) throw existsSync(folder) ? noRun(folder, runsIn(folder)) : noRunFolder(folder);
    // Depth is tested first, as the checker recurses, and its messages for other files are less clear.
    const value = parseJson(text);
    if (known !== undefined && digestOf(text) === known) return value as Spec;
    const { spec, diagnostics } = checkJson({ name: file, text });
    if (spec) return spec;
    const version = diagnostics.find(({ code }) => code === 'other-version');
    if (version) throw new SpadeworkError('input', [version]);
    const mistakes = diagnostics.filter(({ severity }) => severity === 'error');
    throw new DamagedRecord(mistakes.slice(0, shownMistakes).map(describeMistake).join('; '));
  });
}

function describeMistake({ message, span }: Diagnostic): string {
  if (!span) return message;
  const { line, column } = positionAt(span.source, span.start);
  return `${message}, at ${line}:${column}`;
}

/** The most mistakes shown: if there are more, it is another file. */
const shownMistakes = 3;

/** Lists the runs inside a folder that is not a run itself. */
function runsIn(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((inner) => existsSync(layoutOf(inner).spec));
}

/** Writes the spec as the run uses it. */
export async function writeSpec(layout: RunLayout, spec: Spec): Promise<void> {
  await writeWhole(layout.spec, `${JSON.stringify(spec)}\n`);
}
