/** Answers for pickles and files around them that PyTorch would never write, put together from instructions. */

export type PickleParts = readonly (Uint8Array | readonly Uint8Array[])[];

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array =>
  Buffer.concat([bytes(0x58), uint32(value.length), Buffer.from(value)]);
const name = (module: string, member: string): Uint8Array => Buffer.from(`c${module}\n${member}\n`);

function uint32(value: number): Uint8Array {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** A number as pickles have it: small ones whole, others as LONG1 or, where they are fractions, as doubles. */
function number(value: number): Uint8Array {
  const buffer = Buffer.alloc(9);
  if (Number.isInteger(value)) {
    buffer.writeBigInt64LE(BigInt(value), 1);
    return Buffer.concat([bytes(0x8a, 8), buffer.subarray(1)]);
  }
  buffer[0] = 0x47;
  buffer.writeDoubleBE(value, 1);
  return buffer;
}

/** Instructions by what they do. */
export const op = {
  mark: bytes(0x28),
  none: bytes(0x4e),
  emptyList: bytes(0x5d),
  emptyDict: bytes(0x7d),
  append: bytes(0x61),
  appends: bytes(0x65),
  setItems: bytes(0x75),
  put: (index: number) => bytes(0x71, index),
  get: (index: number) => bytes(0x68, index),
};

const tuple = (...parts: readonly (Uint8Array | readonly Uint8Array[])[]): Uint8Array =>
  Buffer.concat([op.mark, ...parts.flat(), bytes(0x74)]);

/** A storage '0' of four float32. */
export function storage({
  type = name('torch', 'FloatStorage'),
  count = 4,
}: { type?: Uint8Array; count?: number } = {}): Uint8Array {
  const id = tuple(text('storage'), type, text('0'), text('cpu'), number(count), op.none);
  return Buffer.concat([id, bytes(0x51)]);
}

/** A tensor of that storage; what is given differs from a good one. */
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

const pickle = (parts: PickleParts): Uint8Array =>
  Buffer.concat([bytes(0x80, 2), ...parts.flat(), bytes(0x2e)]);
const values = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** Makes the older layout around a pickle. */
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

/** Makes a zip archive of stored entries around a pickle. */
export function archive(parts: PickleParts): Uint8Array {
  const entries: readonly (readonly [string, Uint8Array])[] = [
    ['a/data.pkl', pickle(parts)],
    ['a/data/0', values],
  ];
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const [path, content] of entries) {
    // Version, flags, method, time, checksum (which nobody asks for), and lengths.
    const common = Buffer.concat([
      bytes(20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      uint32(content.length),
      uint32(content.length),
      bytes(path.length, 0, 0, 0),
    ]);
    central.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        bytes(20, 0),
        common,
        new Uint8Array(10),
        uint32(at),
        Buffer.from(path),
      ]),
    );
    local.push(Buffer.from('PK\x03\x04'), common, Buffer.from(path), content);
    at += 30 + path.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.concat([
    Buffer.from('PK\x05\x06'),
    bytes(0, 0, 0, 0, entries.length, 0, entries.length, 0),
    uint32(directory.length),
    uint32(at),
    bytes(0, 0),
  ]);
  return Buffer.concat([...local, directory, end]);
}
