/** What a module of the language holds, and where texts come from. */
import type { Block, Experiment, File, Variant } from '../../../dsl/ast.ts';
import type { Source } from '../../../dsl/source.ts';

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
  /** Names of the mappings that weights may be read by; where they are not known, any name is taken. */
  readonly mappings?: readonly string[];
}

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
