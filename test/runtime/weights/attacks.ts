/** Lists small hostile files with huge claims: a naive reader would use gigabytes or minutes on each. */
import {
  name,
  number,
  op,
  pickle,
  safetensors,
  storage,
  tensor,
  text,
  tuple,
  zip,
  type PickleParts,
} from './pickles.ts';

/** A file by name, and the expected message. */
export interface Attack {
  readonly file: string;
  readonly make: () => Uint8Array;
  readonly said: string | RegExp;
}

const tooMuch = 'would make more values in memory than tensors need';
const million = 1_000_000;

const repeated = (part: Uint8Array, times: number): Uint8Array => Buffer.alloc(part.length * times, part);
const dictOf = (...items: readonly (readonly [string, Uint8Array])[]): PickleParts => [
  op.emptyDict,
  op.mark,
  ...items.flatMap(([key, value]) => [text(key), value]),
  op.setItems,
];
const range = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));

/** A deflated pickle: repetition compresses to a thousandth. */
const packed = (...parts: PickleParts): Uint8Array =>
  zip([{ path: 'a/data.pkl', content: pickle(parts), isDeflated: true }]);

/** Instructions that a pickle repeats millions of times. */
const repeats: readonly (readonly [string, Uint8Array])[] = [
  ['empty dictionaries', op.emptyDict],
  ['empty lists', op.emptyList],
  ['nothings', op.none],
  ['marks', op.mark],
  ['sets', Uint8Array.of(0x8f)],
  ['truths', Uint8Array.of(0x88)],
  ['doubled values', Uint8Array.of(0x4e, 0x32)],
  ['remembered values', Uint8Array.of(0x4e, 0x94)],
  ['texts', text('a')],
  ['names', name('a', 'b')],
  ['objects', Buffer.concat([name('a', 'b'), op.emptyList, op.reduce])],
  ['lists that are dropped', Buffer.concat([op.emptyList, op.pop])],
  ['lists in lists', Buffer.concat([op.emptyList, op.emptyList, op.append])],
  ['protocols', Uint8Array.of(0x80, 2)],
];

const emptyZip = (entries: number): Uint8Array =>
  zip(range(entries, (i) => ({ path: `${i}`, content: new Uint8Array(0) })));
/** A million numbers. */
const zeros = new Uint8Array(4 * million);

/** Makes an archive of a pickle and of storages. */
const stored = (
  parts: PickleParts,
  storages: Readonly<Record<string, Uint8Array>>,
  isDeflated = false,
): Uint8Array =>
  zip([
    { path: 'a/data.pkl', content: pickle(parts), isDeflated },
    ...Object.entries(storages).map(([key, content]) => ({ path: `a/data/${key}`, content, isDeflated })),
  ]);

