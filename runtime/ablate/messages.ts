/** Answers for what is said to a user about ablations: one function a message. */
import { input, machine, type RunError } from '../base/errors.ts';

/** How many names a message lists. */
const listed = 6;

const some = (names: readonly string[]): string =>
  `${names.slice(0, listed).join(', ')}${names.length > listed ? ' and others' : ''}`;

export const otherAblation = (folder: string, found: string, expected: string): RunError =>
  input(
    `the folder '${folder}' holds the ablation '${found}', not '${expected}'`,
    'give another --out, or add --overwrite to replace what is there',
  );

/** `differences` is what the first of the changed runs differs in. */
export const changedRuns = (
  folder: string,
  changed: readonly string[],
  differences: readonly string[],
  gone: readonly string[],
): RunError =>
  input(
    [
      `the ablation in '${folder}' was planned otherwise:`,
      ...(changed.length > 0 ? [`- changed since: ${some(changed)}`] : []),
      ...differences.map((line) => `  ${changed[0]}: ${line}`),
      ...(gone.length > 0 ? [`- no longer planned: ${some(gone)}`] : []),
    ],
    'undo the change, give another --out, or add --overwrite to train changed runs anew and delete those no longer planned',
  );

export const occupied = (folder: string): RunError =>
  input(`the folder '${folder}' is not empty and holds no ablation`, 'give another --out');

export const noRunToTrain = (name: string): RunError =>
  input(`the ablation '${name}' has no runs`, 'see its matrix: spadework explain FILE');

export const waitingForProcess = (name: string): string =>
  `${name}: another process still trains in its folder; waiting for its end.`;

export const unfinishedAfterJob = (name: string): string =>
  `${name}: the job ended well, but its training is not finished.`;

export const diedOf = (signal: string): string =>
  signal === 'SIGKILL' || signal === 'SIGABRT' || signal === 'SIGTRAP'
    ? `error: the process of this run was ended by ${signal}, most likely because there was no memory left\nhint: run fewer at a time (--parallel), or lower batch, size or width`
    : `error: the process of this run was ended by ${signal}\nhint: see whether the engine is well: spadework doctor`;

export const noRay = (address: string, why: string): RunError =>
  machine(
    `Ray does not answer at ${address} (${why})`,
    'start it (ray start --head), or give the address of its dashboard: --address http://HOST:8265',
  );

export const rayRefused = (address: string, status: number, text: string): RunError =>
  machine(
    `Ray at ${address} refused a job (HTTP ${status}): ${text.trim().split('\n').at(-1) ?? ''}`,
    'see its dashboard; the Jobs API needs "ray[default]"',
  );

export const noAblation = (folder: string): RunError =>
  input(
    `'${folder}' holds no ablation: ablation.json is missing`,
    'name a file that declares one, or a folder that "spadework ablate" made',
  );
