/**
 * Answers for reading the pickles in PyTorch's files without Python. An interpreter of those instructions that tensors in
 * containers need: what a pickle may name is listed here, everything else is refused by name, and nothing is ever run.
 */
import { DamagedFile } from './safetensors.ts';
import { instructs, refersTo } from './messages.ts';

/** Says that a pickle asks for more than tensors; the message says for what. */
export class RefusedPickle extends Error {}

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

/** Something that Python knows by name, and that this reader knows what to do with. */
class Known {
  constructor(
    readonly name: string,
    readonly call: ((args: readonly Pickled[]) => Pickled) | undefined,
    readonly dtype?: string,
  ) {}
}

/** What a pickle holds; tuples are lists. */
export type Pickled =
  null | boolean | number | string | bigint | Pickled[] | Map<Pickled, Pickled> | Storage | Tensor | Known;

/** PyTorch's names of number formats, of storages and of dtypes. */
const dtypes: readonly (readonly [storage: string, dtype: string, name: string])[] = [
  ['DoubleStorage', 'float64', 'F64'],
  ['FloatStorage', 'float32', 'F32'],
  ['HalfStorage', 'float16', 'F16'],
  ['BFloat16Storage', 'bfloat16', 'BF16'],
  ['LongStorage', 'int64', 'I64'],
  ['IntStorage', 'int32', 'I32'],
  ['ShortStorage', 'int16', 'I16'],
  ['CharStorage', 'int8', 'I8'],
  ['ByteStorage', 'uint8', 'U8'],
  ['BoolStorage', 'bool', 'BOOL'],
  ['ComplexFloatStorage', 'complex64', 'complex64'],
  ['ComplexDoubleStorage', 'complex128', 'complex128'],
];

/** Formats that only dtypes name; their storages are mere bytes. */
const dtypesOfBytes: readonly (readonly [dtype: string, name: string])[] = [
  ['uint16', 'U16'],
  ['uint32', 'U32'],
  ['uint64', 'U64'],
];

/** The format of storages that do not know it. */
export const untyped = 'untyped';

/** Everything that a pickle may name. */
const known: ReadonlyMap<string, Known> = new Map(
  [
    new Known('collections.OrderedDict', ([pairs]) => dictOf(pairs)),
    new Known('torch.Size', ([sizes]) => counts(sizes, 'a size')),
    new Known('torch._utils._rebuild_tensor', (args) => rebuildTensor(args)),
    new Known('torch._utils._rebuild_tensor_v2', (args) => rebuildTensor(args)),
    new Known('torch._utils._rebuild_tensor_v3', (args) => rebuildTensor(args, args[6])),
    new Known('torch._utils._rebuild_parameter', ([data]) => tensorOf(data)),
    new Known('torch._utils._rebuild_parameter_with_state', ([data]) => tensorOf(data)),
    new Known('torch.storage.UntypedStorage', undefined, untyped),
    ...dtypesOfBytes.map(([dtype, name]) => new Known(`torch.${dtype}`, undefined, name)),
    ...dtypes.flatMap(([storage, dtype, name]) => [
      new Known(`torch.${storage}`, undefined, name),
      new Known(`torch.cuda.${storage}`, undefined, name),
      new Known(`torch.${dtype}`, undefined, name),
    ]),
  ].map((one) => [one.name, one]),
);

function dictOf(pairs: Pickled | undefined): Map<Pickled, Pickled> {
  if (pairs === undefined) return new Map();
  if (!Array.isArray(pairs))
    throw new DamagedFile('a dictionary is made of something that is no list of pairs');
  return new Map(
    pairs.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new DamagedFile('a dictionary is made of no pairs');
      return pair as [Pickled, Pickled];
    }),
  );
}

function tensorOf(value: Pickled | undefined): Tensor {
  if (value instanceof Tensor) return value;
  throw new DamagedFile('a parameter is made of something that is no tensor');
}

