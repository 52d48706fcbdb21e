/**
 * Answers for checkpoints: a folder with all variables (safetensors), where the run was (JSON), and the digests of both. It is
 * written under a temporary name, synced and renamed, so that a run killed at any moment leaves only whole ones; the last two are
 * kept.
 */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Variable } from '../../compiler/ir/variables.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { areFinite, type Session } from '../session/session.ts';
import { DamagedRecord, listFolder, readRecord, readText, RecordFormat } from '../base/records.ts';
import { bestSchema, stateSchema } from '../base/schemas.ts';
import {
  allCheckpointsDamaged,
  checkpointDamaged,
  checkpointLeftOut,
  checkpointOfOtherSpec,
  damagedBest,
  damagedRunFile,
  lastCheckpointDamaged,
  noBest,
  noCheckpoint,
} from './messages.ts';
import { writeWhole } from '../base/files.ts';
import { digestOf, requireDigests, writeDigests } from '../weights/digests.ts';
import { DamagedFile } from '../weights/errors.ts';
import { notFiniteIn } from '../weights/finite.ts';
import { notFiniteValue } from '../weights/messages.ts';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../weights/safetensors.ts';
import { makeFolder } from '../base/make-folder.ts';

export const checkpointFormat = 'spadework-checkpoint/2';
/** Without digests of all files: state.json alone vouches for the variables, and the folder's name for the step. */
const formatWithoutDigests = 'spadework-checkpoint/1';

/** Says where a run was. Everything else about going on is a pure function of (spec, seed, step). */
export interface RunState {
  readonly format: typeof checkpointFormat | typeof formatWithoutDigests;
  /** The format of the spec beside it. */
  readonly specFormat: string;
  /** Steps that are done. */
  readonly step: number;
  /** Passes over the data that are done, with the fraction of the running one. */
  readonly epoch: number;
  /** Seconds spent in steps. */
  readonly seconds: number;
  readonly seed: number;
  readonly engine: string;
  /** Digest of the variables' file. */
  readonly sha256: string;
}

export interface Checkpoint {
  readonly folder: string;
  readonly state: RunState;
  readonly values: ReadonlyMap<string, Float32Array>;
}

const variablesFile = 'variables.safetensors';
const stateFile = 'state.json';
/** The last checkpoints, which are kept: the second is there for when the first is damaged. */
export const keptCheckpoints = 2;
/** 256 MB of float32. */
const partValues = 2 ** 26;

/** What holds the variables that a checkpoint saves. */
export type SavedVariables = Pick<Session, 'readVariables'> & {
  readonly program: Pick<Session['program'], 'variables'>;
};

/** Gives the name of a step's folder, as checkpoints and samples have it: `step-000100`. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/**
 * Lists the variables that a checkpoint holds. Left out is what needs no saving: sums, which are zero between steps, and the
 * networks of `frozen`, which are kept once for the whole run.
 */
export function savedVariables(
  { variables }: SavedVariables['program'],
  frozen: ReadonlySet<string>,
): readonly Variable[] {
  return variables.filter(({ role, network }) => role !== 'accumulator' && !frozen.has(network));
}

/** Says that a variable is not finite: with it, a checkpoint would be none to go on from. */
export class NotFiniteVariable extends Error {
  constructor(readonly variable: string) {
    super(`${variable} is not finite`);
  }
}

/**
 * Saves a session's variables below `directory`, and removes all checkpoints but the last two and the best. Throws
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

/** Removes the checkpoints up to a step but the last ones and the best. */
export async function pruneCheckpoints(directory: string, last: number): Promise<void> {
  const best = readBest(directory);
  const done = listSteps(directory).filter((step) => step <= last);
  for (const old of done.slice(0, -keptCheckpoints))
    if (old !== best) await rm(join(directory, stepName(old)), { recursive: true, force: true });
}

/** Lists what the digests of a checkpoint vouch for. */
const digestsOf = (state: string, variables: string): Map<string, string> =>
  new Map([
    [stateFile, digestOf(state)],
    [variablesFile, variables],
  ]);

const bestFile = 'best.json';
const bestFormat = new RecordFormat<{ readonly step: number }>(bestSchema);

/** Says that the checkpoint of a step, which has to be there, is the best so far: it stays until another is better. */
export async function markBest(directory: string, step: number): Promise<void> {
  await writeWhole(join(directory, bestFile), `${JSON.stringify({ step })}\n`);
}

/** Gives the step of the best checkpoint; undefined where none was marked. Throws a SpadeworkError where the mark is damaged. */
export function readBest(directory: string): number | undefined {
  // Where the folder is none, that is what is wrong.
  listFolder(directory, damagedRunFile);
  return readRecord(join(directory, bestFile), bestFormat, damagedBest)?.step;
}

