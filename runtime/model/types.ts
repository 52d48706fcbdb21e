/**
 * Defines what embedding programs see of a model: plain data and one interface, without imports except of plain data,
 * so that any TypeScript project can use it.
 */
import type { SpecText } from '../../compiler/door.ts';
import type { Signal } from '../session/calls.ts';

export type { CheckedSpec, SpecText } from '../../compiler/door.ts';
export type { Problem } from '../../dsl/problem.ts';

/**
 * The engine: TensorFlow (`native`), TensorFlow.js on WebAssembly (`portable`), or the first of them that is available.
 */
export type EngineChoice = 'auto' | 'native' | 'portable';

/** A row-major array with its shape. Pictures are [N,H,W,C], kernels [h,w,I,O], matrices [I,O]. */
export interface Tensor<V extends Float32Array | Int32Array = Float32Array> {
  readonly shape: readonly number[];
  readonly values: V;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Numbers in the caller's form; they are converted to the input's type. */
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

/** The feed of an input: row-major numbers of one picture, or numbers with their shape for a batch. All are finite. */
export type Feed = Numbers | { readonly shape: readonly number[]; readonly values: Numbers };

/** Feeds by the names of inputs. */
export type Feeds = Readonly<Record<string, Feed>>;

/** An input of a lone network; shapes leave the batch out. */
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

/** The role of an input. */
export type InputRole =
  | 'labels'
  | 'edges'
  | 'instances'
  | 'tensor'
  /** Standard normal numbers; drawn from the seed if they are not fed. */
  | 'noise'
  /** The weight of an output in the sum whose gradient is computed; zero if it is not fed. */
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
  /** Parameters are trained or loaded, training passes update state; the others belong to an optimizer. */
  readonly role: 'parameter' | 'state' | 'slot' | 'average' | 'accumulator';
  readonly network: string;
}

export interface NetworkInfo {
  readonly name: string;
  /** The network in the source text that it instantiates. */
  readonly definition: string;
  readonly doc?: string;
  /** The number of entries of all parameters. */
  readonly parameters: number;
}

/** The layout of pictures in a call: [N,H,W,C], or [N,C,H,W] as in PyTorch. */
export type Layout = 'NHWC' | 'NCHW';

/** How official semantics are stored. */
export interface SemanticsOptions {
  /** Default NHWC. */
  readonly layout?: Layout;
  /** Whether the last channel holds instance edges. Default false. */
  readonly edges?: boolean;
}

/** Options of a call. */
export interface CallOptions {
  /** Layout of all inputs and results of rank 4, except gradients of variables. Default NHWC. */
  readonly layout?: Layout;
  /** Pictures in a batch. Default: given by the shapes of feeds, and 1 without shapes. */
  readonly batch?: number;
  /** Seed of noise that is not fed, from 0 to 2^31 - 1. Default: the model's seed. */
  readonly seed?: number;
  /** Keeps the call from starting: it fails with the signal's reason. A call that has started runs to its end. */
  readonly signal?: Signal;
}

export interface ForwardOptions extends CallOptions {
  /**
   * Whether statistics come from the batch and state is updated (running statistics, spectral vectors). Default false.
   */
  readonly training?: boolean;
}

export interface GradientOptions extends CallOptions {
  /** As in `forward`, but true by default, since gradients serve training. */
  readonly training?: boolean;
}

export interface LossOptions extends CallOptions {
  /**
   * Also gives the gradients of the photographs, of noise, and of all parameters except those of frozen networks.
   * Default false.
   */
  readonly gradients?: boolean;
  /** Noise by `<loss>/<network>.<input>`; noise that is left out is drawn. */
  readonly noise?: Feeds;
}

