/** The errors and notes about runs, one function each. */

import { suggesting } from '../../dsl/fix.ts';
import { formatBytes, formatSeconds } from '../base/format.ts';
import { error, warningText, type Diagnostic } from '../../dsl/diagnostic.ts';
import { inputError, machineError, SpadeworkError } from '../../dsl/errors.ts';
import type { Span } from '../../dsl/source.ts';
import { quoted } from '../base/shell.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { Fitting } from '../weights/messages.ts';

/** The most names that a message lists. */
const listed = 10;

export const nothingToTrain = (name: string): SpadeworkError =>
  inputError(
    'no-training',
    `'${name}' cannot be trained: it has no data, no loss or no train section`,
    'train an experiment; see "spadework check FILE" for what a file holds',
  );

export const nothingPaints = (name: string): SpadeworkError =>
  inputError(
    'nothing-paints',
    `no network of '${name}' paints: none makes a picture from a label map alone`,
    'add a generator: let G = SpadeGenerator(width: 64)',
  );

export const photosMissing = (name: string): SpadeworkError =>
  inputError(
    'photos-missing',
    `the data '${name}' names no photos, which the losses need`,
    'add to data: images: "folder" (relative to path)',
  );

export const batchNotInParts = (batch: number, parts: number): SpadeworkError =>
  inputError(
    'batch-not-in-parts',
    `a batch of ${batch} cannot be taken in ${parts} equal parts`,
    `give a batch that ${parts} divides, or set accumulate in train to a divisor of ${batch}`,
  );

export const instancesMissing = (name: string): SpadeworkError =>
  inputError(
    'instances-missing',
    `the run '${name}' was trained with instance maps, and needs them to paint`,
    'name their folder: --instances FOLDER',
  );

/** `instead` is what the file fits. */
export const weightsDoNotFit = (
  network: string,
  path: string,
  report: readonly string[],
  instead: Fitting | undefined,
): SpadeworkError =>
  inputError(
    'weights-do-not-fit',
    `the weights do not fit network '${network}'`,
    instead
      ? `everything fits with: load ${network} from ${JSON.stringify(path)}${instead.mapping === undefined ? '' : ` naming ${JSON.stringify(instead.mapping)}`}`
      : 'choose the network and the naming that belong to the file: load V from "weights.pth" naming "..."',
    { notes: report },
  );

export const noStyleTaken = (name: string): SpadeworkError =>
  inputError(
    'no-style-taken',
    `the generator of '${name}' takes no style: it encodes no photo`,
    'leave out --style',
  );

export const styleNeeded = (name: string): SpadeworkError =>
  inputError(
    'style-needed',
    `the generator of '${name}' paints from an encoded photo, and none is given`,
    'give a photo, or a folder with one for each map: --style PHOTO; or the photos of the maps: --images FOLDER',
  );

export const stylesMissing = (folder: string, names: readonly string[], total: number): SpadeworkError =>
  inputError(
    'styles-missing',
    `${names.length} of ${total} label maps have no photo in '${folder}' to take their style from: ` +
      `${names.slice(0, listed).join(', ')}${names.length > listed ? ', ...' : ''}`,
    'photo and map have the same name but for the ending; a single photo (--style PHOTO) serves all maps',
  );

export const legendOutOfRange = (
  file: string,
  id: number,
  { classes, ids_from: first = 0 }: DataSpec,
): SpadeworkError =>
  inputError(
    'legend-out-of-range',
    `'${file}' names a class with id ${id}, but the data declares ${classes} classes (ids ${first} to ${first + classes - 1})`,
    `set classes: ${id - first + 1} or more in the spec, or take the class out of the file`,
  );

export const runFolderExists = (folder: string): SpadeworkError =>
  inputError(
    'run-folder-exists',
    `the folder '${folder}' exists and is not empty`,
    `give another --out, add --overwrite to replace the run in it, or go on with it: spadework resume ${quoted(folder)}`,
  );

