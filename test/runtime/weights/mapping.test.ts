/** Tests mappings: our networks get exactly the official names and shapes, and mistakes in mappings are reported. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../compiler/index.ts';
import type { NetworkSpec } from '../../../compiler/format/types.ts';
import { fileProvider } from '../../../runtime/specs/read.ts';
import { listMappings } from '../../../runtime/weights/library.ts';
import { loadMapping } from '../../../runtime/weights/load-mapping.ts';
import { officialPlaces } from '../../../runtime/weights/official.ts';

const namesFile = fileURLToPath(new URL('../../fixtures/weights/official_names.json', import.meta.url));
const official = JSON.parse(readFileSync(namesFile, 'utf8')) as Record<string, Record<string, number[]>>;

const made = new Map<string, NetworkSpec>();

/** Makes one network from an expression, with data of four classes and instances; cached. */
function networkOf(expression: string, size: number): NetworkSpec {
  const known = made.get(expression) ?? makeNetwork(expression, size);
  made.set(expression, known);
  return known;
}

function makeNetwork(expression: string, size: number): NetworkSpec {
  const text = `use generators { SpadeGenerator }
use encoders { StyleEncoder }
use discriminators { MultiscaleDiscriminator }
use pix2pixhd {
  GlobalGenerator, LocalEnhancer, FeatureEncoder, Pix2PixHDDiscriminator, Pix2PixHDPlusPlus
}
use features { Vgg19 }
use norms { batch, identity, instance, spade, sync_batch }

experiment names {
  data made_up { path: "d", images: "i", labels: "l", instances: "n", classes: 4, size: ${size}x${size}, batch: 1 }
  let N = ${expression}
}
`;
  const { spec, diagnostics } = check({ name: 'names.spade', text }, fileProvider());
  const [network] = spec?.networks ?? [];
  if (!network) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return network;
}

const affineBatch = 'batch(affine: true)';
interface Case {
  readonly official: string;
  readonly mapping: string;
  readonly network: string;
  readonly size?: number;
}
const cases: readonly Case[] = [
  ...['spade', 'spade(base: batch)', 'spade(base: sync_batch)'].map((norm) => ({
    official: 'SPADE generator',
    mapping: 'spade',
    network: `SpadeGenerator(width: 2, norm: ${norm})`,
  })),
  {
    official: 'SPADE generator, most, z',
    mapping: 'spade',
    network: 'SpadeGenerator(width: 2, upsampling: 7, z: noise(3))',
    size: 128,
  },
  { official: 'SPADE encoder', mapping: 'spade', network: 'StyleEncoder(width: 2)', size: 256 },
  {
    official: 'SPADE encoder, batch',
    mapping: 'spade',
    network: `StyleEncoder(width: 2, norm: ${affineBatch})`,
    size: 256,
  },
  ...[
    ['instance', 'instance'],
    ['batch', affineBatch],
    ['batch', `sync_${affineBatch}`],
    ['none', 'identity'],
  ].flatMap(([kind, norm]): Case[] => [
    {
      official: `SPADE discriminator, ${kind}`,
      mapping: 'spade',
      network: `MultiscaleDiscriminator(width: 4, layers: 3, norm: ${norm})`,
    },
    {
      official: `SPADE concat baseline, ${kind}`,
      mapping: 'spade',
      network: `Pix2PixHDPlusPlus(width: 2, reductions: 1, blocks: 1, norm: ${norm})`,
    },
  ]),
  ...[
    ['instance', 'instance'],
    ['batch', affineBatch],
  ].flatMap(([kind, norm]): Case[] => {
    const discriminator = `Pix2PixHDDiscriminator(width: 4, layers: 2, norm: ${norm})`;
    return [
      {
        official: `pix2pixHD global, ${kind}`,
        mapping: 'pix2pixhd',
        network: `GlobalGenerator(width: 2, reductions: 2, blocks: 1, norm: ${norm})`,
      },
      {
        official: `pix2pixHD local, ${kind}`,
        mapping: 'pix2pixhd',
        network: `LocalEnhancer(width: 2, reductions: 1, blocks: 1, enhancers: 2, local_blocks: 1, norm: ${norm})`,
      },
      {
        official: `pix2pixHD encoder, ${kind}`,
        mapping: 'pix2pixhd',
        network: `FeatureEncoder(width: 2, reductions: 2, norm: ${norm})`,
      },
      { official: `pix2pixHD discriminator, ${kind}`, mapping: 'pix2pixhd', network: discriminator },
      {
        official: `pix2pixHD discriminator without features, ${kind}`,
        mapping: 'pix2pixhd-plain-discriminator',
        network: discriminator,
      },
    ];
  }),
];

