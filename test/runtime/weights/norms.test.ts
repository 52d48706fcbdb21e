/** Tests every norm of the library in a generator: its weights have official names, and survive export and import. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, type CheckResult } from '../../../compiler/index.ts';
import type { NetworkSpec } from '../../../compiler/format/types.ts';
import { fileProvider } from '../../../runtime/specs/read.ts';
import { fits, matchWeights } from '../../../runtime/weights/match.ts';
import { loadMapping } from '../../../runtime/weights/load-mapping.ts';
import { officialPlaces } from '../../../runtime/weights/official.ts';
import { openWeights } from '../../../runtime/weights/file.ts';
import type { WeightsFile } from '../../../runtime/weights/stored.ts';
import { writeOfficial } from '../../../runtime/weights/write-official.ts';
import { importsOf, normBlocks } from '../../matrix/catalog.ts';

const namesFile = fileURLToPath(new URL('../../fixtures/weights/official_names.json', import.meta.url));
/** Names and shapes of the official generator of width 2, `spectralspadesyncbatch3x3`. */
const { 'SPADE generator': official = {} } = JSON.parse(readFileSync(namesFile, 'utf8')) as Record<
  string,
  Record<string, number[]>
>;

/** Checks a network over maps of four classes with instances. */
function checkNetwork(network: 'Part' | 'SpadeGenerator', norm: string): CheckResult {
  const [size, settings] = network === 'Part' ? ['16x16', ''] : ['64x64', ', width: 2'];
  const text = `${importsOf(norm)}use generators { SpadeGenerator, SpadeResBlock }

network Part(seg: LabelMap, norm: Norm) -> Image {
  x = resize(seg, 16x16) |> conv(4) as fc
  return x |> SpadeResBlock(seg, out: 2, norm: norm) as up_0 |> conv(3) as conv_img
}

experiment names {
  data d { path: "d", images: "i", labels: "l", instances: "n", classes: 4, size: ${size}, batch: 1 }
  let G = ${network}(norm: ${norm}${settings})
}
`;
  return check({ name: 'names.spade', text }, fileProvider());
}

function networkOf(network: 'Part' | 'SpadeGenerator', norm: string): NetworkSpec {
  const { spec, diagnostics } = checkNetwork(network, norm);
  const [made] = spec?.networks ?? [];
  if (!made) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return made;
}

/** A first convolution and one residual block of a generator, which are enough for names. */
const partOf = (norm: string): NetworkSpec => networkOf('Part', norm);

/** The official names of our variables. */
function namesOf(norm: string): string[] {
  return [...officialPlaces(partOf(norm).variables, loadMapping('spade')).values()]
    .map(({ name }) => name)
    .sort();
}

const isOfBase = (name: string): boolean => name.includes('.param_free_norm.');
/** The official part's names that do not depend on the base norm. */
const ofPart = Object.keys(official).filter((name) => /^(fc|up_0|conv_img)\./.test(name) && !isOfBase(name));
/** The official names of a part whose base norms have these variables. */
const withBase = (...kept: readonly string[]): string[] => {
  const ofBase = ['0', '1', 's'].flatMap((place) =>
    kept.map((name) => `up_0.norm_${place}.param_free_norm.${name}`),
  );
  return [...ofPart, ...ofBase].sort();
};

const statistics = ['running_mean', 'running_var'];
/** The variables of PyTorch's norms that correspond to each base. */
const bases: Readonly<Record<string, readonly string[]>> = {
  identity: [],
  batch: statistics,
  'batch(affine: true)': [...statistics, 'weight', 'bias'],
  sync_batch: statistics,
  'sync_batch(affine: true, momentum: 0.01)': [...statistics, 'weight', 'bias'],
  instance: [],
  'instance(affine: true)': ['weight', 'bias'],
  layer: [],
  'layer(affine: true)': ['weight', 'bias'],
  'layer(elementwise: true)': ['weight', 'bias'],
  'group(groups: 1)': [],
  'group(groups: 1, affine: true)': ['weight', 'bias'],
  local_response: [],
  noisy: [...statistics, 'strength'],
  'noisy(base: instance(affine: true))': ['weight', 'bias', 'strength'],
};

