/**
 * Answers for checkpoints: a folder with all variables (safetensors) and where the run was (JSON). It is written under a
 * temporary name, synced and renamed, so that a run killed at any moment leaves only whole ones; the last two are kept.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variable } from '../../compiler/ir/program.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { areFinite, type Session } from '../session/session.ts';
import {
  allCheckpointsDamaged,
  checkpointDamaged,
  checkpointLeftOut,
  checkpointOfOtherSpec,
  noBest,
  noCheckpoint,
} from './messages.ts';
import { writeWhole } from '../report/index.ts';
import { parseFormatted } from './formatted.ts';
import { DamagedFile } from '../weights/errors.ts';
import { notFiniteIn } from '../weights/finite.ts';
import { notFiniteValue } from '../weights/messages.ts';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../weights/safetensors.ts';

export const checkpointFormat = 'spadework-checkpoint/1';

/** Says where a run was. Everything else about going on is a pure function of (spec, seed, step). */
export interface RunState {
  readonly format: typeof checkpointFormat;
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
  await mkdir(directory, { recursive: true });
  const folder = join(directory, stepName(state.step));
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  const saved = savedVariables(session.program, frozen);
  const heads = saved.map(({ name, type }) => ({ name, shape: type.shape }));
  const sha256 = await writeSafetensors(join(temporary, variablesFile), heads, valuesInParts(session, saved));
  const complete: RunState = { format: checkpointFormat, ...state, sha256 };
  await writeFile(join(temporary, stateFile), `${JSON.stringify(complete, undefined, 2)}\n`, { flush: true });
  await syncFolder(temporary);
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  await syncFolder(directory);
  const best = await readBest(directory);
  const done = (await listSteps(directory)).filter((step) => step <= state.step);
  for (const old of done.slice(0, -keptCheckpoints))
    if (old !== best) await rm(join(directory, stepName(old)), { recursive: true, force: true });
  return folder;
}

const bestFile = 'best.json';

/** Says that the checkpoint of a step, which has to be there, is the best so far: it stays until another is better. */
export async function markBest(directory: string, step: number): Promise<void> {
  await writeWhole(join(directory, bestFile), `${JSON.stringify({ step })}\n`);
}

/** Gives the step of the best checkpoint; undefined where none was marked. */
export async function readBest(directory: string): Promise<number | undefined> {
  try {
    const { step } = JSON.parse(await readFile(join(directory, bestFile), 'utf8')) as {
      readonly step?: number;
    };
    return step;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Loads the best checkpoint of `directory`. Throws a RunError, naming `run`, where there is none that is whole. */
export async function loadBestCheckpoint(directory: string, run: string): Promise<Checkpoint> {
  const step = await readBest(directory);
  if (step === undefined) throw noBest(run);
  const folder = join(directory, stepName(step));
  try {
    return await readCheckpoint(folder);
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    throw allCheckpointsDamaged(run, [checkpointDamaged(folder, error.message)]);
  }
}

/** Reads variables in order, in parts: one call for each is slow, one for all doubles a model's memory. */
function* valuesInParts(session: SavedVariables, variables: readonly Variable[]): Generator<Float32Array> {
  let part: string[] = [];
  let size = 0;
  for (const [index, { name, type }] of variables.entries()) {
    part.push(name);
    size += sizeOf(type.shape);
    if (size < partValues && index < variables.length - 1) continue;
    for (const [variable, values] of session.readVariables(part)) {
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

/** Tells the step of a checkpoint's folder by its name; undefined for other names. */
function stepOf(name: string): number | undefined {
  const step = /^step-(\d+)$/.exec(name)?.[1];
  return step === undefined ? undefined : Number(step);
}

/** Tells whether `directory` holds a checkpoint, whole or not. */
export function hasCheckpoint(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => stepOf(name) !== undefined);
}

/** Lists the steps that have a checkpoint, in order. */
async function listSteps(directory: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.flatMap((name) => stepOf(name) ?? []).sort((a, b) => a - b);
}

/**
 * Loads the last checkpoint of `directory` that is whole; `warn` hears of damaged ones that were left out. Throws a
 * RunError, naming `run`, where there is none.
 */
export async function loadLastCheckpoint(
  directory: string,
  run: string,
  warn: (line: string) => void,
): Promise<Checkpoint> {
  const steps = await listSteps(directory);
  if (steps.length === 0) throw noCheckpoint(run);
  const problems: string[] = [];
  for (const step of steps.reverse()) {
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
  throw allCheckpointsDamaged(run, problems);
}

/** Loads the checkpoint of a step; undefined where it is missing or damaged. */
export async function loadCheckpoint(directory: string, step: number): Promise<Checkpoint | undefined> {
  try {
    return await readCheckpoint(join(directory, stepName(step)));
  } catch (error) {
    if (error instanceof DamagedFile) return undefined;
    throw error;
  }
}

async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const state = await readState(join(folder, stateFile));
  const { tensors, sha256 } = await named(variablesFile, readSafetensors(join(folder, variablesFile)));
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

async function readState(path: string): Promise<RunState> {
  const damaged = (why: string): DamagedFile => new DamagedFile(`${stateFile}: ${why}`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw damaged(isMissing ? 'the file is missing' : 'it is not JSON');
  }
  const state = parseFormatted<RunState>(text, checkpointFormat, damaged);
  if (!Number.isSafeInteger(state.step) || typeof state.sha256 !== 'string')
    throw damaged('it lacks step or sha256');
  return state as RunState;
}

/**
 * Gives a session its program's variables out of a checkpoint, and those of frozen networks out of `frozen`, by full name.
 * Throws a RunError where they do not fit.
 */
export function restore(
  session: Session,
  checkpoint: Checkpoint,
  frozen: ReadonlyMap<string, Float32Array>,
): void {
  session.setVariables(valuesOf(session.program.variables, checkpoint, frozen));
}

/** Finds the values that `restore` sets, by full name. Throws a RunError where they do not fit. */
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
