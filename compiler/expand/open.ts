/** Opens a source for expansion: parses it with all imports, and checks names and variants. */
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

/** Collects diagnostics, each once, as a block with a mistake may be used many times. */
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

/** Gives a key that is equal for messages that say the same. */
export function identityOf({ code, span, message }: Diagnostic): string {
  return `${code} ${span?.source.name} ${span?.start} ${message}`;
}

/** An opened source, with all its imports. */
export interface Opened {
  readonly source: Source;
  readonly module: Module | undefined;
  readonly loader: ModuleLoader;
  /** Mistakes found in the texts, before expansion. */
  readonly diagnostics: readonly Diagnostic[];
  /** Resolves an experiment; undefined if one of `diagnostics` prevents that. */
  readonly resolve: (declared: DeclaredExperiment) => Experiment | undefined;
  /** The resources that all specs expanded from it use together. */
  readonly total: Total;
}

/** Opens a source and all its imports. */
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

/** The names that experiments bind, collected once, as one experiment may have many variants. */
const namesBound = new WeakMap<Experiment, Inherited>();

/** Lists the names that a variant or ablation inherits from its base; undefined if the base is unknown. */
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

/** Makes the context for expanding one spec. */
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