export const attacks: readonly Attack[] = [
  ...repeats.map(([what, part]) => ({
    file: `${what}.pth`,
    make: () => packed(repeated(part, (15 * million) / part.length)),
    said: tooMuch,
  })),
  {
    file: 'more than deflate explains.pth',
    make: () => packed(repeated(op.none, 40 * million)),
    said: /its [\d.]+ kB would unpack to 40 MB or more/,
  },
  {
    file: 'a long key around many tensors.pth',
    make: () =>
      packed(
        ...dictOf([
          'k'.repeat(million),
          Buffer.concat([...dictOf(...range(1000, (i) => [`t${i}`, tensor({})] as const)).flat()]),
        ]),
      ),
    said: tooMuch,
  },
  {
    file: 'lists that double around a tensor.pth',
    make: () =>
      stored(
        [
          tensor({}),
          op.put(0),
          ...range(40, (i) => [
            op.emptyList,
            op.mark,
            op.get(i),
            op.get(i),
            op.appends,
            op.put(i + 1),
          ]).flat(),
        ],
        { 0: new Uint8Array(16) },
      ),
    said: tooMuch,
  },
  {
    file: 'one number as many tensors.pth',
    make: () =>
      stored(
        dictOf(...range(200, (i) => [`w${i}`, tensor({ shape: [4096, 4096], strides: [0, 0] })] as const)),
        { 0: new Uint8Array(16) },
      ),
    said: "with 'w1' the tensors of its",
  },
  {
    file: 'one storage as many tensors.pth',
    make: () => {
      const view = tensor({ shape: [million], count: million });
      return stored(dictOf(...range(1000, (i) => [`w${i}`, view] as const)), {
        0: zeros,
      });
    },
    said: 'as they repeat what is stored',
  },
  {
    file: 'wide views of one storage.pth',
    make: () => {
      const view = tensor({ shape: [2], strides: [million - 1], count: million });
      return stored(dictOf(...range(1000, (i) => [`w${i}`, view] as const)), {
        0: zeros,
      });
    },
    said: 'as they repeat what is stored',
  },
  {
    file: 'storages of zeros.pth',
    make: () =>
      stored(
        dictOf(
          ...range(
            100,
            (i) =>
              [
                `w${i}`,
                tensor({ shape: [million], storage: storage({ count: million, key: `${i}` }) }),
              ] as const,
          ),
        ),
        Object.fromEntries(range(100, (i) => [i, zeros])),
        true,
      ),
    said: 'which is no packing of weights',
  },
  {
    file: 'entries that share bytes.pth',
    make: () => {
      const parts = dictOf(
        ...range(
          1000,
          (i) =>
            [
              `w${i}`,
              tensor({ shape: [million], storage: storage({ count: million, key: `${i}` }) }),
            ] as const,
        ),
      );
      return zip([
        { path: 'a/data.pkl', content: pickle(parts) },
        ...range(1000, (i) => ({
          path: `a/data/${i}`,
          content: zeros,
          ...(i > 0 && { as: 'a/data/0' }),
        })),
      ]);
    },
    said: "its entries 'a/data/0' and 'a/data/1' share bytes",
  },
  {
    file: 'a byte order of megabytes.pth',
    make: () =>
      zip([
        { path: 'a/data.pkl', content: pickle([tensor({})]) },
        { path: 'a/data/0', content: new Uint8Array(16) },
        { path: 'a/byteorder', content: new Uint8Array(30 * million), isDeflated: true },
      ]),
    said: 'its byteorder is neither little nor big',
  },
  {
    file: 'a claim of gigabytes.pth',
    make: () => zip([{ path: 'a/data.pkl', content: pickle([op.none]), isDeflated: true, claimed: 2 ** 31 }]),
    said: /unpack to|too long/,
  },
  { file: 'many entries.pth', make: () => emptyZip(20_000), said: 'without a data.pkl' },
  {
    file: 'a shape beyond numbers.pth',
    make: () =>
      stored([tensor({ shape: range(60, () => 2 ** 20), strides: range(60, () => 0) })], {
        0: new Uint8Array(16),
      }),
    said: 'the impossible shape',
  },
  {
    file: 'a list of a million axes.pth',
    make: () =>
      packed(
        name('torch._utils', '_rebuild_tensor_v2'),
        tuple(storage(), number(0), tuple(repeated(Uint8Array.of(0x4b, 1), 100_000)), tuple(), op.none),
        op.reduce,
      ),
    said: 'expected a short list of whole numbers',
  },
  { file: 'brackets.safetensors', make: () => safetensors('['.repeat(4 * million)), said: tooMuch },
  {
    file: 'objects.safetensors',
    make: () => safetensors(`{"a":[${'{},'.repeat(million)}{}]}`),
    said: tooMuch,
  },
  {
    file: 'a header of exabytes.safetensors',
    make: () => Buffer.concat([Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x10), Buffer.from('{"a":1}')]),
    said: 'its header claims',
  },
  {
    file: 'a name that comes twice.safetensors',
    make: () =>
      safetensors(
        `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
        new Uint8Array(4),
      ),
    said: "its header names 'a' twice",
  },
  {
    file: 'a shape that comes twice.safetensors',
    make: () =>
      safetensors(`{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4]}}`, new Uint8Array(4)),
    said: 'its header says the same of a tensor twice',
  },
  {
    file: 'tensors that share bytes.safetensors',
    make: () =>
      safetensors(
        {
          a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
          b: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
        },
        new Uint8Array(4),
      ),
    said: "'b' starts at byte 0, expected 4",
  },
  {
    file: 'a shape beyond numbers.safetensors',
    make: () =>
      safetensors(
        { a: { dtype: 'F32', shape: range(60, () => 2 ** 50), data_offsets: [0, 4] } },
        new Uint8Array(4),
      ),
    said: "'a' has 4 bytes, its shape",
  },
  {
    file: 'a shape that rounds to what is there.safetensors',
    make: () =>
      safetensors(
        { a: { dtype: 'F32', shape: [2 ** 53 - 1, 2 ** 53 - 1, 0], data_offsets: [0, 4] } },
        new Uint8Array(4),
      ),
    said: "'a' has 4 bytes, its shape",
  },
];
