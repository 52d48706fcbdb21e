/** Defines the values of a pickle: plain values, tensors as views of storages, and opaque objects. */

/** Numbers in a file that tensors view. */
export class Storage {
  constructor(
    /** Its name in the file. */
    readonly key: string,
    /** The number format, by its name in safetensors files, or PyTorch's name if it is not supported. */
    readonly dtype: string,
    /** Its offset and length in the stored numbers of that name. */
    readonly offset: number,
    readonly count: number,
    /** How many numbers are stored under that name. */
    readonly stored: number,
  ) {}
}

/** A tensor: a view of a storage; offset and strides count numbers. */
export class Tensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** The number format if the storage has only bytes. */
    readonly dtype: string,
  ) {}
}

/** A dictionary; it allocates only if it is not empty, as most in a file are. */
export class Dict {
  private items: Map<Pickled, Pickled> | undefined;

  get size(): number {
    return this.items?.size ?? 0;
  }

  get(key: Pickled): Pickled | undefined {
    return this.items?.get(key);
  }

  set(key: Pickled, value: Pickled): void {
    (this.items ??= new Map()).set(key, value);
  }

  entries(): Iterable<readonly [Pickled, Pickled]> {
    return this.items ?? [];
  }
}

/**
 * An object of which only its Python constructor's name is known. It is not constructed: arguments and state are
 * dropped; only items added to it as to a list or a dictionary are kept.
 */
export class Opaque extends Dict {
  constructor(readonly maker: string) {
    super();
  }
}

/** A named Python object: a class or a function. Only those with a `call` can be called. */
export class Named {
  constructor(
    readonly name: string,
    readonly call?: (args: readonly Pickled[]) => Pickled,
    /** The number format that it denotes. */
    readonly dtype?: string,
  ) {}
}

/** A value of a pickle; tuples are lists. */
export type Pickled = null | boolean | number | string | bigint | Pickled[] | Dict | Storage | Tensor | Named;

/** Describes a value in a message. */
export function describe(value: Pickled | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Opaque) return `an object of ${value.maker}`;
  if (value instanceof Dict) return 'a dictionary';
  if (value instanceof Storage) return 'a storage';
  if (value instanceof Tensor) return 'a tensor';
  if (value instanceof Named) return value.name;
  return typeof value === 'string' ? 'a text' : String(value);
}