export const notARunFolder = (folder: string): SpadeworkError =>
  inputError(
    'not-a-run-folder',
    `the folder '${folder}' is not empty and holds no run, so it is left alone, whatever --overwrite says`,
    'give another --out, or empty the folder yourself',
  );

export const runPlaceNoFolder = (place: string): SpadeworkError =>
  inputError(
    'run-place-no-folder',
    `'${place}' is there and is no folder, so no run can lie in it`,
    'give another --out, or move it away',
  );

/** The state of a run's folder after the run has saved once. */
export const lastCheckpointKept = 'the last checkpoint is whole';

export const folderInUse = (folder: string, file: string): SpadeworkError =>
  inputError(
    'folder-in-use',
    `another process is training in '${folder}'`,
    `wait for its end, or train into another folder; if there is no such process, delete '${file}'`,
  );

/** `within` are run folders inside it. */
export const noRun = (folder: string, within: readonly string[] = []): SpadeworkError =>
  inputError(
    'no-run',
    `'${folder}' holds no run: spec.json is missing`,
    within.length > 0
      ? `name a run in it: ${within.slice(0, 3).join(', ')}${within.length > 3 ? ', …' : ''}`
      : 'name a folder that "spadework train" made',
  );

export const noRunFolder = (folder: string): SpadeworkError =>
  inputError(
    'no-run-folder',
    `'${folder}' holds no run: there is no such folder`,
    'check the path; runs lie in runs/ unless told',
  );

/** Reports a foreign file in place of TensorBoard events, which can be made again from other files. */
export const uselessEvents = (file: string, why: string): SpadeworkError =>
  inputError(
    'useless-events',
    `'${file}' cannot be used: ${why}`,
    'remove it, or move it away: what TensorBoard reads is written anew, and nothing is lost',
  );

/** Reports a foreign file in place of samples; those of the last step can be generated again. */
export const uselessSamples = (file: string, why: string): SpadeworkError =>
  inputError(
    'useless-samples',
    `'${file}' cannot be used: ${why}`,
    'remove it, or move it away: the samples of the last step are painted anew by spadework resume RUN',
  );

export const damagedRunFile = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-run-file',
    `'${file}' is damaged: ${why}`,
    'take the file from a copy of the run, or train anew',
  );

export const noRecord = (folder: string): SpadeworkError =>
  inputError(
    'no-record',
    `the run '${folder}' lacks its record: run.json is missing`,
    'take the file from a copy of the run; a run that was killed before its first step is trained anew: spadework train',
  );

export const damagedMetrics = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-metrics',
    `'${file}' is damaged: ${why}`,
    /^line \d/.test(why)
      ? 'take the file from a copy of the run, or delete the line that is named'
      : 'take the file from a copy of the run; or move it away, and the run goes on without the records of its steps until now',
  );

export const damagedLock = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-lock',
    `'${file}' cannot be read: ${why}`,
    'delete it, where no process trains in the folder',
  );

export const damagedBest = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-best',
    `'${file}' is damaged: ${why}`,
    'delete the file; it is made anew by: spadework resume RUN',
  );

export const noCheckpoint = (folder: string): SpadeworkError =>
  inputError(
    'nothing-saved',
    `the run '${folder}' has no checkpoint yet`,
    'train it anew; checkpoint_every in the spec says how often one is saved',
  );

export const allCheckpointsDamaged = (folder: string, problems: readonly string[]): SpadeworkError =>
  inputError(
    'all-checkpoints-damaged',
    `no checkpoint of the run '${folder}' can be used`,
    'take the checkpoints from a copy of the run, or train anew',
    { notes: problems },
  );

export const lastCheckpointDamaged = (problem: string, run: string, before: number): SpadeworkError =>
  inputError(
    'last-checkpoint-damaged',
    problem,
    `make it anew from the checkpoint of step ${before}: spadework resume ${quoted(run)}; or delete its folder to take that of step ${before}`,
  );

