/** Answers for what is said to a user about runs: one function a message, and the error which carries them. */

import type { DataSpec } from '../../compiler/spec/types.ts';

/** Carries what ends a run: `blame` says whose turn it is, the user's input or the machine; `message` is ready to show. */
export class RunError extends Error {
  readonly blame: 'input' | 'machine';

  constructor(blame: 'input' | 'machine', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RunError';
    this.blame = blame;
  }
}

/** How many names a message lists. */
const listed = 10;

const input = (message: string, hint: string): RunError => new RunError('input', `${message}\nhint: ${hint}`);
const machine = (message: string, hint: string, cause?: unknown): RunError =>
  new RunError('machine', `${message}\nhint: ${hint}`, { cause });

export const nothingToTrain = (name: string): RunError =>
  input(
    `'${name}' cannot be trained: it has no data, no loss or no train section`,
    'train an experiment; see "spadework check FILE" for what a file holds',
  );

export const nothingPaints = (name: string): RunError =>
  input(
    `no network of '${name}' paints: none makes a picture from a label map alone`,
    'add a generator: let G = SpadeGenerator(width: 64)',
  );

export const photosMissing = (name: string): RunError =>
  input(
    `the data '${name}' names no photos, which the losses need`,
    'add to data: images: "folder" (relative to path)',
  );

export const batchNotInParts = (batch: number, parts: number): RunError =>
  input(
    `a batch of ${batch} cannot be taken in ${parts} equal parts`,
    `give a batch that ${parts} divides, or set accumulate in train to a divisor of ${batch}`,
  );

export const instancesMissing = (name: string): RunError =>
  input(
    `the run '${name}' was trained with instance maps, and needs them to paint`,
    'name their folder: --instances FOLDER',
  );

export const weightsDoNotFit = (network: string, report: string): RunError =>
  input(
    `${report}\nthe weights do not fit network '${network}'`,
    'choose the network and the naming that belong to the file: load V from "weights.pth" naming "..."',
  );

export const noStyleTaken = (name: string): RunError =>
  input(`the generator of '${name}' takes no style: it encodes no photo`, 'leave out --style');

export const styleNeeded = (name: string): RunError =>
  input(
    `the generator of '${name}' paints from an encoded photo, and none is given`,
    'give a photo, or a folder with one for each map: --style PHOTO; or the photos of the maps: --images FOLDER',
  );

export const stylesMissing = (folder: string, names: readonly string[], total: number): RunError =>
  input(
    `${names.length} of ${total} label maps have no photo in '${folder}' to take their style from: ` +
      `${names.slice(0, listed).join(', ')}${names.length > listed ? ', ...' : ''}`,
    'photo and map have the same name but for the ending; a single photo (--style PHOTO) serves all maps',
  );

export const legendOutOfRange = (
  file: string,
  id: number,
  { classes, ids_from: first = 0 }: DataSpec,
): RunError =>
  input(
    `'${file}' names a class with id ${id}, but the data declares ${classes} classes (ids ${first} to ${first + classes - 1})`,
    `set classes: ${id - first + 1} or more in the spec, or take the class out of the file`,
  );

export const runFolderExists = (folder: string): RunError =>
  input(
    `the folder '${folder}' exists and is not empty`,
    'give another --out, add --overwrite to replace the run in it, or go on with it: spadework resume FOLDER',
  );

export const notARunFolder = (folder: string): RunError =>
  input(
    `the folder '${folder}' is not empty and holds no run, so --overwrite leaves it alone`,
    'give another --out, or empty the folder yourself',
  );

export const folderInUse = (folder: string, file: string): RunError =>
  input(
    `another process is training in '${folder}'`,
    `wait for its end, or give another --out; if there is no such process, delete '${file}'`,
  );

export const noRun = (folder: string): RunError =>
  input(`'${folder}' holds no run: spec.json is missing`, 'name a folder that "spadework train" made');

export const damagedRunFile = (file: string, why: string): RunError =>
  input(`'${file}' is damaged: ${why}`, 'take the file from a copy of the run, or train anew');

export const noCheckpoint = (folder: string): RunError =>
  input(
    `the run '${folder}' has no checkpoint yet`,
    'train it anew; checkpoint_every in the spec says how often one is saved',
  );

export const allCheckpointsDamaged = (folder: string, problems: readonly string[]): RunError =>
  input(
    `no checkpoint of the run '${folder}' can be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    'take the checkpoints from a copy of the run, or train anew',
  );

export const checkpointLeftOut = (problem: string, instead: number): string =>
  `warning: ${problem}; taking the checkpoint of step ${instead} instead`;

export const checkpointDamaged = (folder: string, why: string): string =>
  `the checkpoint '${folder}' is damaged: ${why}`;

export const checkpointOfOtherSpec = (folder: string, why: string): RunError =>
  input(
    `the checkpoint '${folder}' does not belong to the spec of its run: ${why}`,
    'a run keeps its spec; undo changes of its spec.json',
  );

export const notFinite = (names: readonly string[], step: number, checkpoint: number | undefined): RunError =>
  input(
    `training stopped: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not a finite number at step ${step}; ` +
      (checkpoint === undefined
        ? 'no checkpoint had been saved yet'
        : `the checkpoint of step ${checkpoint} is good and stays`),
    'lower the learning rates, or the factors of the losses, and train anew',
  );

export const alreadyFinished = (folder: string, steps: number): RunError =>
  input(
    `the run '${folder}' is finished: ${steps} steps are done`,
    'to go on longer, give a larger number of steps: spadework resume FOLDER --steps N',
  );

export const unwritable = (folder: string, error: NodeJS.ErrnoException): RunError =>
  error.code === 'ENOSPC'
    ? machine(`the disk of '${folder}' is full`, 'free some space; the last checkpoint is whole', error)
    : machine(
        `'${folder}' cannot be written (${error.code ?? error.message})`,
        'give a folder that you may write to: --out FOLDER',
        error,
      );

export const outOfMemory = (error: Error): RunError =>
  machine(
    'the engine ran out of memory',
    'lower batch, size or width in the spec, or close other programs',
    error,
  );

export const noSuchNetwork = (name: string, known: readonly string[], near: string | undefined): RunError =>
  input(
    `there is no network '${name}'`,
    `${near === undefined ? '' : `did you mean '${near}'? `}there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
  );

export const noData = (name: string): RunError =>
  input(
    `'${name}' declares no data, so nothing says the size and the classes of its pictures`,
    'take the spec of an experiment',
  );

export const noAverages = (run: string, network: string): RunError =>
  input(
    `the run '${run}' keeps no moving averages of the weights of '${network}'`,
    'leave out --average; averages are kept from the first step on where the optimizer has: average: 0.999',
  );

export const paintsOnly = (networks: readonly string[]): string =>
  `The weights that the spec loads into ${networks.join(', ')} are not there, so the run can paint but not be trained.`;

export const samplesFromTraining = (count: number): string =>
  `The data names no test_labels, so samples are painted for ${count === 1 ? 'a map' : `${count} maps`} of the training data.`;

export const wouldOverwrite = (folder: string, out: string): RunError =>
  input(`painting into '${out}' would overwrite files of '${folder}'`, 'give another folder: --out FOLDER');

export const resized = (
  count: number,
  total: number,
  size: { readonly width: number; readonly height: number },
): string =>
  `${count} of ${total} label maps ${count === 1 ? 'has' : 'have'} another size than the network's ${size.width}x${size.height} and ` +
  `${count === 1 ? 'is' : 'are'} scaled to it (nearest neighbor).`;
