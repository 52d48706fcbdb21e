/** Answers for the way from a source text to a spec: parse, resolve imports, evaluate, and collect every mistake. */
import type { Block, Experiment } from '../../dsl/ast.ts';
import { sortDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { span as makeSpan, type Source, type Span } from '../../dsl/source.ts';
import { specFormat, type Place, type Spec } from '../spec/types.ts';
import { inputsOfData } from '../spec/queries.ts';
import { Evaluator } from './evaluate.ts';
import {
  expandExperiment,
  expandNetwork,
  type ExperimentContext,
  type PointerPlaces,
  type SpecBody,
  type GivenInput,
} from './experiment.ts';
import * as messages from './messages.ts';
import { checkNames } from './names.ts';
import { ModuleLoader, type Module, type SourceProvider } from './modules.ts';
import { boolean, integer, real, type BlockValue, type Value } from './values.ts';

export interface ExpandOptions {
  /** The experiment or network to expand; without it the only experiment, else the file's networks. */
  readonly name?: string | undefined;
  /** What networks are shown with where no data says so. */
  readonly assume?: { readonly width: number; readonly height: number; readonly classes: number } | undefined;
  /** Inputs of a lone network's parameters, by name, in place of what `assume` gives; also for parameters with defaults. */
  readonly inputs?: Readonly<Record<string, GivenInput>> | undefined;
  /** Arguments for a lone network's other parameters, by name. */
  readonly settings?: Readonly<Record<string, number | boolean | string>> | undefined;
}

export type { GivenInput } from './experiment.ts';

export interface Expanded {
  /** The spec, as far as it could be made; incomplete where diagnostics hold errors. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Where parts of the spec were written, by JSON pointer. */
  readonly places: PointerPlaces;
  /** JSON pointers of settings that are left out because of a reported mistake. */
  readonly broken: ReadonlySet<string>;
  /** The texts that were read, the file itself first. */
  readonly sources: readonly Source[];
}

/** Numbers of a vector in a network that is expanded by itself, as in the SPADE generator. */
const assumedLatent = 256;

/** Expands a source text into a spec. */
export function expand(source: Source, provider: SourceProvider, options: ExpandOptions = {}): Expanded {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  const report = (diagnostic: Diagnostic): void => {
    // A block with a mistake may be used many times: one message is enough.
    const key = `${diagnostic.code} ${diagnostic.span?.source.name} ${diagnostic.span?.start} ${diagnostic.message}`;
    if (!seen.has(key)) diagnostics.push(diagnostic);
    seen.add(key);
  };
  const loader = new ModuleLoader(provider, report);
  const module = loader.load(source);
  const places: PointerPlaces = new Map();
  const broken = new Set<string>();
  for (const own of loader.ownModules) checkNames(own, report);
  const isRead = diagnostics.length === 0;
  const context: ExperimentContext = {
    evaluator: new Evaluator(report, loader),
    report,
    places,
    broken,
    placeOf: (span) => placeOf(span, loader.sources),
  };
  const body = module && expandBody(module, context, options, isRead);
  const spec =
    body && ({ format: specFormat, sources: loader.sources.map((one) => one.name), ...body } satisfies Spec);
  return { spec, diagnostics: sortDiagnostics(diagnostics), places, broken, sources: loader.sources };
}

/** Expands what was asked for; `isRead` tells whether all texts were read, so that what is not there is missing. */
function expandBody(
  module: Module,
  context: ExperimentContext,
  options: ExpandOptions,
  isRead: boolean,
): SpecBody | undefined {
  const { declarations, source } = module.file;
  const experiments = declarations.filter((one): one is Experiment => one.kind === 'experiment');
  const networks = declarations.filter(
    (one): one is Block => one.kind === 'block' && one.keyword === 'network',
  );
  const matches = (one: Experiment | Block): boolean =>
    options.name === undefined || one.name.text === options.name;
  const [experiment, second] = experiments.filter(matches);
  if (experiment && second) {
    const names = experiments.map((one) => one.name.text);
    context.report(messages.severalExperiments(source.name, second.name.span, names));
    return undefined;
  }
  if (experiment) return expandExperiment(experiment, module, context);
  const chosen = networks.filter(matches);
  if (chosen.length === 0) {
    if (!isRead) return undefined;
    if (options.name !== undefined) {
      const names = [...experiments, ...networks].map((one) => one.name.text);
      context.report(messages.unknownPart(options.name, makeSpan(source, 0, 0), names));
      return undefined;
    }
    if (declarations.length === 0) {
      context.report(messages.noExperiment(source.name));
      return undefined;
    }
    return { name: 'library', networks: [], objectives: [] }; // blocks alone: their names and types were checked
  }
  const assume = options.assume ?? { width: 256, height: 256, classes: 35 };
  const given = inputsOfData({ size: assume, classes: assume.classes });
  const expanded = chosen.flatMap((block) => {
    const bound = new Map(
      Object.entries(options.settings ?? {}).map(([key, setting]) => [key, valueOf(setting)]),
    );
    const value: BlockValue = { kind: 'block', block, module, bound, path: undefined };
    const latent = { name: 'z', kind: 'noise', shape: [assumedLatent] } as const;
    const inputs = { ...given, latent, byName: options.inputs ?? {} };
    return expandNetwork(block.name.text, value, block.name.span, inputs, context, new Map())?.network ?? [];
  });
  return { name: chosen[0]?.name.text ?? source.name, networks: expanded, objectives: [] };
}

function valueOf(setting: number | boolean | string): Value {
  if (typeof setting === 'number') return Number.isInteger(setting) ? integer(setting) : real(setting);
  return typeof setting === 'boolean' ? boolean(setting) : { kind: 'string', value: setting };
}

function placeOf(span: Span | undefined, sources: readonly Source[]): Place | undefined {
  if (!span) return undefined;
  const index = sources.indexOf(span.source);
  return index < 0 ? undefined : [index, span.start, span.end];
}
