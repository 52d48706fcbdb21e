/**
 * The ops that specs are written with. Each expands into the graph's primitives; those that behave differently in training
 * (statistics, power iterations) say so in their entry and nowhere else.
 */
import { convolutionOps } from './convolution.ts';
import type { Composite } from './define.ts';
import { gradientOps } from './gradient.ts';
import { normOps } from './norms.ts';
import { pointwiseOps } from './pointwise.ts';
import { randomOps } from './random.ts';
import { resolutionOps } from './resolution.ts';
import { structureOps } from './structure.ts';
import { weightOps } from './weights.ts';

export { isOf, type Composite, type CompositeTraits, type Expansion, type Growth } from './define.ts';
export { isRequired, type SettingRule } from './settings.ts';

export const composites: ReadonlyMap<string, Composite> = new Map(
  [
    ...pointwiseOps,
    ...convolutionOps,
    ...normOps,
    ...weightOps,
    ...resolutionOps,
    ...structureOps,
    ...gradientOps,
    ...randomOps,
  ].map((composite) => [composite.name, composite]),
);
