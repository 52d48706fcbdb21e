/** Answers for what one op is: its entry holds every rule about it, so that adding an op is one file and one index line. */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { GraphBuilder, OpTyping } from './builder.ts';
import type { Attrs, Node } from './node.ts';
import type { Target } from './target.ts';
import { isSize, isSymbolic, type DType, type TensorType } from './types.ts';

/** The tfjs library, as executors pass it in; what loading it gives has this type. */
export type TensorFlow = typeof import('@tensorflow/tfjs-core');

/** A float64 tensor of the reference interpreter; integers and booleans (0, 1) are stored as numbers too. */
export interface RefTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** TensorFlow's dtypes that its graphs need beyond ours. */
export type TfDType = DType | 'bf16' | 'f64' | 'i64' | 'u64';

export type TfAttr =
  | { readonly type: TfDType }
  | { readonly bool: boolean }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly types: readonly TfDType[] }
  | { readonly shape: readonly number[] };

/** Emits nodes of a TensorFlow graph; tensors are named as TensorFlow does (`node`, `node:1`). */
export interface TfEmitter {
  /** Adds a node and gives the name of its first result. */
  op(type: string, inputs: readonly string[], attrs?: Readonly<Record<string, TfAttr>>): string;
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string;
  /** Adds a node with one result, or finds the one that a call with the same type, inputs and attributes added. */
  shared(type: string, inputs: readonly string[], attrs: Readonly<Record<string, TfAttr>>): string;
}

export interface TfContext {
  readonly emit: TfEmitter;
  readonly inputs: readonly string[];
  readonly node: Node;
  readonly target: Target;
  /**
   * The resource handle of the variable that operand `index` is a plain read of, if result `index` of this node is what
   * the method finally writes to it: then the op may update the variable in place.
   */
  readonly resource: (index: number) => string | undefined;
  /** Emits an op that changes variables, ordered after the reads of their old values. */
  readonly update: (type: string, inputs: readonly string[], attrs: Readonly<Record<string, TfAttr>>) => void;
  /** Reads a variable's value after this node's update. */
  readonly readUpdated: (index: number) => string;
}

/** What executing an op needs; results and temporaries are tidied by the executor. */
export interface TfjsContext {
  readonly tf: TensorFlow;
  readonly inputs: readonly Tfjs.Tensor[];
  readonly node: Node;
}

export interface VjpContext {
  readonly b: GraphBuilder;
  /** The node whose cotangents are given. */
  readonly node: Node;
  /** Its operands. */
  readonly x: readonly Node[];
  /** The cotangent of its (first) result. */
  readonly dy: Node;
  /** The cotangents of all results; undefined where nothing depends on a result. */
  readonly dys: readonly (Node | undefined)[];
}

/** One cotangent per operand, as thunks, so that those nobody asks for cost nothing; undefined: no gradient flows. */
export type Vjp = (context: VjpContext) => readonly ((() => Node) | undefined)[];

/**
 * A tested use of an op: operand types and attributes, and how to draw the operands.
 */
export interface Sample {
  readonly operands: readonly TensorType[];
  readonly attrs?: Attrs;
  /** Draws entry values for operand `index` from a uniform number in [-1, 1) (default: the number itself; ids for i32). */
  readonly draw?: (index: number, uniform: number) => number;
  /** The largest accepted relative distance of a float32 executor from the reference; default 1e-5. */
  readonly tolerance?: number;
}

export interface OpDefinition extends OpTyping {
  readonly name: string;
  /** One sentence for docs/ops.md, with the formula. */
  readonly doc: string;
  /** Operand names; the last may start with `...`. */
  readonly operands: readonly string[];
  /** Attribute names with a few words on each. */
  readonly attrs?: Readonly<Record<string, string>>;
  /** The reverse-mode rule, or the reason why there is none. */
  readonly vjp: Vjp | { readonly nondifferentiable: string };
  /** Float64, obvious, slow. */
  readonly reference: (inputs: readonly RefTensor[], node: Node) => RefTensor | readonly RefTensor[];
  readonly tensorflow: (context: TfContext) => string | readonly string[];
  readonly tfjs: (context: TfjsContext) => Tfjs.Tensor | Tfjs.Tensor[];
  /** Floating-point operations of one evaluation. */
  readonly flops: (node: Node) => number;
  /** Bytes that TensorFlow's kernel takes beside operands and results; none where it is left out. */
  readonly workspace?: (node: Node) => number;
  readonly samples: readonly Sample[];
}

/** The constraint that all ops share, so that no tensor is empty, of a fractional size or taken for one of an open size. */
export const sharedConstraint = 'all sizes of the result are positive integers below 2^31';

/** Declares an op, adding the constraint that all ops share. */
export function defineOp(definition: OpDefinition): OpDefinition {
  return {
    ...definition,
    infer: (operands, attrs, check) => {
      const inferred = definition.infer(operands, attrs, check);
      // Open sizes begin at inputs and at what an earlier stage has kept, and ops only hand them on.
      const isOpen =
        ['input', 'read'].includes(definition.name) || operands.some(({ shape }) => shape.some(isSymbolic))
          ? isSymbolic
          : () => false;
      for (const { shape } of 'dtype' in inferred ? [inferred] : inferred)
        check(
          shape.every((size) => isSize(size) || isOpen(size)),
          sharedConstraint,
          `[${shape}]`,
        );
      return inferred;
    },
  };
}

/** Reads an integer-list attribute. */
export function list(attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  if (typeof value !== 'object') throw new TypeError(`attribute ${name} is not a list`);
  return value;
}
/** Reads a number attribute. */
export function number(attrs: Attrs, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`attribute ${name} is not a number`);
  return value;
}
/** Reads a boolean attribute. */
export function flag(attrs: Attrs, name: string): boolean {
  return attrs[name] === true;
}
/** Reads a string attribute. */
export function text(attrs: Attrs, name: string): string {
  const value = attrs[name];
  if (typeof value !== 'string') throw new TypeError(`attribute ${name} is not a string`);
  return value;
}