function count(value: Pickled | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DamagedFile(`${what} is ${describe(value)}, expected a whole number from 0 on`);
}

/** PyTorch itself stops at 64 axes. */
const mostAxes = 64;

function counts(value: Pickled | undefined, what: string): number[] {
  if (Array.isArray(value) && value.length <= mostAxes) return value.map((one) => count(one, what));
  throw new DamagedFile(`${what} is ${describe(value)}, expected a short list of whole numbers`);
}

function rebuildTensor(args: readonly Pickled[], dtype?: Pickled): Tensor {
  const [storage] = args;
  if (!(storage instanceof Storage)) throw new DamagedFile(`a tensor is made of ${describe(storage)}`);
  const offset = count(args[1], "a tensor's offset");
  const shape = counts(args[2], "a tensor's size");
  const strides = counts(args[3], "a tensor's stride");
  if (strides.length !== shape.length)
    throw new DamagedFile(`a tensor has ${shape.length} axes and ${strides.length} strides`);
  const tensor = new Tensor(
    storage,
    offset,
    shape,
    strides,
    dtype instanceof Known ? (dtype.dtype ?? storage.dtype) : storage.dtype,
  );
  if (!Number.isSafeInteger(shape.reduce((product, size) => product * size, 1)))
    throw new DamagedFile(`a tensor has the impossible shape ${shape.join('x')}`);
  return tensor;
}

/** Names a value in a message. */
export function describe(value: Pickled | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return 'a dictionary';
  if (value instanceof Storage) return 'a storage';
  if (value instanceof Tensor) return 'a tensor';
  if (value instanceof Known) return value.name;
  return typeof value === 'string' ? 'a text' : String(value);
}

/** Reads what PyTorch writes as a persistent id: ('storage', type, key, device, count[, view]). */
export function storageOf(id: Pickled): Storage {
  if (!Array.isArray(id)) throw new DamagedFile(`a storage is named by ${describe(id)}, expected a tuple`);
  const [kind, type, key, _device, stored, view] = id;
  if (kind === 'module')
    throw new RefusedPickle('it holds a whole network as Python code and not its weights alone');
  if (kind !== 'storage' || !(type instanceof Known) || type.dtype === undefined || typeof key !== 'string')
    throw new DamagedFile('a storage lacks its type or its name');
  const total = count(stored, "a storage's length");
  if (view === undefined || view === null) return new Storage(key, type.dtype, 0, total, total);
  if (!Array.isArray(view)) throw new DamagedFile(`a view of a storage is ${describe(view)}`);
  const [offset, size] = [count(view[1], "a view's offset"), count(view[2], "a view's length")];
  if (offset + size > total)
    throw new DamagedFile(`a view reaches beyond the ${total} numbers of its storage`);
  return new Storage(key, type.dtype, offset, size, total);
}

/** Instructions that are left out on purpose, by their codes: what they would do is named where they are refused. */
const refused: Readonly<Record<number, string>> = {
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x92: 'NEWOBJ_EX',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x50: 'PERSID',
  0x42: 'BINBYTES',
  0x43: 'SHORT_BINBYTES',
  0x8e: 'BINBYTES8',
  0x96: 'BYTEARRAY8',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
  0x8f: 'EMPTY_SET',
  0x90: 'ADDITEMS',
  0x91: 'FROZENSET',
};

/** Longer whole numbers are none that a tensor has; converting them takes time that grows with their square. */
const longestInteger = 16;

/** Reads one pickle that starts at `start`; gives what it holds, and where it ends. Throws DamagedFile and RefusedPickle. */
export function unpickle(bytes: Uint8Array, start = 0): { readonly value: Pickled; readonly end: number } {
  return new Unpickler(bytes, start).run();
}

