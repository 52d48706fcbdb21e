/**
 * Saves and loads checkpoints: a folder with all variables (safetensors), the run's state (JSON), and the digests of
 * both. A checkpoint is written under a temporary name, synced and renamed, so that a killed run leaves only complete
 * ones; the last two are kept.
 */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Variable } from '../../compiler/ir/variables.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { areFinite, type Session } from '../session/session.ts';
import {
  DamagedRecord,
  OtherVersion,
  listFolder,
  readRecord,
  readText,
  RecordFormat,
} from '../base/records.ts';
import { bestSchema, stateSchema } from '../base/schemas.ts';
import {
  allCheckpointsDamaged,
  checkpointDamaged,
  checkpointLeftOut,
  damagedBest,
  damagedRunFile,
  lastCheckpointDamaged,
  noBest,
  noCheckpoint,
} from './messages.ts';
import { writeWhole } from '../base/files.ts';
import { digestOf, requireDigests, requireListed, writeDigests } from '../weights/digests.ts';
import { DamagedFile } from '../weights/errors.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { requireFinite, valuesOf } from './variables.ts';

export const checkpointFormat = 'spadework-checkpoint/2';
/** The format without digests of all files: state.json has the digest of the variables, the folder's name the step. */
const formatWithoutDigests = 'spadework-checkpoint/1';

/** The state of a run. Everything else that resuming needs is a pure function of (spec, seed, step). */
export interface RunState {
  readonly format: typeof checkpointFormat | typeof formatWithoutDigests;
  /** The format of the spec beside it. */
  readonly specFormat: string;
  /** Completed steps. */
  readonly step: number;
  /** Completed epochs, with the fraction of the current one. */
  readonly epoch: number;
  /** Seconds spent in steps. */
  readonly seconds: number;
  readonly seed: number;
  readonly engine: string;
  /** Digest of the file of variables. */
  readonly sha256: string;
}

export interface Checkpoint {
  readonly folder: string;
  readonly state: RunState;
  readonly values: ReadonlyMap<string, Float32Array>;
}

const variablesFile = 'variables.safetensors';
const stateFile = 'state.json';
/** The number of checkpoints kept: the second is needed if the first is damaged. */
export const keptCheckpoints = 2;
/** 256 MB of float32. */
const partValues = 2 ** 26;

/** The source of the variables that a checkpoint saves. */
export type SavedVariables = Pick<Session, 'readVariables'> & {
  readonly program: Pick<Session['program'], 'variables'>;
};

/** Gives the folder name of a step, for checkpoints and samples: `step-000100`. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/**
 * Lists the variables in a checkpoint. Left out are gradient sums, which are zero between steps, and the networks of
 * `frozen`, which are stored once per run.
 */
export function savedVariables(
  { variables }: SavedVariables['program'],
  frozen: ReadonlySet<string>,
): readonly Variable[] {
  return variables.filter(({ role, network }) => role !== 'accumulator' && !frozen.has(network));
}

/** A variable is not finite: training could not continue from such a checkpoint. */
export class NotFiniteVariable extends Error {
  constructor(readonly variable: string) {
    super(`${variable} is not finite`);
  }
}

/**
 * Saves a session's variables below `directory`, and removes all checkpoints except the last two and the best. Throws
 * NotFiniteVariable.
 */
export async function saveCheckpoint(
  directory: string,
  session: SavedVariables,
  frozen: ReadonlySet<string>,
  state: Omit<RunState, 'format' | 'sha256'>,
): Promise<string> {
  makeFolder(directory);
  const folder = join(directory, stepName(state.step));
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  const saved = savedVariables(session.program, frozen);
  const heads = saved.map(({ name, type }) => ({ name, shape: type.shape }));
  const sha256 = await writeSafetensors(join(temporary, variablesFile), heads, valuesInParts(session, saved));
  const complete: RunState = { format: checkpointFormat, ...state, sha256 };
  const text = `${JSON.stringify(complete, undefined, 2)}\n`;
  await writeFile(join(temporary, stateFile), text, { flush: true });
  await writeDigests(temporary, digestsOf(text, sha256));
  await syncFolder(temporary);
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  await syncFolder(directory);
  await pruneCheckpoints(directory, state.step);
  return folder;
}

