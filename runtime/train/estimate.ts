/** Estimates the memory and disk space of a run before it starts; a run without enough disk space is refused. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { StepMemory } from '../../compiler/explain/explain.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { bytesIn, f32 } from '../../compiler/ir/types.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { partsOfStep, variablesOf } from '../../compiler/build/step.ts';
import { keptCheckpoints, savedVariables } from '../run/checkpoint.ts';
import { layoutOf } from '../run/folder.ts';
import { memoryShort, needs, noRoomForCheckpoints, tooLargeForMachine } from '../run/messages.ts';
import type { TrainableSpec } from '../run/settings.ts';

/** What the estimate depends on. */
export interface Estimated {
  readonly program: Pick<Program, 'variables'>;
  readonly frozen: ReadonlySet<string>;
  /** Whether the best checkpoint is kept beside the last ones. */
  readonly keepsBest: boolean;
  /** The memory of a step, if known. */
  readonly memory: StepMemory | undefined;
  /** Whether values are stored in a device's own memory. */
  readonly isOnGpu: boolean;
}

/**
 * Reports what a run in `folder` needs. Throws a SpadeworkError if the disk has no space for the checkpoints; existing
 * ones, which will be replaced, are not counted. Too little memory is only a warning: other processes may free theirs.
 */
export async function announceNeeds(
  { program, frozen, keepsBest, memory, isOnGpu }: Estimated,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const checkpointBytes = bytesOfVariables(savedVariables(program, frozen));
  // The last checkpoints, and the one being written.
  const checkpoints = keptCheckpoints + 1 + (keepsBest ? 1 : 0);
  const memoryBytes = memory?.memoryBytes;
  log(needs({ checkpointBytes, checkpoints, memoryBytes }));
  const missing = checkpoints * checkpointBytes - bytesBelow(layoutOf(folder).checkpoints);
  const free = await freeBytes(folder);
  if (free < missing) throw noRoomForCheckpoints(folder, missing, free);
  const freeMemory = Math.min(freemem(), process.constrainedMemory() || Infinity);
  if (!isOnGpu && memoryBytes !== undefined && memoryBytes > freeMemory)
    log(memoryShort(memoryBytes, freeMemory));
}

/**
 * Requires the minimum memory of a run before data are read and the spec is compiled: weights, optimizer slots, and the
 * pictures and maps of a batch. Throws a SpadeworkError.
 */
export function requireMemory(spec: TrainableSpec): void {
  const { size, batch } = spec.data;
  const weightBytes = bytesOfVariables(variablesOf(spec));
  const pictureBytes = bytesIn(f32(batch / partsOfStep(spec), size.height, size.width, valuesOfPixel));
  const there = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  if (weightBytes + pictureBytes > there) throw tooLargeForMachine({ weightBytes, pictureBytes, there });
}

const bytesOfVariables = (variables: readonly Pick<Variable, 'type'>[]): number =>
  variables.reduce((sum, { type }) => sum + bytesIn(type), 0);

/** A photograph has three values a pixel, its map one. */
const valuesOfPixel = 4;

function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Finds the free space on the disk of a folder, which may not exist yet. */
async function freeBytes(folder: string): Promise<number> {
  let there = resolve(folder);
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return bavail * bsize;
}
