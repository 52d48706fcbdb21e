/** The optimizers that there are. Adding one is its file and a line in `list`. */
import { must } from '../../dsl/errors.ts';
import type { ValueOf } from '../json/schema.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import type { OptimizerDefinition } from './define.ts';
import { rmsprop } from './rmsprop.ts';
import { optionalRules, rateRule, type NumberRule } from './settings.ts';
import { sgd } from './sgd.ts';

const list = [adam, adamw, sgd, rmsprop] as const;

/** The schemas of what specs say of optimizers, told apart by `kind`. */
export const optimizerSchemas = list.map(({ schema }) => schema);

/** What moves the parameters of one network: one of the optimizers, with its settings. */
export type OptimizerSpec = ValueOf<(typeof optimizerSchemas)[number]>;

/** An optimizer, whichever it is. */
export type Optimizer = OptimizerDefinition<string, string, string, string>;

/** The optimizers in the order in which they are listed to users. */
export const optimizers: readonly Optimizer[] = list;

/** Gives the optimizer of a spec. */
export function optimizerOf({ kind }: Pick<OptimizerSpec, 'kind'>): Optimizer {
  return must(
    optimizers.find((one) => one.kind === kind),
    `there is an optimizer ${kind}`,
  );
}

/** Gives the settings that are the optimizer's own. */
export function ownSettings({
  network: _network,
  kind: _kind,
  rate: _rate,
  clip_norm: _clip,
  average: _average,
  warmup: _warmup,
  ...own
}: OptimizerSpec): Readonly<Record<string, number>> {
  return own;
}

/** Lists all settings of an optimizer with their rules, in the order of its parameters. */
export const settingsOf = ({ settings }: Optimizer): [string, NumberRule][] =>
  Object.entries({ rate: rateRule, ...settings, ...optionalRules });
