/** Computes the costs of an ablation's runs: one row for each cell of the matrix, which its seeds share. */
import type { Ablation, PlannedRun } from '../ablation/types.ts';
import { parametersOf } from '../format/queries.ts';
import { totalSteps } from '../build/schedule.ts';
import { explainStep, type ExplainedStep } from './explain.ts';

export interface MatrixOptions {
  /** Gives the compiled training step of a cell; undefined if its spec does not train. */
  readonly stepOf: (run: PlannedRun) => ExplainedStep | undefined;
  /** Gives the number of training pictures, for lengths given in epochs. */
  readonly picturesOf?: (run: PlannedRun) => number | undefined;
  /** FLOP per second of the machine; without it no times are estimated. */
  readonly flopsPerSecond?: number | undefined;
}

export interface MatrixRow {
  readonly point: Readonly<Record<string, string>>;
  /** The runs of this cell, one for each seed. */
  readonly runs: readonly string[];
  /** The parameters of all networks. */
  readonly parameters: number;
  readonly networks: readonly { readonly name: string; readonly parameters: number }[];
  /** The FLOP of a training step. */
  readonly flops: number | undefined;
  /** Bytes of variables, of what training keeps beside them, and of the peak of values. */
  readonly memoryBytes: number | undefined;
  readonly steps: number | undefined;
  /** A lower bound for one of its runs: the time of its convolutions. */
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
  /** The seconds of all runs, one after the other. */
  readonly seconds: number | undefined;
}

/** Explains the matrix of an ablation. */
export function explainAblation(ablation: Ablation, options: MatrixOptions): Matrix {
  const { name, doc, of, axes, seeds, runs } = ablation;
  const firsts = runs.filter(({ seed }) => seed === seeds[0]);
  const rows = firsts.map((run, index) => {
    // Every seed has the cells in the same order.
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