/** Removes the checkpoints up to a step except the last ones and the best. */
export async function pruneCheckpoints(directory: string, last: number): Promise<void> {
  const best = readBest(directory);
  const done = listSteps(directory).filter((step) => step <= last);
  for (const old of done.slice(0, -keptCheckpoints))
    if (old !== best) await rm(join(directory, stepName(old)), { recursive: true, force: true });
}

/** Lists the files that the digests of a checkpoint cover. */
const digestsOf = (state: string, variables: string): Map<string, string> =>
  new Map([
    [stateFile, digestOf(state)],
    [variablesFile, variables],
  ]);

const bestFile = 'best.json';
const bestFormat = new RecordFormat<{ readonly step: number }>(bestSchema);

/** Marks the existing checkpoint of a step as the best, which is kept until another one is better. */
export async function markBest(directory: string, step: number): Promise<void> {
  await writeWhole(join(directory, bestFile), `${JSON.stringify({ step })}\n`);
}

/**
 * Gives the step of the best checkpoint; undefined if none is marked. Throws a SpadeworkError if the mark is damaged.
 */
export function readBest(directory: string): number | undefined {
  // A missing folder is reported as such.
  listFolder(directory, damagedRunFile);
  return readRecord(join(directory, bestFile), bestFormat, damagedBest)?.step;
}

/**
 * Loads the best checkpoint of `directory`. Throws a SpadeworkError that names `run`, if there is none, or it is
 * damaged.
 */
export async function loadBestCheckpoint(directory: string, run: string): Promise<Checkpoint> {
  const step = readBest(directory);
  if (step === undefined) throw noBest(run);
  return readOrRefuse(join(directory, stepName(step)), (problem) => allCheckpointsDamaged(run, [problem]));
}

/** Reads a checkpoint; a problem becomes the error that `refuse` makes. */
async function readOrRefuse(folder: string, refuse: (problem: string) => Error): Promise<Checkpoint> {
  try {
    return await readCheckpoint(folder);
  } catch (error) {
    throw error instanceof DamagedFile ? refuse(checkpointDamaged(folder, error.message)) : error;
  }
}

/**
 * Reads variables in order, in parts: one call per variable is slow, one call for all doubles the memory of a model.
 */
async function* valuesInParts(
  session: SavedVariables,
  variables: readonly Variable[],
): AsyncGenerator<Float32Array> {
  let part: string[] = [];
  let size = 0;
  for (const [index, { name, type }] of variables.entries()) {
    part.push(name);
    size += sizeOf(type.shape);
    if (size < partValues && index < variables.length - 1) continue;
    for (const [variable, values] of await session.readVariables(part)) {
      if (!areFinite(values)) throw new NotFiniteVariable(variable);
      yield values;
    }
    part = [];
    size = 0;
  }
}

/** Syncs the folder that lists a renamed file, which makes the rename durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Parses the step from a folder's name, made by `stepName`; undefined for other names. */
export function stepOf(name: string): number | undefined {
  const step = Number(/^step-(\d+)$/.exec(name)?.[1]);
  return Number.isSafeInteger(step) && stepName(step) === name ? step : undefined;
}

/** Tells whether `directory` contains a checkpoint, complete or damaged. */
export function hasCheckpoint(directory: string): boolean {
  return listSteps(directory).length > 0;
}

/** Lists the steps with a checkpoint in order. Throws a SpadeworkError. */
export function listSteps(directory: string): number[] {
  return listFolder(directory, damagedRunFile)
    .flatMap((name) => stepOf(name) ?? [])
    .sort((a, b) => a - b);
}

