/** Answers for which ops there are: the table that the builder, executors, tests and documents read. */
import { brokenInvariant } from '../../dsl/errors.ts';
import { convolutionOps } from './primitive/convolution.ts';
import type { OpDefinition } from '../ir/op.ts';
import { depthwiseOps } from './primitive/depthwise.ts';
import { fusedOp } from './fused/fused.ts';
import { matmulOps } from './primitive/matmul.ts';
import { maxPoolOps } from './primitive/max-pooling.ts';
import { pointwiseOps } from './primitive/pointwise.ts';
import { poolingOps } from './primitive/pooling.ts';
import { reflectionOps } from './primitive/reflection.ts';
import { segmentOps } from './primitive/segments.ts';
import { structureOps } from './primitive/structure.ts';
import { tableOps } from './primitive/tables.ts';
import { trainingOps } from './primitive/training.ts';

/** Ops that compute one thing. */
const singles: readonly OpDefinition[] = [
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
];

const tableOf = (list: readonly OpDefinition[]): ReadonlyMap<string, OpDefinition> =>
  new Map(list.map((op) => [op.name, op]));

export const ops: readonly OpDefinition[] = [...singles, fusedOp(tableOf(singles))];

export const opTable = tableOf(ops);

/** Looks an op up that is known to exist. */
export function opNamed(name: string): OpDefinition {
  const op = opTable.get(name);
  if (!op) throw brokenInvariant(`there is no op '${name}'`);
  return op;
}
