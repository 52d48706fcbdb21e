/**
 * Answers for the spec: the flat, declarative node graph as JSON. The language expands into it, other tools may write it
 * directly (specs/schema/spec.schema.json), and everything after it is made from it alone. Shapes leave the batch out: a
 * spec serves any batch size.
 */
import type { Initializer } from '../ir/variables.ts';
import type { MetricName } from '../metrics/index.ts';
import type { OptimizerSpec } from '../optimizers/index.ts';

export const specFormat = 'spadework/1';

/** Seeds enter the graph as int32. */
export const largestSeed = 2 ** 31 - 1;

/** Pictures have at most so many pixels on a side: rows of more take gigabytes to scale. */
export const longestSide = 2 ** 16;

/** A batch has at most so many pictures. */
export const mostPictures = 2 ** 16;

/** Label maps hold ids of 16 bits. */
export const mostClasses = 2 ** 16;

/** The names of what data gives: label maps (and `labels.edges`) and photographs. */
export const labelsInput = 'labels';
export const realInput = 'real';

/** The name of the input that holds [seed, step] of random ops; the parts of a step count as steps. */
export const randomStateInput = 'random_state';

/** Where something was written: [index into `Spec.sources`, start, end] in characters. */
export type Place = readonly [source: number, start: number, end: number];

/** A value: an input by name (`seg`, `seg.edges`), a variable (`@conv_0.weight`), a node (`n12`) or a leaf of a call (`n3/0/1`). */
export type Ref = string;

/** A node's or network's results: one value, or nested lists of them. */
export type RefTree = Ref | readonly RefTree[];

export type SpecAttr = number | boolean | string | readonly number[];

export interface NodeSpec {
  readonly id: string;
  /** An op of the table in `compiler/ops/composite`, or `call`. */
  readonly op: string;
  readonly inputs: readonly Ref[];
  readonly attrs?: Readonly<Record<string, SpecAttr>>;
  /** The path of the block instance that made it: `up_0.norm_0`. */
  readonly scope?: string;
  readonly at?: Place;
}

/** What a network or an objective is given. */
export type InputSpec =
  | {
      readonly name: string;
      readonly kind: 'labels';
      readonly width: number;
      readonly height: number;
      /** Number of ids; they run from 0. */
      readonly classes: number;
      /**
       * Whether the data have instances: then the map carries their edges as input `<name>.edges` and their ids, counted from 0
       * in each picture, as `<name>.instances`.
       */
      readonly edges: boolean;
    }
  | { readonly name: string; readonly kind: 'tensor'; readonly shape: readonly number[] }
  /**
   * What the network `encoder` makes of the photograph (and its map): its result, or, where it gives [mean, log variance], a
   * sample of that normal distribution, drawn anew at every use in training.
   */
  | {
      readonly name: string;
      readonly kind: 'encoded';
      readonly shape: readonly number[];
      readonly encoder: string;
      readonly sampled: boolean;
    }
  /** Standard normal noise, drawn anew at every use in training. */
  | { readonly name: string; readonly kind: 'noise'; readonly shape: readonly number[] };

/** An input that a network gets from an encoder. */
export type EncodedInput = Extract<InputSpec, { kind: 'encoded' }>;

/** Orders of axes that PyTorch has for some weights: kernels of transposed convolutions, and tables with a row for each class. */
export const storedOrders = { IOHW: 4, IO: 2 } as const;

export interface VariableSpec {
  readonly name: string;
  readonly role: 'parameter' | 'state';
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /**
   * The order of axes that PyTorch stores it in where that is not what its rank says (OIHW for [h,w,I,O], CHW for [h,w,C], OI
   * for [I,O]): kernels of transposed convolutions are IOHW, tables with a row for each class IO.
   */
  readonly stored?: keyof typeof storedOrders;
}

/** Where a network's weights are read from before training. Without a loss of its own it stays as they say. */
export interface WeightsSpec {
  /** A file of safetensors or PyTorch, relative to the spec's file. */
  readonly path: string;
  /** The mapping from the file's names to ours: one of `specs/mappings`, or a JSON file. */
  readonly mapping?: string;
}

/** What a parameter was given. Nothing is computed from it: it says in the author's words what nodes say in ours. */
export interface ArgumentSpec {
  readonly name: string;
  /** As the language writes it, with expressions evaluated: `32`, `spade(hidden: 128)`. */
  readonly value: string;
  /** Whether the call left it out. */
  readonly default?: true;
}

/** The call that something was made by. */
export interface CallSpec {
  /** The network or block that was called. */
  readonly definition?: string;
  /** The settings that it was called with, in the order of its parameters; what the data give is none. */
  readonly arguments?: readonly ArgumentSpec[];
}

export interface NetworkSpec extends CallSpec {
  readonly name: string;
  readonly definition: string;
  readonly doc?: string;
  readonly inputs: readonly InputSpec[];
  readonly variables: readonly VariableSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly outputs: RefTree;
  readonly weights?: WeightsSpec;
  readonly at?: Place;
}

