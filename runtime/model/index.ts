/** Answers for what embedding programs use: opening specs and runs, and the models that this gives. */
export { SetupFailure } from '../engine/types.ts';
export { RunError } from '../base/errors.ts';
export { WeightsError } from '../weights/messages.ts';
export { ModelError, SpecError } from './messages.ts';
export { openRun, openSpec, openText, parseSpec } from './open.ts';
export { splitSemantics } from './semantics.ts';
export { readTensors } from './tensors.ts';
export type * from './types.ts';
