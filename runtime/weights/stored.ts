/** What files of weights are to those who read them. */

/** What a file says of a tensor. */
export interface TensorInfo {
  readonly shape: readonly number[];
  /** The number format in the file, by its name in safetensors files. */
  readonly dtype: string;
}

/** A file of weights. Its numbers stay in it until they are read, and it stays closed in between. */
export interface WeightsFile {
  readonly path: string;
  /** What wrote it: `safetensors`, `PyTorch`, `PyTorch, before 1.6`. */
  readonly format: string;
  /** The tensors by name; those in nested containers by their path: `state_dict.fc.weight`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** What else lies in the containers and is not read, by its path, with what it is: objects of Python. */
  readonly unread: ReadonlyMap<string, string>;
  /**
   * Reads a tensor of the file, row by row in its shape, as float32. Views may repeat numbers without end: `isAsked` says that
   * the caller has room for that shape, without it no more is read of a file than its size explains. Throws a SpadeworkError.
   */
  read(name: string, isAsked?: boolean): Float32Array;
}

/** What a reader of one format gives; `read` gives nothing for a name that is not there. */
export interface StoredTensors extends Pick<WeightsFile, 'format' | 'tensors' | 'unread'> {
  read(name: string, isAsked: boolean): Float32Array | undefined;
}