export interface StepOptions extends CallOptions {
  /**
   * Steps done before this one, an integer from 0: it determines Adam's corrections and the learning rates. Default:
   * the model's own count.
   */
  readonly step?: number;
  /** Steps in an epoch, an integer from 1, the unit of decays; without it rates do not decay. */
  readonly stepsPerEpoch?: number;
  /** Learning rates by network, finite numbers from 0, instead of those of the spec and its schedule. */
  readonly rates?: Readonly<Record<string, number>>;
  /**
   * Noise by `<loss>/<network>.<input>`; noise that is left out is drawn. Without this option, all noise is drawn from
   * (seed, step).
   */
  readonly noise?: Feeds;
  /** Also gives the gradients that the optimizers used. Default false. */
  readonly exposeGradients?: boolean;
  /** Also gives the pictures made for each loss, as output `<loss>/fake`. Default false. */
  readonly exposePictures?: boolean;
}

/** The result of a call. */
export interface Result {
  /** Outputs by name: `output`, or `output/0/1` for lists; losses by term, and `total`. */
  readonly outputs: Tensors;
  /**
   * Gradients by name of a variable or input; those of variables in our layouts (see `toOfficial`). Empty if none were
   * requested.
   */
  readonly gradients: Tensors;
  /** Names of the variables that the call updated; `read` gives their values. */
  readonly changed: readonly string[];
}

/**
 * Renames our names that match `ours`: `{n}` (i, j, k) stands for an integer, `{path}` for one or more parts, `{p}` for
 * one part.
 */
export interface NameRule {
  readonly ours: string;
  readonly official: string;
  /** The rule is skipped if the network has a variable of this name. */
  readonly without?: string;
}

/** How a network's variables correspond to modules of official code. */
export interface OfficialOptions {
  readonly network: string;
  /** The label of the part of the network that is the official module: `up_0.norm_0`. Default: the whole network. */
  readonly within?: string;
  /**
   * The prefix of official names before the module's own names: `netG.`. Default: none. Names without it are ignored.
   */
  readonly prefix?: string;
  /**
   * One of `specs/mappings` (`spade`, ...), the path of a JSON file, or rules, applied in order. Names that match no
   * rule are the same on both sides; `weight_orig`, `weight_u`, `weight_v` and `weight_g` need no rule.
   */
  readonly mapping?: string | readonly NameRule[];
}

/** Tensors by official names, in PyTorch's layouts. */
export type OfficialTensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Numbers }>
>;

/** Reports which official tensors matched a network's variables. */
export interface OfficialReport {
  /** Our names of the variables that were set. */
  readonly written: readonly string[];
  /** Our names of the variables without a tensor. */
  readonly missing: readonly string[];
  /** Official names without a variable, except those that PyTorch stores and never reads (`num_batches_tracked`). */
  readonly unused: readonly string[];
}

/**
 * A spec on an engine, with its variables. Calls run one after another, in the order in which they are made; arrays
 * passed to a call must not change until its promise settles. A call with a mistake fails with a SpadeworkError before
 * anything runs: variables and the step count are unchanged.
 */
