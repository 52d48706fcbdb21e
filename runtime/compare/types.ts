/** Answers for what a comparison is about: runs, gathered into cells that differ in more than the seed. */
import type { Spec } from '../../compiler/format/types.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import type { MetricRecord } from '../run/records.ts';
import type { FullRunRecord } from '../run/folder.ts';

/** One run, as its folder says. */
export interface ComparedRun {
  readonly folder: string;
  readonly name: string;
  readonly spec: Spec;
  readonly record: FullRunRecord;
  readonly curves: readonly MetricRecord[];
  /** Of the protocol that all evaluated runs share. */
  readonly evaluation: EvalRecord | undefined;
}

/** What is compared: runs of one spec, one for each seed. */
export interface Cell {
  readonly label: string;
  /** The label on each axis of the ablation, in the order of the axes; for mere runs, `run` alone. */
  readonly point: Readonly<Record<string, string>>;
  /** At least one. */
  readonly runs: readonly ComparedRun[];
}

/** The axis of mere runs, which no ablation varied. */
export const runAxis = 'run';

export interface Comparison {
  readonly title: string;
  readonly doc?: string | undefined;
  /** Names of the axes. */
  readonly axes: readonly string[];
  /** At least one. */
  readonly cells: readonly Cell[];
  /** What the others are compared to: one of the cells. */
  readonly baseline: Cell;
  /** What is missing, each a sentence; with the command that would make it, where there is one. */
  readonly notes: readonly Note[];
}

export interface Note {
  readonly text: string;
  readonly command?: string | undefined;
}
