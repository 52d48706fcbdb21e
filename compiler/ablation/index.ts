/** Expands an ablation into named runs of checked specs, and collects the mistakes of all runs. */
import type { Ablation as Declaration, Experiment, File } from '../../dsl/ast.ts';
import { sortDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { parse } from '../../dsl/index.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { blaming } from '../check/blame.ts';
import { checkExpanded } from '../check/index.ts';
import { expandOne, historyOf } from '../expand/index.ts';
import type { Module, SourceProvider } from '../language/values/module.ts';
import { Collector, identityOf, openSource, type Opened } from '../expand/open.ts';
import { applyChanges, reportRepeats } from '../variants/index.ts';
import { unknownBase } from '../variants/messages.ts';
import { lineageOf, type Lineage } from '../variants/lineage.ts';
import { readSets } from '../variants/sets.ts';
import type { Spec } from '../format/types.ts';
import { nameRun } from './labels.ts';
import * as messages from './messages.ts';
import { planAblation, type Plan } from './plan.ts';
import { reportSameRuns } from './same-runs.ts';
import type { Ablation, PlannedRun, PlannedValue } from './types.ts';

export type { Ablation, AblationAxis, PlannedRun } from './types.ts';

export interface AblationOptions {
  /** The name of the ablation; by default the only one of the file. */
  readonly name?: string | undefined;
  /** Changes by path of the base experiment, as written: `train.steps = 10`. */
  readonly sets?: readonly string[] | undefined;
}

export interface AblationResult {
  /** The ablation; undefined if any diagnostic is an error. */
  readonly ablation: Ablation | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

/** Lists the ablations of a file, as far as its syntax allows. */
export function listAblations(source: Source): readonly { readonly name: string; readonly of: string }[] {
  return listDeclared(source).ablations;
}

/** Lists the experiments and ablations of a file, as far as its syntax allows. */
export function listDeclared(source: Source): Declared {
  return declaredIn(parse(source).file);
}

/** The trainable declarations of a file. */
export interface Declared {
  readonly experiments: readonly string[];
  readonly ablations: readonly { readonly name: string; readonly of: string }[];
}

/** Lists the experiments and ablations of a parsed file. */
export function declaredIn(file: File | undefined): Declared {
  const declarations = file?.declarations ?? [];
  const experiments = declarations.filter(({ kind }) => kind === 'experiment' || kind === 'variant');
  const ablations = declarations.filter((one): one is Declaration => one.kind === 'ablation');
  return {
    experiments: experiments.map(({ name }) => name.text),
    ablations: ablations.map(({ name, base }) => ({ name: name.text, of: base.text })),
  };
}

/** Expands an ablation into its runs; reports all mistakes of all runs, each once. */
export function checkAblation(
  source: Source,
  provider: SourceProvider,
  options: AblationOptions = {},
): AblationResult {
  return checkOpenedAblation(openSource(source, provider), options);
}

/** Expands an ablation of an opened source. */
export function checkOpenedAblation(opened: Opened, options: AblationOptions = {}): AblationResult {
  const collector = new Collector();
  opened.diagnostics.forEach(collector.report);
  const declaration = opened.module && choose(opened, options.name, collector.report);
  const ablation =
    declaration &&
    opened.module &&
    new AblationExpansion(declaration, opened, opened.module, collector.report).expand(options.sets ?? []);
  const { diagnostics } = collector;
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return {
    ablation: failed ? undefined : ablation,
    diagnostics: sortDiagnostics(diagnostics),
    sources: opened.loader.sources,
  };
}

/** Finds the requested ablation. */
function choose(
  { module, source, diagnostics }: Opened,
  name: string | undefined,
  report: (diagnostic: Diagnostic) => void,
): Declaration | undefined {
  const all = module?.file.declarations.filter((one): one is Declaration => one.kind === 'ablation') ?? [];
  const names = all.map((one) => one.name.text);
  const [first, second] = all.filter((one) => name === undefined || one.name.text === name);
  if (first && second) report(messages.severalAblations(source.name, second.name.span, names));
  else if (first) return first;
  // A declaration that a syntax mistake removed is not reported as missing.
  else if (diagnostics.length === 0)
    report(name === undefined ? messages.noAblation(source.name) : messages.unknownAblation(name, names));
  return undefined;
}

/** An expanded cell of the matrix. */
interface Cell {
  readonly values: readonly PlannedValue[];
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Moves a mistake to the change that caused it. */
  readonly blame: (diagnostic: Diagnostic) => Diagnostic;
}

const hasErrors = ({ diagnostics }: Cell): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');

class AblationExpansion {
  constructor(
    private readonly declaration: Declaration,
    private readonly opened: Opened,
    private readonly module: Module,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  expand(sets: readonly string[]): Ablation | undefined {
    const { declaration, report } = this;
    const plan = planAblation(declaration, report);
    const base = this.base();
    if (!base) return undefined;
    const { loader } = this.opened;
    const { moduleOf } = loader;
    const overrides = readSets(base, this.module, sets, loader, report);
    const set = applyChanges(base, overrides, { report, moduleOf });
    reportRepeats(plan.shared, report);
    for (const { values } of plan.axes) for (const { changes } of values) reportRepeats(changes, report);
    const shared = applyChanges(set, plan.shared, { report, moduleOf });
    const lineage = this.lineage([overrides, plan.shared]);
    const cells = plan.cells.map((values) => this.cell(shared, values, lineage));
    reportOnce(cells, declaration.span, report);
    // After a mistake, runs may look equal because their difference was left out.
    if (!cells.some(hasErrors)) reportSameRuns(cells, report);
    const doc = declaration.comments.before.join('\n').trim();
    const seeds = plan.seeds ?? [cells[0]?.spec?.train?.seed ?? 0];
    return {
      name: declaration.name.text,
      ...(doc && { doc }),
      of: declaration.base.text,
      axes: plan.axes.map(({ name, values }) => ({ name, labels: values.map(({ label }) => label) })),
      seeds,
      runs: runsOf(plan, cells, seeds),
    };
  }

  private base(): Experiment | undefined {
    const { base } = this.declaration;
    const declared = this.module.experiments.get(base.text);
    if (declared) return this.opened.resolve(declared);
    if (!this.module.missing.has(base.text))
      this.report(unknownBase(base.text, base.span, this.module.experiments.keys()));
    return undefined;
  }

  /** The lineage of all runs, with layers of changes on top of the experiment. */
  private lineage(layers: Lineage['layers']): Lineage | undefined {
    const declared = this.module.experiments.get(this.declaration.base.text);
    const lineage = declared && lineageOf(declared);
    return lineage && { ...lineage, layers: [...lineage.layers, ...layers] };
  }

  private cell(base: Experiment, values: readonly PlannedValue[], lineage: Lineage | undefined): Cell {
    const collector = new Collector();
    const { moduleOf } = this.opened.loader;
    const changed = values.reduce(
      (experiment, { changes }) => applyChanges(experiment, changes, { report: collector.report, moduleOf }),
      base,
    );
    const expanded = expandOne(this.opened, changed, this.module);
    const layers = values.map(({ changes }) => changes);
    const history = lineage && { ...lineage, layers: [...lineage.layers, ...layers] };
    checkExpanded(expanded).forEach(collector.report);
    const blame = blaming({ ...expanded, history: history && historyOf(this.opened, this.module, history) });
    return { values, spec: expanded.spec, diagnostics: collector.diagnostics, blame };
  }
}

/**
 * Reports the mistakes of all cells. A mistake that only some cells have names the first such run, unless its place
 * shows the cause.
 */
function reportOnce(cells: readonly Cell[], own: Span, report: (diagnostic: Diagnostic) => void): void {
  const found = new Map<string, { readonly diagnostic: Diagnostic; readonly cells: Cell[] }>();
  for (const cell of cells)
    for (const diagnostic of cell.diagnostics) {
      const key = identityOf(diagnostic);
      const entry = found.get(key) ?? { diagnostic, cells: [] };
      entry.cells.push(cell);
      found.set(key, entry);
    }
  for (const { diagnostic, cells: having } of found.values()) {
    const labels = having[0]?.values.map(({ label }) => label).join(', ') ?? '';
    const { span } = diagnostic;
    const isOwn = span?.source === own.source && own.start <= span.start && span.end <= own.end;
    const isCommon = having.length === cells.length || isOwn;
    const count = having.length === 1 ? '' : ` and ${having.length - 1} more`;
    const note = `in the run of ${labels}${count}`;
    const said = having[0]?.blame(diagnostic) ?? diagnostic;
    report(isCommon ? said : { ...said, notes: [...said.notes, note] });
  }
}

/** Names the runs: all cells with the first seed come before the second seed. */
function runsOf({ axes }: Plan, cells: readonly Cell[], seeds: readonly number[]): PlannedRun[] {
  const names = new Set<string>();
  return seeds.flatMap((seed) =>
    cells.flatMap(({ values, spec }): PlannedRun[] => {
      if (!spec) return [];
      const point = values.map(({ label }, index) => ({ axis: axes[index]?.name ?? '', label }));
      const name = nameRun(point, seed, names);
      names.add(name.toLowerCase()); // some file systems ignore case
      const train = spec.train && { train: { ...spec.train, seed } };
      return [
        {
          name,
          point: Object.fromEntries(point.map(({ axis, label }) => [axis, label])),
          seed,
          spec: { ...spec, ...train },
        },
      ];
    }),
  );
}