/** Interprets one pickle: a machine with a stack, marks on it, and a memo. */
class Unpickler {
  private readonly view: DataView;
  private readonly text = new TextDecoder();
  private readonly stack: Pickled[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Pickled>();

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): { readonly value: Pickled; readonly end: number } {
    for (;;) {
      const offset = this.at;
      const code = this.view.getUint8(this.take(1));
      if (code === 0x2e) return { value: this.pop(), end: this.at };
      this.execute(code, offset);
    }
  }

  /** Does one instruction (names as in Python's pickletools). */
  private execute(code: number, offset: number): void {
    const { view, stack } = this;
    switch (code) {
      case 0x80: // PROTO
        this.take(1);
        return;
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        this.marks.push(stack.length);
        return;
      case 0x30: // POP
        this.pop();
        return;
      case 0x31: // POP_MARK
        this.popToMark();
        return;
      case 0x32: // DUP
        return this.push(this.top());
      case 0x4e: // NONE
        return this.push(null);
      case 0x88: // NEWTRUE
        return this.push(true);
      case 0x89: // NEWFALSE
        return this.push(false);
      case 0x4a: // BININT
        return this.push(view.getInt32(this.take(4), true));
      case 0x4b: // BININT1
        return this.push(view.getUint8(this.take(1)));
      case 0x4d: // BININT2
        return this.push(view.getUint16(this.take(2), true));
      case 0x8a: // LONG1
        return this.push(this.integer(view.getUint8(this.take(1))));
      case 0x8b: // LONG4
        return this.push(this.integer(view.getInt32(this.take(4), true)));
      case 0x47: // BINFLOAT
        return this.push(view.getFloat64(this.take(8), false));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.push(this.string(view.getUint8(this.take(1))));
      case 0x54: // BINSTRING
        return this.push(this.string(view.getInt32(this.take(4), true)));
      case 0x58: // BINUNICODE
        return this.push(this.string(view.getUint32(this.take(4), true)));
      case 0x8d: // BINUNICODE8
        return this.push(this.string(Number(view.getBigUint64(this.take(8), true))));
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.push([]);
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return this.push(this.popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.push(this.popMany(code - 0x84));
      case 0x7d: // EMPTY_DICT
        return this.push(new Map());
      case 0x64: // DICT
        return this.push(this.withItems(new Map(), this.popToMark()));
      case 0x61: // APPEND
        return this.append(this.popMany(1));
      case 0x65: // APPENDS
        return this.append(this.popToMark());
      case 0x73: // SETITEM
        return this.setItems(this.popMany(2));
      case 0x75: // SETITEMS
        return this.setItems(this.popToMark());
      case 0x71: // BINPUT
        return this.remember(view.getUint8(this.take(1)));
      case 0x72: // LONG_BINPUT
        return this.remember(view.getUint32(this.take(4), true));
      case 0x94: // MEMOIZE
        return this.remember(this.memo.size);
      case 0x68: // BINGET
        return this.recall(view.getUint8(this.take(1)));
      case 0x6a: // LONG_BINGET
        return this.recall(view.getUint32(this.take(4), true));
      case 0x63: // GLOBAL
        return this.push(lookUp(this.line(), this.line()));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw new DamagedFile('it refers to something of Python by what is no text');
        return this.push(lookUp(module, name));
      }
      case 0x52: // REDUCE
        return this.reduce();
      case 0x62: // BUILD
        return this.build(offset);
      case 0x51: // BINPERSID
        return this.push(storageOf(this.pop()));
    }
    const name = refused[code];
    if (name !== undefined) throw new RefusedPickle(instructs(name, offset));
    throw new DamagedFile(
      `byte ${offset} of its pickle (0x${code.toString(16)}) is no instruction of pickle protocols 2 to 5`,
    );
  }

  /** Moves on by some bytes, and gives where they start. */
  private take(length: number): number {
    const start = this.at;
    if (length < 0) throw new DamagedFile(`its pickle has a negative length at byte ${start}`);
    if (length > this.bytes.length - start) throw new DamagedFile('its pickle ends in the middle');
    this.at += length;
    return start;
  }

