/**
 * Answers for `import ... from 'spadework'` in plain Node: the package is TypeScript, which is learned to read here, for the
 * library's own modules alone. Those of the importing program are read as before.
 */
import { tsImport } from 'tsx/esm/api';

const library = await tsImport('./index.ts', import.meta.url);

export const {
  ablate,
  check,
  compare,
  compile,
  cpu,
  evaluate,
  lower,
  openRun,
  openSpec,
  openText,
  optimize,
  readTensors,
  resume,
  SpadeworkError,
  splitSemantics,
  synthesize,
  train,
  withoutKernels,
} = library;
