/**
 * Answers for `import ... from 'spadework'` in plain Node: the package is TypeScript, which is learned to read here, for the
 * library's own modules alone. Those of the importing program are read as before.
 */
import { tsImport } from 'tsx/esm/api';

const library = await tsImport('./model/index.ts', import.meta.url);

export const { openSpec, openText, openRun, parseSpec, readTensors, splitSemantics, SpadeworkError } =
  library;
