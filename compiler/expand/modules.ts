/** Answers for files and what they import: every `use` is resolved, parsed once, and its names checked. */
import { walk, type Alias, type Block, type Experiment, type File, type Variant } from '../../dsl/ast.ts';
import { parse, printText, type Diagnostic } from '../../dsl/index.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { resolveAliases } from './aliases.ts';
import * as messages from './messages.ts';

/** Settings of data, as in a spec, by the name of the data set. */
export type DataPresets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Finds texts for the compiler, which opens no files itself. */
export interface SourceProvider {
  /** Reads a module of the standard library (`norms`), or undefined. */
  library(module: string): Source | undefined;
  /** Names of the library's modules. */
  readonly libraryModules: readonly string[];
  /** Reads a file relative to the source that imports it, or says why it cannot. */
  file(path: string, from: Source): Source | { readonly why: string };
  /** Settings of known data sets by name, which those of an experiment's data come on top of. */
  readonly presets?: DataPresets;
}

/** The module whose names are there without `use`. */
export const preludeModule = 'prelude';

/** An experiment as it is written, and the module of its text. */
export interface DeclaredExperiment {
  readonly experiment: Experiment | Variant;
  readonly module: Module;
}

/** A block, and the module of its text. */
export interface DeclaredBlock {
  readonly block: Block;
  readonly module: Module;
}

export interface Module {
  readonly file: File;
  /** What its texts may name: its own declarations, imports, and the prelude; aliases lead to the blocks that they stand for. */
  readonly names: ReadonlyMap<string, DeclaredBlock>;
  /** The experiments that it declares or imports, which others may vary. */
  readonly experiments: ReadonlyMap<string, DeclaredExperiment>;
  /** Names that a reported mistake keeps from having a meaning; nothing more is said about them. */
  readonly missing: ReadonlySet<string>;
}

/** A block that a module may import. */
export interface Importable {
  readonly block: Block;
  /** What it is imported from, as `use` writes it: the name of a module, or a path in quotes. */
  readonly from: string;
}

/** Loads a source and everything that it imports; reports what cannot be. */
export class ModuleLoader {
  private readonly loaded = new Map<string, Module | 'loading'>();
  private readonly library = new Set<Source>();
  private readonly bySource = new Map<Source, Module>();

