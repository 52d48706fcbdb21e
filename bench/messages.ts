/** Answers for what the benchmarks say to their user: one function a message. */

export const idAboveClasses = (file: string, id: number, classes: number): string =>
  `'${file}' holds the id ${id}; ${classes} classes have ids up to ${classes - 1}` +
  `\nhint: leave --classes out, or give at least ${id + 1}`;

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
  `both programs have to do the same work, but ${what} differ: ${ours} here, ${theirs} in PyTorch`;
