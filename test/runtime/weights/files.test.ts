/**
 * Tests files of weights: every format gives the numbers that PyTorch saved; malicious and damaged files are refused.
 */
import { SpadeworkError } from '../../../dsl/errors.ts';
import { loadMapping } from '../../../runtime/weights/load-mapping.ts';
import { zip, archive, legacy, op, storage, tensor, text, type PickleParts } from './pickles.ts';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../compiler/ir/random.ts';
import { openWeights } from '../../../runtime/weights/file.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/weights/', import.meta.url));
type Saved = Record<string, { shape: number[]; values: (number | string)[] }>;
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as Record<string, Saved>;
const malicious = readdirSync(fixtures).filter((name) => name.startsWith('evil_'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Opens a file and reads all of it. */
async function readAll(path: string): Promise<Saved> {
  const file = await openWeights(path);
  return Object.fromEntries(
    [...file.tensors].map(([name, { shape }]) => [name, { shape: [...shape], values: [...file.read(name)] }]),
  );
}

/** Requires an error for users: what and where, never a crash of the program. */
async function expectRefused(path: string, text: string | RegExp): Promise<void> {
  const reading = readAll(path);
  await expect(reading).rejects.toBeInstanceOf(SpadeworkError);
  await expect(reading).rejects.toThrow(text);
}

describe('files that torch.save wrote', () => {
  it.each(Object.keys(expected))('%s: every tensor has its shape and its numbers', async (name) => {
    const saved = Object.fromEntries(
      Object.entries(expected[name]!).map(([key, { shape, values }]) => [
        key,
        { shape, values: values.map(Number) },
      ]),
    );
    expect(await readAll(join(fixtures, name))).toEqual(saved);
  });

  it('tell the number formats of tensors and their own', async () => {
    const { format, tensors } = await openWeights(join(fixtures, 'dtypes.pth'));
    expect(format).toBe('PyTorch');
    expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual([
      'F64',
      'F16',
      'BF16',
      'I64',
      'I32',
      'I16',
      'I8',
      'F16',
      'U8',
      'BOOL',
    ]);
    expect((await openWeights(join(fixtures, 'plain.legacy.pth'))).format).toBe('PyTorch, before 1.6');
  });
});

describe('safetensors files', () => {
  const safetensors = (
    entries: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>,
  ): Uint8Array => {
    let at = 0;
    const header = Object.entries(entries).map(([name, { dtype, shape, bytes }]) => {
      const data_offsets = [at, (at += bytes.length)];
      return [name, { dtype, shape, data_offsets }];
    });
    const text = Buffer.from(
      JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(header) }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, ...Object.values(entries).map(({ bytes }) => bytes)]);
  };

  it('give half, double and whole numbers as float32', async () => {
    const path = write(
      'mixed.safetensors',
      safetensors({
        half: { dtype: 'F16', shape: [2], bytes: Uint8Array.of(0x00, 0x3c, 0x00, 0xc2) },
        brain: { dtype: 'BF16', shape: [1], bytes: Uint8Array.of(0x40, 0x40) },
        double: { dtype: 'F64', shape: [1, 1], bytes: new Uint8Array(Float64Array.of(0.1).buffer) },
        long: { dtype: 'I64', shape: [], bytes: new Uint8Array(BigInt64Array.of(-7n).buffer) },
      }),
    );
    expect(await readAll(path)).toEqual({
      half: { shape: [2], values: [1, -3] },
      brain: { shape: [1], values: [3] },
      double: { shape: [1, 1], values: [Math.fround(0.1)] },
      long: { shape: [], values: [-7] },
    });
  });

  it('may hold formats that are not read, as long as they are not asked for', async () => {
    const path = write(
      'other.safetensors',
      safetensors({ x: { dtype: 'F8_E4M3', shape: [3], bytes: new Uint8Array(3) } }),
    );
    const file = await openWeights(path);
    expect(file.tensors.get('x')).toMatchObject({ dtype: 'F8_E4M3', shape: [3] });
    expect(() => file.read('x')).toThrow("'x' of '" + path + "' has dtype F8_E4M3, which is not read");
  });

  it('that are cut off anywhere are refused', async () => {
    const whole = safetensors({ a: { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) } });
    for (let length = 0; length < whole.length; length++)
      await expectRefused(
        write('cut.safetensors', whole.subarray(0, length)),
        /is damaged|is empty|no file of weights/,
      );
  });
});

