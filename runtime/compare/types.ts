/** Defines a comparison: runs grouped into cells, each for one spec with several seeds. */
import type { Spec } from '../../compiler/format/types.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import type { MetricRecord } from '../run/records.ts';
import type { FullRunRecord } from '../run/folder.ts';

/** A run, read from its folder. */
export interface ComparedRun {
  readonly folder: string;
  readonly name: string;
  readonly spec: Spec;
  readonly record: FullRunRecord;
  readonly curves: readonly MetricRecord[];
  /** The evaluation under the protocol that all evaluated runs share. */
  readonly evaluation: EvalRecord | undefined;
}

/** A cell: the runs of one spec, one per seed. */
export interface Cell {
  readonly label: string;
  /** The label on each axis of the ablation, in the order of the axes; without an ablation, `run` alone. */
  readonly point: Readonly<Record<string, string>>;
  /** At least one. */
  readonly runs: readonly ComparedRun[];
}

/** The axis of runs that belong to no ablation. */
export const runAxis = 'run';

export interface Comparison {
  readonly title: string;
  readonly doc?: string | undefined;
  /** The names of the axes. */
  readonly axes: readonly string[];
  /** At least one. */
  readonly cells: readonly Cell[];
  /** The cell that the others are compared to. */
  readonly baseline: Cell;
  /** Sentences about missing parts, with the command that makes the part, if there is one. */
  readonly notes: readonly Note[];
}

export interface Note {
  readonly text: string;
  readonly command?: string | undefined;
}
