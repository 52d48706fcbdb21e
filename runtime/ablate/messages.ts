/** Makes the messages about ablations: one function a message. */
import { inputError, machineError, type SpadeworkError } from '../../dsl/errors.ts';

/** The most names that a message lists. */
const listed = 6;

const some = (names: readonly string[]): string =>
  `${names.slice(0, listed).join(', ')}${names.length > listed ? ' and others' : ''}`;

export const otherAblation = (folder: string, found: string, expected: string): SpadeworkError =>
  inputError(
    'other-ablation',
    `the folder '${folder}' holds the ablation '${found}', not '${expected}'`,
    'give another --out, or add --overwrite to replace what is there',
  );

/** `differences` lists how the first of the changed runs differs. */
export const changedRuns = (
  folder: string,
  changed: readonly string[],
  differences: readonly string[],
  gone: readonly string[],
): SpadeworkError =>
  inputError(
    'changed-runs',
    `the ablation in '${folder}' was planned otherwise`,
    'undo the change, give another --out, or add --overwrite to train changed runs anew and delete those no longer planned',
    {
      notes: [
        ...(changed.length > 0 ? [`- changed since: ${some(changed)}`] : []),
        ...differences.map((line) => `  ${changed[0]}: ${line}`),
        ...(gone.length > 0 ? [`- no longer planned: ${some(gone)}`] : []),
      ],
    },
  );

export const occupied = (folder: string): SpadeworkError =>
  inputError('occupied', `the folder '${folder}' is not empty and holds no ablation`, 'give another --out');

export const noRunToTrain = (name: string): SpadeworkError =>
  inputError(
    'no-run-to-train',
    `the ablation '${name}' has no runs`,
    'see its matrix: spadework explain FILE',
  );

export const waitingForProcess = (name: string): string =>
  `${name}: another process still trains in its folder; waiting for its end.`;

export const unfinishedAfterJob = (name: string): string =>
  `${name}: the job ended well, but its training is not finished.`;

export const diedOf = (signal: string): SpadeworkError =>
  signal === 'SIGKILL' || signal === 'SIGABRT' || signal === 'SIGTRAP'
    ? machineError(
        'job-out-of-memory',
        `the process of this run was ended by ${signal}, most likely because there was no memory left`,
        'run fewer at a time (--parallel), or lower batch, size or width',
      )
    : machineError(
        'job-crashed',
        `the process of this run was ended by ${signal}`,
        'see whether the engine is well: spadework doctor',
      );

export const jobNotStarted = (why: string, cause: unknown): SpadeworkError =>
  machineError(
    'job-not-started',
    `the process of this run cannot be started: ${why}`,
    'close other programs, or raise the limits: ulimit -u, ulimit -v',
    { cause },
  );

export const noRay = (address: string, why: string): SpadeworkError =>
  machineError(
    'no-ray',
    `Ray does not answer at ${address} (${why})`,
    'start it (ray start --head), or give the address of its dashboard: --address http://HOST:8265',
  );

export const rayRefused = (address: string, status: number, text: string): SpadeworkError =>
  machineError(
    'ray-refused',
    `Ray at ${address} refused a job (HTTP ${status}): ${text.trim().split('\n').at(-1) ?? ''}`,
    'see its dashboard; the Jobs API needs "ray[default]"',
  );

export const noAblation = (folder: string): SpadeworkError =>
  inputError(
    'no-ablation-folder',
    `'${folder}' holds no ablation: ablation.json is missing`,
    'name a file that declares one, or a folder that "spadework ablate" made',
  );