describe('a base norm of SPADE', () => {
  it.each(Object.entries(bases))('has the official names: %s', (base, kept) => {
    expect(namesOf(`spade(base: ${base})`)).toEqual(withBase(...kept));
  });

  it('is below edge_aware_spade as below spade', () => {
    expect(namesOf('edge_aware_spade(base: sync_batch)')).toEqual(withBase(...statistics));
    expect(namesOf('edge_aware_spade(base: instance(affine: true))')).toEqual(withBase('weight', 'bias'));
  });

  it('is each of the library that looks at pixels alone; others are refused', () => {
    const tried = new Set(Object.keys(bases).map((base) => base.replace(/\(.*/, '')));
    for (const { name } of normBlocks)
      if (!tried.has(name)) {
        const { diagnostics } = checkNetwork('Part', `spade(base: ${name})`);
        const said = diagnostics.map(({ message }) => message).join();
        expect(said, name).toMatch(/looks at the label map, and is given none|needs 'seg'/);
      }
  });

  it.each(['batch', 'sync_batch', 'instance'])('takes a state_dict of the official code: %s', (base) => {
    const kept = Object.entries(official).filter(([name]) => base !== 'instance' || !isOfBase(name));
    const counters = kept.flatMap(([name]) => /(.*)\.running_mean$/.exec(name)?.[1] ?? []);
    const tensors = new Map(
      [...kept, ...counters.map((path) => [`${path}.num_batches_tracked`, []] as const)].map(
        ([name, shape]) => [`module.${name}`, { shape, dtype: 'F32' }],
      ),
    );
    const sizeOf = (name: string): number => tensors.get(name)!.shape.reduce((a, b) => a * b, 1);
    const file: WeightsFile = {
      path: 'latest_net_G.pth',
      format: 'PyTorch',
      tensors,
      unread: new Map(),
      read: (name) => new Float32Array(sizeOf(name)).fill(1),
    };
    const { variables } = networkOf('SpadeGenerator', `spade(base: ${base})`);
    const { report, values } = matchWeights(variables, file, loadMapping('spade'));
    expect(report).toMatchObject({ missing: [], otherShape: [], leftOver: [], inside: 'module.' });
    expect(values.size).toBe(variables.length);
  });
});

describe('the weights of a network', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spadework-norms-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const settings: Readonly<Record<string, string>> = { group: '(groups: 1)' };
  const alone = normBlocks.map(({ name }) => `${name}${settings[name] ?? ''}`);
  const over = Object.keys(bases).map((base) => `spade(base: ${base})`);
  const others = ['clade', 'positional_clade', 'conditional_batch'].map(
    (norm) => `${norm}(base: sync_batch)`,
  );

  it.each([...alone, ...over, ...others])(
    'come back as they went, under official names: %s',
    async (norm) => {
      const { variables } = partOf(norm);
      const mapping = loadMapping(norm.includes('clade') ? 'clade' : 'spade');
      let next = 0;
      const values = new Map(
        variables.map(({ name, shape }) => {
          const size = shape.reduce((a, b) => a * b, 1);
          return [name, Float32Array.from({ length: size }, () => next++)] as const;
        }),
      );
      const path = join(folder, 'net_G.safetensors');
      await writeOfficial(variables, values, mapping, path);
      const file = await openWeights(path);
      const levels = [...file.tensors.keys()].filter((name) =>
        /\.(sync_batch|batch|spade|clade)\./.test(name),
      );
      expect(levels).toEqual([]);
      const { report, values: read } = matchWeights(variables, file, mapping);
      expect(fits(report)).toBe(true);
      for (const [name, array] of values) expect(read.get(name), name).toEqual(array);
    },
  );
});
