/** Answers for what an ablation expands into: named runs of ordinary specs, and the axes that tell them apart. */
import type { Change } from '../../dsl/ast.ts';
import type { Span } from '../../dsl/source.ts';
import type { Spec } from '../format/types.ts';

/** One thing that an ablation varies. */
export interface AblationAxis {
  /** As it is shown: the path that is varied (`G.norm`), the name given to it, or `case`. */
  readonly name: string;
  /** Labels of its values, in order, as short as tells them apart. */
  readonly labels: readonly string[];
}

/** One run: a point of the matrix and a seed. */
export interface PlannedRun {
  /** Names the run's folder below the ablation's: letters, digits, `-`, `_` and `.`; unique within the ablation. */
  readonly name: string;
  /** The label on each axis, by the axis's name. Runs of one cell differ in the seed alone. */
  readonly point: Readonly<Record<string, string>>;
  readonly seed: number;
  /** An ordinary, checked spec; its `train.seed` is `seed`. */
  readonly spec: Spec;
}

export interface Ablation {
  readonly name: string;
  readonly doc?: string;
  /** The experiment that is varied. */
  readonly of: string;
  readonly axes: readonly AblationAxis[];
  readonly seeds: readonly number[];
  /** In the order in which they are to be run: all cells with the first seed come before the second. */
  readonly runs: readonly PlannedRun[];
}

/** One value of an axis: what it is called, and what it changes. */
export interface PlannedValue {
  readonly label: string;
  /** As it is written, for exclusions. */
  readonly text: string;
  readonly changes: readonly Change[];
  readonly span: Span;
}
