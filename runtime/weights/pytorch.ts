/**
 * Answers for the files that torch.save writes: zip archives (a pickle that names storages, and a stored entry for each of
 * them), and the older layout of pickles followed by raw storages.
 */
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { sizeOf } from '../../compiler/ir/types.ts';
import { DamagedFile } from './safetensors.ts';
import { readPiece, sizeOfFile, type Piece } from './bytes.ts';
import { bytesOf, isDtype, toFloat32 } from './dtypes.ts';
import type { StoredTensors } from './file.ts';
import {
  describe,
  RefusedPickle,
  tensorsIn,
  unpickle,
  untyped,
  type Pickled,
  type Tensor,
} from './pickle.ts';
import { gather, rowMajor } from './strides.ts';

/** The pickle names a few hundred tensors; what is longer than this is none of a checkpoint. */
const longestPickle = 2 ** 26;

/** Where the numbers of storages lie, by key. */
interface Storages {
  readonly pieces: ReadonlyMap<string, Piece>;
  readonly little: boolean;
}

/** Reads the directory of a zip archive that torch.save wrote. Throws DamagedFile and RefusedPickle. */
export async function openTorchZip(path: string): Promise<StoredTensors> {
  const size = sizeOfFile(path);
  const reader = new PieceReader({ path, start: 0, stored: size, length: size, deflated: false });
  const zip = await fromRandomAccessReaderPromise(reader, size, { autoClose: false }).catch(asDamage);
  try {
    const entries = await listEntries(zip).catch(asDamage);
    const pickle = [...entries.keys()].find((name) => /^([^/]*\/)?data\.pkl$/.test(name));
    if (pickle === undefined)
      throw new DamagedFile('it is a zip archive without a data.pkl, so torch.save did not write it');
    const folder = pickle.slice(0, -'data.pkl'.length);
    if ([...entries.keys()].some((name) => name.startsWith(`${folder}code/`)))
      throw new RefusedPickle('it is a TorchScript archive, which is a program and not weights alone');
    const pieceOf = async (name: string): Promise<Piece | undefined> => {
      const entry = entries.get(name);
      return entry && locate(zip, path, entry).catch(asDamage);
    };
    const text = await pieceOf(pickle);
    if (!text || text.length > longestPickle) throw new DamagedFile('its data.pkl is too long');
    const tensors = tensorsIn(unpickle(readPiece(text)).value);
    const order = await pieceOf(`${folder}byteorder`);
    const pieces = new Map<string, Piece>();
    for (const { storage } of tensors.values()) {
      if (pieces.has(storage.key)) continue;
      const piece = await pieceOf(`${folder}data/${storage.key}`);
      if (!piece) throw new DamagedFile(`storage '${storage.key}' is missing`);
      pieces.set(storage.key, piece);
    }
    // Archives before PyTorch 2.1 do not say it: they were written on little-endian machines.
    const little = !order || new TextDecoder().decode(readPiece(order)).trim() !== 'big';
    return tensorsOf('PyTorch', tensors, { pieces, little });
  } finally {
    zip.close();
  }
}

