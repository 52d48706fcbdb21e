/** Tests matching files with networks: reparametrized weights, parts of files, mismatches, and exporting. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fits, matchWeights } from '../../../runtime/weights/match.ts';
import { loadMapping } from '../../../runtime/weights/load-mapping.ts';
import { openWeights } from '../../../runtime/weights/file.ts';
import type { WeightsFile } from '../../../runtime/weights/stored.ts';
import { renderReport } from '../../../runtime/weights/report.ts';
import { writeOfficial } from '../../../runtime/weights/write-official.ts';
import type { WeightVariable } from '../../../runtime/weights/official.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/weights/${name}`, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-match-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file with listed tensors; the values of each count from 0. */
function listed(tensors: Record<string, number[]>): WeightsFile {
  return {
    path: 'file.pth',
    format: 'PyTorch',
    unread: new Map(),
    tensors: new Map(Object.entries(tensors).map(([name, shape]) => [name, { shape, dtype: 'F32' }])),
    read: (name) => Float32Array.from({ length: tensors[name]!.reduce((a, b) => a * b, 1) }, (_, i) => i),
  };
}

const kernel = { shape: [2, 3, 3, 2] };
const bias = { shape: [2] };
/** Our variables for `reparametrized` in test/reference/make_pth.py. */
const reparametrized: WeightVariable[] = [
  { name: 'spectral.weight', ...kernel },
  { name: 'spectral.bias', ...bias },
  { name: 'spectral.weight.u', shape: [2] },
  { name: 'spectral.weight.v', shape: [2, 3, 3] },
  { name: 'lengths.weight', ...kernel },
  { name: 'lengths.weight.g', shape: [2] },
  { name: 'lengths.bias', ...bias },
];
const others: WeightVariable[] = [
  { name: 'spectral_up.weight', ...kernel, stored: 'IOHW' },
  { name: 'spectral_up.weight.u', shape: [2] },
  { name: 'spectral_up.weight.v', shape: [2, 3, 3] },
  { name: 'spectral_up.bias', ...bias },
  { name: 'dense.weight', shape: [3, 2] },
  { name: 'dense.weight.u', shape: [2] },
  { name: 'dense.weight.v', shape: [3] },
  { name: 'dense.bias', ...bias },
];

/** Compares our entries [row, column, input, output] of a kernel with PyTorch's order. */
function expectKernel(ours: Float32Array, stored: Float32Array, order: 'OIHW' | 'IOHW'): void {
  for (let row = 0; row < 2; row++)
    for (let column = 0; column < 3; column++)
      for (let i = 0; i < 3; i++)
        for (let o = 0; o < 2; o++) {
          const [first, second, seconds] = order === 'OIHW' ? [o, i, 3] : [i, o, 2];
          expect(ours[((row * 3 + column) * 3 + i) * 2 + o]).toBe(
            stored[((first * seconds + second) * 2 + row) * 3 + column],
          );
        }
}

describe('reparametrized weights', () => {
  it.each(['hooks.pth', 'hooks.legacy.pth'])(
    'are found by the names of hooks, in our order: %s',
    async (name) => {
      const file = await openWeights(fixture(name));
      const { values, report } = matchWeights([...reparametrized, ...others], file);
      expect(report).toMatchObject({ missing: [], otherShape: [], leftOver: [] });
      expectKernel(values.get('spectral.weight')!, file.read('spectral.weight_orig'), 'OIHW');
      expectKernel(values.get('spectral_up.weight')!, file.read('spectral_up.weight_orig'), 'IOHW');
      expectKernel(values.get('lengths.weight')!, file.read('lengths.weight_v'), 'OIHW');
      expect(values.get('lengths.weight.g')).toEqual(file.read('lengths.weight_g'));
      expect(values.get('spectral.weight.u')).toEqual(file.read('spectral.weight_u'));
      // PyTorch's v is ordered by inputs, rows, columns; ours by rows, columns, inputs.
      const [v, stored] = [values.get('spectral_up.weight.v')!, file.read('spectral_up.weight_v')];
      for (let pixel = 0; pixel < 6; pixel++)
        for (let i = 0; i < 3; i++) expect(v[pixel * 3 + i]).toBe(stored[i * 6 + pixel]);
      const [matrix, dense] = [values.get('dense.weight')!, file.read('dense.weight_orig')];
      for (let i = 0; i < 3; i++)
        for (let o = 0; o < 2; o++) expect(matrix[i * 2 + o]).toBe(dense[o * 3 + i]);
    },
  );

  it('are found by the newer names, too', async () => {
    const file = await openWeights(fixture('parametrizations.pth'));
    const { values, report } = matchWeights(reparametrized, file);
    expect(fits(report)).toBe(true);
    expectKernel(
      values.get('lengths.weight')!,
      file.read('lengths.parametrizations.weight.original1'),
      'OIHW',
    );
  });

  it('may come with the weight that early versions stored beside them', () => {
    const variables = reparametrized.filter(({ name }) => name.startsWith('spectral.'));
    const { report } = matchWeights(
      variables,
      listed({
        'spectral.weight': [2, 3, 2, 3],
        'spectral.weight_orig': [2, 3, 2, 3],
        'spectral.weight_u': [2],
        'spectral.weight_v': [18],
        'spectral.bias': [2],
      }),
    );
    expect(report).toMatchObject({ ignored: ['spectral.weight'], leftOver: [] });
    expect(fits(report)).toBe(true);
  });
});

