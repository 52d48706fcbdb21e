/**
 * Computes the costs of cells: parameters and FLOP from their specs, time and memory from the records of their runs.
 */
import { compile } from '../../compiler/index.ts';
import { explain } from '../../compiler/explain/explain.ts';
import { generatorOf } from '../../compiler/format/queries.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { partsOfStep } from '../../compiler/build/step.ts';
import { mean } from '../../compiler/metrics/spread.ts';
import type { Cell } from './types.ts';
import { cpu } from '../../compiler/lower/targets.ts';

export interface Costs {
  /** Parameters of the generator. */
  readonly parameters: number | undefined;
  readonly allParameters: number;
  /** FLOP of a training step, and of generating one picture, computed per pixel. */
  readonly stepFlops: number | undefined;
  readonly paintingFlops: number | undefined;
  /** Means over the cell's runs. */
  readonly secondsPerStep: number;
  readonly residentBytes: number | undefined;
  /** The engines that trained the runs. */
  readonly engines: readonly string[];
}

/** Computes the costs of a cell. */
export function costsOf({ runs }: Cell): Costs {
  const { spec, record } = runs[0]!;
  const painter = generatorOf(spec)?.name;
  const work = workOf(spec, painter);
  const memory = runs.flatMap(({ record: { memory: found } }) => (found ? [found.end.residentBytes] : []));
  return {
    parameters: painter === undefined ? undefined : record.parameters[painter],
    allParameters: Object.values(record.parameters).reduce((sum, count) => sum + count, 0),
    ...work,
    secondsPerStep: mean(runs.map((run) => run.record.secondsPerStep)),
    residentBytes: memory.length > 0 ? mean(memory) : undefined,
    engines: [...new Set(runs.map((run) => run.record.engine.library))],
  };
}

function workOf(spec: Spec, painter: string | undefined): Pick<Costs, 'stepFlops' | 'paintingFlops'> {
  const batch = spec.data?.batch;
  const trains = batch !== undefined && spec.train && spec.objectives.length > 0;
  const program = trains
    ? compile(spec, { target: cpu, batch: batch / partsOfStep(spec), methods: ['step'] })
    : undefined;
  const explained = explain(spec, {
    step: program && { before: program, after: program, batch: batch!, levels: [], target: cpu },
  });
  return {
    stepFlops: explained.step?.denseFlops,
    paintingFlops: explained.networks.find(({ name }) => name === painter)?.total.flops,
  };
}
