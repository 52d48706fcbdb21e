/** Defines an open file of weights, independent of its format. */

/** The description of a tensor in a file. */
export interface TensorInfo {
  readonly shape: readonly number[];
  /** The number format in the file, by its name in safetensors files. */
  readonly dtype: string;
}

/** A file of weights. Values are read on demand, and the file is closed in between. */
export interface WeightsFile {
  readonly path: string;
  /** The writer: `safetensors`, `PyTorch`, `PyTorch, before 1.6`. */
  readonly format: string;
  /** The tensors by name; in nested containers by path: `state_dict.fc.weight`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Unread Python objects in the containers, by path, with a description. */
  readonly unread: ReadonlyMap<string, string>;
  /**
   * Reads a tensor as float32, in row-major order. Views may repeat numbers without limit: with `isAsked` the caller
   * has room for that shape, otherwise the size is limited by that of the file. Throws a SpadeworkError.
   */
  read(name: string, isAsked?: boolean): Float32Array;
}

/** The reader of one format; `read` gives undefined for an unknown name. */
export interface StoredTensors extends Pick<WeightsFile, 'format' | 'tensors' | 'unread'> {
  read(name: string, isAsked: boolean): Float32Array | undefined;
}