describe('a part of a file', () => {
  const layer: WeightVariable[] = [
    { name: 'weight', shape: [2, 1] },
    { name: 'bias', shape: [1] },
  ];

  it('is found by the names in it', async () => {
    const { report } = matchWeights(layer, await openWeights(fixture('nested.pth')));
    expect(report).toMatchObject({ inside: 'state_dict.', missing: [], leftOver: [], elsewhere: 8 });
    expect(renderReport(report)[1]).toBe("  read under 'state_dict'; 8 tensors lie elsewhere in the file");
  });

  it('is the one that is named', () => {
    const file = listed({ 'G.weight': [1, 2], 'G.bias': [1], 'average.weight': [1, 2], 'average.bias': [1] });
    expect(matchWeights(layer, file).report.inside).toBe('G.');
    expect(matchWeights(layer, file, undefined, 'average').report.inside).toBe('average.');
    expect(() => matchWeights(layer, file, undefined, 'D')).toThrow(
      "'file.pth' has nothing under 'D'\nhint: the names of this network lie under --inside G, --inside average",
    );
  });

  it('is not taken for a network because few names are the same', () => {
    const { report } = matchWeights(
      [...layer, ...Array.from({ length: 4 }, (_, i) => ({ name: `conv_${i}.weight`, shape: [1] }))],
      listed({ 'fc.weight': [1, 2], 'fc.bias': [1] }),
    );
    expect(report).toMatchObject({ inside: '', matched: [] });
  });
});

