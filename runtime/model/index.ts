/** Answers for what embedding programs use: opening specs and runs, and the models that this gives. */
export { SpadeworkError } from '../../dsl/errors.ts';
export { openRun, openSpec, openText, parseSpec } from './open.ts';
export { splitSemantics } from './semantics.ts';
export { readTensors } from './tensors.ts';
export type * from './types.ts';