export interface Model {
  readonly name: string;
  readonly engine: 'native' | 'portable';
  readonly networks: readonly NetworkInfo[];
  readonly variables: readonly VariableInfo[];
  /**
   * Names of the methods: `forward/G` and `gradients/G` for each network, `loss/G` for each loss, `step` if the spec
   * trains, `synthesize` if a network paints, `encode` if an encoder reads photographs.
   */
  readonly methods: readonly string[];
  /** The number of steps done: those of a run's checkpoint, and those of `step`. */
  readonly steps: number;
  /** Lists the inputs of a method at a batch size; default: the smallest batch possible. */
  inputs(method: string, options?: { readonly batch?: number }): readonly InputInfo[];
  /** Lists the outputs of a method at a batch size as above, gradients included, as `gradient/<name>`. */
  outputs(method: string, options?: { readonly batch?: number }): readonly TensorInfo[];
  /** Copies variables out; without `names`, all parameters and state. */
  read(names?: readonly string[]): Promise<Tensors>;
  /** Sets variables; others keep their values. Moving averages follow their parameters, unless they are named. */
  write(values: Feeds): Promise<void>;
  /** Copies a network's parameters and state out, by official names and in PyTorch's layouts. */
  readOfficial(options: OfficialOptions): Promise<Tensors>;
  /**
   * Sets a network's variables from tensors by official names, in PyTorch's layouts. Missing ones keep their values,
   * and are reported. Fails if a shape differs, or if no name matches.
   */
  writeOfficial(tensors: OfficialTensors, options: OfficialOptions): Promise<OfficialReport>;
  /**
   * Converts tensors of a network's variables (values or gradients; others are left out) to official names and
   * PyTorch's layouts.
   */
  toOfficial(tensors: Tensors, options: OfficialOptions): Tensors;
  /** Applies a network to its inputs. */
  forward(network: string, feeds?: Feeds, options?: ForwardOptions): Promise<Result>;
  /**
   * Applies a network and gives the gradients of sum(output * cotangent) for its parameters and floating-point inputs.
   * The cotangent of a single output may be given without a name.
   */
  gradients(
    network: string,
    feeds: Feeds,
    cotangents: Feed | Feeds,
    options?: GradientOptions,
  ): Promise<Result>;
  /** Evaluates the loss of a network as training does, without an update: its terms, and `total`. */
  loss(network: string, feeds: Feeds, options?: LossOptions): Promise<Result>;
  /** Does one training step: computes every loss in turn, and updates its networks. */
  step(feeds: Feeds, options?: StepOptions): Promise<Result>;
  /** Paints label maps: output `picture`, [N,H,W,3] in [-1, 1]. */
  synthesize(feeds: Feeds, options?: CallOptions): Promise<Result>;
  /** Encodes photographs: outputs `mean` and `log_variance`, or `code`. */
  encode(feeds: Feeds, options?: CallOptions): Promise<Result>;
  /** Frees everything after all calls; the model cannot be used afterwards. */
  dispose(): Promise<void>;
}

/** Options of opening a spec. */
export interface OpenOptions {
  /** The experiment to open, if the text holds several. */
  readonly experiment?: string;
  /** The network to open without an experiment. */
  readonly network?: string;
  /**
   * Inputs of a lone network, by name (not for experiments and JSON); by default the map has 35 classes and everything
   * 256x256 pixels.
   */
  readonly inputs?: Readonly<Record<string, InputDeclaration>>;
  /**
   * Arguments for a lone network's other parameters, by name: `{ width: 32 }`. Blocks, such as norms, cannot be
   * given here: a text of the language can name them.
   */
  readonly settings?: Readonly<Record<string, number | boolean | string>>;
  /** Changes by path, as in the command's `--set`: `G.norm=instance()`. */
  readonly set?: readonly string[];
  /** Default `auto`: the engine in SPADEWORK_ENGINE, else native if available, else portable. */
  readonly engine?: EngineChoice;
  /** The seed of initial values and noise, from 0 to 2^31 - 1. Default: the seed of the train section, else 0. */
  readonly seed?: number;
  /**
   * Whether networks that `load` a file of weights start from it (paths are relative to the spec's file). Default true.
   */
  readonly weights?: boolean;
  /** Is told about the set-up of the engine and a fallback. */
  readonly log?: (line: string) => void;
}

/** Reads the imports of texts. */
export interface TextProvider {
  /** Names of the modules that `use name` may import. */
  readonly libraryModules: readonly string[];
  /** Gives a module of the standard library. */
  library(module: string): Source | undefined;
  /** Gives a text imported by path with `from`, or the reason why it cannot. */
  file(path: string, from: Source): Source | { readonly why: string };
}

/** A text with its name in messages. */
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
  /** The text's name in messages; imports are relative to it. Default `spec.spade`. */
  readonly name?: string;
  /** Reads imports; by default the standard library, and files relative to `name`. */
  readonly provider?: TextProvider;
}

export interface RunOptions extends Pick<OpenOptions, 'engine' | 'seed' | 'log'> {
  /** The step of the checkpoint to load; default: the last one. */
  readonly checkpoint?: number;
}