export const checkpointLeftOut = (problem: string, instead: number): string =>
  warningText('checkpoint-left-out', `${problem}; taking the checkpoint of step ${instead} instead`);

export const checkpointDamaged = (folder: string, why: string): string =>
  `the checkpoint '${folder}' is damaged: ${why}`;

export const checkpointOfOtherSpec = (folder: string, why: string): SpadeworkError =>
  inputError(
    'checkpoint-of-other-spec',
    `the checkpoint '${folder}' does not belong to the spec of its run: ${why}`,
    'a run keeps its spec; undo changes of its spec.json',
  );

/** `source` names the op that made the first value that is not finite, if known. */
export const notFinite = (
  names: readonly string[],
  step: number,
  checkpoint: number | undefined,
  source: Diagnostic | undefined,
): SpadeworkError =>
  new SpadeworkError('input', [
    error(
      'training-not-finite',
      `training stopped: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not a finite number at step ${step}; ` +
        (checkpoint === undefined
          ? 'no checkpoint had been saved yet'
          : `the checkpoint of step ${checkpoint} is good and stays`),
      undefined,
      {
        hint: 'lower the learning rates, or the factors of the losses, and train anew',
      },
    ),
    ...(source === undefined ? [] : [source]),
  ]);

export const replaying = (steps: number): string =>
  `A value is not finite; looking for where it comes from${steps > 0 ? `, doing ${steps} ${steps === 1 ? 'step' : 'steps'} again` : ''} ...`;

/** The content of a tensor: the range of its finite values, and the number of others. */
export interface ValueRange {
  readonly shape: readonly number[];
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly infinite: number;
  readonly notNumbers: number;
}

/** The op that made the first value that is not finite. */
export interface NotFiniteOp {
  readonly op: string;
  readonly step: number;
  /** Its block instance or optimizer. */
  readonly scope: string | undefined;
  /** Its name, if it is a variable or input. */
  readonly name: string | undefined;
  readonly isGradient: boolean;
  readonly isUpdate: boolean;
  readonly result: ValueRange;
  readonly operands: readonly (ValueRange & { readonly op: string })[];
}

/** How to keep ops in their finite range. */
const remedies: Readonly<Record<string, string>> = {
  div: 'keep the divisor away from 0: a / (b + 1e-5), or maximum(b, 1e-5)',
  log: 'keep what is given to log above 0: log(x + 1e-5)',
  sqrt: 'keep what is given to sqrt above 0: the slope of a root is infinite at 0',
  exp: 'keep what is given to exp below 88, where float32 ends',
};

export const firstNotFinite = (
  { op, step, scope, name, isGradient, isUpdate, result, operands }: NotFiniteOp,
  span: Span | undefined,
): Diagnostic => {
  const what = `${op}${name === undefined ? '' : ` '${name}'`}`;
  const where = `${isGradient ? ', in the gradient of what is written here' : ''}${scope === undefined ? '' : `, in ${scope}`}`;
  const remedy = isUpdate ? 'lower the learning rate, or clip gradients: clip_norm: 1' : remedies[op];
  const message = `${what} gives the first value that is not finite, at step ${step}${where}`;
  return error('first-not-finite', message, span, {
    notes: [
      `it gives ${describeRange(result)}`,
      ...operands.map((operand, index) => `operand ${index + 1}, ${operand.op}: ${describeRange(operand)}`),
    ],
    hint: remedy,
  });
};

function describeRange({ shape, count, low, high, infinite, notNumbers }: ValueRange): string {
  const amount = (number: number): string => String(Number(number.toPrecision(3)));
  const others = [
    ...(infinite > 0 ? [`${infinite} infinite`] : []),
    ...(notNumbers > 0 ? [`${notNumbers} not a number`] : []),
  ];
  const finite = low <= high ? [low === high ? amount(low) : `${amount(low)} to ${amount(high)}`] : [];
  return `[${shape.join(', ')}] ${[...finite, ...others].join(', ')}${others.length > 0 && finite.length > 0 ? ` (of ${count})` : ''}`;
}

