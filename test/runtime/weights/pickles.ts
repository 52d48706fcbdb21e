/** Builds pickles and files around them from instructions, including ones that PyTorch never writes. */
import { deflateRawSync } from 'node:zlib';

export type PickleParts = readonly (Uint8Array | readonly Uint8Array[])[];

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const text = (value: string): Uint8Array =>
  Buffer.concat([bytes(0x58), uint32(value.length), Buffer.from(value)]);
export const name = (module: string, member: string): Uint8Array => Buffer.from(`c${module}\n${member}\n`);

function uint32(value: number): Uint8Array {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** A number in a pickle: integers as LONG1, fractions as doubles. */
export function number(value: number): Uint8Array {
  const buffer = Buffer.alloc(9);
  if (Number.isInteger(value)) {
    buffer.writeBigInt64LE(BigInt(value), 1);
    return Buffer.concat([bytes(0x8a, 8), buffer.subarray(1)]);
  }
  buffer[0] = 0x47;
  buffer.writeDoubleBE(value, 1);
  return buffer;
}

/** Instructions by their effect. */
export const op = {
  mark: bytes(0x28),
  pop: bytes(0x30),
  none: bytes(0x4e),
  emptyTuple: bytes(0x29),
  emptyList: bytes(0x5d),
  emptyDict: bytes(0x7d),
  append: bytes(0x61),
  appends: bytes(0x65),
  setItems: bytes(0x75),
  reduce: bytes(0x52),
  newObject: bytes(0x81),
  build: bytes(0x62),
  persistent: bytes(0x51),
  put: (index: number) => bytes(0x71, index),
  get: (index: number) => bytes(0x68, index),
};

export const tuple = (...parts: readonly (Uint8Array | readonly Uint8Array[])[]): Uint8Array =>
  Buffer.concat([op.mark, ...parts.flat(), bytes(0x74)]);

/** A storage of four float32 numbers. */
export function storage({
  type = name('torch', 'FloatStorage'),
  count = 4,
  key = '0',
}: { type?: Uint8Array; count?: number; key?: string } = {}): Uint8Array {
  const id = tuple(text('storage'), type, text(key), text('cpu'), number(count), op.none);
  return Buffer.concat([id, bytes(0x51)]);
}

/** A tensor of that storage; arguments override parts of a valid one. */
export function tensor({
  shape = [4],
  strides = [1],
  offset = 0,
  count = 4,
  storage: of = storage({ count }),
}: {
  shape?: readonly number[];
  strides?: readonly number[];
  offset?: number;
  count?: number;
  storage?: Uint8Array | readonly Uint8Array[];
}): Uint8Array {
  return Buffer.concat([
    name('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      of,
      number(offset),
      tuple(...shape.map(number)),
      tuple(...strides.map(number)),
      bytes(0x89),
      op.none,
    ),
    bytes(0x52),
  ]);
}

export const pickle = (parts: PickleParts): Uint8Array =>
  Buffer.concat([bytes(0x80, 2), ...parts.flat(), bytes(0x2e)]);
const values = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** Makes a file of the older layout around a pickle. */
export function legacy(parts: PickleParts): Uint8Array {
  const magic = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');
  return Buffer.concat([
    pickle([magic]),
    pickle([number(1001)]),
    pickle([op.emptyDict]),
    pickle(parts),
    pickle([op.emptyList, text('0'), op.append]),
    bytes(4, 0, 0, 0, 0, 0, 0, 0),
    values,
  ]);
}

/** An entry of an archive. */
export interface Entry {
  readonly path: string;
  readonly content: Uint8Array;
  readonly isDeflated?: boolean;
  /** The entry whose bytes this one claims instead of having its own. */
  readonly as?: string;
  /** The length in the directory, if it is false. */
  readonly claimed?: number;
}

/** Makes a zip archive around a pickle. */
export function archive(parts: PickleParts, { isDeflated = false } = {}): Uint8Array {
  return zip([
    { path: 'a/data.pkl', content: pickle(parts), isDeflated },
    { path: 'a/data/0', content: values },
  ]);
}

/** Makes a zip archive. */
export function zip(entries: readonly Entry[]): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  const places = new Map<string, { at: number; common: Uint8Array }>();
  let end = 0;
  for (const { path, content, isDeflated = false, as, claimed } of entries) {
    const packed = isDeflated ? deflateRawSync(content) : content;
    // Version, flags, method, time, checksum (not verified), and lengths.
    const common = Buffer.concat([
      bytes(20, 0, 0, 0, isDeflated ? 8 : 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      uint32(packed.length),
      uint32(claimed ?? content.length),
    ]);
    const lengths = bytes(path.length, 0, 0, 0);
    const place = places.get(as ?? '') ?? { at: end, common };
    places.set(path, place);
    central.push(
      Buffer.from('PK\x01\x02'),
      bytes(20, 0),
      place.common,
      lengths,
      new Uint8Array(10),
      uint32(place.at),
      Buffer.from(path),
    );
    if (as !== undefined) continue;
    local.push(Buffer.from('PK\x03\x04'), common, lengths, Buffer.from(path), packed);
    end += 30 + path.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const count = Buffer.alloc(4);
  count.writeUInt16LE(entries.length);
  count.writeUInt16LE(entries.length, 2);
  const last = [
    Buffer.from('PK\x05\x06'),
    bytes(0, 0, 0, 0),
    count,
    uint32(directory.length),
    uint32(end),
    bytes(0, 0),
  ];
  return Buffer.concat([...local, directory, ...last]);
}

/** Makes a safetensors file from a header's text and values. */
export function safetensors(header: string | object, values = new Uint8Array(0)): Uint8Array {
  const content = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(content.length));
  return Buffer.concat([length, content, values]);
}