  private string(length: number): string {
    const start = this.take(length);
    return this.text.decode(this.bytes.subarray(start, start + length));
  }

  /** Reads a line of text, as GLOBAL has them. */
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new DamagedFile('its pickle ends in the middle');
    const line = this.string(end - this.at);
    this.take(1);
    return line;
  }

  /** Reads a whole number of `length` bytes, the least first, in two's complement. */
  private integer(length: number): number | bigint {
    const start = this.take(length);
    if (length > longestInteger) throw new DamagedFile(`its pickle has a whole number of ${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(this.view.getUint8(start + i));
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  private push(value: Pickled): void {
    this.stack.push(value);
  }

  /** Tells how much of the stack lies above the last mark. */
  private available(): number {
    return this.stack.length - (this.marks.at(-1) ?? 0);
  }

  private top(): Pickled {
    const value = this.stack.at(-1);
    if (value === undefined || this.available() < 1)
      throw new DamagedFile('its pickle takes more than it put');
    return value;
  }

  private pop(): Pickled {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(length: number): Pickled[] {
    if (this.available() < length) throw new DamagedFile('its pickle takes more than it put');
    return this.stack.splice(this.stack.length - length);
  }

  private popToMark(): Pickled[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw new DamagedFile('its pickle takes back to a mark that it did not set');
    return this.stack.splice(mark);
  }

  private append(values: readonly Pickled[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new DamagedFile(`its pickle appends to ${describe(list)}`);
    for (const value of values) list.push(value);
  }

  private setItems(items: readonly Pickled[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw new DamagedFile(`its pickle sets an item of ${describe(dict)}`);
    this.withItems(dict, items);
  }

  private withItems(dict: Map<Pickled, Pickled>, items: readonly Pickled[]): Map<Pickled, Pickled> {
    if (items.length % 2 !== 0) throw new DamagedFile('its pickle sets a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
    return dict;
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new DamagedFile(`its pickle recalls memo ${index}, which it did not set`);
    this.push(value);
  }

  /** Calls one of the listed functions; there is nothing else to call. */
  private reduce(): void {
    const [callee, args] = this.popMany(2);
    if (!(callee instanceof Known) || !Array.isArray(args))
      throw new DamagedFile(`its pickle calls ${describe(callee)}`);
    if (!callee.call) throw new RefusedPickle(`it calls ${callee.name}`);
    this.push(callee.call(args));
  }

  /** Leaves out what PyTorch notes beside an ordered dictionary (its versions); other objects have no state. */
  private build(offset: number): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw new RefusedPickle(instructs('BUILD', offset));
  }
}

function lookUp(module: string, name: string): Known {
  const found = known.get(`${module}.${name}`);
  if (!found) throw new RefusedPickle(refersTo(`${module}.${name}`));
  return found;
}

/** Deeper or wider containers than any checkpoint has: one that holds itself, or that doubles at every level. */
const deepest = 32;
const mostEntries = 1_000_000;

/** Lists the tensors in nested containers by their paths: `state_dict.fc.weight`, `0.bias`. Throws DamagedFile. */
export function tensorsIn(root: Pickled): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  let entries = 0;
  const visit = (value: Pickled, path: string, depth: number): void => {
    if (++entries > mostEntries)
      throw new DamagedFile(`its containers hold more than ${mostEntries} entries`);
    if (value instanceof Tensor) {
      const name = path === '' ? 'tensor' : path;
      if (found.has(name)) throw new DamagedFile(`it has two tensors '${name}'`);
      found.set(name, value);
      return;
    }
    if (!Array.isArray(value) && !(value instanceof Map)) return;
    if (depth === deepest)
      throw new DamagedFile(`its containers lie more than ${deepest} deep in each other`);
    for (const [key, inner] of value.entries())
      if (typeof key === 'string' || typeof key === 'number')
        visit(inner, path === '' ? String(key) : `${path}.${key}`, depth + 1);
  };
  visit(root, '', 0);
  return found;
}
