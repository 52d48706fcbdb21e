/** Answers for what a pickle holds: values, tensors as views of storages, and objects of which only their names are known. */

/** Numbers in a file that tensors are views of. */
export class Storage {
  constructor(
    /** Its name in the file. */
    readonly key: string,
    /** The number format, by its name in safetensors files, or by PyTorch's where it is not read. */
    readonly dtype: string,
    /** Where it starts in the stored numbers of that name, and how many it spans. */
    readonly offset: number,
    readonly count: number,
    /** How many numbers of that name are stored. */
    readonly stored: number,
  ) {}
}

/** A tensor: a view of a storage, counted in numbers. */
export class Tensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** The number format where the storage is mere bytes. */
    readonly dtype: string,
  ) {}
}

/** A dictionary; most of a file's are empty, and cost next to nothing then. */
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
 * An object of which nothing is known but what makes it, by its name in Python. Nothing is made: what it is called with and
 * its state are dropped, and only what is put into it as into a list or a dictionary is kept.
 */
export class Opaque extends Dict {
  constructor(readonly maker: string) {
    super();
  }
}

/** Something that Python knows by name: a class, a function. Only those with a `call` can be called. */
export class Named {
  constructor(
    readonly name: string,
    readonly call?: (args: readonly Pickled[]) => Pickled,
    /** The number format that it stands for. */
    readonly dtype?: string,
  ) {}
}

/** What a pickle holds; tuples are lists. */
export type Pickled = null | boolean | number | string | bigint | Pickled[] | Dict | Storage | Tensor | Named;

/** Names a value in a message. */
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
