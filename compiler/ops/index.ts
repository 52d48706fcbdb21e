/** Which ops there are: the table that the builder, executors, tests and documents read. */
import type { Op } from '../ir/node.ts';
import { fusedOp } from './fused/fused.ts';
import { adamOps } from './primitive/adam.ts';
import { blockOps } from './primitive/blocks.ts';
import { conv2dOps } from './primitive/convolution/conv2d.ts';
import { depthwiseOps } from './primitive/convolution/depthwise.ts';
import { functions } from './primitive/functions.ts';
import { joinOps } from './primitive/joining.ts';
import { matmulOps } from './primitive/matmul.ts';
import { maxPoolOps } from './primitive/max-pooling.ts';
import { oneHotOps } from './primitive/one-hot.ts';
import { pointwiseOps } from './primitive/derived-pointwise.ts';
import { poolingOps } from './primitive/pooling.ts';
import { randomOps } from './primitive/random.ts';
import { reductionOps } from './primitive/reductions.ts';
import { reflectionOps } from './primitive/reflection.ts';
import { segmentOps } from './primitive/segments.ts';
import { shapeOps } from './primitive/shapes.ts';
import { sourceOps } from './primitive/sources.ts';
import { patchOps } from './primitive/tables/patches.ts';
import { rowOps } from './primitive/tables/rows.ts';
import { takeOps } from './primitive/take.ts';

/** Ops that compute one thing. */
const singles: readonly Op[] = [
  ...sourceOps,
  ...shapeOps,
  ...blockOps,
  ...joinOps,
  ...takeOps,
  ...oneHotOps,
  ...reductionOps,
  ...pointwiseOps,
  ...functions,
  ...matmulOps,
  ...conv2dOps,
  ...depthwiseOps,
  ...poolingOps,
  ...maxPoolOps,
  ...reflectionOps,
  ...segmentOps,
  ...patchOps,
  ...rowOps,
  ...adamOps,
  ...randomOps,
];

const tableOf = (list: readonly Op[]): ReadonlyMap<string, Op> => new Map(list.map((op) => [op.name, op]));

export const fused = fusedOp(tableOf(singles));

export const ops: readonly Op[] = [...singles, fused];

/** The ops that engines implement; all others are made of them. */
export const coreOps = ops.filter(({ expand }) => !expand);

export const opTable = tableOf(ops);
