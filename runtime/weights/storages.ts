/** Reads the values of PyTorch tensors: finds their storages in the file, and copies views of them. */
import { sizeOf } from '../../compiler/ir/types.ts';
import { checkPiece, readPiece, unpackPiece, type Piece } from './bytes.ts';
import { bytesOf, isDtype, toFloat32 } from './dtypes.ts';
import { DamagedFile } from './errors.ts';
import type { Meter } from './limits.ts';
import type { Tensor } from './python.ts';
import { gather, rowMajor } from './strides.ts';
import { untyped } from './torch-names.ts';

/** The widths of number formats that are valid but not supported. */
const otherWidths: Readonly<Record<string, number>> = {
  [untyped]: 1,
  complex64: 8,
  complex128: 16,
  qint8: 1,
  quint8: 1,
  qint32: 4,
  quint4x2: 1,
  quint2x4: 1,
};

/** Gives the width of a number in bytes; undefined for an unknown format. */
export function widthOf({ dtype }: { readonly dtype: string }): number | undefined {
  return isDtype(dtype) ? bytesOf(dtype) : Object.hasOwn(otherWidths, dtype) ? otherWidths[dtype] : undefined;
}

/** The number of stored values from the first to the last of a view, both included. */
function spanOf({ shape, strides }: Tensor): number {
  return 1 + shape.reduce((index, size, axis) => index + (size - 1) * (strides[axis] ?? 0), 0);
}

/** The storages of a file. */
export class Storages {
  /** The last unpacked storage: successive tensors often share one. */
  private unpacked: { readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;

  private readonly checked = new Set<string>();

  constructor(
    private readonly pieces: ReadonlyMap<string, Piece>,
    private readonly little: boolean,
    private readonly meter: Meter,
  ) {}

  /** Rejects tensors that exceed their storages, and storages that are missing or damaged. */
  check(name: string, tensor: Tensor): void {
    const { storage, offset, shape } = tensor;
    const piece = this.pieces.get(storage.key);
    if (!piece) throw new DamagedFile(`the storage '${storage.key}' of '${name}' is missing`);
    const [width, own] = [widthOf(storage), widthOf(tensor)];
    if (width !== undefined && piece.length !== storage.stored * width)
      throw new DamagedFile(
        `the storage of '${name}' has ${piece.length} bytes, expected ${storage.stored * width}`,
      );
    if (shape.includes(0) || width === undefined || own === undefined) return;
    const last = offset + spanOf(tensor) - 1;
    const count = (storage.count * width) / own;
    if (last >= count) throw new DamagedFile(`'${name}' reaches to number ${last} of a storage of ${count}`);
  }

  /**
   * Reads the part of a storage that a tensor spans, and copies it in the order of its axes. The size is charged
   * unless `isAsked`: then the caller expects this shape, rather than the file alone deciding it.
   */
  read(name: string, tensor: Tensor, isAsked: boolean): Float32Array {
    const { storage, offset, shape, strides, dtype } = tensor;
    const piece = this.pieces.get(storage.key);
    if (!piece || !isDtype(dtype)) throw new DamagedFile(`a storage of ${dtype} is not read`);
    if (shape.includes(0)) return new Float32Array(0);
    const width = bytesOf(dtype);
    const span = spanOf(tensor);
    const plain = rowMajor(shape);
    const isPlain = shape.every((size, axis) => size === 1 || strides[axis] === plain[axis]);
    const values = Float32Array.BYTES_PER_ELEMENT * sizeOf(shape);
    if (!isAsked) this.meter.take(isPlain ? values : values + span * width, name);
    const start = storage.offset * (widthOf(storage) ?? 1) + offset * width;
    const stored = toFloat32(this.bytes(storage.key, piece, start, span * width), dtype, this.little);
    return isPlain ? stored : gather(stored, shape, strides);
  }

  private bytes(key: string, piece: Piece, start: number, length: number): Uint8Array<ArrayBuffer> {
    if (!piece.deflated) {
      if (!this.checked.has(key)) checkPiece(piece);
      this.checked.add(key);
      return readPiece(piece, start, length);
    }
    if (this.unpacked?.key !== key) {
      this.unpacked = undefined; // freed first, so that two storages are not in memory at once
      this.unpacked = { key, bytes: unpackPiece(piece, this.meter) };
    }
    return this.unpacked.bytes.slice(start, start + length);
  }
}