describe('malicious files', () => {
  it.each([
    ['evil_global.pth', "'w' is made by 'posix.system'"],
    ['evil_stack_global.pth', "'w' is made by 'posix.system'"],
    ['evil_bare.pth', "made by 'posix.system'"],
    ['evil_inst.pth', "made by 'os.system'"],
    ['evil_obj.pth', "made by 'os.system'"],
    ['evil_newobj.pth', "made by '__main__.Stateful'"],
    ['evil_extension.pth', "'extension 112' of Python"],
    ['evil_builtins.pth', "made by 'builtins.eval'"],
    ['evil_getattr.pth', "'__builtin__.getattr' of Python"],
    ['evil_dotted.pth', "'collections.OrderedDict.__init__' of Python"],
    ['evil_load_from_bytes.pth', "made by 'torch.storage._load_from_bytes'"],
    ['evil_call_storage.pth', "made by 'torch.FloatStorage'"],
    ['evil_buffer.pth', 'asks for bytes that lie in no file'],
    ['evil_module.pth', "made by 'a persistent id'"],
    ['evil_network.pth', "'network' is made by 'torch.nn.modules.linear.Linear'"],
    ['evil_torchscript.pth', 'a TorchScript archive'],
  ])('%s is refused: %s', async (name, reason) => {
    await expectRefused(join(fixtures, name), reason);
    await expectRefused(join(fixtures, name), 'nothing in a file is ever run\nhint: ');
  });

  it('that set a state of what has none are damaged', async () => {
    await expectRefused(join(fixtures, 'evil_build.pth'), 'its pickle sets the state of a list of 0');
  });

  it('are all told why', () => {
    expect(malicious.length).toBe(17);
  });

  // The older layout then lists a storage without a reference to it.
  const nothingToRead = /holds no tensors|nothing says what its storage '0' holds/;
  const cases: readonly (readonly [string, PickleParts, string | RegExp])[] = [
    ['list that holds itself', [op.emptyList, op.put(0), op.get(0), op.append], nothingToRead],
    [
      'list that doubles at every level',
      [
        op.emptyList,
        op.put(0),
        ...Array.from({ length: 30 }, (_, i) => [
          op.emptyList,
          op.mark,
          op.get(i),
          op.get(i),
          op.appends,
          op.put(i + 1),
        ]).flat(),
      ],
      'would make more values in memory than tensors need',
    ],
    [
      'deep nesting',
      [
        ...Array.from({ length: 50_000 }, () => op.emptyList),
        ...Array.from({ length: 49_999 }, () => op.append),
      ],
      nothingToRead,
    ],
    [
      'text that is longer than the file',
      [Uint8Array.of(0x8d, 255, 255, 255, 255, 0, 0, 0, 0)],
      'ends in the middle',
    ],
    ['text of negative length', [Uint8Array.of(0x54, 255, 255, 255, 255)], 'a negative length'],
    ['number of a gigabyte', [Uint8Array.of(0x8b, 0, 0, 0, 64)], 'ends in the middle'],
    ['number of many digits', [Uint8Array.of(0x8a, 200), new Uint8Array(200).fill(127)], nothingToRead],
    ['empty stack', [op.append], 'takes more than it put'],
    ['item that is taken from below a mark', [op.none, op.mark, op.append], 'takes more than it put'],
    ['mark that was not set', [op.appends], 'a mark that it did not set'],
    ['memo that was not set', [op.get(7)], 'recalls memo 7'],
    ['unknown instruction', [Uint8Array.of(0xff)], '0xff'],
    ['key without a value', [op.emptyDict, op.mark, op.none, op.setItems], 'a key without a value'],
    ['negative size', [tensor({ shape: [-1] })], "a tensor's size is -1"],
    ['negative stride', [tensor({ strides: [-1] })], "a tensor's stride is -1"],
    ['negative offset', [tensor({ offset: -4 })], "a tensor's offset is -4"],
    ['storage of negative length', [tensor({ count: -4 })], "a storage's length is -4"],
    ['fractional size', [tensor({ shape: [0.5] })], "a tensor's size is 0.5"],
    ['other number of strides', [tensor({ strides: [] })], '1 axes and 0 strides'],
    ['tensor beyond its storage', [tensor({ shape: [5] })], 'reaches to number 4 of a storage of 4'],
    ['stride beyond its storage', [tensor({ strides: [2] })], 'reaches to number 6 of a storage of 4'],
    [
      'storage that is longer than its bytes',
      [tensor({ count: 2 ** 40 })],
      /has 16 bytes, expected|has 4 numbers, expected/,
    ],
    ['huge shape', [tensor({ shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] })], 'impossible shape'],
    [
      'number that is repeated to gigabytes',
      [tensor({ shape: [2 ** 30], strides: [0] })],
      'would take 4.29 GB, as they repeat what is stored',
    ],
    ['tensor of no storage', [tensor({ storage: op.none })], 'a tensor is made of None'],
    ['storage without a type', [tensor({ storage: [storage({ type: op.none })].flat() })], 'lacks its type'],
  ];
  it.each(cases)('with a %s is refused in both layouts', async (_what, parts, reason) => {
    await expectRefused(write('made.pth', archive(parts)), reason);
    await expectRefused(write('made.legacy.pth', legacy(parts)), reason);
  });

  it('of tensors too deep in containers say where they stop', async () => {
    let parts: Uint8Array[] = [tensor({})];
    for (let depth = 0; depth < 300; depth++)
      parts = [op.emptyDict, op.mark, text('a'), ...parts, op.setItems];
    await expectRefused(
      write('deep.pth', archive(parts)),
      /'a(\.a){31}' is a container so deep in others that it is not looked into/,
    );
    const shallow = await readAll(
      write(
        'shallow.pth',
        archive([op.emptyDict, op.mark, text('w'), tensor({}), text('deep'), ...parts, op.setItems]),
      ),
    );
    expect(Object.keys(shallow)).toEqual(['w']);
  });

  it('of nothing but texts say so', async () => {
    await expectRefused(write('texts.pth', archive([op.emptyDict])), 'holds no tensors');
  });

  it('have a good sister, so that the cases above fail for their own reasons', async () => {
    const good = { tensor: { shape: [4], values: [1, 2, 3, 4] } };
    expect(await readAll(write('good.pth', archive([tensor({})])))).toEqual(good);
    expect(await readAll(write('good.legacy.pth', legacy([tensor({})])))).toEqual(good);
  });

  it('which claim to unpack to more than deflate can are refused', async () => {
    const bytes = readFileSync(join(fixtures, 'deflated.pth'));
    // The central directory has the length of each entry: 4 bytes, at offset 24 of its record.
    const record = 'PK\x01\x02';
    for (let at = bytes.indexOf(record); at >= 0; at = bytes.indexOf(record, at + 1))
      bytes.writeUInt32LE(0x7fffffff, at + 24);
    await expectRefused(write('bomb.pth', bytes), /is damaged/);
  });
});

