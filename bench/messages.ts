/** The errors and notes of the benchmarks, one function each. */
import { inputError, machineError, type SpadeworkError } from '../dsl/errors.ts';
import { noiseLabels } from './options.ts';

export const idAboveClasses = (file: string, id: number, classes: number): SpadeworkError =>
  inputError(
    'id-above-classes',
    `'${file}' holds the id ${id}; ${classes} classes have ids up to ${classes - 1}`,
    `leave --classes out, give at least ${id + 1}, or name the id of pixels without a class with --void`,
  );

export const noiseAlone = (): SpadeworkError =>
  inputError(
    'noise-alone',
    `--labels ${noiseLabels} is given with --instances or --images, or without --classes`,
    'noise has neither: give --classes alone',
  );

export const differentCounts = (
  labels: string,
  count: number,
  instances: string,
  others: number,
): SpadeworkError =>
  inputError(
    'different-counts',
    `there are ${count} label maps in '${labels}' and ${others} instance maps in '${instances}'`,
    'they belong together by the order of their names, so there have to be as many',
  );

export const notReduced = (): SpadeworkError =>
  inputError(
    'not-reduced',
    'a comparison with float32 is one of another precision',
    'give --precision bfloat16',
  );

export const alreadyDense = (): SpadeworkError =>
  inputError(
    'already-dense',
    'a comparison with what is computed pixel by pixel is one of what is not',
    'leave out --dense',
  );

export const noPeer = (tried: readonly string[]): SpadeworkError =>
  machineError(
    'no-peer',
    `no Python with PyTorch was found; tried ${tried.join(', ')}`,
    'make one outside of this folder as above, and name it: npm run bench:compare -- --labels FOLDER --python ../torch-peer/bin/python',
    {
      notes: [
        'python3 -m venv ../torch-peer',
        '../torch-peer/bin/pip install torch==2.13.0 numpy pillow',
        "(PyTorch's own package index has smaller builds for CPUs alone; see its installation page)",
      ],
    },
  );

export const programFailed = (name: string, round: number): SpadeworkError =>
  machineError('program-failed', `${name} failed in round ${round}`, 'see what it wrote above');

export const differentWork = (what: string, ours: string, theirs: string): SpadeworkError =>
  machineError(
    'different-work',
    `both programs have to do the same work, but ${what} differ: ${ours} here, ${theirs} there`,
    'give both the same options',
  );
