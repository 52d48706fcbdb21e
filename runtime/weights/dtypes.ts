/** Defines the number formats of stored tensors: their sizes, and their conversion to float32. */

const readers = {
  F64: { bytes: 8, read: (view: DataView, at: number, little: boolean) => view.getFloat64(at, little) },
  F32: { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getFloat32(at, little) },
  F16: {
    bytes: 2,
    read: (view: DataView, at: number, little: boolean) => fromHalf(view.getUint16(at, little)),
  },
  BF16: {
    bytes: 2,
    read: (view: DataView, at: number, little: boolean) => fromBrain(view.getUint16(at, little)),
  },
  I64: {
    bytes: 8,
    read: (view: DataView, at: number, little: boolean) => Number(view.getBigInt64(at, little)),
  },
  I32: { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getInt32(at, little) },
  I16: { bytes: 2, read: (view: DataView, at: number, little: boolean) => view.getInt16(at, little) },
  I8: { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  U64: {
    bytes: 8,
    read: (view: DataView, at: number, little: boolean) => Number(view.getBigUint64(at, little)),
  },
  U32: { bytes: 4, read: (view: DataView, at: number, little: boolean) => view.getUint32(at, little) },
  U16: { bytes: 2, read: (view: DataView, at: number, little: boolean) => view.getUint16(at, little) },
  U8: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  BOOL: { bytes: 1, read: (view: DataView, at: number) => (view.getUint8(at) === 0 ? 0 : 1) },
} as const;

/** A supported number format, by its name in safetensors files. */
export type Dtype = keyof typeof readers;

/** Tells whether a number format is supported. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(readers, name);
}

/** Gives the size of one number in bytes. */
export function bytesOf(dtype: Dtype): number {
  return readers[dtype].bytes;
}

/** Whether this machine stores the low byte of a number first. */
export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Converts stored numbers to float32, rounding wider formats; `bytes` holds complete numbers. */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: Dtype, little: boolean): Float32Array {
  const { bytes: size, read } = readers[dtype];
  const count = bytes.length / size;
  if (dtype === 'F32' && little === isLittleEndian && bytes.byteOffset % size === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, i * size, little);
  return values;
}

const scratch = new DataView(new ArrayBuffer(4));

/** A bfloat16 is the upper half of a float32. */
function fromBrain(bits: number): number {
  scratch.setUint32(0, bits * 2 ** 16);
  return scratch.getFloat32(0);
}

/** Reads an IEEE 754 half: 1 sign, 5 exponent and 10 fraction bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