/** Loads the best checkpoint of `directory`. Throws a SpadeworkError, naming `run`, where there is none that is whole. */
export async function loadBestCheckpoint(directory: string, run: string): Promise<Checkpoint> {
  const step = readBest(directory);
  if (step === undefined) throw noBest(run);
  return readOrRefuse(join(directory, stepName(step)), (problem) => allCheckpointsDamaged(run, [problem]));
}

/** Reads a checkpoint; what is wrong with it becomes the error that `refuse` makes. */
async function readOrRefuse(folder: string, refuse: (problem: string) => Error): Promise<Checkpoint> {
  try {
    return await readCheckpoint(folder);
  } catch (error) {
    throw error instanceof DamagedFile ? refuse(checkpointDamaged(folder, error.message)) : error;
  }
}

/** Reads variables in order, in parts: one call for each is slow, one for all doubles a model's memory. */
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

/** Makes a rename durable: the folder that lists the file is written, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Tells the step of a folder by its name, which is that of `stepName`; undefined for other names. */
export function stepOf(name: string): number | undefined {
  const step = Number(/^step-(\d+)$/.exec(name)?.[1]);
  return Number.isSafeInteger(step) && stepName(step) === name ? step : undefined;
}

/** Tells whether `directory` holds a checkpoint, whole or not. */
export function hasCheckpoint(directory: string): boolean {
  return listSteps(directory).length > 0;
}

/** Lists the steps that have a checkpoint, in order. Throws a SpadeworkError. */
export function listSteps(directory: string): number[] {
  return listFolder(directory, damagedRunFile)
    .flatMap((name) => stepOf(name) ?? [])
    .sort((a, b) => a - b);
}

/** Loads the last checkpoint of `directory`. Throws a SpadeworkError, naming `run`, where there is none or it is damaged. */
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
 * Loads the last checkpoint of `directory` that is whole, for a run that goes on: it makes damaged ones anew. `warn` hears of those
 * that were left out. Gives nothing where there is no checkpoint; throws a SpadeworkError, naming `run`, where none is whole.
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

/** Loads the checkpoint of a step; undefined where there is none. Throws a SpadeworkError, naming `run`, where it is damaged. */
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
  requireFinite(tensors);
  return { folder, state, values: new Map([...tensors].map(([name, { values }]) => [name, values])) };
}

/** Refuses variables that a checkpoint of ours cannot hold: none is saved that is not finite. */
function requireFinite(tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, { shape, values }] of tensors) {
    const found = notFiniteIn(values, shape);
    if (found)
      throw new DamagedFile(
        `${variablesFile}: ${notFiniteValue({ name, dtype: 'F32', ...found })} is not finite`,
      );
  }
}

async function named<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof DamagedFile ? new DamagedFile(`${file}: ${error.message}`) : error;
  }
}

const stateFormat = new RecordFormat<RunState>(stateSchema([checkpointFormat, formatWithoutDigests]));

function readState(folder: string): { readonly state: RunState; readonly text: string } {
  try {
    const text = readText(join(folder, stateFile));
    if (text === undefined) throw new DamagedRecord('the file is missing');
    const state = stateFormat.parse(text);
    if (state.step !== stepOf(basename(folder)))
      throw new DamagedRecord(`its step is ${state.step}, but the folder is ${basename(folder)}`);
    return { state, text };
  } catch (error) {
    throw error instanceof DamagedRecord ? new DamagedFile(`${stateFile}: ${error.message}`) : error;
  }
}

/**
 * Gives a session its program's variables out of a checkpoint, and those of frozen networks out of `frozen`, by full name.
 * Throws a SpadeworkError where they do not fit.
 */
export async function restore(
  session: Session,
  checkpoint: Checkpoint,
  frozen: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  await session.setVariables(valuesOf(session.program.variables, checkpoint, frozen));
}

/** Finds the values that `restore` sets, by full name. Throws a SpadeworkError where they do not fit. */
export function valuesOf(
  variables: readonly Variable[],
  { folder, values }: Checkpoint,
  frozen: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(
    variables.map(({ name, type, role }) => {
      const found =
        role === 'accumulator'
          ? new Float32Array(sizeOf(type.shape))
          : (values.get(name) ?? frozen.get(name));
      if (!found) throw checkpointOfOtherSpec(folder, `variable ${name} is missing`);
      if (found.length !== sizeOf(type.shape))
        throw checkpointOfOtherSpec(
          folder,
          `variable ${name} has ${found.length} values, expected [${type.shape.join(',')}]`,
        );
      return [name, found] as const;
    }),
  );
}
