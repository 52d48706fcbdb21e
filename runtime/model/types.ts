/**
 * Answers for what embedding programs see of a model: plain data and one interface, free of imports but for plain data, so that any TypeScript
 * project can read it.
 */
import type { SpecText } from '../../compiler/door.ts';
import type { Signal } from '../session/calls.ts';

export type { CheckedSpec, SpecText } from '../../compiler/door.ts';
export type { Problem } from '../../dsl/problem.ts';

/** What computes: TensorFlow (`native`), TensorFlow.js on WebAssembly (`portable`), or the first of them that is there. */
export type EngineChoice = 'auto' | 'native' | 'portable';

/** A row-major array with its shape. Pictures are [N,H,W,C], kernels [h,w,I,O], matrices [I,O]. */
export interface Tensor<V extends Float32Array | Int32Array = Float32Array> {
  readonly shape: readonly number[];
  readonly values: V;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Numbers as callers have them; they are converted to what an input takes. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | readonly number[];

/** What an input is fed: row-major numbers of one picture, or with their shape, of as many as it says. All are finite. */
export type Feed = Numbers | { readonly shape: readonly number[]; readonly values: Numbers };

/** Feeds by the names of inputs. */
export type Feeds = Readonly<Record<string, Feed>>;

/** An input of a lone network's parameter: shapes leave the batch out. */
export type InputDeclaration =
  | {
      readonly kind: 'labels';
      readonly width: number;
      readonly height: number;
      /** Number of ids; they run from 0. */
      readonly classes: number;
      /** Whether the map comes with instance edges, as input `<name>.edges`. Default false. */
      readonly edges?: boolean;
    }
  | { readonly kind: 'tensor' | 'noise'; readonly shape: readonly number[] };

/** What a value means. */
export type InputRole =
  | 'labels'
  | 'edges'
  | 'instances'
  | 'tensor'
  /** Standard normal numbers; drawn from the seed where they are not fed. */
  | 'noise'
  /** What the gradient's sum weights an output with; zero where it is not fed. */
  | 'cotangent';

/** An input or output of a method at a batch size. */
export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';
}

export interface InputInfo extends TensorInfo {
  readonly role: InputRole;
  /** Whether a call must feed it. */
  readonly required: boolean;
}

export interface VariableInfo {
  /** `G.up_0.conv_0.weight`; an optimizer's slots end in `/m` and the like. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'f32';
  /** Parameters are trained or loaded, state moves on in training passes; the others belong to an optimizer. */
  readonly role: 'parameter' | 'state' | 'slot' | 'average' | 'accumulator';
  readonly network: string;
}

export interface NetworkInfo {
  readonly name: string;
  /** The network of the text that it is an instance of. */
  readonly definition: string;
  readonly doc?: string;
  /** Entries of all parameters together. */
  readonly parameters: number;
}

/** How pictures enter and leave a call: [N,H,W,C], or [N,C,H,W] as PyTorch has them. */
export type Layout = 'NHWC' | 'NCHW';

/** Says how official semantics are stored. */
export interface SemanticsOptions {
  /** Default NHWC. */
  readonly layout?: Layout;
  /** Whether the last channel holds instance edges. Default false. */
  readonly edges?: boolean;
}

/** Says how a method is called. */
export interface CallOptions {
  /** Order of axes of everything of rank 4 that is fed or comes back, beside the gradients of variables. Default NHWC. */
  readonly layout?: Layout;
  /** Pictures in a batch. Default: what the shapes of feeds say, and one where none has a shape. */
  readonly batch?: number;
  /** What noise is drawn from that is not fed, from 0 to 2^31 - 1. Default: the model's seed. */
  readonly seed?: number;
  /** Keeps the call from beginning: it fails with the signal's reason. A call that has begun goes on to its end. */
  readonly signal?: Signal;
}

export interface ForwardOptions extends CallOptions {
  /** Whether statistics come from the batch and state (running statistics, spectral vectors) moves on. Default false. */
  readonly training?: boolean;
}

export interface GradientOptions extends CallOptions {
  /** As in `forward`, but true by default: gradients are wanted for training. */
  readonly training?: boolean;
}

