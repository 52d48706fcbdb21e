/** Answers for files of weights: tells their formats apart by their first bytes, and reads tensors by name as float32. */
import { DamagedFile, readSafetensorsHeads } from './safetensors.ts';
import { readPiece, sizeOfFile, type Piece } from './bytes.ts';
import { isDtype, toFloat32 } from './dtypes.ts';
import {
  damagedWeights,
  folderOfWeights,
  noSuchFile,
  noTensors,
  refusedWeights,
  unknownFormat,
  unreadableDtype,
  unreadableFile,
} from './messages.ts';
import { RefusedPickle } from './pickle.ts';
import { firstByteOfPickles, openTorchLegacy, openTorchZip } from './pytorch.ts';

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
  /** Reads a tensor of the file, row by row in its shape, as float32. Throws a WeightsError. */
  read(name: string): Float32Array;
}

/** What a reader of one format gives; `read` gives nothing for a name that is not there. */
export interface StoredTensors extends Pick<WeightsFile, 'format' | 'tensors'> {
  read(name: string): Float32Array | undefined;
}

/**
 * Opens a file of weights: safetensors, or what torch.save writes (the zip layout, and the one before it). No code in it is
 * ever run. Throws a WeightsError where it is missing, damaged, or holds more than tensors in containers.
 */
export async function openWeights(path: string): Promise<WeightsFile> {
  let stored: StoredTensors;
  try {
    stored = await openByContent(path);
  } catch (error) {
    throw explained(path, error);
  }
  if (stored.tensors.size === 0) throw noTensors(path);
  return {
    path,
    format: stored.format,
    tensors: stored.tensors,
    read(name) {
      const dtype = stored.tensors.get(name)?.dtype;
      if (dtype !== undefined && !isDtype(dtype)) throw unreadableDtype(path, name, dtype);
      try {
        const values = stored.read(name);
        if (values) return values;
      } catch (error) {
        throw explained(path, error);
      }
      throw new RangeError(`${path} has no tensor ${name}`);
    },
  };
}

async function openByContent(path: string): Promise<StoredTensors> {
  const size = sizeOfFile(path);
  const start = readPiece(
    { path, start: 0, stored: size, length: size, deflated: false },
    0,
    Math.min(size, 16),
  );
  if (start[0] === 0x50 && start[1] === 0x4b) return openTorchZip(path); // PK
  // A length of 8 bytes, of which the last are never needed, then JSON; its first byte may be that of a pickle.
  if (start[7] === 0 && start[8] === 0x7b) return openSafetensors(path);
  if (start[0] === firstByteOfPickles) return openTorchLegacy(path);
  if (path.endsWith('.safetensors')) return openSafetensors(path);
  throw unknownFormat(path);
}

async function openSafetensors(path: string): Promise<StoredTensors> {
  const heads = new Map((await readSafetensorsHeads(path)).map((head) => [head.name, head]));
  return {
    format: 'safetensors',
    tensors: heads,
    read(name) {
      const head = heads.get(name);
      if (!head || !isDtype(head.dtype)) return undefined;
      const { start, length } = head;
      const piece: Piece = { path, start, stored: length, length, deflated: false };
      return toFloat32(readPiece(piece), head.dtype, true);
    },
  };
}

/** Turns what readers and the file system throw into what is said to a user. */
function explained(path: string, error: unknown): unknown {
  if (error instanceof DamagedFile) return damagedWeights(path, error.message, error);
  if (error instanceof RefusedPickle) return refusedWeights(path, error.message, error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return noSuchFile(path);
  if (code === 'EISDIR') return folderOfWeights(path);
  return syscall !== undefined && code !== undefined ? unreadableFile(path, code) : error;
}
