/** Answers for the types of `import ... from 'spadework'`; docs/library.md shows how it is used. */
import type {
  Model,
  OpenOptions,
  ParsedSpec,
  ParseOptions,
  RunOptions,
  SemanticsOptions,
  SpecProblem,
  Tensor,
  Tensors,
  TextOptions,
} from './model/types.ts';

export type * from './model/types.ts';

/**
 * Opens a spec's file: a `.spade` text, or a spec as JSON. Rejects with a SpecError where it has mistakes, a ModelError where
 * it cannot be read, a WeightsError where weights that it loads cannot be, a SetupFailure where the engine asked for cannot be
 * had.
 */
export declare function openSpec(file: string, options?: OpenOptions): Promise<Model>;

/** Opens a text, its imports read by `options.provider`. Rejects as `openSpec` does. */
export declare function openText(text: string, options?: TextOptions): Promise<Model>;

/** Checks a text and gives its spec as JSON, with everything that is wrong with it. */
export declare function parseSpec(text: string, options?: ParseOptions): ParsedSpec;

/**
 * Opens what a run has learned: its spec, with the variables of its last checkpoint or of the step asked for. Rejects with a
 * RunError where the folder holds no run or no whole checkpoint, a ModelError where it has none of that step.
 */
export declare function openRun(folder: string, options?: RunOptions): Promise<Model>;

/**
 * Splits semantics as official preprocessing makes them (one channel per class, one of them 1 at each pixel; with `edges`, a
 * last channel of instance edges) into what networks take: ids [N,H,W] and edges [N,H,W,1]. Throws a ModelError where a pixel
 * has no class or several, or a channel holds more than 0 and 1.
 */
export declare function splitSemantics(
  semantics: Tensor,
  options?: SemanticsOptions,
): { readonly labels: Tensor<Int32Array>; readonly edges?: Tensor };

/**
 * Reads every tensor of a safetensors or PyTorch file, by its name and in its layout, as float32. Nothing in the file is run.
 * Rejects with a WeightsError where it is missing, damaged, or holds more than tensors in containers.
 */
export declare function readTensors(file: string): Promise<Tensors>;

/** Is a mistake in a call: `code` is stable (`unknown-input`), `message` ready to show. It is thrown before anything changes. */
export declare class ModelError extends Error {
  readonly code: string;
  /** The function that was called: `step`. */
  readonly call: string | undefined;
  /** What is wrong, in one line. */
  readonly what: string;
  readonly found: string;
  readonly expected: string;
  readonly hint: string;
}

/** Is a spec with mistakes; the message shows them all as the command does. */
export declare class SpecError extends Error {
  readonly problems: readonly SpecProblem[];
}

/** Is a run that cannot be used, or a machine that cannot go on (memory). */
export declare class RunError extends Error {
  readonly blame: 'input' | 'machine';
}

/** Is an engine that was asked for and cannot be had; `unavailable` says why and what helps. */
export declare class SetupFailure extends Error {
  readonly unavailable: { readonly reason: string; readonly fix: string };
}

/** Is a file of weights, or a mapping, that cannot be used. */
export declare class WeightsError extends Error {}