export interface LossOptions extends CallOptions {
  /** Also gives the gradients of the photographs, of noise, and of all parameters but frozen networks'. Default false. */
  readonly gradients?: boolean;
  /** Noise by `<loss>/<network>.<input>`; what is left out is drawn. */
  readonly noise?: Feeds;
}

export interface StepOptions extends CallOptions {
  /** Steps done before this one, a whole number from 0: it sets Adam's corrections and the learning rates. Default: the model's own count. */
  readonly step?: number;
  /** Steps in an epoch, a whole number from 1, which decays count in; without it rates do not decay. */
  readonly stepsPerEpoch?: number;
  /** Learning rates by network, finite numbers from 0, in place of those of the spec and its schedule. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Noise by `<loss>/<network>.<input>`; what is left out is drawn, all of it from (seed, step) without this. */
  readonly noise?: Feeds;
  /** Also gives the gradients that the optimizers saw. Default false. */
  readonly exposeGradients?: boolean;
  /** Also gives the pictures made for each loss, as output `<loss>/fake`. Default false. */
  readonly exposePictures?: boolean;
}

/** What a call gives. */
export interface Result {
  /** Outputs by name: `output`, or `output/0/1` for lists; losses by term, and `total`. */
  readonly outputs: Tensors;
  /** Gradients by name of a variable or input; variables' in our layouts (see `toOfficial`). Empty where none were asked for. */
  readonly gradients: Tensors;
  /** Names of the variables that the call gave new values; `read` gives them. */
  readonly changed: readonly string[];
}

/** Renames our names that match `ours`: `{n}` (i, j, k) stands for a whole number, `{path}` for parts, `{p}` for one part. */
export interface NameRule {
  readonly ours: string;
  readonly official: string;
  /** The rule is passed over where the network has a variable of this name. */
  readonly without?: string;
}

/** Says which of the official code's modules a network's variables are. */
export interface OfficialOptions {
  readonly network: string;
  /** The part of the network that the official module is, by its label: `up_0.norm_0`. Default: all of it. */
  readonly within?: string;
  /** What official names start with before the module's own: `netG.`. Default: nothing. Names without it are left alone. */
  readonly prefix?: string;
  /**
   * One of `specs/mappings` (`spade`, ...), the path of a JSON file, or rules, applied one after another. Names that no rule
   * fits are the same on both sides; `weight_orig`, `weight_u`, `weight_v` and `weight_g` are known without a rule.
   */
  readonly mapping?: string | readonly NameRule[];
}

/** Tensors by official names, in PyTorch's layouts. */
export type OfficialTensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Numbers }>
>;

/** Says how official tensors met a network's variables. */
export interface OfficialReport {
  /** Our names of the variables that were written. */
  readonly written: readonly string[];
  /** Our names of the variables that nothing was given for. */
  readonly missing: readonly string[];
  /** Official names that no variable goes by, but for what PyTorch keeps and never reads (`num_batches_tracked`). */
  readonly unused: readonly string[];
}

/**
 * A spec on an engine, with its variables. Calls run one after another, in the order in which they are made; arrays that are
 * given to one must stay as they are until its promise settles. A call with a mistake fails with a SpadeworkError before anything
 * is run: variables and the count of steps stay as they were.
 */
