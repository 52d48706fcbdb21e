/** What rules of ops compute with: TensorFlow's graph as it is written, tfjs, and float64 tensors of the reference. */
import type { DType } from './types.ts';

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

export type TfAttrs = Readonly<Record<string, TfAttr>>;

/** Emits nodes of a TensorFlow graph; tensors are named as TensorFlow does (`node`, `node:1`). */
export interface TfEmitter {
  /** Adds a node and gives the name of its first result. */
  op(type: string, inputs: readonly string[], attrs?: TfAttrs): string;
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string;
  /** Adds a node with one result, or finds the one that a call with the same type, inputs and attributes added. */
  shared(type: string, inputs: readonly string[], attrs: TfAttrs): string;
}
