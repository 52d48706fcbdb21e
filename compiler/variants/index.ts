/** Resolves variants: applies the changes of a variant to its base, through any number of levels. */
import type { Experiment, Variant } from '../../dsl/ast.ts';
import type { DeclaredExperiment } from '../language/values/module.ts';
import type { MergeContext } from './items.ts';
import { applyChanges, reportRepeats } from './merge.ts';
import * as messages from './messages.ts';

export { applyChanges, reportRepeats } from './merge.ts';
export { type MergeContext } from './items.ts';

/** The longest chain of variants; each level copies everything that it inherits. */
const chainLimit = 50;

/** Resolves experiments, each once, so that each mistake is reported once. */
export class Inheritance {
  private readonly resolved = new Map<Experiment | Variant, Experiment | undefined>();
  private readonly open = new Set<Variant>();
  /** How many levels each variant is above the experiment without a base. */
  private readonly steps = new Map<Experiment | Variant, number>();

  constructor(private readonly context: MergeContext) {}

  /** Gives an experiment with all changes applied; undefined after a reported mistake. */
  resolve(declared: DeclaredExperiment): Experiment | undefined {
    const { experiment } = declared;
    if (experiment.kind === 'experiment') return experiment;
    if (!this.resolved.has(experiment)) this.resolved.set(experiment, this.merge(experiment, declared));
    return this.resolved.get(experiment);
  }

  private merge(variant: Variant, { module }: DeclaredExperiment): Experiment | undefined {
    const { report } = this.context;
    const { name, base: named, changes, comments, span } = variant;
    const declared = module.experiments.get(named.text);
    if (!declared) {
      if (!module.missing.has(named.text))
        report(
          messages.unknownBase(
            named.text,
            named.span,
            [...module.experiments.keys()].filter((one) => one !== name.text),
          ),
        );
      return undefined;
    }
    if (
      declared.experiment === variant ||
      (declared.experiment.kind === 'variant' && this.open.has(declared.experiment))
    ) {
      report(messages.inheritanceCycle(name.text, named.span));
      return undefined;
    }
    if (this.open.size >= chainLimit) {
      report(messages.chainTooLong(name.text, chainLimit, named.span));
      return undefined;
    }
    this.open.add(variant);
    const base = this.resolve(declared);
    this.open.delete(variant);
    if (!base) return undefined;
    const steps = 1 + (this.steps.get(declared.experiment) ?? 0);
    this.steps.set(variant, steps);
    if (steps > chainLimit) {
      report(messages.chainTooLong(name.text, chainLimit, named.span));
      return undefined;
    }
    reportRepeats(changes, report);
    return { ...applyChanges(base, changes, this.context), name, comments, span };
  }
}
