/** Loads files and their imports: resolves every `use`, parses each file once, and checks imported names. */
import type {
  DataPresets,
  SourceProvider,
  DeclaredExperiment,
  DeclaredBlock,
  Module,
  Importable,
} from './values/module.ts';
import { walk, type Alias, type File, type Name, type Use } from '../../dsl/ast.ts';
import { removing, replacing, type Hint } from '../../dsl/fix.ts';
import { parse, printText, type Diagnostic } from '../../dsl/index.ts';
import { textOf, type Source, type Span } from '../../dsl/source.ts';
import { resolveAliases } from './aliases.ts';
import { importLimits } from './values/budget.ts';
import * as messages from './values/messages.ts';
import { importing } from './unknown-names.ts';

/** The module whose names need no `use`. */
export const preludeModule = 'prelude';

/** Loads a source and all its imports; reports those that fail. */
export class ModuleLoader {
  private readonly loaded = new Map<string, Module | 'loading'>();
  private readonly library = new Set<Source>();
  private readonly bySource = new Map<Source, Module>();
  /** The index of each text in `sources`. */
  private readonly places = new Map<Source, number>();
  /** The current depth of imports, and how many files and tokens of the user's were read. */
  private readonly taken = { depth: 0, files: 0, tokens: 0 };
  private isSpent = false;

