/** Reads pieces of files on demand, so that a large file costs only as much as is read of it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { crc32 } from '../base/crc.ts';
import { DamagedFile } from './errors.ts';
import type { Meter } from './limits.ts';

/** A piece of a file; a deflated one is unpacked as a whole. */
export interface Piece {
  readonly path: string;
  readonly start: number;
  /** Its size in the file, in bytes. */
  readonly stored: number;
  /** Its unpacked size, in bytes. */
  readonly length: number;
  readonly deflated: boolean;
  /** CRC-32 of its content, if the file has one. */
  readonly checksum?: number | undefined;
}

/** A single read must be below 2 GiB. */
const maximumReadBytes = 2 ** 30;
/** How many bytes of a piece are checksummed at once. */
const checkedBytes = 2 ** 24;
/** The highest compression ratio of deflate; a piece that claims more is damaged. */
const largestRatio = 1032;

/** Gives a whole file as a piece. */
export function wholeFile(path: string): Piece {
  const size = whileOpen(path, (file) => fstatSync(file).size);
  return { path, start: 0, stored: size, length: size, deflated: false };
}

/** Reads `length` bytes of an uncompressed piece, starting at `offset`. Throws DamagedFile. */
export function readPiece(piece: Piece, offset = 0, length = piece.length - offset): Uint8Array<ArrayBuffer> {
  if (offset < 0 || length < 0 || offset + length > piece.length)
    throw new DamagedFile('it ends in the middle');
  return readRange(piece.path, piece.start + offset, length);
}

/** Reads a whole piece, which may be deflated. Throws DamagedFile and TooLarge. */
export function unpackPiece(piece: Piece, meter: Meter): Uint8Array<ArrayBuffer> {
  const bytes = piece.deflated ? unpack(piece, meter) : readPiece(piece);
  requireChecksum(piece, crc32(bytes));
  return bytes;
}

function unpack(piece: Piece, meter: Meter): Uint8Array<ArrayBuffer> {
  if (piece.length > piece.stored * largestRatio)
    throw new DamagedFile('it claims to unpack to more than it can');
  meter.unpack(piece.length);
  return inflate(readRange(piece.path, piece.start, piece.stored), piece.length);
}

/** Checks the checksum of an uncompressed piece, if the file has one. Throws DamagedFile. */
export function checkPiece(piece: Piece): void {
  if (piece.checksum === undefined) return;
  let sum = 0;
  for (let at = 0; at < piece.length; at += checkedBytes)
    sum = crc32(readPiece(piece, at, Math.min(checkedBytes, piece.length - at)), sum);
  requireChecksum(piece, sum);
}

function requireChecksum({ checksum, start }: Piece, found: number): void {
  if (checksum !== undefined && checksum !== found)
    throw new DamagedFile(`its bytes from ${start} on are not those that were written (CRC-32)`);
}

function inflate(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
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
  return whileOpen(path, (file) => readOpen(file, start, length));
}

/** Reads bytes of an open file. Throws DamagedFile if the file is shorter. */
export function readOpen(file: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  // Checked before allocating: no claim of a file makes the buffer larger than the file.
  if (start + length > fstatSync(file).size) throw new DamagedFile('it ends in the middle');
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, bytes, done, Math.min(length - done, maximumReadBytes), start + done);
    if (read === 0) throw new DamagedFile('it became shorter while it was read');
    done += read;
  }
  return bytes;
}

function whileOpen<T>(path: string, work: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
