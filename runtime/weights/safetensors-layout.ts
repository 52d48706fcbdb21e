/**
 * The layout of safetensors files: 8 bytes with the length of a JSON header (little endian), the header, then the values of
 * all tensors in sequence. Only float32 tensors are read as a whole file, as all variables are float32; headers of other
 * number formats can be read, too. No file is read here, so that pages can read bytes that they have fetched.
 */
import { sizeOf, type Shape } from '../../compiler/ir/types.ts';
import { bytesOf, isDtype, toFloat32 } from './dtypes.ts';
import { DamagedFile } from './errors.ts';
import { parseHeader, type HeaderEntry } from './header.ts';
import { longestHeader, Meter } from './limits.ts';

export interface TensorHead {
  readonly name: string;
  readonly shape: Shape;
}

/** A tensor in a file: its number format, and the range of bytes. */
export interface TensorPlace extends TensorHead {
  readonly dtype: string;
  readonly start: number;
  readonly length: number;
}

export interface StoredTensor {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Bytes of the length in front of the header. */
export const lengthBytes = 8;

/** Says that a file ends before its header begins. */
export const tooShort = (size: number): DamagedFile =>
  new DamagedFile(`it has ${size} bytes, too few for a header`);

/** Reads the length of the header of a file of `size` bytes. Throws DamagedFile. */
export function headerLengthOf(bytes: Uint8Array<ArrayBuffer>, size: number): number {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > longestHeader || lengthBytes + length > size)
    throw new DamagedFile(`its header claims ${length} bytes, but the file has ${size}`);
  return length;
}

/** Finds the tensors of a file of `size` bytes by its header, which has to account for every byte after it. Throws DamagedFile. */
export function placesOf(headerBytes: Uint8Array, size: number, meter: Meter): TensorPlace[] {
  const dataStart = lengthBytes + headerBytes.length;
  const dataLength = size - dataStart;
  const header = parseHeader(headerBytes, meter);
  let expected = 0;
  const places = header.map(([name, entry]) => {
    const { start, end } = checkEntry(name, entry, expected, dataLength);
    expected = end;
    return {
      name,
      shape: entry.shape,
      dtype: entry.dtype,
      start: dataStart + start,
      length: end - start,
    };
  });
  if (expected !== dataLength)
    throw new DamagedFile(`it holds ${dataLength} bytes of values, its header accounts for ${expected}`);
  return places;
}

/** Refuses a tensor of another number format than that of variables. Throws DamagedFile. */
export function requireF32({ name, dtype }: TensorPlace): void {
  if (dtype !== 'F32') throw new DamagedFile(`'${name}' has dtype ${dtype}, expected F32`);
}

/** Reads the float32 tensors of a whole file that is in memory, copied out of it. Throws DamagedFile and TooLarge. */
export function parseSafetensors(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, StoredTensor> {
  const { length: size } = bytes;
  if (size < lengthBytes) throw tooShort(size);
  const meter = new Meter();
  meter.begin(size);
  const dataStart = lengthBytes + headerLengthOf(bytes, size);
  return new Map(
    placesOf(bytes.subarray(lengthBytes, dataStart), size, meter).map((place) => {
      requireF32(place);
      const { name, shape, start, length } = place;
      return [name, { shape, values: toFloat32(bytes.slice(start, start + length), 'F32', true) }];
    }),
  );
}

function checkEntry(
  name: string,
  entry: HeaderEntry,
  expected: number,
  dataLength: number,
): { start: number; end: number } {
  const [start, end] = entry.data_offsets;
  const bytes = isDtype(entry.dtype) ? bytesOf(entry.dtype) * sizeOf(entry.shape) : end - start;
  if (end - start !== bytes || bytes < 0)
    throw new DamagedFile(
      `'${name}' has ${end - start} bytes, its shape [${entry.shape.join(',')}] needs ${bytes}`,
    );
  if (start !== expected) throw new DamagedFile(`'${name}' starts at byte ${start}, expected ${expected}`);
  if (end > dataLength)
    throw new DamagedFile(
      `'${name}' ends at byte ${end}, but the file has only ${dataLength} bytes of values`,
    );
  return { start, end };
}
