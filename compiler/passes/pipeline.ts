/**
 * Runs passes in their order and reports the graph after each. Through these reports graphs are verified, printed and counted; where
 * nobody asks for them they cost nothing.
 */
import { verifyInterface, verifyMethod, verifyProgram } from '../ops/verify.ts';
import type { Node } from '../ir/node.ts';
import type { Method, Program } from '../ir/program.ts';
import type {
  ForwardContext,
  ForwardGraph,
  ForwardPass,
  MethodPass,
  PassContext,
  ProgramPass,
} from './pass.ts';
import { failedIn } from './rewrite.ts';
import { verifiesEverywhere } from './verification.ts';

/** The stages in which graphs are made; all others are passes. */
export const buildStages = { build: 'build', differentiate: 'differentiate', update: 'update' } as const;

/** What happened to some graphs: a pass rewrote them, or a stage made them. */
export interface StageReport {
  /** The name of the pass or stage. */
  readonly stage: string;
  /** The graphs before a pass. */
  readonly before?: readonly Method[];
  readonly after: readonly Method[];
  /** The values of variables that forward graphs begin with, with their names. */
  readonly weights?: ReadonlyMap<Node, string>;
  /** The program whose methods all of `after` are. */
  readonly program?: Program;
}

export type StageObserver = (report: StageReport) => void;

/** What is done after every stage. */
export interface StageOptions {
  /** Verifies the graph after every stage; a broken one is a bug that names the pass. Default: what verification.ts was told. */
  readonly verify?: boolean | undefined;
  readonly observe?: StageObserver | undefined;
}

/** Reports a stage; `make` says what there is to report, where anybody asks. */
export function reportStage(
  { verify = verifiesEverywhere(), observe }: StageOptions,
  make: () => StageReport,
): void {
  if (!verify && !observe) return;
  const report = make();
  if (verify) verifyStage(report);
  observe?.(report);
}

function verifyStage({ stage, before, after, weights, program }: StageReport): void {
  if (program) verifyProgram(program, stage);
  else for (const method of after) verifyMethod(method, { stage, leaves: weights });
  for (const method of before ?? []) verifyInterface(method, after, stage, { writes: program === undefined });
}

/** Runs passes over a program, each over all methods before the next. */
export function runPasses(
  passes: readonly (MethodPass | ProgramPass)[],
  program: Program,
  context: PassContext,
  options: StageOptions = {},
): Program {
  return passes.reduce((before, pass) => {
    const after = inPass(pass.name, () => runPass(pass, before, context));
    reportStage(options, () => ({
      stage: pass.name,
      before: before.methods,
      after: after.methods,
      program: after,
    }));
    return after;
  }, program);
}

function runPass(pass: MethodPass | ProgramPass, program: Program, context: PassContext): Program {
  if (pass.level === 'program') return pass.run(program, context);
  return { ...program, methods: program.methods.map((method) => pass.run(method, context)) };
}

/** Runs passes over the forward graphs of one builder, one after another; holds what each pass remembers of it. */
export class ForwardPipeline {
  private readonly passes: readonly { readonly pass: ForwardPass; readonly memory: unknown }[];

  constructor(
    passes: readonly ForwardPass[],
    private readonly context: Omit<ForwardContext<unknown>, 'memory'>,
    private readonly options: StageOptions,
  ) {
    this.passes = passes.map((pass) => ({ pass, memory: pass.remember() }));
  }

  run(graph: ForwardGraph): ForwardGraph {
    const { weights } = graph;
    reportStage(this.options, () => ({ stage: buildStages.build, after: [graph], weights }));
    return this.passes.reduce((before, { pass, memory }) => {
      const after = inPass(pass.name, () => pass.run(before, { ...this.context, memory }));
      reportStage(this.options, () => ({ stage: pass.name, before: [before], after: [after], weights }));
      return after;
    }, graph);
  }
}

/** Names the pass where it fails. */
function inPass<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw failedIn(`pass ${name}`, error);
  }
}
