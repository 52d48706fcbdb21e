/** Opens files of weights: detects the format by the first bytes, and reads tensors by name as float32. */
import { shortageOf } from '../base/shortage.ts';
import type { WeightsFile, StoredTensors } from './stored.ts';
import { statSync } from 'node:fs';
import { isPathError, reasonOf } from '../base/file-reasons.ts';
import { readPiece, wholeFile, type Piece } from './bytes.ts';
import { requireListedDigest } from './digests.ts';
import { isDtype, toFloat32 } from './dtypes.ts';
import { DamagedFile, OtherKind, RefusedFile, TooLarge } from './errors.ts';
import { Meter } from './limits.ts';
import {
  damagedWeights,
  folderOfWeights,
  noSuchFile,
  noTensors,
  noTensorsBut,
  notRegular,
  otherKindOfFile,
  refusedWeights,
  tooLargeWeights,
  unknownFormat,
  unreadableDtype,
  unreadableFile,
} from './messages.ts';
import { refuseOtherKinds, tellingBytes } from './other-kinds.ts';
import { firstByteOfPickles, openTorchLegacy, openTorchZip } from './pytorch.ts';
import { readSafetensorsHeads } from './safetensors.ts';

/**
 * Opens a file of weights: safetensors, or a file of torch.save (the zip layout, and the older one). No code in it is
 * ever run, and Python objects beside the tensors are skipped. If a SHA256SUMS beside it lists it, the digest must
 * match. `meter` counts the cost of reading. Throws a SpadeworkError if the file is missing, damaged, without tensors,
 * or would use more memory than its size justifies.
 */
export async function openWeights(path: string, meter = new Meter()): Promise<WeightsFile> {
  let stored: StoredTensors;
  try {
    stored = await openByContent(path, meter);
    // The header is checked first, as the digest reads every byte.
    await requireListedDigest(path);
  } catch (error) {
    throw explained(path, error);
  }
  const { format, tensors, unread } = stored;
  if (tensors.size === 0) throw unread.size === 0 ? noTensors(path) : noTensorsBut(path, unread);
  return {
    path,
    format,
    tensors,
    unread,
    read(name, isAsked = false) {
      const dtype = stored.tensors.get(name)?.dtype;
      if (dtype !== undefined && !isDtype(dtype)) throw unreadableDtype(path, name, dtype);
      try {
        const values = stored.read(name, isAsked);
        if (values) return values;
      } catch (error) {
        throw explained(path, error);
      }
      throw new RangeError(`${path} has no tensor ${name}`);
    },
  };
}

async function openByContent(path: string, meter: Meter): Promise<StoredTensors> {
  // Opening a pipe would block until it has a writer.
  const stat = statSync(path);
  if (stat.isDirectory()) throw folderOfWeights(path);
  if (!stat.isFile()) throw notRegular(path);
  const whole = wholeFile(path);
  meter.begin(whole.length);
  const start = readPiece(whole, 0, Math.min(whole.length, tellingBytes));
  if (start[0] === 0x50 && start[1] === 0x4b) return openTorchZip(path, meter); // PK
  // safetensors: an 8-byte length with zero high bytes, then JSON. Tested before pickles, as the first byte may equal
  // theirs.
  if (start[7] === 0 && start[8] === 0x7b) return openSafetensors(path, meter);
  if (start[0] === firstByteOfPickles) return openTorchLegacy(path, meter);
  refuseOtherKinds(path, start);
  if (path.endsWith('.safetensors')) return openSafetensors(path, meter);
  throw unknownFormat(path);
}

async function openSafetensors(path: string, meter: Meter): Promise<StoredTensors> {
  const heads = new Map((await readSafetensorsHeads(path, meter)).map((head) => [head.name, head]));
  return {
    format: 'safetensors',
    tensors: heads,
    unread: new Map(),
    read(name) {
      const head = heads.get(name);
      if (!head || !isDtype(head.dtype)) return undefined;
      const { start, length } = head;
      const piece: Piece = { path, start, stored: length, length, deflated: false };
      return toFloat32(readPiece(piece), head.dtype, true);
    },
  };
}

/** Converts errors of readers and of the file system to errors for users. */
function explained(path: string, error: unknown): unknown {
  if (error instanceof TooLarge) return tooLargeWeights(path, error.message, error.hint, error);
  if (error instanceof DamagedFile) return damagedWeights(path, error.message, error);
  if (error instanceof OtherKind) return otherKindOfFile(path, error.message, error.hint);
  if (error instanceof RefusedFile) return refusedWeights(path, error.message, error);
  if (!isPathError(error) || shortageOf(error)) return error;
  return error.code === 'ENOENT' ? noSuchFile(path) : unreadableFile(path, reasonOf(error));
}
