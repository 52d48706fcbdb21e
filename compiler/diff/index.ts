/** Compares two specs by meaning: gives sections of named things that differ, with both values. */
import type { DataSpec, NetworkSpec, Spec } from '../format/types.ts';
import type { OptimizerSpec } from '../optimizers/index.ts';
import { compared, formatSetting, pairUp, type Difference, type SpecDiff } from './differences.ts';
import { diffObjectives } from './losses.ts';
import { diffNetwork } from './networks.ts';

/** Compares two specs. Names of experiments, places in texts and documentation are ignored. */
export function diffSpecs(before: Spec, after: Spec): SpecDiff {
  const { optimizers: _ours, ...train } = before.train ?? { optimizers: [] };
  const { optimizers: _theirs, ...otherTrain } = after.train ?? { optimizers: [] };
  const sections = [
    { title: 'data', differences: diffSettings(before.data, after.data) },
    ...pairUp<NetworkSpec>(before.networks, after.networks, ({ name }) => name).map(([name, ...pair]) => ({
      title: `network ${name}`,
      differences: diffNetwork(...pair),
    })),
    ...diffObjectives(before, after),
    { title: 'train', differences: diffSettings(train, otherTrain) },
    ...pairUp<OptimizerSpec>(
      before.train?.optimizers ?? [],
      after.train?.optimizers ?? [],
      ({ network }) => network,
    ).map(([name, ...pair]) => ({ title: `optimizer ${name}`, differences: diffOptimizer(...pair) })),
  ];
  return {
    before: before.name,
    after: after.name,
    sections: sections.filter(({ differences }) => differences.length > 0),
  };
}

/** Compares optimizers; a missing one is a single difference. */
function diffOptimizer(before: OptimizerSpec | undefined, after: OptimizerSpec | undefined): Difference[] {
  return before && after ? diffSettings(before, after) : compared('optimizer', before?.kind, after?.kind);
}

/** Compares settings key by key. */
function diffSettings(
  before: Partial<DataSpec> | object | undefined,
  after: Partial<DataSpec> | object | undefined,
): Difference[] {
  return pairUp(Object.entries(before ?? {}), Object.entries(after ?? {}), ([key]) => key).flatMap(
    ([what, one, other]) => {
      const texts = [one, other].map((entry) => entry && formatSetting(entry[1]));
      return compared(what, texts[0], texts[1]);
    },
  );
}

export type { Difference, DiffSection } from './differences.ts';
export { renderDiff } from './render.ts';