describe('damaged files', () => {
  it.each(['plain.pth', 'deflated.pth'])(
    'in which a bit of %s is another are refused, unless nothing is read of it',
    async (name) => {
      const path = join(fixtures, name);
      const sound = await readAll(path);
      const bytes = readFileSync(path);
      let refused = 0;
      for (let at = 0; at < bytes.length; at += 13) {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << (at % 8);
        const read = await readAll(write('flipped.pth', damaged)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(SpadeworkError);
          refused++;
        });
        if (read) expect(read, `byte ${at}`).toEqual(sound);
      }
      expect(refused).toBeGreaterThan(20);
    },
  );

  it('that are missing, empty or something else are refused', async () => {
    await expectRefused(join(folder, 'absent.pth'), "there is no file '");
    await expectRefused(write('empty.pth', new Uint8Array(0)), 'is empty');
    await expectRefused(
      write('letter.pth', Buffer.from('Dear reader, these are no weights.')),
      'is no file of weights',
    );
    await expectRefused(folder, 'is a folder');
    await expectRefused('a\0b', "'a\\u{0}b' cannot be read: its name holds a NUL character");
    expect(() => loadMapping('a\0b.json')).toThrow('its name holds a NUL character');
  });

  it.each<readonly [name: string, bytes: Uint8Array | string, what: string, hint: string]>([
    ['a.pth.gz', gzipSync('weights'), 'is packed by gzip', 'gunzip -c '],
    ['a.pth', gzipSync('weights'), 'is packed by gzip', ' > unpacked-a.pth'],
    ['b.pth', 'BZh91AY&SY', 'is packed by bzip2', 'bunzip2 -c'],
    ['c.pth', '\u00fd7zXZ\0', 'is packed by xz', 'xz -dc'],
    ['d.pth', '(\u00b5/\u00fd', 'is packed by zstd', 'zstd -dc'],
    ['e.pth', `${'ok.pth'.padEnd(257, '\0')}ustar\0`, 'is a tar archive', 'tar -xf '],
    ['f.pth', '\n<!DOCTYPE html><html>', 'is a web page', 'fetch the file itself'],
    ['f.safetensors', '<html lang="en">', 'is a web page', 'fetch the file itself'],
    [
      'g.pth',
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a',
      'is a pointer of Git LFS',
      'git lfs pull',
    ],
    ['h.h5', '\u0089HDF\r\n\u001a\n', 'is an HDF5 file', 'h5py.File("'],
    ['i.onnx', '\b\u0007\u0012\u0007pytorch', 'is an ONNX file', 'onnx.load("'],
    ['model.ckpt.index', '\0\0\b\u0001', 'is a part of a checkpoint of TensorFlow', 'model.ckpt");'],
    [
      'checkpoint',
      'model_checkpoint_path: "model.ckpt"',
      'is a part of a checkpoint of TensorFlow',
      'tf.train',
    ],
    ['model.safetensors.index.json', '{"metadata": {}}', 'is a text of JSON', 'name the file of weights'],
    ['j.pth', zip([{ path: 'a/ok.pth', content: Buffer.of(1) }]), "holds the file 'a/ok.pth'", 'unzip '],
    [
      'k.keras',
      zip([{ path: 'model.weights.h5', content: Buffer.of(1) }]),
      'is a model of Keras',
      'h5py.File("model',
    ],
    [
      'l.pth',
      zip([{ path: 'a.txt', content: Buffer.of(1) }]),
      'is damaged: it is a zip archive without',
      'fetch or',
    ],
  ])(
    'that is sound, but none of tensors, such as %s, is told what it is',
    async (name, bytes, what, hint) => {
      const path = write(name, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      const reading = openWeights(path);
      await expect(reading).rejects.toBeInstanceOf(SpadeworkError);
      await expect(reading).rejects.toThrow(
        `'${path}' ${what.startsWith('holds') ? 'is a zip archive that ' : ''}${what}`,
      );
      await expect(reading).rejects.toThrow(hint);
    },
  );

  it.each(['plain.pth', 'plain.legacy.pth', 'views.pth', 'nested.legacy.pth', 'deflated.pth'])(
    '%s is refused where it is cut off at any byte',
    async (name) => {
      const whole = readFileSync(join(fixtures, name));
      const path = join(folder, 'cut.pth');
      for (let length = 0; length < whole.length; length++) {
        writeFileSync(path, whole.subarray(0, length));
        await expect(openWeights(path), `${length} bytes`).rejects.toBeInstanceOf(SpadeworkError);
      }
    },
  );

  it.each([
    'plain.pth',
    'plain.legacy.pth',
    'views.pth',
    'hooks.legacy.pth',
    'deflated.pth',
    'protocol4.pth',
  ])('%s with any bytes changed is read or refused, and never breaks the reader', async (name) => {
    const whole = readFileSync(join(fixtures, name));
    const random = new RandomStream(3, name);
    const path = join(folder, 'changed.pth');
    let refused = 0;
    for (let round = 0; round < 600; round++) {
      const bytes = Buffer.from(whole);
      for (let i = random.below(4); i >= 0; i--) bytes[random.below(bytes.length)] = random.below(256);
      writeFileSync(path, bytes);
      await readAll(path).catch((error: unknown) => {
        expect(error).toBeInstanceOf(SpadeworkError);
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(100);
  });
});