export const moreStepsDone = (folder: string, done: number, steps: number): SpadeworkError =>
  inputError(
    'more-steps-done',
    `the run '${folder}' has done ${done} steps, more than the ${steps} asked for`,
    `leave out --steps, or give ${done} or more`,
  );

/** `isWhole` tells whether all files of the run exist, including those that cannot be made again. */
export const nothingMissing = (steps: number, isWhole: boolean): string =>
  `The run is finished: all ${steps} steps are done, and nothing ${isWhole ? 'of it is missing' : 'else is missing'}. ` +
  'To train longer: --steps N';

export const sourceGone = (file: string): string =>
  warningText(
    'source-gone',
    `'${file}' is missing: it holds the text of the spec, and cannot be made again`,
    'take it from a copy of the run; without it, the page and messages show no lines of the spec',
  );

export const bestGone = (folder: string): string =>
  warningText(
    'best-gone',
    `'${folder}' is missing: it holds the best checkpoint, and cannot be made again`,
    'take it from a copy of the run',
  );

export const onlyCompleting = (steps: number): string =>
  `All ${steps} steps are done; making what is missing of the run.`;

export const savedBeforeFile = (step: number, folder: string): string =>
  `A file of the data cannot be used; the run is saved at step ${step}. Once the file is mended: spadework resume ${quoted(folder)}`;

export const recordsGone = (count: number): string =>
  warningText(
    'records-gone',
    `metrics.jsonl lacks the records of ${count} ${count === 1 ? 'step' : 'steps'}, which cannot be made again`,
  );

export const runFolderGone = (folder: string): SpadeworkError =>
  inputError(
    'run-folder-gone',
    `training stopped: the run in '${folder}' was deleted or moved while it went on`,
    'if it was moved, go on with it where it is now: spadework resume FOLDER; else train it anew',
  );

export const noBest = (run: string): SpadeworkError =>
  inputError(
    'no-best',
    `the run '${run}' has no best checkpoint`,
    'leave out --checkpoint for its last one; a best one is kept where train has: evaluate_every: 1000',
  );

/** The resources that a run will need, in one line. */
export const needs = ({
  checkpointBytes,
  checkpoints,
  memoryBytes,
}: {
  readonly checkpointBytes: number;
  readonly checkpoints: number;
  readonly memoryBytes: number | undefined;
}): string =>
  `Needs ${memoryBytes === undefined ? '' : `about ${formatBytes(memoryBytes)} of memory for weights and values, `}` +
  `${formatBytes(checkpoints * checkpointBytes)} of the disk for ${checkpoints} checkpoints`;

/** The time that a run will take, from the time of its first steps. */
export const takes = (steps: number, secondsPerStep: number): string =>
  `The ${steps} steps to go take about ${formatSeconds(steps * secondsPerStep)}, ${formatSeconds(secondsPerStep)} each.`;

export const noRoomForCheckpoints = (folder: string, needed: number, free: number): SpadeworkError =>
  machineError(
    'no-room-for-checkpoints',
    `the disk of '${folder}' has ${formatBytes(free)} free, but the checkpoints of the run need ${formatBytes(needed)}`,
    'free some space, or give a folder on another disk: --out FOLDER',
  );

export const learnsNothing = (network: string, since: number): string =>
  warningText(
    'learns-nothing',
    `the gradients of ${network} are exactly 0 since step ${since}: it learns nothing any more`,
    'where its loss can follow from its weights at all, it has saturated: begin anew with a lower rate',
  );

export const tooLargeForMachine = (bytes: {
  readonly weightBytes: number;
  readonly pictureBytes: number;
  readonly there: number;
}): SpadeworkError =>
  machineError(
    'too-large-for-machine',
    `the weights, with what optimizers keep, take ${formatBytes(bytes.weightBytes)} of memory and the pictures of a batch ` +
      `${formatBytes(bytes.pictureBytes)}; this machine has ${formatBytes(bytes.there)}`,
    bytes.weightBytes > bytes.pictureBytes
      ? 'make the networks smaller, such as by width or layers'
      : 'lower batch or size of the data, or take the batch in parts (accumulate in train)',
  );