/** One summand of a loss, with its factor already applied. */
export interface TermSpec extends CallSpec {
  readonly name: string;
  readonly value: Ref;
}

/** What is minimised over the parameters of one or several networks. Nodes may call networks; inputs are those of the data. */
export interface ObjectiveSpec {
  /** The network that is trained; it names the objective. */
  readonly network: string;
  /** Others that are trained on the same loss, such as an encoder. */
  readonly together?: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly terms: readonly TermSpec[];
  readonly at?: Place;
}

/** Where the photograph is in a picture that holds it and its label map side by side. */
export type PhotoSide = 'photo_left' | 'photo_right';

export interface DataSpec {
  readonly name: string;
  /** The known data set that the language took settings from; they are written out here, and nothing else reads it. */
  readonly preset?: string;
  /** The folder that the others lie in, relative to the spec's file. */
  readonly path: string;
  readonly images: string;
  /** The same folder as `images` where pictures are `paired`. */
  readonly labels: string;
  readonly instances?: string;
  readonly test_images?: string;
  readonly test_labels?: string;
  readonly test_instances?: string;
  /** Photograph and label map lie side by side in each file. */
  readonly paired?: PhotoSide;
  /**
   * Whether pictures are turned as the orientation tags (EXIF) in their files say, or taken as stored. Undefined where nobody said so:
   * they are taken as stored, and tags are warned of.
   */
  readonly orientation?: 'stored' | 'exif';
  /** Files are searched for in folders within the folders, too. */
  readonly subfolders?: boolean;
  /** What names of files have before their ending and partners do not share, such as `_leftImg8bit`; files without it are left out. */
  readonly image_suffix?: string;
  readonly label_suffix?: string;
  readonly instance_suffix?: string;
  /** Text files that name the pairs to train and to test on, one a line. */
  readonly list?: string;
  readonly test_list?: string;
  /** A JSON file that names the classes and their colors. Ids in it are values of the label maps. */
  readonly legend?: string;
  /** Names and RGB colors of the classes in order, in place of a legend. */
  readonly names?: readonly string[];
  readonly colors?: readonly (readonly number[])[];
  /** Number of ids that networks see; they run from 0. */
  readonly classes: number;
  /** The value of class 0 in the label maps; 0 by default. */
  readonly ids_from?: number;
  /**
   * Values in the label maps of pixels that count nowhere. Values that are no class otherwise become the last class, which then has
   * no value of its own (see `compiler/format/labels.ts`).
   */
  readonly void?: readonly number[];
  /** Whether label maps hold ids (default), or the colors of classes. */
  readonly label_format?: 'ids' | 'colors';
  /** How far the color of a pixel may be from that of a class, in RGB; 0 by default. */
  readonly color_distance?: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly batch: number;
  readonly augment?: readonly 'flip'[];
  /** Training pictures are scaled to this, and a random part of the data's size is taken. */
  readonly crop_from?: { readonly width: number; readonly height: number };
  /** The range of a random factor on `crop_from`, or on the data's size where that is not given. */
  readonly scale?: readonly number[];
  /** How far brightness, contrast and saturation of training photographs vary around 1. */
  readonly jitter?: readonly number[];
}

export interface TrainSpec {
  /** Length of the training: one of the two. */
  readonly steps?: number;
  readonly epochs?: number;
  /** The epoch after which the rates fall linearly, to reach 0 at the end. */
  readonly decay_from?: number;
  /** Parts that a batch is taken in, their gradients summed up before an update: less memory for the same batch. */
  readonly accumulate?: number;
  /**
   * `in_turn`: each loss sees what the one before it changed, with a picture made anew (SPADE). `at_once`: all losses are
   * computed from one picture and the weights from before the step (pix2pixHD). In turn by default.
   */
  readonly updates?: 'in_turn' | 'at_once';
  /**
   * `bfloat16`: in training, convolutions and matrix products round what they are given and what they give to 8 binary digits,
   * and add up in float32; weights, statistics, losses and optimizers are float32. `float32` by default.
   */
  readonly precision?: 'float32' | 'bfloat16';
  readonly seed?: number;
  readonly sample_every?: number;
  readonly checkpoint_every?: number;
  /** Steps between measurements on held-out pairs; the checkpoint of the best one is kept. Never by default. */
  readonly evaluate_every?: number;
  /** The metric that tells the best checkpoint; by default the one that decides, see `compiler/metrics`. */
  readonly best?: MetricName;
  readonly optimizers: readonly OptimizerSpec[];
}

export interface Spec {
  readonly format: typeof specFormat;
  readonly name: string;
  readonly doc?: string;
  /** The texts that places point into, by name. */
  readonly sources: readonly string[];
  readonly data?: DataSpec;
  readonly networks: readonly NetworkSpec[];
  /** In the order in which a training step takes them. */
  readonly objectives: readonly ObjectiveSpec[];
  readonly train?: TrainSpec;
}
