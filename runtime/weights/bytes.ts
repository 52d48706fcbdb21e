/** Answers for pieces of files: each is read when it is asked for, so that a large file costs only what is taken of it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { DamagedFile } from './safetensors.ts';

/** A piece of a file; a deflated one is unpacked as a whole. */
export interface Piece {
  readonly path: string;
  readonly start: number;
  /** Bytes that it takes in the file. */
  readonly stored: number;
  /** Bytes that it holds. */
  readonly length: number;
  readonly deflated: boolean;
}

/** One read must stay below 2 GiB. */
const maximumReadBytes = 2 ** 30;
/** Deflate makes nothing smaller than by this factor, so that a piece which claims more is a lie. */
const largestRatio = 1032;

/** Gives the size of a file in bytes. */
export function sizeOfFile(path: string): number {
  return whileOpen(path, (file) => fstatSync(file).size);
}

/** Reads `length` bytes of a piece from `offset` on. Throws DamagedFile. */
export function readPiece(piece: Piece, offset = 0, length = piece.length - offset): Uint8Array<ArrayBuffer> {
  const { path, start, stored, deflated } = piece;
  if (offset < 0 || length < 0 || offset + length > piece.length)
    throw new DamagedFile('it ends in the middle');
  if (!deflated) return readRange(path, start + offset, length);
  if (piece.length > stored * largestRatio) throw new DamagedFile('it claims to unpack to more than it can');
  return inflate(readRange(path, start, stored), piece.length).slice(offset, offset + length);
}

function inflate(packed: Uint8Array, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, length) });
  } catch (error) {
    throw new DamagedFile(`it cannot be unpacked (${(error as Error).message})`, { cause: error });
  }
  if (bytes.length !== length)
    throw new DamagedFile(`it unpacks to ${bytes.length} bytes, expected ${length}`);
  return bytes;
}

function readRange(path: string, start: number, length: number): Uint8Array<ArrayBuffer> {
  return whileOpen(path, (file) => {
    // Whatever a file claims about itself, no more memory is taken than it has bytes.
    if (start + length > fstatSync(file).size) throw new DamagedFile('it ends in the middle');
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, Math.min(length - done, maximumReadBytes), start + done);
      if (read === 0) throw new DamagedFile('it became shorter while it was read');
      done += read;
    }
    return bytes;
  });
}

function whileOpen<T>(path: string, work: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