  constructor(
    private readonly provider: SourceProvider,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  /** Settings of known data sets. */
  get presets(): DataPresets {
    return this.provider.presets ?? {};
  }

  /** The names of weight mappings, if known. */
  get mappings(): readonly string[] | undefined {
    return this.provider.mappings;
  }

  /** All sources that were read, in the order of loading. */
  readonly sources: Source[] = [];

  /** All modules outside the standard library, in the order of loading. */
  get ownModules(): readonly Module[] {
    return [...this.loaded.values()].filter(
      (module): module is Module => module !== 'loading' && !this.library.has(module.file.source),
    );
  }

  /** Tells whether a text belongs to the standard library. */
  readonly isLibrary = (source: Source): boolean => this.library.has(source);

  /** Tells whether a text is the prelude, whose blocks need no import. */
  readonly isPrelude = (source: Source): boolean => source === this.provider.library(preludeModule);

  /** Finds the module of a loaded text. */
  readonly moduleOf = (source: Source): Module | undefined => this.bySource.get(source);

  /** Lists the blocks of the standard library by name, with their modules; loads the whole library. */
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

  /** Lists what a module can import by name: from the library, and from the user's files that it already imports. */
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

  /** Registers a text that is not a file but belongs to a module. */
  adopt(source: Source, module: Module): void {
    this.note(source);
    this.bySource.set(source, module);
  }

  load(source: Source): Module | undefined {
    return this.loadOnce(source, undefined);
  }

  /** Gives the index of a text among all loaded ones. */
  readonly indexOf = (source: Source): number | undefined => this.places.get(source);

  private note(source: Source): void {
    this.places.set(source, this.sources.length);
    this.sources.push(source);
  }

  /** Counts the cost of reading the user's files; `from` is the import, which is skipped if it exceeds a limit. */
  private spend(of: 'depth' | 'files' | 'tokens', amount: number, from: Span | undefined): boolean {
    this.taken[of] += amount;
    if (!from || this.taken[of] <= importLimits[of]) return true;
    // All further imports exceed the limit too, so one message is enough.
    if (!this.isSpent) this.report(messages.importsTooLarge(of, importLimits[of], from));
    this.isSpent = true;
    return false;
  }

  private loadOnce(source: Source, from: Span | undefined): Module | undefined {
    // A user's file may have the same name as a library text.
    const key = this.library.has(source) ? `library ${source.name}` : source.name;
    const known = this.loaded.get(key);
    if (known === 'loading') {
      if (from)
        this.report(
          from.source.name === source.name
            ? messages.importOfItself(source.name, from)
            : messages.importCycle(source.name, from),
        );
      return undefined;
    }
    if (known) return known;
    const isOwn = !this.library.has(source);
    if (isOwn && (this.isSpent || !this.spend('files', 1, from))) return undefined;
    this.loaded.set(key, 'loading');
    this.note(source);
    const { file, diagnostics, pieces } = this.provider.parsed?.(source) ?? parse(source);
    diagnostics.forEach(this.report);
    const lost = diagnostics.length > 0 ? namesWritten(source.text) : [];
    if (isOwn && !(this.spend('tokens', pieces, from) && this.spend('depth', 1, from))) {
      this.loaded.delete(key);
      return undefined;
    }
    const module = this.link(file ?? emptyFile(source), lost);
    if (isOwn) this.taken.depth -= 1;
    this.loaded.set(key, module);
    this.bySource.set(source, module);
    return module;
  }

  /** Resolves the names of a module; `lost` are names that syntax mistakes may have removed from the file. */
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
    let references: ReadonlyMap<string, Span[]> | undefined;
    for (const use of file.uses) {
      const source = this.resolve(use.module, use.file, use.span, file.source);
      const imported = source && this.loadOnce(source, use.span);
      if (!imported) {
        // A file that imports itself already declares these names.
        if (source?.name === file.source.name) continue;
        for (const name of use.names) {
          declared.set(name.text, name.span);
          missing.add(name.text);
        }
        continue;
      }
      const own = ownBlocks(imported);
      const ownOnes = ownExperiments(imported);
      // A name that this `use` already imports is not suggested for an unknown one.
      const beside = new Set(use.names.map(({ text }) => text));
      let known: readonly string[] | undefined;
      for (const name of use.names) {
        const block = own.get(name.text);
        const experiment = ownOnes.get(name.text);
        if (block || experiment) {
          if (!declare(name.text, name.span)) continue;
          if (block) names.set(name.text, block);
          if (experiment) experiments.set(name.text, experiment);
          continue;
        }
        missing.add(name.text);
        if (imported.missing.has(name.text)) continue;
        known ??= [...own.keys(), ...ownOnes.keys()].filter((one) => !beside.has(one));
        references ??= referencesIn(file);
        const uses = references.get(name.text) ?? [];
        const elsewhere = this.library.has(file.source)
          ? undefined
          : this.importFromElsewhere(name, use, file);
        this.report(messages.notExported(name.text, use.module, name.span, known, uses, elsewhere));
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

  /** Suggests a module or file for a path that does not exist: a module of the library, or a file with its ending. */
  private hintOfPath(name: string, span: Span, from: Source): Hint | undefined {
    const place = placeOfModule(span, printText(name));
    if (this.provider.libraryModules.includes(name))
      return replacing(place, name, (text) => `a module of the library goes without quotes: ${text}`);
    const full = `${name}.spade`;
    return name !== '' && !('why' in this.provider.file(full, from))
      ? replacing(place, printText(full))
      : undefined;
  }

  /** Suggests the library module that declares a name which the imported module lacks. */
  private importFromElsewhere(name: Name, use: Use, file: File): Hint | undefined {
    const [found] = this.libraryBlocks().get(name.text) ?? [];
    const module = found && nameOfModule(found.from);
    if (module === undefined || module === preludeModule) return undefined;
    const say = (): string => `it is in ${module}: use ${module} { ${name.text} }`;
    if (use.names.length === 1 && !use.file)
      return replacing(placeOfModule(use.span, use.module), module, say);
    const { fix } = importing(name.text, module, file);
    return { words: say(), fix: [...removing(placeInBraces(name, use), '').fix, ...fix] };
  }

  private resolve(name: string, isFile: boolean, span: Span, from: Source): Source | undefined {
    if (isFile) {
      const found = this.provider.file(name, from);
      if (!('why' in found)) return found;
      this.report(messages.unreadableFile(name, found.why, span, this.hintOfPath(name, span, from)));
      return undefined;
    }
    const source = this.provider.library(name);
    if (source) this.library.add(source);
    else this.report(messages.unknownModule(name, span, this.provider.libraryModules));
    return source;
  }
}

/** Gives the place of the module's path or name in a `use`. */
function placeOfModule(span: Span, written: string): Span {
  const start = span.start + textOf(span).indexOf(written);
  return { source: span.source, start, end: start + written.length };
}

/** Gives the place of an imported name, with the comma that belongs to it. */
function placeInBraces(name: Name, { names }: Use): Span {
  const at = names.indexOf(name);
  const [before, after] = [names[at - 1], names[at + 1]];
  const { source, start, end } = name.span;
  if (before) return { source, start: before.span.end, end };
  return { source, start, end: after?.span.start ?? end };
}

/** Gives the name by which a library module is imported. */
export function nameOfModule({ file }: Module): string {
  return file.source.name.replace(/^.*[/\\]/, '').replace(/\.spade$/, '');
}

/** Finds the places at which a file uses each name. */
function referencesIn(file: File): Map<string, Span[]> {
  const found = new Map<string, Span[]>();
  const add = (name: string, span: Span): void => {
    const spans = found.get(name);
    if (spans) spans.push(span);
    else found.set(name, [span]);
  };
  for (const declaration of file.declarations) {
    if (declaration.kind === 'alias') add(declaration.target.text, declaration.target.span);
    if ('base' in declaration) add(declaration.base.text, declaration.base.span);
    walk(declaration, (node) => {
      if (node.kind === 'reference') add(node.name, node.span);
    });
  }
  return found;
}

/** The blocks that modules declare, collected once per module, as one module may be imported thousands of times. */
const blocksOf = new WeakMap<Module, Map<string, DeclaredBlock>>();
const experimentsOf = new WeakMap<Module, Map<string, DeclaredExperiment>>();

/** Lists the blocks and aliases that a module declares. */
function ownBlocks(module: Module): ReadonlyMap<string, DeclaredBlock> {
  const { file, names } = module;
  const known = blocksOf.get(module);
  const own =
    known ??
    new Map(
      file.declarations.flatMap(({ kind, name }) => {
        const block = kind === 'block' || kind === 'alias' ? names.get(name.text) : undefined;
        return block ? [[name.text, block] as const] : [];
      }),
    );
  blocksOf.set(module, own);
  return own;
}

/** Lists the experiments that a module declares. */
function ownExperiments(module: Module): ReadonlyMap<string, DeclaredExperiment> {
  const { experiments, file } = module;
  const known = experimentsOf.get(module);
  const own = known ?? new Map([...experiments].filter(([, one]) => one.module.file === file));
  experimentsOf.set(module, own);
  return own;
}

/** Converts a path relative to one file to a path relative to another. */
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

/**
 * Finds the names that a text with syntax mistakes likely declares or imports, so that their uses are not reported
 * too.
 */
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
