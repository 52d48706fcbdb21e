/** Answers for a source made ready for expansion: parsed with all that it imports, its names and variants checked. */
import type { Declaration, Experiment } from '../../dsl/ast.ts';
import { mostMistakes, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { Inheritance } from '../variants/index.ts';
import type { Place } from '../format/types.ts';
import { specsOfFile, Total, type Budget } from '../language/values/budget.ts';
import { Evaluator } from '../language/evaluate.ts';
import type { ExperimentContext } from '../language/experiment.ts';
import { tooManyMistakes } from '../language/values/messages.ts';
import { ModuleLoader } from '../language/modules.ts';
import type { DeclaredExperiment, Module, SourceProvider } from '../language/values/module.ts';
import { boundIn, checkNames, type Inherited } from '../language/names.ts';

/** Collects diagnostics, each once: a block with a mistake may be used many times. */
export class Collector {
  readonly diagnostics: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  readonly report = (diagnostic: Diagnostic): void => {
    const { diagnostics, seen } = this;
    const key = identityOf(diagnostic);
    if (seen.has(key) || diagnostics.length > mostMistakes) return;
    seen.add(key);
    const isLast = diagnostics.length === mostMistakes && diagnostic.code !== 'too-many-mistakes';
    diagnostics.push(isLast ? tooManyMistakes(mostMistakes, endOf(diagnostic)) : diagnostic);
  };
}

/** Gives the end of the text that a message is about. */
function endOf({ span }: Diagnostic): Span | undefined {
  return span && { ...span, start: span.source.text.length, end: span.source.text.length };
}

/** Says what makes two messages one to a reader. */
export function identityOf({ code, span, message }: Diagnostic): string {
  return `${code} ${span?.source.name} ${span?.start} ${message}`;
}

/** A source with all that it imports. */
export interface Opened {
  readonly source: Source;
  readonly module: Module | undefined;
  readonly loader: ModuleLoader;
  /** Mistakes of the texts themselves. */
  readonly diagnostics: readonly Diagnostic[];
  /** Gives an experiment in full; undefined where a mistake among `diagnostics` keeps it from being known. */
  readonly resolve: (declared: DeclaredExperiment) => Experiment | undefined;
  /** What all specs that are expanded of it take together. */
  readonly total: Total;
}

/** Reads a source and all that it imports. */
export function openSource(source: Source, provider: SourceProvider): Opened {
  const collector = new Collector();
  const { report } = collector;
  const loader = new ModuleLoader(provider, report);
  const module = loader.load(source);
  const inheritance = new Inheritance({ report, moduleOf: loader.moduleOf });
  const resolve = (declared: DeclaredExperiment): Experiment | undefined => inheritance.resolve(declared);
  for (const own of loader.ownModules) {
    for (const declared of own.experiments.values()) resolve(declared);
    checkNames(own, (declaration) => inheritedNames(declaration, own, resolve), loader.importableFor, report);
  }
  return {
    source,
    module,
    loader,
    diagnostics: collector.diagnostics,
    resolve,
    total: new Total(specsOfFile),
  };
}

/** What experiments bind; one may have many variants. */
const namesBound = new WeakMap<Experiment, Inherited>();

/** Lists what the experiment that a declaration varies binds; undefined where that is not known. */
function inheritedNames(
  declaration: Declaration,
  module: Module,
  resolve: Opened['resolve'],
): Inherited | undefined {
  if (declaration.kind !== 'variant' && declaration.kind !== 'ablation') return new Map();
  const base = module.experiments.get(declaration.base.text);
  const experiment = base && resolve(base);
  if (!experiment) return undefined;
  const names = namesBound.get(experiment) ?? boundIn(experiment);
  namesBound.set(experiment, names);
  return names;
}

/** Makes what expansion works with, for one spec. */
export function contextFor(
  { source, loader }: Opened,
  report: (diagnostic: Diagnostic) => void,
  budget: Budget,
): ExperimentContext {
  return {
    main: source,
    evaluator: new Evaluator(report, loader, budget),
    budget,
    report,
    places: new Map(),
    broken: new Set(),
    presets: loader.presets,
    mappings: loader.mappings,
    placeOf: (span) => placeOf(span, loader),
    moduleOf: loader.moduleOf,
  };
}

function placeOf(span: Span | undefined, loader: ModuleLoader): Place | undefined {
  if (!span) return undefined;
  const index = loader.indexOf(span.source);
  return index === undefined ? undefined : [index, span.start, span.end];
}