/** Reads for the zip library, which hands on what a damaged archive claims: places that no file has. */
class PieceReader extends RandomAccessReader {
  constructor(private readonly piece: Piece) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    setImmediate(() => {
      try {
        buffer.set(readPiece(this.piece, position, length), offset);
      } catch (error) {
        callback(error as Error);
        return;
      }
      callback(null, length);
    });
  }
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw new DamagedFile(`it has two entries '${entry.fileName}'`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

const [storedAsIs, deflate] = [0, 8];

async function locate(zip: ZipFile, path: string, entry: Entry): Promise<Piece> {
  const { fileName, compressedSize: stored, uncompressedSize: length, compressionMethod: method } = entry;
  if (entry.isEncrypted()) throw new DamagedFile(`its entry '${fileName}' is encrypted`);
  if (method !== storedAsIs && method !== deflate)
    throw new DamagedFile(`its entry '${fileName}' is packed by an unknown method (${method})`);
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  return { path, start, stored, length, deflated: method === deflate };
}

/** What the zip library says about a file is about its bytes. */
function asDamage(error: unknown): never {
  if (error instanceof DamagedFile || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
  throw new DamagedFile((error as Error).message, { cause: error });
}

/** The number that the older layout starts with, as its first pickle. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/** Pickles start with their protocol; those of PyTorch have 2 to 5. */
export const firstByteOfPickles = 0x80;

/** Reads the pickles of the older layout and finds its storages. Throws DamagedFile and RefusedPickle. */
export function openTorchLegacy(path: string): StoredTensors {
  const size = sizeOfFile(path);
  const whole: Piece = { path, start: 0, stored: size, length: size, deflated: false };
  const head = readPiece(whole, 0, Math.min(size, longestPickle));
  let at = 0;
  const next = (): Pickled => {
    const { value, end } = unpickle(head, at);
    at = end;
    return value;
  };
  if (next() !== legacyMagic) throw new RefusedPickle('it is a pickle that torch.save did not write');
  const protocol = next();
  if (protocol !== legacyProtocol)
    throw new DamagedFile(`its protocol is ${describe(protocol)}, expected ${legacyProtocol}`);
  const system = next();
  const little = !(system instanceof Map && system.get('little_endian') === false);
  const tensors = tensorsIn(next());
  const keys = next();
  if (!Array.isArray(keys)) throw new DamagedFile('it does not list its storages');
  const storages = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const pieces = new Map<string, Piece>();
  for (const key of keys) {
    if (typeof key !== 'string') throw new DamagedFile(`it lists ${describe(key)} among its storages`);
    const storage = storages.get(key);
    // Where nothing refers to a storage, its type is unknown, and so is where the next one starts.
    if (!storage) throw new DamagedFile(`nothing says what its storage '${key}' holds`);
    const counted = new DataView(readPiece(whole, at, 8).buffer).getBigInt64(0, little);
    const length = storage.stored * widthOf(storage);
    if (counted !== BigInt(storage.stored))
      throw new DamagedFile(`storage '${storage.key}' has ${counted} numbers, expected ${storage.stored}`);
    if (at + 8 + length > size) throw new DamagedFile('it ends in the middle');
    pieces.set(storage.key, { path, start: at + 8, stored: length, length, deflated: false });
    at += 8 + length;
  }
  return tensorsOf('PyTorch, before 1.6', tensors, { pieces, little });
}

/** Bytes of the formats that files may hold and that are not read. */
const otherWidths: Readonly<Record<string, number>> = { [untyped]: 1, complex64: 8, complex128: 16 };

function widthOf({ dtype }: { readonly dtype: string }): number {
  return isDtype(dtype) ? bytesOf(dtype) : (otherWidths[dtype] ?? 1);
}

function tensorsOf(format: string, tensors: ReadonlyMap<string, Tensor>, storages: Storages): StoredTensors {
  for (const [name, tensor] of tensors) checkBounds(name, tensor, storages);
  return {
    format,
    tensors,
    read(name) {
      const tensor = tensors.get(name);
      return tensor && readTensor(tensor, storages);
    },
  };
}

const mostRepeated = 2 ** 24;

/** Refuses tensors that reach outside their storages, and storages that are not where or what they should be. */
function checkBounds(
  name: string,
  { storage, offset, shape, strides, dtype }: Tensor,
  { pieces }: Storages,
): void {
  const piece = pieces.get(storage.key);
  if (!piece) throw new DamagedFile(`the storage '${storage.key}' of '${name}' is missing`);
  if (piece.length !== storage.stored * widthOf(storage))
    throw new DamagedFile(
      `the storage of '${name}' has ${piece.length} bytes, expected ${storage.stored * widthOf(storage)}`,
    );
  if (shape.includes(0)) return;
  const last = shape.reduce((index, size, axis) => index + (size - 1) * (strides[axis] ?? 0), offset);
  const count = (storage.count * widthOf(storage)) / widthOf({ dtype });
  if (last >= count) throw new DamagedFile(`'${name}' reaches to number ${last} of a storage of ${count}`);
  // Strides of zero repeat numbers, and so make much out of a short file.
  if (sizeOf(shape) > Math.max(count, mostRepeated))
    throw new DamagedFile(`'${name}' repeats the ${count} numbers of its storage to ${sizeOf(shape)}`);
}

/** Reads the part of a storage that a tensor spans, and brings it into the order of its axes. */
function readTensor(
  { storage, offset, shape, strides, dtype }: Tensor,
  { pieces, little }: Storages,
): Float32Array {
  const piece = pieces.get(storage.key);
  if (!piece || !isDtype(dtype)) throw new DamagedFile(`a storage of ${dtype} is not read`);
  if (shape.includes(0)) return new Float32Array(0);
  const width = bytesOf(dtype);
  const span = 1 + shape.reduce((index, size, axis) => index + (size - 1) * (strides[axis] ?? 0), 0);
  const start = storage.offset * widthOf(storage) + offset * width;
  const values = toFloat32(readPiece(piece, start, span * width), dtype, little);
  const plain = rowMajor(shape);
  const isPlain = shape.every((size, axis) => size === 1 || strides[axis] === plain[axis]);
  return isPlain ? values : gather(values, shape, strides);
}
