/** Expands a source text into a spec: parses it, resolves imports, evaluates, and collects all mistakes. */
import type { Block, Experiment, Variant } from '../../dsl/ast.ts';
import { sortDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { span as makeSpan, type Source } from '../../dsl/source.ts';
import { nothingToSet } from '../variants/messages.ts';
import { applyChanges } from '../variants/index.ts';
import {
  lineageOf,
  placesOfChanges,
  withFirst,
  type ChangePlace,
  type Lineage,
} from '../variants/lineage.ts';
import { readSets } from '../variants/sets.ts';
import { specFormat, type Spec } from '../format/types.ts';
import { inputsOfData } from '../format/queries.ts';
import { Budget, BudgetSpent, specsOfBlame, Total } from '../language/values/budget.ts';
import { explainExcess } from '../language/excess.ts';
import {
  expandExperiment,
  expandNetwork,
  type ExperimentContext,
  type PointerPlaces,
  type SpecBody,
  type GivenInput,
} from '../language/experiment.ts';
import * as messages from '../language/values/messages.ts';
import type { Module, SourceProvider } from '../language/values/module.ts';
import { Collector, contextFor, openSource, type Opened } from './open.ts';
import { boolean, integer, real, type BlockValue, type Value } from '../language/values/values.ts';

export interface ExpandOptions {
  /** The experiment or network to expand; by default the only experiment, or all networks of the file. */
  readonly name?: string | undefined;
  /** The data that networks are shown with if the file gives none. */
  readonly assume?: { readonly width: number; readonly height: number; readonly classes: number } | undefined;
  /**
   * Inputs for the parameters of a single network, by name, in place of those from `assume`; also for parameters with
   * defaults.
   */
  readonly inputs?: Readonly<Record<string, GivenInput>> | undefined;
  /** Arguments for the other parameters of a single network, by name. */
  readonly settings?: Readonly<Record<string, number | boolean | string>> | undefined;
  /** Changes by path of the experiment, as written: `G.norm = instance()`. */
  readonly sets?: readonly string[] | undefined;
}

export type { GivenInput } from '../language/experiment.ts';

export interface Expanded {
  /** The spec; incomplete if a diagnostic is an error. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The places of the spec's parts, by JSON pointer. */
  readonly places: PointerPlaces;
  /** JSON pointers of settings that are left out after a reported mistake. */
  readonly broken: ReadonlySet<string>;
  /** The resources that the expansion used. */
  readonly budget: Budget;
  /** The loaded texts, the file itself first. */
  readonly sources: readonly Source[];
  /** The experiment's base and changes, if it has any. */
  readonly history?: ExpandedHistory | undefined;
}

/** The places of an experiment's changes, and its expansion with only the first few. */
export interface ExpandedHistory {
  readonly changes: readonly ChangePlace[];
  readonly expandWith: (count: number) => Expanded;
}

/** The length of latent vectors in a network that is expanded alone, as in the SPADE generator. */
const assumedLatent = 256;

/** Expands a source text into a spec. */
export function expand(source: Source, provider: SourceProvider, options: ExpandOptions = {}): Expanded {
  return expandOpened(openSource(source, provider), options);
}

/** Expands an opened source into a spec. */
export function expandOpened(opened: Opened, options: ExpandOptions = {}): Expanded {
  let history: ExpandedHistory | undefined;
  const expanded = gather(
    opened,
    (context) =>
      opened.module &&
      expandBody(opened, opened.module, context, options, (lineage, module) => {
        history = historyOf(opened, module, lineage);
      }),
  );
  return { ...expanded, history };
}

/** Gives the history of an experiment from its lineage. */
export function historyOf(opened: Opened, module: Module, lineage: Lineage): ExpandedHistory {
  const ignored = { report: () => undefined, moduleOf: opened.loader.moduleOf };
  const blame = new Total(specsOfBlame);
  return {
    changes: placesOfChanges(lineage.layers),
    expandWith: (count) => expandOne(opened, withFirst(lineage, count, ignored), module, [blame]),
  };
}

/** Expands a resolved experiment; `totals` count its resources beside those of its file. */
export function expandOne(
  opened: Opened,
  experiment: Experiment,
  module: Module,
  totals: readonly Total[] = [],
): Expanded {
  return gather(opened, (context) => expandExperiment(experiment, module, context), totals);
}

/** Makes a spec of the result of `work`, with all mistakes. */
function gather(
  opened: Opened,
  work: (context: ExperimentContext) => SpecBody | undefined,
  totals: readonly Total[] = [],
): Expanded {
  const collector = new Collector();
  opened.diagnostics.forEach(collector.report);
  const budget = new Budget([opened.total, ...totals]);
  const context = contextFor(opened, collector.report, budget);
  const body = within(opened, collector.report, () => work(context));
  const { sources } = opened.loader;
  const spec =
    body && ({ format: specFormat, sources: sources.map(({ name }) => name), ...body } satisfies Spec);
  const { places, broken } = context;
  return { spec, diagnostics: sortDiagnostics(collector.diagnostics), places, broken, budget, sources };
}

/** Runs work on a budget; if the work exceeds it, reports that and gives undefined. */
function within<T>(
  opened: Opened,
  report: (diagnostic: Diagnostic) => void,
  work: () => T | undefined,
): T | undefined {
  try {
    return work();
  } catch (stopped) {
    if (!(stopped instanceof BudgetSpent)) throw stopped;
    report(explainExcess(stopped, opened.loader.isLibrary));
    return undefined;
  }
}

/** Expands the requested experiment or networks. */
function expandBody(
  opened: Opened,
  module: Module,
  context: ExperimentContext,
  options: ExpandOptions,
  remember: (lineage: Lineage, module: Module) => void,
): SpecBody | undefined {
  const { declarations, source } = module.file;
  const experiments = declarations.filter(
    (one): one is Experiment | Variant => one.kind === 'experiment' || one.kind === 'variant',
  );
  const networks = declarations.filter(
    (one): one is Block => one.kind === 'block' && one.keyword === 'network',
  );
  const matches = (one: Experiment | Variant | Block): boolean =>
    options.name === undefined || one.name.text === options.name;
  const [chosenOne, second] = experiments.filter(matches);
  const names = experiments.map((one) => one.name.text);
  if (chosenOne && second) {
    context.report(messages.severalExperiments(source.name, second.name.span, names));
    return undefined;
  }
  const sets = options.sets ?? [];
  if (chosenOne) {
    const experiment = opened.resolve({ experiment: chosenOne, module });
    const { report } = context;
    if (!experiment) return undefined;
    const overrides = readSets(experiment, module, sets, opened.loader, report);
    const lineage = lineageOf({ experiment: chosenOne, module });
    if (lineage) remember({ ...lineage, layers: [...lineage.layers, overrides] }, module);
    const { moduleOf } = opened.loader;
    return expandExperiment(applyChanges(experiment, overrides, { report, moduleOf }), module, context);
  }
  const chosen = networks.filter(matches);
  // A name that a syntax mistake removed is not reported as missing.
  const isRead = opened.diagnostics.length === 0;
  if (isRead) for (const text of sets) context.report(nothingToSet(text, names));
  if (chosen.length === 0) {
    if (!isRead) return undefined;
    if (options.name !== undefined) {
      const parts = [...experiments, ...networks].map((one) => one.name.text);
      context.report(messages.unknownPart(options.name, makeSpan(source, 0, 0), parts));
      return undefined;
    }
    if (declarations.length === 0) {
      context.report(messages.noExperiment(source.name));
      return undefined;
    }
    return { name: 'library', networks: [], objectives: [] }; // a file of blocks only; their names and types were checked
  }
  const assume = options.assume ?? { width: 256, height: 256, classes: 35 };
  const given = inputsOfData({ size: assume, classes: assume.classes });
  const expanded = chosen.flatMap((block) => {
    const bound = new Map(
      Object.entries(options.settings ?? {}).map(([key, setting]) => [key, valueOf(setting)]),
    );
    const name = block.name.text;
    const value: BlockValue = { kind: 'block', name, block, module, bound, path: undefined };
    const latent = { name: 'z', kind: 'noise', shape: [assumedLatent] } as const;
    const inputs = { ...given, latent, byName: options.inputs ?? {} };
    return expandNetwork(name, value, block.name.span, inputs, context, new Map())?.network ?? [];
  });
  return { name: chosen[0]?.name.text ?? source.name, networks: expanded, objectives: [] };
}

function valueOf(setting: number | boolean | string): Value {
  if (typeof setting === 'number') return Number.isInteger(setting) ? integer(setting) : real(setting);
  return typeof setting === 'boolean' ? boolean(setting) : { kind: 'string', value: setting };
}