describe('what does not fit', () => {
  it('is listed with shapes and the likely reason: other classes', () => {
    const { report, values } = matchWeights(
      [
        { name: 'fc.weight', shape: [3, 3, 36, 8] },
        { name: 'fc.bias', shape: [8] },
        { name: 'conv.bias', shape: [3] },
      ],
      listed({
        'fc.weight': [8, 184, 3, 3],
        'fc.bias': [8],
        'other.bias': [3],
        'bn.num_batches_tracked': [],
      }),
    );
    expect([...values.keys()]).toEqual(['fc.bias']);
    expect(renderReport(report).join('\n'))
      .toBe(`file.pth (PyTorch, mapping none): 1 matched, 1 of another shape, 1 missing, 1 left over, 1 ignored
Of another shape:
  in the file  file       network   ours
  fc.weight    8x184x3x3  8x36x3x3  fc.weight
  hint: the file's fc.weight takes 184 channels, this network 36: set the classes (and instances, which add a channel) that it was trained with
Missing in the file:
  expected name  network  ours
  conv.bias      3        conv.bias
Left over in the file:
  in the file  file
  other.bias   3`);
  });

  it('is counted where there is much of it, and told to be another width', () => {
    const names = Array.from({ length: 9 }, (_, i) => `conv_${i}.bias`);
    const { report } = matchWeights(
      names.map((name) => ({ name, shape: [4] })),
      listed(Object.fromEntries(names.map((name) => [name, [8]]))),
    );
    const lines = renderReport(report);
    expect(lines).toContain('  ... and 3 more');
    expect(lines).toContain("  hint: the file's network is 2 times as wide: set its width");
    expect(fits(report)).toBe(false);
  });

  /** Renders the result of matching variables with a file, and gives the hints. */
  const hints = (variables: WeightVariable[], tensors: Record<string, number[]>): string[] =>
    renderReport(matchWeights(variables, listed(tensors)).report)
      .filter((line) => line.startsWith('  hint: '))
      .map((line) => line.slice('  hint: '.length));

  it('is not taken for other classes where the width differs', () => {
    const variables = [
      { name: 'a.weight', shape: [3, 3, 5, 4] },
      { name: 'b.weight', shape: [3, 3, 4, 3] },
      { name: 'a.bias', shape: [4] },
    ];
    const tensors = { 'a.weight': [8, 5, 3, 3], 'b.weight': [3, 8, 3, 3], 'a.bias': [8] };
    expect(hints(variables, tensors)).toEqual(["the file's network is 2 times as wide: set its width"]);
  });

  it('is told to start from a vector, or from a map', () => {
    const [kernels, matrix] = [
      [3, 3, 5, 4],
      [6, 64],
    ];
    expect(hints([{ name: 'fc.weight', shape: kernels }], { 'fc.weight': [64, 6] })).toEqual([
      'fc.weight takes a vector of 6 numbers in the file, and a map here: bind it, such as z: noise(6) or z: encoded(E)',
    ]);
    expect(hints([{ name: 'fc.weight', shape: matrix }], { 'fc.weight': [4, 5, 3, 3] })).toEqual([
      'fc.weight takes a map in the file, and a vector here: leave out noise(...) and encoded(...)',
    ]);
  });

  it('is told to have been made with other norms or weights', () => {
    const same = { name: 'c.bias', ...bias };
    const sameThere = { 'c.bias': [2] };
    const plain = { name: 'c.weight', ...kernel };
    const state = { name: 'n.running_mean', ...bias };
    const u = { name: 'c.weight.u', ...bias };
    const v = { name: 'c.weight.v', shape: [2, 3, 3] };
    const spectral = { 'c.weight_orig': [2, 2, 3, 3], 'c.weight_u': [2], 'c.weight_v': [18] };
    const norms = 'norms that keep running statistics (batch norm does, instance norm does not)';
    expect(hints([same, plain], { ...sameThere, 'c.weight': [2, 2, 3, 3], 'n.running_mean': [2] })).toEqual([
      `the file has n.running_mean, this network has none: it was trained with ${norms}`,
    ]);
    expect(hints([same, plain, state], { ...sameThere, 'c.weight': [2, 2, 3, 3] })).toEqual([
      `this network has n.running_mean, the file has none: it was trained without ${norms}`,
    ]);
    expect(hints([same, plain], { ...sameThere, ...spectral })).toEqual([
      'the file has c.weight_u, this network has none: it was trained with spectral norm (weight: spectral)',
    ]);
    expect(hints([same, plain, u, v], { ...sameThere, 'c.weight': [2, 2, 3, 3] })).toEqual([
      'this network has c.weight_u, the file has none: it was trained without spectral norm (weight: spectral)',
    ]);
    expect(hints([plain], { 'n.running_mean': [2] })).toEqual([]); // another network
  });

  it('may be a tensor that the mapping knows to be of no use', () => {
    const file = listed({
      'features.0.weight': [4, 3, 3, 3],
      'features.0.bias': [4],
      'features.2.bias': [4],
      'classifier.0.weight': [4, 4],
    });
    const variables = [
      { name: 'conv1_1.weight', shape: [3, 3, 3, 4] },
      { name: 'conv1_1.bias', shape: [4] },
    ];
    const { report } = matchWeights(variables, file, loadMapping('torchvision-vgg19'));
    expect(report.ignored).toEqual(['features.2.bias', 'classifier.0.weight']);
    expect(fits(report)).toBe(true);
  });
});

describe('writing', () => {
  it('gives files that are read back to the same bits, whatever the names', async () => {
    const variables = [...reparametrized, ...others, { name: 'table', shape: [4, 3], stored: 'IO' as const }];
    const values = new Map(
      variables.map(({ name, shape }, seed) => [
        name,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i)),
      ]),
    );
    for (const mapping of [undefined, loadMapping('spade'), loadMapping('spadework')]) {
      const path = join(folder, 'written.safetensors');
      await writeOfficial(variables, values, mapping, path);
      const match = matchWeights(variables, await openWeights(path), mapping);
      expect(fits(match.report)).toBe(true);
      expect(match.values).toEqual(values);
    }
  });
});
