/** Answers for what the command may use of ablations. */
export { ablate, type AblateOptions, type AblateResult } from './ablate.ts';
export type { Launcher, Stopping } from './launcher.ts';
export { localLauncher } from './local.ts';
export { jobIdOf, type PoolObserver } from './pool.ts';
export { progressOf, type RunProgress } from './progress.ts';
export { rayLauncher, stopOnRay, type RayOptions } from './ray.ts';
export { readAblation, type AblationRecord, type RunEntry } from '../run/ablation.ts';
