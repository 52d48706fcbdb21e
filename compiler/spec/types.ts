/**
 * Answers for the spec: the flat, declarative node graph as JSON. The language expands into it, other tools may write it
 * directly (specs/schema/spec.schema.json), and everything after it is made from it alone. Shapes leave the batch out: a
 * spec serves any batch size.
 */
import type { Initializer } from '../ir/program.ts';

export const specFormat = 'spadework/1';

/** Seeds enter the graph as int32. */
export const largestSeed = 2 ** 31 - 1;

/** The names of what data gives: label maps (and `labels.edges`) and photographs. */
export const labelsInput = 'labels';
export const realInput = 'real';

/** Where something was written: [index into `Spec.sources`, start, end] in characters. */
export type Place = readonly [source: number, start: number, end: number];

/** A value: an input by name (`seg`, `seg.edges`), a variable (`@conv_0.weight`), a node (`n12`) or a leaf of a call (`n3/0/1`). */
export type Ref = string;

/** A node's or network's results: one value, or nested lists of them. */
export type RefTree = Ref | readonly RefTree[];

export type SpecAttr = number | boolean | string | readonly number[];

export interface NodeSpec {
  readonly id: string;
  /** An op of the table in `compiler/spec/ops.ts`, or `call`. */
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
      /** Whether the map carries instance edges, as input `<name>.edges`. */
      readonly edges: boolean;
    }
  | { readonly name: string; readonly kind: 'tensor'; readonly shape: readonly number[] }
  /** Standard normal noise, drawn anew at every use in training. */
  | { readonly name: string; readonly kind: 'noise'; readonly shape: readonly number[] };

export interface VariableSpec {
  readonly name: string;
  readonly role: 'parameter' | 'state';
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

export interface NetworkSpec {
  readonly name: string;
  /** The network or block that it is an instance of. */
  readonly definition: string;
  readonly doc?: string;
  readonly inputs: readonly InputSpec[];
  readonly variables: readonly VariableSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly outputs: RefTree;
  readonly at?: Place;
}

/** One summand of a loss, with its factor already applied. */
export interface TermSpec {
  readonly name: string;
  readonly value: Ref;
}

/** What is minimised over one network's parameters. Nodes may call networks; inputs are those of the data. */
export interface ObjectiveSpec {
  readonly network: string;
  readonly nodes: readonly NodeSpec[];
  readonly terms: readonly TermSpec[];
  readonly at?: Place;
}

export interface DataSpec {
  readonly name: string;
  /** The folder that the others lie in, relative to the spec's file. */
  readonly path: string;
  readonly images: string;
  readonly labels: string;
  readonly instances?: string;
  readonly test_images?: string;
  readonly test_labels?: string;
  readonly test_instances?: string;
  /** A JSON file that names the classes and their colors. */
  readonly legend?: string;
  readonly classes: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly batch: number;
  readonly augment?: readonly 'flip'[];
}

export interface OptimizerSpec {
  readonly network: string;
  readonly kind: 'adam';
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface TrainSpec {
  /** Length of the training: one of the two. */
  readonly steps?: number;
  readonly epochs?: number;
  /** The epoch after which the rates fall linearly, to reach 0 at the end. */
  readonly decay_from?: number;
  readonly seed?: number;
  readonly sample_every?: number;
  readonly checkpoint_every?: number;
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