export interface Model {
  readonly name: string;
  readonly engine: 'native' | 'portable';
  readonly networks: readonly NetworkInfo[];
  readonly variables: readonly VariableInfo[];
  /**
   * Names of what can be run: `forward/G` and `gradients/G` for each network, `loss/G` for each loss, `step` where the spec
   * trains, `synthesize` where a network paints, `encode` where an encoder looks at photographs.
   */
  readonly methods: readonly string[];
  /** Steps that are done: what a run's checkpoint says, and those of `step`. */
  readonly steps: number;
  /** Lists what a method takes, at a batch size; without it, at the least that there is. */
  inputs(method: string, options?: { readonly batch?: number }): readonly InputInfo[];
  /** Lists what a method gives, at a batch size as above, gradients included, as `gradient/<name>`. */
  outputs(method: string, options?: { readonly batch?: number }): readonly TensorInfo[];
  /** Copies variables out, all parameters and state without `names`. */
  read(names?: readonly string[]): Promise<Tensors>;
  /** Sets variables; others keep their values. Moving averages follow the parameters that they are of, unless they are named. */
  write(values: Feeds): Promise<void>;
  /** Copies a network's parameters and state out, by the official code's names and in PyTorch's layouts. */
  readOfficial(options: OfficialOptions): Promise<Tensors>;
  /**
   * Sets a network's variables from tensors by the official code's names, in PyTorch's layouts. What is missing keeps its
   * value, and is reported. Fails where a shape differs, or where nothing fits.
   */
  writeOfficial(tensors: OfficialTensors, options: OfficialOptions): Promise<OfficialReport>;
  /** Gives tensors of a network's variables (values, gradients; others are left out) by official names, in PyTorch's layouts. */
  toOfficial(tensors: Tensors, options: OfficialOptions): Tensors;
  /** Applies a network to its inputs. */
  forward(network: string, feeds?: Feeds, options?: ForwardOptions): Promise<Result>;
  /**
   * Applies a network and gives the gradients of sum(output * cotangent) for its parameters and floating-point inputs. Where
   * there is one output, its cotangent may be given without a name.
   */
  gradients(
    network: string,
    feeds: Feeds,
    cotangents: Feed | Feeds,
    options?: GradientOptions,
  ): Promise<Result>;
  /** Evaluates the loss of a network as training does, without an update: its terms, and `total`. */
  loss(network: string, feeds: Feeds, options?: LossOptions): Promise<Result>;
  /** Does one training step: every loss in turn, with its update. */
  step(feeds: Feeds, options?: StepOptions): Promise<Result>;
  /** Paints label maps: output `picture`, [N,H,W,3] in [-1, 1]. */
  synthesize(feeds: Feeds, options?: CallOptions): Promise<Result>;
  /** Encodes photographs: outputs `mean` and `log_variance`, or `code`. */
  encode(feeds: Feeds, options?: CallOptions): Promise<Result>;
  /** Frees everything when all calls are done; the model cannot be used after it. */
  dispose(): Promise<void>;
}

/** How a spec is opened. */
export interface OpenOptions {
  /** The experiment to open where the text holds several. */
  readonly experiment?: string;
  /** A network to open by itself, without an experiment. */
  readonly network?: string;
  /** Inputs of a lone network's parameters, by name (not for experiments and JSON); without them the map has 35 classes and everything 256x256 pixels. */
  readonly inputs?: Readonly<Record<string, InputDeclaration>>;
  /** Arguments for a lone network's other parameters, by name: `{ width: 32 }`. Blocks, such as norms, are named in texts. */
  readonly settings?: Readonly<Record<string, number | boolean | string>>;
  /** Changes by path, as the command's `--set` has them: `G.norm=instance()`. */
  readonly set?: readonly string[];
  /** Default `auto`: what SPADEWORK_ENGINE says, then native before portable. */
  readonly engine?: EngineChoice;
  /** What initial values and noise are drawn from, from 0 to 2^31 - 1. Default: the seed of the train section, else 0. */
  readonly seed?: number;
  /** Whether networks that `load` a file of weights start from it (paths are relative to the spec's file). Default true. */
  readonly weights?: boolean;
  /** Hears of the engine's set-up and fallback. */
  readonly log?: (line: string) => void;
}

/** Reads what texts import. */
export interface TextProvider {
  /** Names of the modules that `use name` may mean. */
  readonly libraryModules: readonly string[];
  /** Gives a module of the standard library. */
  library(module: string): Source | undefined;
  /** Gives a text that `from` imports by a path, or says why not. */
  file(path: string, from: Source): Source | { readonly why: string };
}

/** A text with the name that messages call it by. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** A spec: the path of a `.spade` text or of JSON, or a text. */
export type SpecSource = string | SpecText;

/** What of a text is checked, and how. */
export type CheckOptions = Pick<
  TextOptions,
  'experiment' | 'network' | 'inputs' | 'settings' | 'set' | 'provider'
>;

export interface TextOptions extends OpenOptions {
  /** What messages call the text, and what its imports are relative to. Default `spec.spade`. */
  readonly name?: string;
  /** Reads imports; by default the standard library, and files relative to `name`. */
  readonly provider?: TextProvider;
}

export interface RunOptions extends Pick<OpenOptions, 'engine' | 'seed' | 'log'> {
  /** The step whose checkpoint to load; without it the last one. */
  readonly checkpoint?: number;
}
