/** Defines modules of the language, and the interface that provides their texts. */
import type { Block, Experiment, File, Variant } from '../../../dsl/ast.ts';
import type { ParseResult } from '../../../dsl/index.ts';
import type { Source } from '../../../dsl/source.ts';

/** Data settings of a spec, by the name of the data set. */
export type DataPresets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Provides texts to the compiler, which opens no files itself. */
export interface SourceProvider {
  /** Gives a module of the standard library (`norms`); undefined if there is none. */
  library(module: string): Source | undefined;
  /** Names of the library's modules. */
  readonly libraryModules: readonly string[];
  /** Gives what a text of the library was parsed into before, where that is at hand. */
  parsed?(source: Source): ParseResult | undefined;
  /** Reads a file relative to the source that imports it, or says why it cannot. */
  file(path: string, from: Source): Source | { readonly why: string };
  /** Settings of known data sets by name; an experiment's settings override them. */
  readonly presets?: DataPresets;
  /** The names of weight mappings; if undefined, any name is accepted. */
  readonly mappings?: readonly string[];
}

/** The AST of an experiment, and the module of its text. */
export interface DeclaredExperiment {
  readonly experiment: Experiment | Variant;
  readonly module: Module;
}

/** The AST of a block, and the module of its text. */
export interface DeclaredBlock {
  readonly block: Block;
  readonly module: Module;
}

export interface Module {
  readonly file: File;
  /** The names that its texts may use: its declarations, imports, and the prelude; aliases are resolved. */
  readonly names: ReadonlyMap<string, DeclaredBlock>;
  /** The experiments that it declares or imports, which variants may extend. */
  readonly experiments: ReadonlyMap<string, DeclaredExperiment>;
  /** Names that a reported mistake left unresolved; their uses are not reported. */
  readonly missing: ReadonlySet<string>;
}

/** A block that a module may import. */
export interface Importable {
  readonly block: Block;
  /** The origin as `use` writes it: the name of a module, or a path in quotes. */
  readonly from: string;
}