  constructor(
    private readonly provider: SourceProvider,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  /** Settings of known data sets. */
  get presets(): DataPresets {
    return this.provider.presets ?? {};
  }

  /** All sources that were read, in the order of loading. */
  readonly sources: Source[] = [];

  /** All modules of the user's own, in the order of loading. */
  get ownModules(): readonly Module[] {
    return [...this.loaded.values()].filter(
      (module): module is Module => module !== 'loading' && !this.library.has(module.file.source),
    );
  }

  /** Tells whether a text belongs to the standard library, whose authors the user is not. */
  readonly isLibrary = (source: Source): boolean => this.library.has(source);

  /** Tells whether a text is that of the blocks which every file has without importing them. */
  readonly isPrelude = (source: Source): boolean => source === this.provider.library(preludeModule);

  /** Finds the module of a text that was read. */
  readonly moduleOf = (source: Source): Module | undefined => this.bySource.get(source);

  /** Lists the blocks of the standard library by their names, and where these are declared; reads all of it. */
  libraryBlocks(): Map<string, (DeclaredBlock & { readonly from: Module })[]> {
    const found = new Map<string, (DeclaredBlock & { readonly from: Module })[]>();
    for (const name of this.provider.libraryModules) {
      const source = this.provider.library(name);
      if (!source) continue;
      this.library.add(source);
      const module = this.loadOnce(source, undefined);
      if (!module) continue;
      for (const [key, block] of ownBlocks(module))
        found.set(key, [...(found.get(key) ?? []), { ...block, from: module }]);
    }
    return found;
  }

  /** Lists what a module may import by name: of the library, and of the user's files that it imports from already. */
  readonly importableFor = (module: Module): ReadonlyMap<string, Importable> => {
    this.importable ??= new Map(
      [...this.libraryBlocks()].flatMap(([name, [first]]) => {
        const from = first && nameOfModule(first.from);
        return first && from !== preludeModule
          ? [[name, { block: first.block, from: from ?? '' }] as const]
          : [];
      }),
    );
    const { file } = module;
    const own = file.uses.flatMap((use): (readonly [string, Importable])[] => {
      const source =
        use.file && file.source.name !== '' ? this.provider.file(use.module, file.source) : undefined;
      const imported = source && 'text' in source ? this.loaded.get(source.name) : undefined;
      if (!imported || imported === 'loading') return [];
      const from = printText(use.module);
      return [...ownBlocks(imported)].map(([name, { block }]) => [name, { block, from }]);
    });
    return new Map([...this.importable, ...own]);
  };
  private importable: ReadonlyMap<string, Importable> | undefined;

  /** Takes in a text that is no file but adds to a module. */
  adopt(source: Source, module: Module): void {
    this.sources.push(source);
    this.bySource.set(source, module);
  }

  load(source: Source): Module | undefined {
    return this.loadOnce(source, undefined);
  }

  private loadOnce(source: Source, from: Span | undefined): Module | undefined {
    // A user's file may have the name that a library text goes by.
    const key = this.library.has(source) ? `library ${source.name}` : source.name;
    const known = this.loaded.get(key);
    if (known === 'loading') {
      if (from) this.report(messages.importCycle(source.name, from));
      return undefined;
    }
    if (known) return known;
    this.loaded.set(key, 'loading');
    this.sources.push(source);
    const { file, diagnostics } = parse(source);
    diagnostics.forEach(this.report);
    const lost = diagnostics.length > 0 ? namesWritten(source.text) : [];
    const module = this.link(file ?? emptyFile(source), lost);
    this.loaded.set(key, module);
    this.bySource.set(source, module);
    return module;
  }

  /** Gives names their meaning; `lost` are those of what syntax mistakes may have left out of the file. */
  private link(file: File, lost: readonly string[]): Module {
    const names = new Map<string, DeclaredBlock>();
    const missing = new Set<string>(lost);
    const experiments = new Map<string, DeclaredExperiment>();
    const module: Module = { file, names, experiments, missing };
    const prelude = this.provider.library(preludeModule);
    if (prelude && prelude !== file.source) {
      this.library.add(prelude);
      const common = this.loadOnce(prelude, undefined);
      for (const [name, entry] of common?.names ?? []) names.set(name, entry);
    }
    const declared = new Map<string, Span>();
    const declare = (name: string, span: Span): boolean => {
      const first = declared.get(name);
      if (first) this.report(messages.duplicateName(name, span, first));
      else declared.set(name, span);
      return !first;
    };
    for (const use of file.uses) {
      const source = this.resolve(use.module, use.file, use.span, file.source);
      const imported = source && this.loadOnce(source, use.span);
      if (!imported) {
        for (const name of use.names) {
          declared.set(name.text, name.span);
          missing.add(name.text);
        }
        continue;
      }
      const own = ownBlocks(imported);
      for (const name of use.names) {
        const block = own.get(name.text);
        const experiment = ownExperiments(imported).get(name.text);
        if (block || experiment) {
          if (!declare(name.text, name.span)) continue;
          if (block) names.set(name.text, block);
          if (experiment) experiments.set(name.text, experiment);
          continue;
        }
        missing.add(name.text);
        // What is imported beside it was not meant.
        const beside = new Set(use.names.map(({ text }) => text));
        const known = [...own.keys(), ...ownExperiments(imported).keys()].filter((one) => !beside.has(one));
        if (!imported.missing.has(name.text))
          this.report(
            messages.notExported(name.text, use.module, name.span, known, referencesTo(name.text, file)),
          );
      }
    }
    const aliases = new Map<string, Alias>();
    for (const declaration of file.declarations) {
      const { text, span } = declaration.name;
      if (!declare(text, span)) continue;
      if (declaration.kind === 'block') names.set(text, { block: declaration, module });
      else if (declaration.kind === 'alias') aliases.set(text, declaration);
      else if (declaration.kind !== 'ablation') experiments.set(text, { experiment: declaration, module });
    }
    for (const [name, block] of resolveAliases(aliases, module, this.report))
      if (block) names.set(name, block);
      else {
        names.delete(name);
        missing.add(name);
      }
    return module;
  }

  private resolve(name: string, isFile: boolean, span: Span, from: Source): Source | undefined {
    if (isFile) {
      const found = this.provider.file(name, from);
      if (!('why' in found)) return found;
      this.report(messages.unreadableFile(name, found.why, span));
      return undefined;
    }
    const source = this.provider.library(name);
    if (source) this.library.add(source);
    else this.report(messages.unknownModule(name, span, this.provider.libraryModules));
    return source;
  }
}

/** Gives the name that a module of the library is imported by. */
export function nameOfModule({ file }: Module): string {
  return file.source.name.replace(/^.*[/\\]/, '').replace(/\.spade$/, '');
}

/** Finds where a file names something. */
function referencesTo(name: string, file: File): Span[] {
  const found: Span[] = [];
  for (const declaration of file.declarations) {
    if (declaration.kind === 'alias' && declaration.target.text === name) found.push(declaration.target.span);
    if ('base' in declaration && declaration.base.text === name) found.push(declaration.base.span);
    walk(declaration, (node) => {
      if (node.kind === 'reference' && node.name === name) found.push(node.span);
    });
  }
  return found;
}

/** Lists the blocks that a module declares, and those that it gives a second name. */
function ownBlocks({ file, names }: Module): Map<string, DeclaredBlock> {
  return new Map(
    file.declarations.flatMap(({ kind, name }) => {
      const block = kind === 'block' || kind === 'alias' ? names.get(name.text) : undefined;
      return block ? [[name.text, block] as const] : [];
    }),
  );
}

/** Lists the experiments that a module declares itself. */
function ownExperiments({ experiments, file }: Module): Map<string, DeclaredExperiment> {
  return new Map([...experiments].filter(([, { module }]) => module.file === file));
}

/** Gives a path that a file writes relative to itself as one relative to another file. */
export function relocate(path: string, written: Source, main: Source): string {
  const isAbsolute = (name: string): boolean => /^([/\\]|[A-Za-z]:)/.test(name);
  if (written === main || isAbsolute(path)) return path;
  const stepsTo = (name: string): string[] =>
    name.split(/[/\\]/).filter((step) => step !== '' && step !== '.');
  const [from, to] = [stepsTo(main.name).slice(0, -1), stepsTo(written.name).slice(0, -1)];
  if (isAbsolute(written.name) && !isAbsolute(main.name)) return `/${[...to, path].join('/')}`;
  const common = from.findIndex((step, index) => step !== to[index]);
  const shared = common < 0 ? from.length : common;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared), path].join('/');
}

/** Finds what a text with syntax mistakes meant to declare or import, so that its uses are not reported as well. */
function namesWritten(text: string): string[] {
  const declared = [...text.matchAll(/\b(?:block|network|experiment|ablation)\s+(\w+)/g)].map(
    (match) => match[1] ?? '',
  );
  const imported = [...text.matchAll(/\buse\b[^{}]*\{([^}]*)/g)].flatMap(
    (match) => match[1]?.match(/\w+/g) ?? [],
  );
  return [...declared, ...imported];
}

function emptyFile(source: Source): File {
  return {
    kind: 'file',
    source,
    span: { source, start: 0, end: 0 },
    uses: [],
    declarations: [],
    trailing: [],
  };
}
