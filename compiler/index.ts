/**
 * Answers for the whole compiler, on one page. Every arrow is a pure function between two types with their own names:
 *
 *     Source ──parse──▶ AST ──expand──▶ Spec (JSON) ──check──▶ checked Spec ──build──▶ Program
 *
 * An executor then lowers the program: `lower/tensorflow.ts` to a SavedModel, `lower/portable.ts` to a list of calls.
 * Nothing here reads a file, a clock or a device; sources come through a `SourceProvider`.
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
import type { SourceProvider } from './language/module.ts';
import { openSource, type Opened } from './expand/open.ts';
import type { Program } from './ir/program.ts';
import type { Place, Spec } from './format/types.ts';
import { buildProgram, type StepOptions } from './build/step.ts';

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
export type { SourceProvider } from './language/module.ts';
export type { ExpandOptions, GivenInput } from './expand/index.ts';
export type { Spec } from './format/types.ts';
export type { StepOptions } from './build/step.ts';

export interface CheckResult {
  /** The spec; undefined where any diagnostic is an error. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

/** Reads a source text into a checked spec, with all of its mistakes at once. */
export function check(source: Source, provider: SourceProvider, options: ExpandOptions = {}): CheckResult {
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
  const expanded = expandOpened(opened, options);
  const diagnostics = sortDiagnostics(checkWithBlame(expanded));
  const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return { spec: failed ? undefined : expanded.spec, diagnostics, sources: expanded.sources };
}

/** Reads a spec that is written as JSON; what its own places point into is not known. */
export function checkJson(source: Source): CheckResult {
  return { ...checkJsonSpec(source), sources: [] };
}

/** Compiles a checked spec into a program; `sources` lets nodes know their source lines. */
export function compile(
  spec: Spec,
  options: StepOptions & { readonly sources?: readonly Source[] },
): Program {
  const { sources } = options;
  return buildProgram(spec, { ...options, ...(sources && { spanOf: (at) => spanOfPlace(at, sources) }) });
}

/** Turns a place of a spec back into a span. */
export function spanOfPlace(at: Place | undefined, sources: readonly Source[]): Span | undefined {
  const source = at && sources[at[0]];
  return source && { source, start: at[1], end: at[2] };
}
