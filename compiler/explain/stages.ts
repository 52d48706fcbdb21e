/**
 * Prints a spec after any stage of its compilation: the spec itself, the graph after each pass, the TensorFlow graph.
 */
import type { StepOptions } from '../build/step.ts';
import type { Spec } from '../format/types.ts';
import { generatorOf } from '../format/queries.ts';
import { compile, lower, optimize, partition, passes } from '../index.ts';
import { printMethod } from '../ir/print.ts';
import type { Method } from '../ir/program.ts';
import { printTensorflow } from '../lower/print.ts';
import { buildStages, type StageReport } from '../passes/pipeline.ts';
import { standalone } from '../passes/rewrite.ts';
import { countNew } from './hits.ts';

const namesOf = (some: readonly { readonly name: string }[]): string[] => some.map(({ name }) => name);

const first = 'spec';
const last = 'plan';
/** The name of the summary of all passes, with how much each changed. */
const summary = 'passes';

/** The names of all stages in order. */
export const stageNames: readonly string[] = [
  first,
  buildStages.build,
  ...namesOf(passes.forward),
  buildStages.differentiate,
  buildStages.update,
  ...namesOf(passes.partition),
  ...namesOf(passes.finish),
  last,
];

/** All names that can be shown. */
export const shownStages: readonly string[] = [...stageNames, summary];

/** How a spec is compiled for a stage. */
export interface StageSettings extends Omit<StepOptions, 'observe'> {
  /** The synthesis method and which of its inputs are label maps: it is partitioned into stages. */
  readonly painting: { readonly method: 'synthesize'; readonly isMap: (input: string) => boolean };
}

/** The result of a stage: its graphs as methods of their own, and how many nodes a pass made. */
export interface Stage {
  readonly name: string;
  /** For a pass: the graphs before it. */
  readonly before: readonly Method[] | undefined;
  readonly methods: readonly Method[];
  /** For a pass: the nodes before and after it, and how many of the latter are new. */
  readonly nodes: { readonly before: number; readonly after: number; readonly made: number } | undefined;
}

/**
 * Compiles a spec and gives its graphs after each stage except the first and last; the graphs of partition are those
 * of synthesis from one map.
 */
export function graphStages(spec: Spec, settings: StageSettings): Stage[] {
  const { painting, target, ...options } = settings;
  const reports: StageReport[] = [];
  const observe = (report: StageReport): void => void reports.push(report);
  optimize(compile(spec, { ...options, target, observe }), { target, observe });
  if (generatorOf(spec)) {
    const methods = [painting.method, 'encode'] as const;
    const painted = compile(spec, { ...options, target, batch: 1, methods });
    partition(painted, painting, { target, observe });
  }
  return stageNames.slice(1, -1).map((name) =>
    stageOf(
      name,
      reports.filter(({ stage }) => stage === name),
    ),
  );
}

function stageOf(name: string, reports: readonly StageReport[]): Stage {
  const counts = reports.flatMap((report) => (report.before ? [countNew(report)] : []));
  const sum = (of: 'before' | 'after' | 'made'): number =>
    counts.reduce((total, count) => total + count[of], 0);
  const alone = (methods: readonly Method[], { weights }: StageReport): readonly Method[] =>
    weights ? methods.map((method) => standalone(method, weights)) : methods;
  return {
    name,
    before:
      counts.length > 0
        ? reports.flatMap((report) => (report.before ? alone(report.before, report) : []))
        : undefined,
    methods: reports.flatMap((report) => alone(report.after, report)),
    nodes: counts.length > 0 ? { before: sum('before'), after: sum('after'), made: sum('made') } : undefined,
  };
}

/**
 * Prints a spec after a stage, or the summary of all passes; a printed graph can be parsed by `parseMethods`.
 * Undefined for unknown stages, and for stages that the spec has no graph in: synthesis without label maps is not
 * partitioned.
 */
export function printStage(spec: Spec, stage: string, settings: StageSettings): string | undefined {
  if (stage === first) return `${JSON.stringify(spec, null, 2)}\n`;
  if (stage === last) {
    const { painting: _, target, ...options } = settings;
    return printTensorflow(lower(compile(spec, { ...options, target }), { target }).nodes);
  }
  if (!shownStages.includes(stage)) return undefined;
  const stages = graphStages(spec, settings);
  if (stage === summary) return printSummary(stages);
  const methods = stages.find(({ name }) => name === stage)?.methods ?? [];
  return methods.length > 0 ? `${methods.map(printMethod).join('\n\n')}\n` : undefined;
}

/** Prints how much each pass changed, one line each. */
function printSummary(stages: readonly Stage[]): string {
  const width = Math.max(...stages.map(({ name }) => name.length));
  const line = (name: string, ...columns: readonly (string | number)[]): string =>
    `${name.padEnd(width)}${columns.map((column) => String(column).padStart(9)).join('')}\n`;
  return [
    line('nodes', 'before', 'after', 'new'),
    ...stages.flatMap(({ name, nodes }) =>
      nodes ? [line(name, nodes.before, nodes.after, nodes.made)] : [],
    ),
  ].join('');
}
