/**
 * The table of all functions that the compiler provides: those of composites and optimizers, and those written by
 * hand.
 */
import { composites } from '../../ops/composite/index.ts';
import { optimizers } from '../../optimizers/index.ts';
import { refuse, takesAmong } from './blocks.ts';
import { fromComposite } from './composites.ts';
import type { Builtin } from './define.ts';
import { initializerBuiltins } from './initializers.ts';
import { inputBuiltins } from './inputs.ts';
import { lossBuiltins } from './losses.ts';
import { numberBuiltins } from './numbers.ts';
import { fromOptimizer } from './optimizers.ts';
import { resize } from './resize.ts';
import { variableBuiltins } from './variables.ts';

const list: readonly Builtin[] = [
  ...[...composites.values()].map(fromComposite),
  ...numberBuiltins,
  takesAmong((name) => builtins.get(name)?.names ?? []),
  refuse,
  ...variableBuiltins,
  ...initializerBuiltins,
  resize,
  ...optimizers.map(fromOptimizer),
  ...lossBuiltins,
  ...inputBuiltins,
];

/** All functions by name. */
export const builtins: ReadonlyMap<string, Builtin> = new Map(list.map((one) => [one.name, one]));
