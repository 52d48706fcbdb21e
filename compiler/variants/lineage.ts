/** Gives the lineage of an experiment: the one without a base, and the layers of changes from oldest to newest. */
import type { Change, Data, Experiment, Path, Train, Variant } from '../../dsl/ast.ts';
import type { Span } from '../../dsl/source.ts';
import type { DeclaredExperiment } from '../language/values/module.ts';
import type { MergeContext } from './items.ts';
import { applyChanges } from './merge.ts';

/** Changes that are applied together, items before paths. */
export type Layer = readonly Change[];

export interface Lineage {
  readonly origin: Experiment;
  readonly layers: readonly Layer[];
}

/** Gives the lineage of a resolved experiment; undefined if one of its bases is unknown. */
export function lineageOf(declared: DeclaredExperiment): Lineage | undefined {
  const layers: Layer[] = [];
  const seen = new Set<Variant>();
  let at: DeclaredExperiment | undefined = declared;
  while (at?.experiment.kind === 'variant') {
    const { base, changes }: Variant = at.experiment;
    if (seen.has(at.experiment)) return undefined;
    seen.add(at.experiment);
    layers.unshift(changes);
    at = at.module.experiments.get(base.text);
  }
  return at?.experiment.kind === 'experiment' ? { origin: at.experiment, layers } : undefined;
}

/** The place of a change: the whole change, and its path, which the values of an axis share. */
export interface ChangePlace {
  readonly whole: Span;
  readonly path: Span | undefined;
}

/** Lists the places of the layers' changes, in the order in which `withFirst` counts them. */
export function placesOfChanges(layers: readonly Layer[]): ChangePlace[] {
  return layers
    .flat()
    .flatMap(partsOf)
    .map((change) => ({
      whole: change.span,
      path: change.kind === 'override' ? spanOfPath(change.path) : undefined,
    }));
}

/** Applies only the first `count` changes of a lineage, under the name of the newest experiment. */
export function withFirst({ origin, layers }: Lineage, count: number, context: MergeContext): Experiment {
  let left = count;
  return layers.reduce((experiment, layer) => {
    const parts = layer.flatMap(partsOf);
    const taken = parts.slice(0, Math.max(0, left));
    left -= parts.length;
    return taken.length === 0 ? experiment : applyChanges(experiment, taken, context);
  }, origin);
}

/** Splits a change: each setting of data and training becomes one change. */
function partsOf(change: Change): Change[] {
  if (change.kind === 'data')
    return change.settings.entries.map((entry): Data => {
      const settings = { ...change.settings, entries: [entry] };
      return { ...change, settings, span: entry.span };
    });
  if (change.kind === 'train')
    return [
      ...change.settings.map((entry): Train => ({
        ...change,
        settings: [entry],
        optimizers: [],
        span: entry.span,
      })),
      ...change.optimizers.map((one): Train => ({
        ...change,
        settings: [],
        optimizers: [one],
        span: one.span,
      })),
    ];
  return [change];
}

function spanOfPath(path: Path): Span {
  return { ...path[0].span, end: (path.at(-1) ?? path[0]).span.end };
}
