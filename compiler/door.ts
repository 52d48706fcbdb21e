/**
 * What the package gives as `spadework/compiler`: specs checked, laid out and compiled wherever JavaScript runs. Texts come from the
 * caller, and nothing here reads a file, a clock or a device.
 */
import { parse, print } from '../dsl/index.ts';
import { problemOf } from '../dsl/errors.ts';
import type { Problem } from '../dsl/problem.ts';
import type { Source } from '../dsl/source.ts';
import { check as checkText, checkJson, type ExpandOptions, type Spec } from './index.ts';
import { unnamedSpec } from './format/limits.ts';
import { libraryProvider, type Library } from './library.ts';

export { compile, lower, optimize, type LowerOptions } from './index.ts';
export { printProgram } from './ir/print.ts';
export { cpu, withoutKernels } from './lower/targets.ts';
export type { Point, Problem, ProblemPlace } from '../dsl/problem.ts';
export type { Source } from '../dsl/source.ts';
export type { GivenInput, Spec, StepOptions, Target } from './index.ts';
export type { Program } from './ir/program.ts';
export type { Library } from './library.ts';
export type { TensorflowPlan } from './lower/tensorflow.ts';

/** A text of the language, or of JSON where its name ends so. */
export interface SpecText {
  readonly text: string;
  /** What messages call it, and what its imports are relative to. Default `spec.spade`. */
  readonly name?: string;
}

/** What of a text is checked, and which texts it may import. */
export interface CheckOptions extends Pick<ExpandOptions, 'inputs' | 'settings'> {
  /** The experiment where the text has several. */
  readonly experiment?: string;
  /** A network to check by itself, in place of an experiment; `inputs` and `settings` are its own. */
  readonly network?: string;
  /** Changes by path, as the command's `--set` has them: `G.norm=instance()`. */
  readonly set?: readonly string[];
  /** The standard library: what `spadework/library.json` holds. A spec as JSON needs none. */
  readonly library?: Library;
  /** Texts that may be imported, by their paths as `name` has them. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What was found of a spec. */
export interface CheckedSpec {
  /** The spec as JSON (`spadework/schema.json`); undefined where any problem is an error. */
  readonly spec: Spec | undefined;
  /** The texts that it was read from, its own first; `compile` names lines by them. */
  readonly sources: readonly Source[];
  readonly problems: readonly Problem[];
}

/** Checks a text, and gives its spec with everything that is wrong with it; throws nothing for mistakes in it. */
export function check(
  { text, name = unnamedSpec }: SpecText,
  { library = noLibrary, files = {}, experiment, network, set, inputs, settings }: CheckOptions = {},
): CheckedSpec {
  const source = { name, text };
  const { spec, sources, diagnostics } = name.endsWith('.json')
    ? checkJson(source)
    : checkText(source, libraryProvider(library, files), {
        name: network ?? experiment,
        sets: set,
        inputs,
        settings,
      });
  return { spec, sources, problems: diagnostics.map(problemOf) };
}

/** Lays a text out as `spadework fmt` does; gives only what is wrong with it where it cannot be parsed. */
export function format({ text, name = unnamedSpec }: SpecText): {
  readonly text: string | undefined;
  readonly problems: readonly Problem[];
} {
  const { file, diagnostics } = parse({ name, text });
  const isParsed = file && diagnostics.length === 0;
  return { text: isParsed ? print(file) : undefined, problems: diagnostics.map(problemOf) };
}

const noLibrary: Library = { modules: {}, presets: {}, mappings: [] };
