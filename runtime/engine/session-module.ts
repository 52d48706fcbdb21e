/** What the module that runs TensorFlow's sessions (`session.cc`) offers. */

declare const model: unique symbol;
declare const tensor: unique symbol;

/** A loaded graph with its variables; freed with `deleteModel`, or as garbage. */
export interface NativeModel {
  readonly [model]: never;
}

/** A tensor that stays with TensorFlow; freed with `deleteTensor`, or as garbage. */
export interface NativeTensor {
  readonly [tensor]: never;
}

/** What came of work on another thread. */
export type Outcome<T> = ({ readonly error?: undefined } & T) | { readonly error: string };

/** A tensor that a call gave. */
export interface NativeResult {
  readonly held: NativeTensor;
  readonly shape: readonly number[];
  /** Whether it holds float32; else int32. */
  readonly isFloat: boolean;
}

export interface SessionModule {
  /** Loads a SavedModel from its folder. */
  loadModel(folder: string): Promise<Outcome<{ readonly model: NativeModel }>>;
  /** Frees a model once no call runs on it. */
  deleteModel(model: NativeModel): void;
  /**
   * Runs a graph off the event loop. Inputs, outputs and targets, which only have to run, are named by tensor. Typed arrays have
   * their shapes at the same place in `shapes`, and are copied before this returns. The trace is a serialized RunMetadata.
   */
  runModel(
    model: NativeModel,
    inputs: readonly string[],
    values: readonly (Float32Array | Int32Array | NativeTensor)[],
    shapes: readonly (readonly number[])[],
    outputs: readonly string[],
    targets: readonly string[],
    traced: boolean,
  ): Promise<Outcome<{ readonly results: readonly NativeResult[]; readonly trace?: ArrayBuffer }>>;
  /** Copies a tensor. */
  readTensor(tensor: NativeTensor): ArrayBuffer;
  /** Frees a tensor once no call uses it. */
  deleteTensor(tensor: NativeTensor): void;
  /** Counts the tensors that JavaScript holds. */
  countTensors(): number;
}
