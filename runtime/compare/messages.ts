/** The errors and notes about comparisons, one function each. */
import { inputError, type SpadeworkError } from '../../dsl/errors.ts';

export const differentProtocols = (
  one: string,
  other: string,
  differing: readonly string[],
): SpadeworkError =>
  inputError(
    'different-protocols',
    `'${one}' and '${other}' were evaluated under different protocols, so their numbers say nothing about each other`,
    'evaluate all of them in the same way: spadework eval RUN, with the same data, networks and options',
    { notes: differing },
  );

export const nothingToCompare = (folder: string): SpadeworkError =>
  inputError(
    'nothing-to-compare',
    `no run of the ablation '${folder}' has started yet`,
    'train them: spadework ablate FOLDER',
  );

export const noSuchBaseline = (label: string, labels: readonly string[]): SpadeworkError =>
  inputError(
    'no-such-baseline',
    `there is nothing called '${label}' to compare with`,
    `--baseline is one of: ${labels.map((one) => `'${one}'`).join(', ')}`,
  );

export const namedTwice = (folder: string): SpadeworkError =>
  inputError('run-named-twice', `the run '${folder}' is named twice`, 'name each run once');

export const alone = (folder: string): SpadeworkError =>
  inputError(
    'alone',
    `'${folder}' is a single run: there is nothing to compare it with`,
    'name two or more runs, or the folder of an ablation',
  );

export const ablationAmongRuns = (folder: string): SpadeworkError =>
  inputError(
    'ablation-among-runs',
    `'${folder}' is an ablation, which is compared by itself`,
    'name one ablation alone, or single runs of it: spadework compare FOLDER/RUN FOLDER/RUN',
  );

export const notStarted = (names: readonly string[]): string =>
  `Not trained yet, and left out: ${names.join(', ')}.`;

export const sameRuns = (others: readonly string[], kept: string, seed: number): string =>
  `Left out, since the spec and the seed ${seed} are those of ${kept}, and a run with the same seed is the same run: ` +
  `${others.join(', ')}. Train with other seeds to see how much they matter: spadework train SPEC --seed N.`;

export const notFinished = (name: string, status: string, steps: number, planned: number): string =>
  `${name} is ${status === 'running' ? 'not finished' : status}: it has done ${steps} of ${planned} steps, and its numbers are of then.`;

export const notEvaluated = (names: readonly string[]): string =>
  `Without an evaluation, so without numbers on quality: ${names.join(', ')}.`;

export const notCounted = (names: readonly string[]): string =>
  `Evaluated before pixels were kept map by map, so that intervals of a segmenter's scores are of stand-ins: ${names.join(', ')}.`;

export const evaluatedEarlier = (name: string, step: number, steps: number): string =>
  `${name} was evaluated after step ${step}, and has done ${steps} since its start.`;

export const unevenSteps = (steps: readonly number[]): string =>
  `The runs were evaluated after different numbers of steps (${steps.join(', ')}): what they differ in may be training time.`;

export const dataGone = (why: string): string =>
  `Label maps and photographs are not shown, since the data cannot be read: ${why}`;