describe('the names of', () => {
  it.each(cases.map((one) => [one.official, one.network, one] as const))(
    '%s are those of our %s, with their shapes',
    (_name, _network, { official: name, mapping, network, size = 64 }) => {
      const { variables } = networkOf(network, size);
      const places = [...officialPlaces(variables, loadMapping(mapping)).values()];
      const ours = Object.fromEntries(places.map((place) => [place.name, place.shape]));
      expect(ours).toEqual(official[name]);
      expect(places.length, 'no two variables have one name').toBe(Object.keys(ours).length);
    },
  );

  it("torchvision's VGG-19 are those of ours up to its last compared layer", () => {
    const { variables } = networkOf('Vgg19(width: 4)', 64);
    const places = [...officialPlaces(variables, loadMapping('torchvision-vgg19')).values()];
    const listed = official['VGG-19']!;
    expect(places.map(({ name }) => name)).toEqual(Object.keys(listed).slice(0, places.length));
    expect(places.map(({ shape }) => shape)).toEqual(Object.values(listed).slice(0, places.length));
    expect(places.at(-1)?.name).toBe('features.28.bias');
  });

  it('every official network are covered by a case', () => {
    const covered = new Set([...cases.map((one) => one.official), 'VGG-19']);
    expect([...covered].sort()).toEqual(Object.keys(official).sort());
  });
});

describe('orders of axes', () => {
  it('come back from the official ones as they were, for every variable of every official network', () => {
    const once = cases.filter(
      (one, at) => cases.findIndex(({ official: name }) => name === one.official) === at,
    );
    for (const { mapping, network, size = 64 } of once)
      for (const [name, place] of officialPlaces(networkOf(network, size).variables, loadMapping(mapping))) {
        const count = place.shape.reduce((product, length) => product * length, 1);
        const numbers = Float32Array.from({ length: count }, (_, i) => i);
        const back = Buffer.from(place.toOurs(place.toOfficial(numbers)).buffer);
        expect(back.equals(Buffer.from(numbers.buffer)), `${network} ${name}`).toBe(true);
      }
  });

  it('are left alone by mappings of files that lie as ours do', () => {
    const kernel = { name: 'conv1.weight', shape: [3, 3, 4, 8] };
    const [place] = [...officialPlaces([kernel], loadMapping('layer-kernel')).values()];
    expect(place).toMatchObject({ name: 'conv1.kernel', shape: [3, 3, 4, 8] });
    const states = ['w', 'w.u', 'w.v'].map((name) => ({ name, shape: [2] }));
    expect([...officialPlaces(states, loadMapping('spadework')).values()].map(({ name }) => name)).toEqual([
      'w',
      'w.u',
      'w.v',
    ]);
  });
});

describe('a mapping file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spadework-mapping-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const load = (content: unknown) => {
    const path = join(folder, 'mine.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return loadMapping(path);
  };

  it('is one of the package or one of the user', () => {
    for (const name of listMappings()) expect(loadMapping(name)).toMatchObject({ name });
    const mine = load({ doc: 'Mine.', rules: [{ ours: '{path}.{p}', official: '{path}/{p}' }] });
    expect([...officialPlaces([{ name: 'a.b.c', shape: [1] }], mine).values()][0]?.name).toBe('a.b/c');
  });

  it.each([
    ['is no JSON', '{', 'it is not JSON'],
    ['lacks its doc', {}, "it must have required property 'doc'"],
    [
      'has an unknown setting',
      { doc: '', layouts: 'HWIO' },
      "it must NOT have additional properties ('layouts')",
    ],
    ['has another layout', { doc: '', layout: 'NHWC' }, '/layout must be equal to one of the allowed values'],
    ['has a broken placeholder', { doc: '', ignore: ['a.{b'] }, '/ignore/0 must match pattern'],
    [
      'uses what is not there',
      { doc: '', rules: [{ ours: 'a.{n}', official: 'b.{m}' }] },
      "'official' has {m}, which 'a.{n}' has not",
    ],
  ])('that %s is refused', (_what, content, message) => {
    expect(() => load(content)).toThrow(`mine.json' cannot be used: ${message}`);
  });

  it('is not found by another name; the nearest is told', () => {
    expect(() => loadMapping('spad')).toThrow("there is no mapping 'spad'\nhint: did you mean 'spade'?");
    expect(() => loadMapping('absent.json')).toThrow("'absent.json' cannot be used: there is no such file");
  });

  it('may not give two variables one name', () => {
    const mapping = load({ doc: '', rules: [{ ours: '{p}_{n}.weight', official: '{p}.weight' }] });
    const variables = ['conv_0.weight', 'conv_1.weight'].map((name) => ({ name, shape: [1] }));
    expect(() => officialPlaces(variables, mapping)).toThrow(
      "names both 'conv_0.weight' and 'conv_1.weight' 'conv.weight'",
    );
  });
});
