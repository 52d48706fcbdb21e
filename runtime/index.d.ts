/** Answers for the types of `import ... from 'spadework'`; docs/library.md shows how it is used. */
import type {
  Model,
  OpenOptions,
  ParsedSpec,
  ParseOptions,
  RunOptions,
  SemanticsOptions,
  Problem,
  Tensor,
  Tensors,
  TextOptions,
} from './model/types.ts';

export type * from './model/types.ts';

/**
 * Opens a spec's file: a `.spade` text, or a spec as JSON. Rejects with a SpadeworkError where it cannot be read or has mistakes,
 * where weights that it loads cannot be read or do not fit, and where the engine asked for cannot be had.
 */
export declare function openSpec(file: string, options?: OpenOptions): Promise<Model>;

/** Opens a text, its imports read by `options.provider`. Rejects as `openSpec` does. */
export declare function openText(text: string, options?: TextOptions): Promise<Model>;

/** Checks a text and gives its spec as JSON, with everything that is wrong with it. */
export declare function parseSpec(text: string, options?: ParseOptions): ParsedSpec;

/**
 * Opens what a run has learned: its spec, with the variables of its last checkpoint or of the step asked for. Rejects with a
 * SpadeworkError where the folder holds no run, no whole checkpoint, or none of that step.
 */
export declare function openRun(folder: string, options?: RunOptions): Promise<Model>;

/**
 * Splits semantics as official preprocessing makes them (one channel per class, one of them 1 at each pixel; with `edges`, a
 * last channel of instance edges) into what networks take: ids [N,H,W] and edges [N,H,W,1]. Throws a SpadeworkError where a pixel
 * has no class or several, or a channel holds more than 0 and 1.
 */
export declare function splitSemantics(
  semantics: Tensor,
  options?: SemanticsOptions,
): { readonly labels: Tensor<Int32Array>; readonly edges?: Tensor };

/**
 * Reads every tensor of a safetensors or PyTorch file, by its name and in its layout, as float32. Nothing in the file is run.
 * Rejects with a SpadeworkError where it is missing, damaged, or holds more than tensors in containers.
 */
export declare function readTensors(file: string): Promise<Tensors>;

/**
 * Is the one error that is thrown: for what its user can mend (`input`; a mistake in a call is found before anything changes), for
 * what the machine lacks (`machine`), and for a broken invariant, which is to be reported (`bug`). `message` has everything, ready
 * to show.
 */
export declare class SpadeworkError extends Error {
  readonly blame: 'input' | 'machine' | 'bug';
  /** Stable kebab-case name of what is wrong, such as `unknown-input`; of several problems, the first one's. */
  readonly code: string;
  /** What is wrong, in one line. */
  readonly what: string;
  readonly hint: string | undefined;
  /** The function that was called: `step`. */
  readonly call: string | undefined;
  /** What a command ends with because of it: 1 for an input, 3 for the machine and for a bug. */
  readonly exit: number;
  /** Everything that is wrong, such as all mistakes of a spec; never empty. */
  readonly problems: readonly Problem[];
}
