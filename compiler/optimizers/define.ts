/** What an optimizer is: one object that says all about it, from its settings in the language to the nodes of its update. */
import type { Builder, Node } from '../ir/node.ts';
import { optimizerSchema, type NumberRule, type OptimizerSchema } from './settings.ts';

export interface SettingRule extends NumberRule {
  /** What it is where a call leaves it out. */
  readonly default: number;
}

/** The part of a mean that each step keeps. */
export const decay = (standard: number, doc: string): SettingRule => ({
  doc,
  default: standard,
  from: 0,
  below: 1,
});

/** A number that is more than zero. */
export const positive = (standard: number, doc: string): SettingRule => ({
  doc,
  default: standard,
  above: 0,
});

/** What is known of a step before it is run. */
export interface Moment {
  /** The learning rate of this step, by the schedule. */
  readonly rate: number;
  /** The step, from 0. */
  readonly step: number;
}

/**
 * An optimizer. `Setting` are the names of its settings, `Slot` those of what it may keep beside a weight, `Scalar` those of the
 * numbers that a step is fed for it.
 */
export interface OptimizerDefinition<
  Kind extends string,
  Setting extends string,
  Slot extends string,
  Scalar extends string,
> {
  /** Its name in the language and in specs. */
  readonly kind: Kind;
  /** What the schema says of it: a name with its source, or its formula. */
  readonly doc: string;
  readonly settings: Readonly<Record<Setting, SettingRule>>;
  /** Lists what these settings need for each weight: variables `<weight>/<slot>`, which start at 0 and are kept in checkpoints. */
  slots(own: Readonly<Record<Setting, number>>): readonly Slot[];
  /** Gives the inputs of a step, which are computed outside of the graph, in double precision. */
  scalars(own: Readonly<Record<Setting, number>>, moment: Moment): Readonly<Record<Scalar, number>>;
  /** Makes the nodes of a weight's new value, and of the new values of its slots. */
  update(b: Builder, before: Before<Setting, Slot, Scalar>): Moved<Slot>;
}

/** What an update is made of. */
export interface Before<Setting extends string, Slot extends string, Scalar extends string> {
  readonly own: Readonly<Record<Setting, number>>;
  readonly weight: Node;
  /** Those that `slots` lists. */
  readonly slots: Readonly<Record<Slot, Node>>;
  readonly gradient: Node;
  readonly scalars: Readonly<Record<Scalar, Node>>;
}

export interface Moved<Slot extends string> {
  readonly weight: Node;
  /** Those that `slots` lists. */
  readonly slots: Readonly<Partial<Record<Slot, Node>>>;
}

/** An optimizer with the schema of what specs say of it. */
export type DefinedOptimizer<
  Kind extends string,
  Setting extends string,
  Slot extends string,
  Scalar extends string,
> = OptimizerDefinition<Kind, Setting, Slot, Scalar> & { readonly schema: OptimizerSchema<Kind, Setting> };

/** Takes an optimizer as it is written, with the names that its parts have to agree in, and makes its schema. */
export const defineOptimizer = <
  const Kind extends string,
  Setting extends string,
  const Slot extends string,
  Scalar extends string,
>(
  definition: OptimizerDefinition<Kind, Setting, Slot, Scalar>,
): DefinedOptimizer<Kind, Setting, Slot, Scalar> => ({
  ...definition,
  schema: optimizerSchema(definition.kind, definition.doc, definition.settings),
});
