/** Defines an expanded ablation: named runs of ordinary specs, and the axes that they differ on. */
import type { Change } from '../../dsl/ast.ts';
import type { Span } from '../../dsl/source.ts';
import type { Spec } from '../format/types.ts';

/** An axis of an ablation. */
export interface AblationAxis {
  /** The displayed name: the varied path (`G.norm`), the name given to it, or `case`. */
  readonly name: string;
  /** Labels of the values in order, as short as distinguishes them. */
  readonly labels: readonly string[];
}

/** One run: a point of the matrix and a seed. */
export interface PlannedRun {
  /** The run's folder below the ablation's: letters, digits, `-`, `_` and `.`; unique within the ablation. */
  readonly name: string;
  /** The label on each axis, by the axis's name. Runs of one cell differ only in the seed. */
  readonly point: Readonly<Record<string, string>>;
  readonly seed: number;
  /** An ordinary, checked spec; its `train.seed` is `seed`. */
  readonly spec: Spec;
}

export interface Ablation {
  readonly name: string;
  readonly doc?: string;
  /** The name of the base experiment. */
  readonly of: string;
  readonly axes: readonly AblationAxis[];
  readonly seeds: readonly number[];
  /** In the order of execution: all cells with the first seed come before the second seed. */
  readonly runs: readonly PlannedRun[];
}

/** One value of an axis: its label and its changes. */
export interface PlannedValue {
  readonly label: string;
  /** The value as written, for exclusions. */
  readonly text: string;
  readonly changes: readonly Change[];
  readonly span: Span;
}
