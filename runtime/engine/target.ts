/** Tells the machine of a library that is loaded, apart from the targets, which pages compile for, too. */
import type { Target } from '../../compiler/ir/target.ts';
import { hasKernels } from './load-binding.ts';
import { cpu, withoutKernels } from '../../compiler/lower/targets.ts';

/** Says what programs are lowered for that run on `tf`, which `loadBinding` gave. */
export function targetOf(tf: object): Target {
  return hasKernels(tf) ? cpu : withoutKernels;
}