export const memoryShort = (needed: number, free: number): string =>
  warningText(
    'memory-short',
    `the run needs about ${formatBytes(needed)} of memory and ${formatBytes(free)} are free`,
    'a smaller batch, or parts of it (accumulate in train), needs less',
  );

export const noSuchNetwork = (
  name: string,
  known: readonly string[],
  near: string | undefined,
): SpadeworkError =>
  inputError(
    'no-such-network',
    `there is no network '${name}'`,
    suggesting(near, `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`),
  );

export const noData = (name: string): SpadeworkError =>
  inputError(
    'no-data',
    `'${name}' declares no data, so nothing says the size and the classes of its pictures`,
    'take the spec of an experiment',
  );

export const noAverages = (run: string, network: string): SpadeworkError =>
  inputError(
    'no-averages',
    `the run '${run}' keeps no moving averages of the weights of '${network}'`,
    'leave out --average; averages are kept from the first step on where the optimizer has: average: 0.999',
  );

export const paintsOnly = (networks: readonly string[]): string =>
  `The weights that the spec loads into ${networks.join(', ')} are not there, so the run can paint but not be trained.`;

export const samplesFromTraining = (count: number): string =>
  `The data names no test_labels, so samples are painted for ${count === 1 ? 'a map' : `${count} maps`} of the training data.`;

export const mapsNotSearched = (folder: string, within: ReadonlyMap<string, number>): string => {
  const [[first]] = [...within] as [[string, number]];
  const count = [...within.values()].reduce((sum, one) => sum + one, 0);
  const places = [...within].map(([place, maps]) => `'${place}' (${maps})`);
  return warningText(
    'maps-not-searched',
    `${count === 1 ? '1 label map lies' : `${count} label maps lie`} in folders within '${folder}', which are not searched, and ` +
      `${count === 1 ? 'is' : 'are'} not painted: ${places.slice(0, listed).join(', ')}${places.length > listed ? ', ...' : ''}`,
    `paint each folder by itself: --labels ${quoted(`${folder.replace(/\/$/, '')}/${first}`)} --out FOLDER`,
  );
};

export const wouldOverwrite = (folder: string, out: string): SpadeworkError =>
  inputError(
    'would-overwrite',
    `painting into '${out}' would overwrite files of '${folder}'`,
    'give another folder: --out FOLDER',
  );

export const foreignFiles = (folder: string, files: readonly string[]): SpadeworkError =>
  inputError(
    'foreign-files',
    `'${folder}' holds files that were not written there by this command, and would be overwritten or mixed up with its own: ` +
      `${files.slice(0, listed).join(', ')}${files.length > listed ? `, ... (${files.length})` : ''}`,
    'give a new or empty folder: --out FOLDER',
  );

export const foreignFile = (file: string, what: string): SpadeworkError =>
  inputError(
    'foreign-file',
    `'${file}' is there already, and is no ${what}`,
    'give another name: --out FILE',
  );

export const namesClash = (folder: string, first: string, second: string): SpadeworkError =>
  inputError(
    'names-clash',
    `'${first}' and '${second}' cannot both be written into '${folder}': they are one name there`,
    'rename one of the files that they are called after',
  );

export const resized = (
  count: number,
  total: number,
  size: { readonly width: number; readonly height: number },
): string =>
  `${count} of ${total} label maps ${count === 1 ? 'has' : 'have'} another size than the network's ${size.width}x${size.height} and ` +
  `${count === 1 ? 'is' : 'are'} scaled to it (nearest neighbor).`;

export const damagedAblation = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-ablation',
    `'${file}' is damaged: ${why}`,
    'take the file from a copy, or begin the ablation in another folder',
  );
