/** Answers for which ops there are: the table that the builder, executors, tests and documents read. */
import { CompilerBug } from '../ir/types.ts';
import { convolutionOps } from './convolution.ts';
import type { OpDefinition } from './define.ts';
import { depthwiseOps } from './depthwise.ts';
import { fusedOps } from './fused.ts';
import { matmulOps } from './matmul.ts';
import { maxPoolOps } from './max-pooling.ts';
import { pointwiseOps } from './pointwise.ts';
import { poolingOps } from './pooling.ts';
import { reflectionOps } from './reflection.ts';
import { segmentOps } from './segments.ts';
import { structureOps } from './structure.ts';
import { tableOps } from './tables.ts';
import { trainingOps } from './training.ts';

export const ops: readonly OpDefinition[] = [
  ...structureOps,
  ...pointwiseOps,
  ...matmulOps,
  ...convolutionOps,
  ...depthwiseOps,
  ...poolingOps,
  ...maxPoolOps,
  ...reflectionOps,
  ...segmentOps,
  ...tableOps,
  ...trainingOps,
  ...fusedOps,
];

export const opTable: ReadonlyMap<string, OpDefinition> = new Map(ops.map((op) => [op.name, op]));

/** Looks an op up that is known to exist. */
export function opNamed(name: string): OpDefinition {
  const op = opTable.get(name);
  if (!op) throw new CompilerBug(`there is no op '${name}'`);
  return op;
}
