/** Lists the Python names that files of tensors use, and what each makes. All other names make opaque objects. */
import { DamagedFile } from './errors.ts';
import { mostAxes } from './limits.ts';
import { describe, Dict, Named, Opaque, Storage, Tensor, type Pickled } from './python.ts';

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
  ['QInt8Storage', 'qint8', 'qint8'],
  ['QUInt8Storage', 'quint8', 'quint8'],
  ['QInt32Storage', 'qint32', 'qint32'],
  ['QUInt4x2Storage', 'quint4x2', 'quint4x2'],
  ['QUInt2x4Storage', 'quint2x4', 'quint2x4'],
];

/** Formats that only dtypes name; their storages are plain bytes. */
const dtypesOfBytes: readonly (readonly [dtype: string, name: string])[] = [
  ['uint16', 'U16'],
  ['uint32', 'U32'],
  ['uint64', 'U64'],
];

/** The format of storages without a type. */
export const untyped = 'untyped';

const known: ReadonlyMap<string, Named> = new Map(
  [
    new Named('collections.OrderedDict', ([pairs]) => dictOf(pairs)),
    new Named('collections.defaultdict', () => new Dict()),
    new Named('torch.Size', ([sizes]) => sizes ?? []),
    new Named('torch._utils._rebuild_tensor', (args) => tensorOf(args)),
    new Named('torch._utils._rebuild_tensor_v2', (args) => plainView(tensorOf(args), args[6])),
    new Named('torch._utils._rebuild_tensor_v3', (args) => plainView(tensorOf(args, args[6]), args[7])),
    new Named('torch._utils._rebuild_parameter', ([data]) => data ?? null),
    new Named('torch._utils._rebuild_parameter_with_state', ([data]) => data ?? null),
    new Named('torch._tensor._rebuild_from_type_v2', ofType),
    new Named('torch.storage.UntypedStorage', undefined, untyped),
    ...dtypesOfBytes.map(([dtype, name]) => new Named(`torch.${dtype}`, undefined, name)),
    ...dtypes.flatMap(([storage, dtype, name]) => [
      new Named(`torch.${storage}`, undefined, name),
      new Named(`torch.cuda.${storage}`, undefined, name),
      new Named(`torch.${dtype}`, undefined, name),
    ]),
    // These make an object of the class given as an argument.
    ...[
      'copyreg._reconstructor',
      'copy_reg._reconstructor',
      'copyreg.__newobj__',
      'copy_reg.__newobj__',
      'numpy.core.multiarray._reconstruct',
      'numpy._core.multiarray._reconstruct',
    ].map((name) => new Named(name, ([of]) => new Opaque(of instanceof Named ? of.name : name))),
  ].map((one) => [one.name, one]),
);

/** Finds the meaning of a name; an unknown name is an opaque one. */
export function lookUp(name: string): Named {
  return known.get(name) ?? new Named(name);
}

/** Calls a named object, as REDUCE does; an unknown callee gives an opaque object. */
export function callOf(callee: Pickled | undefined, args: readonly Pickled[]): Pickled {
  if (callee instanceof Named) return callee.call ? callee.call(args) : new Opaque(callee.name);
  if (callee instanceof Opaque) return new Opaque(callee.maker);
  throw new DamagedFile(`its pickle calls ${describe(callee)}`);
}

function dictOf(pairs: Pickled | undefined): Dict {
  const dict = new Dict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs))
    throw new DamagedFile('a dictionary is made of something that is no list of pairs');
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new DamagedFile('a dictionary is made of no pairs');
    dict.set(pair[0] ?? null, pair[1] ?? null);
  }
  return dict;
}

/** A tensor with attributes, or of a subclass of Tensor, which may define another meaning of the values. */
function ofType([rebuild, type, args]: readonly Pickled[]): Pickled {
  const name = type instanceof Named ? type.name : describe(type);
  const isPlain = /^torch(\.nn\.parameter|\.nn|\._tensor)?\.(Tensor|Parameter|Buffer)$/.test(name);
  return isPlain && Array.isArray(args) ? callOf(rebuild, args) : new Opaque(name);
}

/** PyTorch records lazy negation and conjugation beside a tensor: then the stored values are not the tensor's. */
function plainView(tensor: Tensor, notes: Pickled | undefined): Tensor | Opaque {
  const isOther = notes instanceof Dict && [...notes.entries()].some(([, value]) => value === true);
  return isOther ? new Opaque('torch._C._set_tensor_metadata') : tensor;
}

function tensorOf(args: readonly Pickled[], dtype?: Pickled): Tensor {
  const [storage] = args;
  if (!(storage instanceof Storage)) throw new DamagedFile(`a tensor is made of ${describe(storage)}`);
  const offset = count(args[1], "a tensor's offset");
  const shape = counts(args[2], "a tensor's size");
  const strides = counts(args[3], "a tensor's stride");
  if (strides.length !== shape.length)
    throw new DamagedFile(`a tensor has ${shape.length} axes and ${strides.length} strides`);
  if (!Number.isSafeInteger(shape.reduce((product, size) => product * size, 1)))
    throw new DamagedFile(`a tensor has the impossible shape ${shape.join('x')}`);
  const format = dtype instanceof Named ? (dtype.dtype ?? dtype.name) : storage.dtype;
  return new Tensor(storage, offset, shape, strides, format);
}

function count(value: Pickled | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DamagedFile(`${what} is ${describe(value)}, expected a whole number from 0 on`);
}

function counts(value: Pickled | undefined, what: string): number[] {
  if (Array.isArray(value) && value.length <= mostAxes) return value.map((one) => count(one, what));
  throw new DamagedFile(`${what} is ${describe(value)}, expected a short list of whole numbers`);
}

/**
 * Reads a persistent id of PyTorch: ('storage', type, key, device, count[, view]), or ('module', class, ...) if a
 * class was saved with its code. Any other id gives an opaque object. Throws DamagedFile.
 */
export function persistent(id: Pickled): Storage | Named | Opaque {
  const [kind, type, key, _device, stored, view] = Array.isArray(id) ? id : [];
  if (kind === 'module' && type instanceof Named) return new Named(type.name);
  if (kind !== 'storage') return new Opaque('a persistent id');
  if (!(type instanceof Named) || typeof key !== 'string')
    throw new DamagedFile('a storage lacks its type or its name');
  const dtype = type.dtype ?? type.name;
  const total = count(stored, "a storage's length");
  if (view === undefined || view === null) return new Storage(key, dtype, 0, total, total);
  if (!Array.isArray(view)) throw new DamagedFile(`a view of a storage is ${describe(view)}`);
  const [offset, size] = [count(view[1], "a view's offset"), count(view[2], "a view's length")];
  if (offset + size > total)
    throw new DamagedFile(`a view reaches beyond the ${total} numbers of its storage`);
  return new Storage(key, dtype, offset, size, total);
}
