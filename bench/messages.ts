/** Answers for what the benchmarks say to their user: one function a message. */
import { noiseLabels } from './options.ts';

export const idAboveClasses = (file: string, id: number, classes: number): string =>
  `'${file}' holds the id ${id}; ${classes} classes have ids up to ${classes - 1}` +
  `\nhint: leave --classes out, give at least ${id + 1}, or name the id of pixels without a class with --void`;

export const noiseAlone = (): string =>
  `--labels ${noiseLabels} needs --classes, and goes without --instances and --images`;

export const differentCounts = (labels: string, count: number, instances: string, others: number): string =>
  `there are ${count} label maps in '${labels}' and ${others} instance maps in '${instances}'` +
  '\nhint: they belong together by the order of their names, so there have to be as many';

export const notReduced = (): string =>
  'a comparison with float32 is one of another precision\nhint: give --precision bfloat16';

export const alreadyDense = (): string =>
  'a comparison with what is computed pixel by pixel is one of what is not\nhint: leave out --dense';

export const noPeer = (tried: readonly string[]): string =>
  `no Python with PyTorch was found; tried ${tried.join(', ')}` +
  '\nhint: make one outside of this folder, then name it with --python:' +
  '\n  python3 -m venv ../torch-peer' +
  '\n  ../torch-peer/bin/pip install torch==2.13.0 numpy pillow' +
  '\n  npm run bench:compare -- --labels FOLDER --python ../torch-peer/bin/python' +
  "\n(PyTorch's own package index has smaller builds for CPUs alone; see its installation page)";

export const programFailed = (name: string, round: number): string =>
  `${name} failed in round ${round}; what it wrote is above`;

export const differentWork = (what: string, ours: string, theirs: string): string =>
  `both programs have to do the same work, but ${what} differ: ${ours} here, ${theirs} there`;
