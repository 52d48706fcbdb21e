/** Answers for what the runs of an ablation cost: one row for each cell of the matrix, which its seeds share. */
import type { Ablation, PlannedRun } from '../ablation/types.ts';
import { parametersOf } from '../format/queries.ts';
import { totalSteps } from '../build/schedule.ts';
import { explainStep, type ExplainedStep } from './explain.ts';

export interface MatrixOptions {
  /** The training step of a cell, compiled; undefined where its spec does not train. */
  readonly stepOf: (run: PlannedRun) => ExplainedStep | undefined;
  /** The number of training pictures, where lengths are given in epochs. */
  readonly picturesOf?: (run: PlannedRun) => number | undefined;
  /** Floating-point operations that the machine does in a second; without it no times are estimated. */
  readonly flopsPerSecond?: number | undefined;
}

export interface MatrixRow {
  readonly point: Readonly<Record<string, string>>;
  /** The runs of this cell, one for each seed. */
  readonly runs: readonly string[];
  /** Of all networks together. */
  readonly parameters: number;
  readonly networks: readonly { readonly name: string; readonly parameters: number }[];
  /** Of a training step. */
  readonly flops: number | undefined;
  /** Variables, what training keeps beside them, and the most values at one time. */
  readonly memoryBytes: number | undefined;
  readonly steps: number | undefined;
  /** The least that one of its runs takes: what the convolutions alone would. */
  readonly seconds: number | undefined;
}

export interface Matrix {
  readonly name: string;
  readonly doc: string | undefined;
  readonly of: string;
  readonly axes: Ablation['axes'];
  readonly seeds: readonly number[];
  readonly runs: number;
  readonly rows: readonly MatrixRow[];
  /** Of all runs, one after the other. */
  readonly seconds: number | undefined;
}

/** Explains the matrix of an ablation. */
export function explainAblation(ablation: Ablation, options: MatrixOptions): Matrix {
  const { name, doc, of, axes, seeds, runs } = ablation;
  const firsts = runs.filter(({ seed }) => seed === seeds[0]);
  const rows = firsts.map((run, index) => {
    // Every seed goes through the cells in the same order.
    const names = seeds.flatMap((_, turn) => runs[turn * firsts.length + index]?.name ?? []);
    return rowOf(run, names, options);
  });
  const all = rows.map(({ seconds }) => seconds);
  const isTimed = all.every((seconds) => seconds !== undefined);
  return {
    name,
    doc,
    of,
    axes,
    seeds,
    runs: runs.length,
    rows,
    seconds: isTimed ? all.reduce((sum, one) => sum + one * seeds.length, 0) : undefined,
  };
}

function rowOf(run: PlannedRun, runs: readonly string[], options: MatrixOptions): MatrixRow {
  const { spec, point } = run;
  const explained = options.stepOf(run);
  const step = explained && explainStep(spec, explained);
  const networks = spec.networks.map((network) => ({
    name: network.name,
    parameters: parametersOf(network),
  }));
  const flops = step && step.forwardFlops + step.backwardFlops;
  const pictures = options.picturesOf?.(run);
  const perEpoch = spec.data && pictures !== undefined ? pictures / spec.data.batch : undefined;
  const steps =
    spec.train &&
    (spec.train.steps ?? (perEpoch === undefined ? undefined : totalSteps(spec.train, perEpoch)));
  const { flopsPerSecond: speed } = options;
  return {
    point,
    runs,
    parameters: networks.reduce((sum, { parameters }) => sum + parameters, 0),
    networks,
    flops,
    memoryBytes: step?.memoryBytes,
    steps,
    seconds:
      flops !== undefined && steps !== undefined && speed !== undefined ? (steps * flops) / speed : undefined,
  };
}