/**
 * Loads the last checkpoint of `directory`. Throws a SpadeworkError that names `run`, if there is none, or it is
 * damaged.
 */
export async function loadLastCheckpoint(directory: string, run: string): Promise<Checkpoint> {
  const [last, before] = listSteps(directory).reverse();
  if (last === undefined) throw noCheckpoint(run);
  return readOrRefuse(join(directory, stepName(last)), (problem) =>
    before === undefined
      ? allCheckpointsDamaged(run, [problem])
      : lastCheckpointDamaged(problem, run, before),
  );
}

/**
 * Loads the last complete checkpoint of `directory`, to resume a run, which then makes damaged ones again. `warn`
 * receives the skipped ones. Gives undefined if there is no checkpoint; throws a SpadeworkError that names `run`, if
 * all are damaged.
 */
export async function loadWholeCheckpoint(
  directory: string,
  run: string,
  warn: (line: string) => void,
): Promise<Checkpoint | undefined> {
  const problems: string[] = [];
  for (const step of listSteps(directory).reverse()) {
    const folder = join(directory, stepName(step));
    try {
      const checkpoint = await readCheckpoint(folder);
      for (const problem of problems) warn(checkpointLeftOut(problem, step));
      return checkpoint;
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      problems.push(checkpointDamaged(folder, error.message));
    }
  }
  if (problems.length > 0) throw allCheckpointsDamaged(run, problems);
  return undefined;
}

/**
 * Loads the checkpoint of a step; undefined if there is none. Throws a SpadeworkError that names `run`, if it is
 * damaged.
 */
export async function loadCheckpoint(
  directory: string,
  run: string,
  step: number,
): Promise<Checkpoint | undefined> {
  if (!listSteps(directory).includes(step)) return undefined;
  return readOrRefuse(join(directory, stepName(step)), (problem) => allCheckpointsDamaged(run, [problem]));
}

async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const { state, text } = readState(folder);
  const { tensors, sha256 } = await named(variablesFile, readSafetensors(join(folder, variablesFile)));
  if (state.format !== formatWithoutDigests) requireDigests(folder, digestsOf(text, sha256));
  if (sha256 !== state.sha256)
    throw new DamagedFile(`${variablesFile}: its bytes are not those that were saved (SHA-256 differs)`);
  requireFinite(variablesFile, tensors);
  return { folder, state, values: new Map([...tensors].map(([name, { values }]) => [name, values])) };
}

async function named<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof DamagedFile ? new DamagedFile(`${file}: ${error.message}`) : error;
  }
}

const stateFormat = new RecordFormat<RunState>(stateSchema([checkpointFormat, formatWithoutDigests]));

function parseState(folder: string, text: string): RunState {
  try {
    return stateFormat.parse(text);
  } catch (error) {
    if (!(error instanceof OtherVersion)) throw error;
    // One changed byte makes another format, too.
    requireListed(folder, stateFile, text);
    throw error.of(join(folder, stateFile));
  }
}

function readState(folder: string): { readonly state: RunState; readonly text: string } {
  try {
    const text = readText(join(folder, stateFile));
    if (text === undefined) throw new DamagedRecord('the file is missing');
    const state = parseState(folder, text);
    if (state.step !== stepOf(basename(folder)))
      throw new DamagedRecord(`its step is ${state.step}, but the folder is ${basename(folder)}`);
    return { state, text };
  } catch (error) {
    throw error instanceof DamagedRecord ? new DamagedFile(`${stateFile}: ${error.message}`) : error;
  }
}

/**
 * Sets a session's variables from a checkpoint, and those of frozen networks from `frozen`, by full name. Throws a
 * SpadeworkError if they do not fit.
 */
export async function restore(
  session: Session,
  checkpoint: Checkpoint,
  frozen: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  await session.setVariables(valuesOf(session.program.variables, checkpoint, frozen));
}
