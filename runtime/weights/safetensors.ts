/** Reads and writes safetensors files (see safetensors-layout.ts) tensor by tensor, so that a model is in memory once. */
import { createHash, type Hash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { sizeOf } from '../../compiler/ir/types.ts';
import { whyNotRead } from '../base/file-reasons.ts';
import { isLittleEndian, toFloat32 } from './dtypes.ts';
import { DamagedFile } from './errors.ts';
import { Meter } from './limits.ts';
import {
  headerLengthOf,
  lengthBytes,
  placesOf,
  requireF32,
  tooShort,
  type StoredTensor,
  type TensorHead,
  type TensorPlace,
} from './safetensors-layout.ts';

const bytesPerValue = 4;
/** A single read, and a single update of a digest, must be below 2 GiB. */
const maximumReadBytes = 2 ** 28;

/**
 * Writes tensors with `metadata` to `path`, and syncs the file; gives the SHA-256 of its content. `values` gives their
 * arrays in the same order, one at a time, so that no second copy of the model is needed in memory.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorHead[],
  values: Iterable<Float32Array> | AsyncIterable<Float32Array>,
  metadata?: Readonly<Record<string, string>>,
): Promise<string> {
  let offset = 0;
  const entries = tensors.map(({ name, shape }) => {
    const start = offset;
    offset += bytesPerValue * sizeOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }] as const;
  });
  const text = JSON.stringify({
    ...(metadata && { __metadata__: metadata }),
    ...Object.fromEntries<unknown>(entries),
  });
  // Padding with spaces aligns the data to 8 bytes, as the format requires.
  const header = Buffer.from(
    text.padEnd(Math.ceil(Buffer.byteLength(text) / 8) * 8 - (Buffer.byteLength(text) - text.length)),
  );
  const length = Buffer.alloc(lengthBytes);
  length.writeBigUInt64LE(BigInt(header.length));
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    const write = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      await file.writeFile(bytes);
    };
    await write(length);
    await write(header);
    let written = 0;
    for await (const array of values) {
      const head = tensors[written++];
      if (array.length !== sizeOf(head?.shape ?? [0]))
        throw new RangeError(
          `tensor ${head?.name} has ${array.length} values, its shape is [${head?.shape.join(',')}]`,
        );
      await write(littleEndian(array));
    }
    if (written !== tensors.length)
      throw new RangeError(`${tensors.length} tensors were announced, ${written} given`);
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/**
 * Reads a safetensors file of float32 tensors, and the SHA-256 of its content, tensor by tensor: a model may be larger
 * than the largest buffer. Throws DamagedFile.
 */
export function readSafetensors(
  path: string,
): Promise<{ readonly tensors: ReadonlyMap<string, StoredTensor>; readonly sha256: string }> {
  return whileOpen(path, async (file) => {
    const hash = createHash('sha256');
    const tensors = new Map<string, StoredTensor>();
    // The entries are in the order of the data, without gaps, so sequential reads suffice.
    for (const place of await readHeads(file, hash, new Meter())) {
      const { name, shape, length } = place;
      requireF32(place);
      tensors.set(name, { shape, values: toFloat32(await readNext(file, length, hash), 'F32', true) });
    }
    return { tensors, sha256: hash.digest('hex') };
  });
}

/** Reads the places of all tensors in a safetensors file with any number formats. Throws DamagedFile. */
export function readSafetensorsHeads(path: string, meter: Meter): Promise<readonly TensorPlace[]> {
  return whileOpen(path, (file) => readHeads(file, createHash('sha256'), meter));
}

async function whileOpen<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe would block, and a device may be endless.
    const why = whyNotRead(await stat(path), Infinity);
    if (why !== undefined) throw new DamagedFile(why);
    file = await open(path, 'r');
    return await work(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DamagedFile(code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${code})`);
  } finally {
    await file?.close();
  }
}

/** Reads the header, and checks that it covers every byte after it. */
async function readHeads(file: FileHandle, hash: Hash, meter: Meter): Promise<TensorPlace[]> {
  const { size } = await file.stat();
  meter.begin(size);
  if (size < lengthBytes) throw tooShort(size);
  const length = headerLengthOf(await readNext(file, lengthBytes, hash), size);
  return placesOf(await readNext(file, length, hash), size, meter);
}

/** Reads and hashes the next bytes of a file. */
async function readNext(file: FileHandle, length: number, hash: Hash): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const part = bytes.subarray(done, done + maximumReadBytes);
    const { bytesRead } = await file.read(part, 0, part.length);
    if (bytesRead === 0) throw new DamagedFile('it became shorter while it was read');
    hash.update(part.subarray(0, bytesRead));
    done += bytesRead;
  }
  return bytes;
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian ? bytes : Buffer.from(bytes).swap32();
}
