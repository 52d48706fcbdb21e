/** The errors and notes about evaluations, one function each. */
import { suggesting } from '../../dsl/fix.ts';
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import { inputError, SpadeworkError } from '../../dsl/errors.ts';
import { inWords } from '../../dsl/words.ts';

export const nothingHeldOut = (name: string): SpadeworkError =>
  inputError(
    'nothing-to-evaluate',
    `the data of '${name}' name no held-out label maps`,
    'name folders: --maps FOLDER --images FOLDER; or train with test_labels and test_images in data',
  );

export const damagedEvaluation = (file: string, why: string): SpadeworkError =>
  inputError(
    'damaged-evaluation',
    `'${file}' is damaged: ${why}`,
    'delete the file and evaluate again: spadework eval RUN',
  );

export const noCheckpointOfStep = (run: string, step: number): SpadeworkError =>
  inputError(
    'no-checkpoint-of-step',
    `the run '${run}' has no checkpoint of step ${step}`,
    'its folder checkpoints/ lists those that are kept; leave out --checkpoint for the last one',
  );

export const notASegmenter = (run: string): SpadeworkError =>
  inputError(
    'not-a-segmenter',
    `the run '${run}' trains no network that segments: one that takes the photograph alone and gives scores of all classes for each pixel`,
    'name a run of a segmenter; see examples/camvid-segmenter.spade',
  );

export const otherClasses = (run: string, found: number, expected: number): SpadeworkError =>
  inputError(
    'other-classes',
    `the segmenter '${run}' tells ${found} classes apart, but the data have ${expected}`,
    'train a segmenter on the same classes',
  );

export const voidOutOfRange = (id: number, classes: number): SpadeworkError =>
  inputError(
    'void-out-of-range',
    `void is ${id}, but ids run from 0 to ${classes - 1}`,
    'give ids of classes that count nowhere: --void IDS',
  );

export const photographsNeeded = (metric: string): SpadeworkError =>
  inputError(
    'photographs-needed',
    `${metric} compares with photographs, and none are given`,
    'name their folder: --images FOLDER; or leave the option out',
  );

export const tooFewForFeatures = (metrics: readonly string[], count: number, least: number): SpadeworkError =>
  inputError(
    'too-few-for-features',
    `${inWords(metrics)} need ${least} label maps or more, and there ${count === 1 ? 'is one' : `are ${count}`}`,
    'evaluate on more maps, or leave out --features',
  );

export const alwaysTheSame = (name: string): SpadeworkError =>
  inputError(
    'always-the-same',
    `the generator of '${name}' paints a map in one way only: it takes no noise, and no code that could be drawn`,
    'leave out --styles',
  );

export const noSuchJudge = (
  name: string,
  known: readonly string[],
  near: string | undefined,
): SpadeworkError =>
  inputError(
    'no-such-judge',
    `there is no network '${name}' to look through`,
    suggesting(
      near,
      `known are ${known.join(', ')}; one of your own is a .spade file, or a .json file that says more of it`,
    ),
  );

export const badJudge = (path: string, why: string): SpadeworkError =>
  inputError(
    'bad-judge',
    `'${path}' declares no network to look through: ${why}`,
    'docs/metrics.md says what it holds',
  );

export const judgeHasMistakes = (path: string, mistakes: readonly Diagnostic[]): SpadeworkError =>
  new SpadeworkError('input', [
    error('judge-has-mistakes', `the network of '${path}' cannot be used`, undefined, {
      hint: 'mend the file, and its settings',
    }),
    ...mistakes,
  ]);

export const linearLayersMissing = (
  file: string,
  names: readonly string[],
  held: readonly string[],
): SpadeworkError =>
  inputError(
    'linear-layers-missing',
    `'${file}' has no linear layers for these layers: it lacks ${names.join(', ')} (it holds ${held.slice(0, 10).join(', ')})`,
    'take the file that belongs to the network, or leave out --linear',
  );

export const noLinearLayers = (judge: string): SpadeworkError =>
  inputError(
    'no-linear-layers',
    `no linear layers are known for '${judge}'`,
    'leave out --linear, or declare layers and linear in a .json file: see docs/metrics.md',
  );

export const linearLayersOfOther = (
  file: string,
  name: string,
  found: number,
  channels: number,
): SpadeworkError =>
  inputError(
    'linear-layers-of-other',
    `'${name}' in '${file}' weighs ${found} channels, but the layer has ${channels}`,
    'take the file that belongs to the network, or leave out --linear',
  );

export const nothingComparable = (names: readonly string[]): string =>
  `No photographs are given, so there is no ${names.join(', ')}.`;

export const alreadyEvaluated = (file: string): string =>
  `This step was evaluated under this protocol before; --again does it anew. Read from ${file}.`;

export const cacheUnwritable = (folder: string, why: string): string =>
  `Features of the photographs are not kept for the next time: '${folder}' cannot be written (${why}).`;
