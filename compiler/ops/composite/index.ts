/**
 * Answers for the ops that specs are written with. Each expands into the graph's primitives; those that behave differently
 * in training (statistics, power iterations) say so in their entry and nowhere else.
 */
import { convolutionOps } from './convolution.ts';
import type { SpecOp } from './define.ts';
import { gradientOps } from './gradient.ts';
import { normOps } from './norms.ts';
import { pointwiseOps } from './pointwise.ts';
import { randomOps } from './random.ts';
import { resolutionOps } from './resolution.ts';
import { structureOps } from './structure.ts';
import { weightOps } from './weights.ts';

export { expandOp, isRequired, withDefaults, type AttrRule, type Expansion, type SpecOp } from './define.ts';

export const specOps: ReadonlyMap<string, SpecOp> = new Map(
  [
    ...pointwiseOps,
    ...convolutionOps,
    ...normOps,
    ...weightOps,
    ...resolutionOps,
    ...structureOps,
    ...gradientOps,
    ...randomOps,
  ].map((op) => [op.name, op]),
);
