/** Tests unknown Python objects beside and in place of tensors, copies of a network, and values that are not finite. */
import { SpadeworkError } from '../../../dsl/errors.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareWeights, fits, matchWeights } from '../../../runtime/weights/match.ts';
import { findFitting } from '../../../runtime/weights/fitting.ts';
import { loadMapping } from '../../../runtime/weights/load-mapping.ts';
import { openWeights } from '../../../runtime/weights/file.ts';
import { renderReport } from '../../../runtime/weights/report.ts';
import { writeOfficial } from '../../../runtime/weights/write-official.ts';
import type { WeightVariable } from '../../../runtime/weights/official.ts';
import {
  archive,
  legacy,
  name,
  number,
  op,
  safetensors,
  storage,
  tensor,
  text,
  tuple,
  zip,
  type PickleParts,
} from './pickles.ts';

const layer: WeightVariable[] = [
  { name: 'fc.weight', shape: [2, 2] },
  { name: 'fc.bias', shape: [2] },
];
const weight = tensor({ shape: [2, 2], strides: [2, 1] });
const bias = tensor({ shape: [2] });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-unread-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(bytes: Uint8Array, file = 'made.pth'): string {
  const path = join(folder, file);
  writeFileSync(path, bytes);
  return path;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const concat = (...parts: PickleParts): Uint8Array => Buffer.concat(parts.flat());
const dict = (items: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  concat(
    op.emptyDict,
    op.mark,
    ...Object.entries(items).flatMap(([key, value]) => [text(key), value]),
    op.setItems,
  );
const layerDict = dict({ 'fc.weight': weight, 'fc.bias': bias });
const made = (module: string, member: string, ...args: Uint8Array[]): Uint8Array =>
  concat(name(module, member), tuple(...args), op.reduce);
const objectOf = (module: string, member: string, state = op.emptyDict): Uint8Array =>
  concat(name(module, member), op.emptyTuple, op.newObject, state, op.build);
const harm = text('echo harmed');

/** Objects that files contain beside tensors, by constructor. */
const objects: readonly (readonly [string, Uint8Array])[] = [
  ['argparse.Namespace', objectOf('argparse', 'Namespace', dict({ lr: number(1), w: bias }))],
  [
    'numpy.core.multiarray.scalar',
    made('numpy.core.multiarray', 'scalar', made('numpy', 'dtype', text('f8')), text('\0')),
  ],
  [
    'numpy.ndarray',
    concat(
      made('numpy.core.multiarray', '_reconstruct', name('numpy', 'ndarray'), tuple(number(0)), text('b')),
      tuple(number(1), tuple(number(3)), text('\0')),
      op.build,
    ),
  ],
  ['torch.device', made('torch', 'device', text('cuda'), number(0))],
  ['datetime.datetime', made('datetime', 'datetime', concat(bytes(0x43, 2, 1, 2)))],
  ['pathlib.PosixPath', made('pathlib', 'PosixPath', text('/a'))],
  ['__main__.Color', made('__main__', 'Color', number(1))],
  ['posix.system', made('posix', 'system', harm)],
  ['builtins.eval', made('builtins', 'eval', harm)],
  [
    'torch._utils._rebuild_sparse_tensor',
    made('torch._utils', '_rebuild_sparse_tensor', op.none, tuple(weight, bias)),
  ],
  [
    'torch._utils._rebuild_qtensor',
    made('torch._utils', '_rebuild_qtensor', storage(), number(0), tuple(number(4))),
  ],
  ['__main__.OldClass', concat(op.mark, name('__main__', 'OldClass'), bytes(0x6f))],
  ['__main__.Instance', concat(op.mark, bytes(0x69), Buffer.from('__main__\nInstance\n'))],
  ['__main__.Extended', concat(name('__main__', 'Extended'), op.emptyTuple, op.emptyDict, bytes(0x92))],
  ['copyreg.__newobj__', made('copyreg', '__newobj__', text('a class that is a text'))],
  [
    '__main__.Net',
    made('copyreg', '_reconstructor', name('__main__', 'Net'), name('builtins', 'object'), op.none),
  ],
  ['builtins.set', concat(bytes(0x8f), op.mark, op.none, bytes(0x90))],
  ['builtins.frozenset', concat(op.mark, op.none, bytes(0x91))],
  ['builtins.bytes', bytes(0x42, 3, 0, 0, 0, 1, 2, 3)],
  ['builtins.int', concat(bytes(0x8a, 100), new Uint8Array(100).fill(1))],
  ['a persistent id', concat(text('odd'), op.persistent)],
  [
    '__main__.Subclass',
    made(
      'torch._tensor',
      '_rebuild_from_type_v2',
      name('torch._utils', '_rebuild_tensor_v2'),
      name('__main__', 'Subclass'),
      tuple(weight),
      op.none,
    ),
  ],
];

/** Named Python objects that are not tensors. */
const names: readonly (readonly [string, Uint8Array])[] = [
  ['torch.float32', name('torch', 'float32')],
  ['torch.qint8', name('torch', 'qint8')],
  ['os.system', name('os', 'system')],
  ['extension 7', bytes(0x82, 7)],
  [
    '__main__.Net',
    concat(tuple(text('module'), name('__main__', 'Net'), text('net.py'), text('class Net')), op.persistent),
  ],
];
const all = [
  ...objects.map(([maker, object]) => [maker, object, `made by '${maker}'`] as const),
  ...names.map(([one, value]) => [one, value, `'${one}' of Python`] as const),
];

describe('an unknown object', () => {
  it.each(all)('%s beside a state_dict is passed over, in both layouts', async (_maker, object) => {
    for (const make of [archive, legacy])
      for (const items of [
        { epoch: object, state_dict: layerDict },
        { state_dict: layerDict, epoch: object },
      ]) {
        const file = await openWeights(write(make([dict(items)])));
        for (const inside of [undefined, 'state_dict']) {
          const { values, report } = matchWeights(layer, file, undefined, inside);
          expect(fits(report)).toBe(true);
          expect([...values.get('fc.bias')!]).toEqual([1, 2]);
        }
      }
  });

  it.each(all.filter(([maker]) => maker !== 'builtins.set'))(
    '%s in the place of a tensor is refused by its name',
    async (_maker, object, what) => {
      const parts = dict({ state_dict: dict({ 'fc.weight': object, 'fc.bias': bias }) });
      const file = await openWeights(write(archive([parts])));
      const report = compareWeights(layer, file);
      expect(fits(report)).toBe(false);
      expect(renderReport(report).join('\n')).toContain(
        `hint: objects of Python are not read: 'state_dict.fc.weight' is ${what}; save tensors in their place`,
      );
    },
  );

  it('that is the part which was asked for is refused by its name', async () => {
    const file = await openWeights(
      write(
        archive([
          dict({ netG: objectOf('__main__', 'Net', dict({ fc: weight })), other: dict({ a: bias }) }),
        ]),
      ),
    );
    for (const inside of ['netG', 'netG.fc'])
      expect(() => matchWeights(layer, file, undefined, inside)).toThrow(
        "is refused: 'netG' is made by '__main__.Net'; only tensors",
      );
    // Without a requested part, the network may be that object.
    expect(renderReport(compareWeights(layer, file)).join('\n')).toContain(
      "'netG' is made by '__main__.Net'",
    );
  });

  it('that is a kind of dictionary gives its tensors', async () => {
    const items = concat(op.mark, text('fc.weight'), weight, text('fc.bias'), bias, op.setItems);
    for (const container of [
      concat(made('collections', 'defaultdict', name('builtins', 'list')), items),
      concat(made('collections', 'OrderedDict'), items, dict({ _metadata: op.emptyDict }), op.build),
      concat(made('__main__', 'MyDict'), items),
      concat(objectOf('__main__', 'AttributeDict'), items),
    ]) {
      const file = await openWeights(write(archive([dict({ model: container })])));
      expect(fits(matchWeights(layer, file).report)).toBe(true);
    }
  });

  it('that only notes something beside a tensor is looked through', async () => {
    const parameter = made('torch._utils', '_rebuild_parameter', weight, op.none, op.emptyDict);
    const noted = made(
      'torch._tensor',
      '_rebuild_from_type_v2',
      name('torch._utils', '_rebuild_parameter'),
      name('torch.nn.parameter', 'Parameter'),
      tuple(bias, op.none, op.emptyDict),
      op.emptyDict,
    );
    const file = await openWeights(write(archive([dict({ 'fc.weight': parameter, 'fc.bias': noted })])));
    expect(fits(matchWeights(layer, file).report)).toBe(true);
  });

  it('is told of, the outermost first, where a file holds no tensors', async () => {
    const parts = dict({ a: dict({ b: made('os', 'system', harm) }), c: name('os', 'getcwd') });
    await expect(openWeights(write(archive([parts])))).rejects.toThrow(
      "is refused: it holds no tensors, but objects of Python: 'c' is 'os.getcwd' of Python, 'a.b' is made by 'os.system'; only",
    );
  });

  it.each([
    ['numpy._core.multiarray', '_reconstruct', 'torch.as_tensor(value)'],
    ['numpy', 'ndarray', 'torch.as_tensor(value)'],
    ['torch._utils', '_rebuild_sparse_tensor', 'value.to_dense()'],
    ['torch._utils', '_rebuild_qtensor', 'value.dequantize()'],
  ])('is told how to save it as a tensor: %s.%s', async (module, maker, conversion) => {
    const save = `torch.save({name: ${conversion} for name, value in weights.items()}`;
    const parts = { 'fc.weight': made(module, maker, bytes()), 'fc.bias': made(module, maker, bytes()) };
    await expect(openWeights(write(archive([dict(parts)])))).rejects.toThrow(save);
    const file = await openWeights(write(archive([dict({ ...parts, other: bias })])));
    expect(renderReport(compareWeights(layer, file)).join('\n')).toContain(save);
  });

  it('is an archive or an array of NumPy, by what is in it', async () => {
    const said = (path: string): string =>
      `'${path}' holds arrays of NumPy, expected tensors\nhint: save them as tensors in Python: torch.save({name: torch.as_tensor`;
    const npy = Buffer.from('\u0093NUMPY\u0001\u0000', 'latin1');
    const array = write(npy, 'array.pth');
    await expect(openWeights(array)).rejects.toThrow(said(array));
    const zipped = write(zip([{ path: 'fc.weight.npy', content: npy }]), 'arrays.pth');
    await expect(openWeights(zipped)).rejects.toThrow(said(zipped));
  });

  it('makes a name that two tensors have unreadable, and no other', async () => {
    const parts = dict({ 'a.b': weight, a: dict({ b: bias }), 'fc.weight': weight, 'fc.bias': bias });
    const file = await openWeights(write(archive([parts])));
    expect([...file.tensors.keys()]).toEqual(['fc.weight', 'fc.bias']);
    expect([...file.unread]).toEqual([['a.b', 'the name of two tensors']]);
  });
});

describe('copies of a network', () => {
  const other = tensor({ shape: [2, 2], strides: [2, 1], offset: 0 });
  const copy = (start: string): Record<string, Uint8Array> => ({
    [`${start}fc.weight`]: other,
    [`${start}fc.bias`]: bias,
  });

  it('are named with the option that takes each, and each takes its own', async () => {
    const file = await openWeights(
      write(
        archive([
          dict({
            netG: dict(copy('')),
            netG_ema: dict(copy('module.')),
            averaged_model: dict({ ...copy('generator.'), n_averaged: tensor({ shape: [], strides: [] }) }),
            'the best': dict(copy('')),
            optimizer: dict({ step: bias }),
          }),
        ]),
      ),
    );
    const { report } = matchWeights(layer, file);
    expect(fits(report)).toBe(true);
    expect(report.inside).toBe('netG.');
    const line = renderReport(report)[2] ?? '';
    expect(line).toBe(
      "  everything fits elsewhere in the file, too: --inside 'the best', --inside netG_ema.module, --inside averaged_model.generator",
    );
    const options = [...line.matchAll(/--inside (?:'([^']+)'|(\S+?))(?:,|$)/g)].map(
      ([, a, b]) => a ?? b ?? '',
    );
    expect(options.length).toBe(3);
    for (const inside of options) {
      const chosen = matchWeights(layer, file, undefined, inside).report;
      expect([chosen.inside, fits(chosen), chosen.copies]).toEqual([`${inside}.`, true, []]);
    }
  });

  it.each(['module.', '_orig_mod.', 'netG.module.', 'generator.', 'a.b.c.d.'])(
    'are found below a named part, whatever stands before their names: %s',
    async (start) => {
      const parts = dict({ model: dict(copy(start)), ema: dict(copy('')) });
      const file = await openWeights(write(archive([parts])));
      for (const inside of ['model', `model.${start}`, `model.${start.slice(0, -1)}`]) {
        const { report } = matchWeights(layer, file, undefined, inside);
        expect([report.inside, fits(report)]).toEqual([`model.${start}`, true]);
      }
    },
  );

  it('of another shape give way to one that fits', async () => {
    const small = tensor({ shape: [1, 2], strides: [2, 1] });
    const parts = dict({ small: dict({ 'fc.weight': small, 'fc.bias': bias }), right: dict(copy('')) });
    const { report } = matchWeights(layer, await openWeights(write(archive([parts]))));
    expect([report.inside, fits(report)]).toEqual(['right.', true]);
  });

  it('that are asked for by a wrong name are named', async () => {
    const file = await openWeights(
      write(archive([dict({ netG: dict(copy('module.')), netD: dict({ a: bias }) })])),
    );
    expect(() => matchWeights(layer, file, undefined, 'net')).toThrow(
      "has nothing under 'net'\nhint: the names of this network lie under --inside netG.module",
    );
    expect(fits(matchWeights(layer, file, undefined, 'netG.module').report)).toBe(true);
    expect(() => matchWeights([{ name: 'conv.weight', shape: [1] }], file, undefined, 'net')).toThrow(
      'hint: it has netG, netD, but not the names of this network: choose another --network or --mapping',
    );
    const flat = await openWeights(write(archive([dict(copy(''))])));
    expect(() => matchWeights(layer, flat, undefined, 'net')).toThrow('hint: leave out --inside');
  });

  it('are found for another network, mapping or part than was asked for', async () => {
    const path = join(folder, 'official.safetensors');
    const generator: WeightVariable[] = [
      { name: 'norm.mlp_shared.weight', shape: [3, 3, 2, 4] },
      { name: 'norm.mlp_shared.bias', shape: [4] },
    ];
    const networks = [
      { name: 'D', variables: layer },
      { name: 'G', variables: generator },
    ];
    const values = new Map(
      generator.map(({ name: own, shape }) => [own, new Float32Array(shape.reduce((a, b) => a * b))]),
    );
    await writeOfficial(generator, values, loadMapping('spade'), path);
    const file = await openWeights(path);
    const found = findFitting(networks, file, { network: 'D' });
    expect(found).toMatchObject({ network: 'G', inside: '' });
    expect(fits(compareWeights(generator, file, loadMapping(found?.mapping ?? '')))).toBe(true);
    const nested = await openWeights(
      write(archive([dict({ netG: dict(copy('')), netD: dict({ a: bias }) })])),
    );
    expect(findFitting(networks, nested, { network: 'D', mapping: 'oasis', inside: 'netD' })).toMatchObject({
      network: 'D',
      inside: 'netG.',
    });
  });
});

describe('values that are not finite', () => {
  it('are refused where a network takes them, with their tensor, count and first place', async () => {
    const path = join(folder, 'nan.safetensors');
    const values = new Map([
      ['fc.weight', Float32Array.of(1, NaN, 3, NaN)],
      ['fc.bias', Float32Array.of(1, -Infinity)],
    ]);
    await writeOfficial(layer, values, undefined, path);
    const file = await openWeights(path);
    const matching = (): unknown => matchWeights(layer, file);
    expect(matching).toThrow(SpadeworkError);
    expect(matching).toThrow(
      `'${path}' holds values that are not finite
'fc.weight' (2x2): 2 of 4, the first at [1, 0] (NaN)
'fc.bias' (2): 1 of 2, the first at [1] (-Infinity)
hint: the training that saved it had failed by then: take an earlier checkpoint of it`,
    );
    // Opening a file without a network gives the stored values.
    expect([...file.read('fc.bias')]).toEqual([1, -Infinity]);
  });

  it('are those that float32 cannot hold, too', async () => {
    const header = { 'fc.bias': { dtype: 'F64', shape: [2], data_offsets: [0, 16] } };
    const file = await openWeights(
      write(safetensors(header, new Uint8Array(Float64Array.of(1, 1e300).buffer)), 'wide.safetensors'),
    );
    expect(() => matchWeights([{ name: 'fc.bias', shape: [2] }], file)).toThrow(
      "'fc.bias' (2): 1 of 2, the first at [1] (Infinity as float32)",
    );
  });

  it('disturb nobody in tensors that no network takes', async () => {
    const header = {
      'fc.bias': { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      mask: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
    };
    const file = await openWeights(
      write(safetensors(header, new Uint8Array(Float32Array.of(1, 2, -Infinity).buffer)), 'mask.safetensors'),
    );
    expect([...matchWeights([{ name: 'fc.bias', shape: [2] }], file).values.get('fc.bias')!]).toEqual([1, 2]);
  });
});
