/**
 * The whole compiler, on one page. Every arrow is a pure function between two types with their own names:
 *
 *     Source ─1 parse─▶ AST ─2 expand─▶ Spec (JSON) ─3 check─▶ checked Spec
 *       ─4 build─▶ forward graphs ─5 forward passes─▶ forward graphs ─6 differentiate─▶ with gradients ─7 update─▶ Program
 *       ─8 partition─▶ Program ─9 passes─▶ Program as it runs ─10 lower─▶ Plan
 *
 * Nothing here reads a file, a clock or a device; sources come through a `SourceProvider`, and what is known of the machine is a `Target`.
 */
import { sortDiagnostics, type Diagnostic } from '../dsl/diagnostic.ts';
import type { Source, Span } from '../dsl/source.ts';
import {
  checkOpenedAblation,
  declaredIn,
  type AblationOptions,
  type AblationResult,
  type Declared,
} from './ablation/index.ts';
import { checkWithBlame } from './check/blame.ts';
import { checkJsonSpec } from './check/index.ts';
import { expandOpened, type ExpandOptions } from './expand/index.ts';
import type { SourceProvider } from './language/values/module.ts';
import { openSource, type Opened } from './expand/open.ts';
import type { Program } from './ir/program.ts';
import type { Place, Spec } from './format/types.ts';
import { buildProgram, type StepOptions } from './build/step.ts';
import { lowerToTensorflow, type TensorflowPlan } from './lower/tensorflow.ts';
import { deduplicatePatches } from './passes/deduplicate-patches.ts';
import { foldUpsampleIntoConv } from './passes/fold-upsample-into-conv.ts';
import { fusePointwise } from './passes/fuse-pointwise.ts';
import { layoutVariables } from './passes/layout-variables.ts';
import { partitionByDependency } from './passes/partition-by-dependency.ts';
import type { ForwardPass, MethodPass, PassContext, ProgramPass, StagedMethod } from './passes/pass.ts';
import { runPasses, type StageOptions } from './passes/pipeline.ts';
import { propagateConcat } from './passes/propagate-concat.ts';
import { scheduleForMemory } from './passes/schedule-for-memory.ts';
import { simplifyAlgebra } from './passes/simplify-algebra.ts';

export {
  checkAblation,
  listAblations,
  listDeclared,
  type Ablation,
  type AblationOptions,
  type AblationResult,
  type PlannedRun,
} from './ablation/index.ts';
export { diffSpecs, renderDiff, type Difference, type DiffSection } from './diff/index.ts';
export type { SpecDiff } from './diff/differences.ts';
export type { SourceProvider } from './language/values/module.ts';
export type { ExpandOptions, GivenInput } from './expand/index.ts';
export type { Spec } from './format/types.ts';
export type { StepOptions } from './build/step.ts';
export type { Target } from './ir/target.ts';
export type { StageOptions, StageReport } from './passes/pipeline.ts';

export interface CheckResult {
  /** The spec; undefined where any diagnostic is an error. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

/** Reads a source text into a checked spec, with all of its mistakes at once. */
export function check(source: Source, provider: SourceProvider, options: ExpandOptions = {}): CheckResult {
  // 1. Parse: the text, and all that it imports, becomes syntax trees.
  return checkOpened(openSource(source, provider), options);
}

/** A text that was read once, with all that it imports, whatever of it is checked. */
export interface Reading extends Declared {
  /** Checks one of its experiments or networks. */
  readonly check: (options?: ExpandOptions) => CheckResult;
  readonly checkAblation: (options?: AblationOptions) => AblationResult;
}

/** Reads a source text of which several things are checked. */
export function read(source: Source, provider: SourceProvider): Reading {
  const opened = openSource(source, provider);
  return {
    ...declaredIn(opened.module?.file),
    check: (options) => checkOpened(opened, options),
    checkAblation: (options) => checkOpenedAblation(opened, options),
  };
}

function checkOpened(opened: Opened, options?: ExpandOptions): CheckResult {
  // 2. Expand: the language is evaluated, which leaves a spec of networks as lists of nodes.
  const expanded = expandOpened(opened, options);
  // 3. Check: schema, then rules; all mistakes at once, each where it was written.
  const diagnostics = sortDiagnostics(checkWithBlame(expanded));
  const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return { spec: failed ? undefined : expanded.spec, diagnostics, sources: expanded.sources };
}

/** Reads a spec that is written as JSON; what its own places point into is not known. */
export function checkJson(source: Source): CheckResult {
  return { ...checkJsonSpec(source), sources: [] };
}

/**
 * All passes, in the order in which they run. A new one is a file in `passes/`, a line here, and samples of what it does in
 * test/samples/passes.
 */
export const passes = {
  /** On the forward graph of each objective, before it is differentiated. */
  forward: [
    deduplicatePatches, // first, since it needs to see what of the maps each value depends on as it was written
    propagateConcat,
    foldUpsampleIntoConv,
  ] as readonly ForwardPass[],
  /** On a program with a method that is called again and again. */
  partition: [partitionByDependency] as readonly ProgramPass[],
  /** On a finished program, gradients and updates included. */
  finish: [
    layoutVariables, // before fusion, which takes in pointwise ops and not the transposes between them
    simplifyAlgebra, // makes sums and scales that the next one takes in
    fusePointwise,
    scheduleForMemory, // last: the order that it gives is the order in which ops run
  ] as readonly (MethodPass | ProgramPass)[],
};

/** Compiles a checked spec into a program; `sources` lets nodes know their source lines. */
export function compile(
  spec: Spec,
  options: StepOptions & { readonly sources?: readonly Source[] },
): Program {
  const { sources } = options;
  // For each objective in turn (build/step.ts):
  // 4. Build: its nodes become a forward graph, from weights and data to the terms of its loss.
  // 5. Forward passes rewrite that graph.
  // 6. Differentiate: gradients of the loss, by one walk back (ops/gradients.ts).
  // 7. Update: optimizers move the weights along their gradients, and the next objective sees them moved.
  return buildProgram(
    spec,
    { ...options, ...(sources && { spanOf: (at) => spanOfPlace(at, sources) }) },
    passes.forward,
  );
}

/** What is done with a program after it was built. */
export type LowerOptions = StageOptions & Pick<PassContext, 'target'>;

/** Splits a method into stages that are called only when something that they depend on has changed. */
export function partition(program: Program, staged: StagedMethod, options: LowerOptions): Program {
  // 8. Partition: only of methods that are called again and again, as painting is.
  return runPasses(passes.partition, program, { target: options.target, staged }, options);
}

/** Gives a program as it should run where pointwise work is fused, or not, as the target says. */
export function optimize(program: Program, options: LowerOptions): Program {
  // 9. Passes over finished methods.
  return runPasses(passes.finish, program, { target: options.target }, options);
}

/** Lowers a program to a TensorFlow graph; `lower/portable.ts` gives a list of calls instead, for which nothing is optimized. */
export function lower(program: Program, options: LowerOptions): TensorflowPlan {
  // 10. Lower: each node becomes nodes of TensorFlow, in the order of the graph.
  return lowerToTensorflow(optimize(program, options), options.target);
}

/** Turns a place of a spec back into a span. */
export function spanOfPlace(at: Place | undefined, sources: readonly Source[]): Span | undefined {
  const source = at && sources[at[0]];
  return source && { source, start: at[1], end: at[2] };
}
