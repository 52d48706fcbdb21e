/**
 * Tests parity of the library's networks with the code that they follow, on the fixtures of `test/fixtures/systems`:
 * forward in both modes, backward, and the state after a training pass.
 */
import { describe, expect, it } from 'vitest';
import {
  openText,
  splitSemantics,
  type InputDeclaration,
  type NameRule,
  type OfficialOptions,
  type Tensors,
} from '../../runtime/index.ts';
import { findFixture } from '../support/fixtures.ts';
import { readSystem, type SystemFixture } from '../support/systems.ts';

export type EngineKind = 'native' | 'portable';

/** All shapes here are in PyTorch's order. */
const layout = 'NCHW' as const;

interface Case {
  readonly fixture: string;
  /** Imports and a network L; the tested part is labelled `layer` in it. */
  readonly source: string;
  /** Inputs of L that are tensors, by the fixture's names. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Values of named noise inside of L, by the fixture's names. */
  readonly noise?: Readonly<Record<string, string>>;
  /** The label map `seg` of L, if it has one: its name in the fixture, and whether its last channel is edges. */
  readonly map?: { readonly name: string; readonly edges: boolean };
  /** The fixture's name of its instances, if `seg` has only these. */
  readonly instances?: string;
  /** The fixture's names of the outputs; default: `y`. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** The part in the names of the fixture's results; default: `train` for outputs, nothing for gradients. */
  readonly variant?: 'paper' | 'eval';
  readonly mapping?: string | readonly NameRule[];
  /**
   * Whether activations within rounding of zero change gradients by more than the tolerance; then gradients are not
   * compared.
   */
  readonly kinks?: true;
}

/** A network L of `seg` that is an instance of another one. */
const wrapped = (call: string, imports: string, type: 'LabelMap' | 'Image'): string =>
  `${imports}\nnetwork L(seg: ${type}) { let layer = ${call}\n return layer(seg) }`;

const pix2pixhd = 'use pix2pixhd { GlobalGenerator, LocalEnhancer, FeatureEncoder, Pix2PixHDPlusPlus }\n';
const norms = 'use norms { spade, batch, instance, clade, conditional_batch }\n';

const semantics = { name: 'input.semantics', edges: true };

const globals = (['instance', 'batch'] as const).map((norm): Case => {
  const call = `GlobalGenerator(width: 4, reductions: 3, blocks: 2, norm: ${norm === 'batch' ? 'batch(affine: true)' : norm})`;
  return {
    fixture: `pix2pixhd_global_${norm}`,
    source: wrapped(call, pix2pixhd + norms, 'Image'),
    inputs: { seg: 'input.x' },
    mapping: 'pix2pixhd',
  };
});

const locals = [1, 2].map((enhancers): Case => ({
  fixture: `pix2pixhd_local_${enhancers}`,
  source: wrapped(
    `LocalEnhancer(width: 2, reductions: 2, blocks: 2, enhancers: ${enhancers}, local_blocks: 2)`,
    pix2pixhd,
    'Image',
  ),
  inputs: { seg: 'input.x' },
  mapping: 'pix2pixhd',
}));

const baselines = (['instance', 'batch'] as const).map((norm): Case => {
  const call = `Pix2PixHDPlusPlus(width: 4, reductions: 3, blocks: 2, norm: ${norm === 'batch' ? 'batch(affine: true)' : norm})`;
  return {
    fixture: `spade_concat_baseline_spectral${norm}`,
    source: wrapped(call, pix2pixhd + norms, 'LabelMap'),
    inputs: {},
    map: semantics,
    mapping: 'spade',
  };
});

const generators = Object.entries({
  spade_wide: 'width: 2',
  spade_more: 'width: 2, upsampling: 6',
  spade_most: 'width: 2, upsampling: 7',
  spade_instance_3x3: 'width: 1, norm: spade(base: instance)',
  spade_batch_1x1_plain: 'width: 3, norm: spade(kernel: 1), weight: plain',
  spade_syncbatch_5x5_plain: 'width: 2, norm: spade(kernel: 5), weight: plain',
}).map(([fixture, options]): Case => ({
  fixture,
  source: wrapped(`SpadeGenerator(${options})`, `use generators { SpadeGenerator }\n${norms}`, 'LabelMap'),
  inputs: {},
  map: semantics,
  mapping: 'spade',
}));

const clades: Case[] = [
  {
    fixture: 'clade_generator',
    source: wrapped(
      'SpadeGenerator(width: 2, norm: clade)',
      `use generators { SpadeGenerator }\n${norms}`,
      'LabelMap',
    ),
    inputs: {},
    map: { name: 'input.segmap', edges: false },
    mapping: 'clade',
  },
  {
    fixture: 'clade_generator_edges_dist',
    source: `use generators { SpadeGenerator }\n${norms}network L(seg: LabelMap, dist: Image) {
      let layer = SpadeGenerator(width: 2, norm: clade(positions: dist))
      return layer(seg)
    }`,
    inputs: { dist: 'input.dist' },
    map: { name: 'input.segmap', edges: true },
    mapping: 'clade',
  },
  {
    fixture: 'clade_layer_batch',
    source: `${norms}network L(x: Image, seg: LabelMap) { return x |> clade(seg) as layer }`,
    inputs: { x: 'input.x' },
    map: { name: 'input.segmap', edges: false },
  },
  {
    fixture: 'clade_layer_syncbatch_dist',
    source: `${norms}network L(x: Image, seg: LabelMap, dist: Image) { return x |> clade(seg, positions: dist) as layer }`,
    inputs: { x: 'input.x', dist: 'input.dist' },
    map: { name: 'input.segmap', edges: false },
  },
  {
    fixture: 'clade_layer_instance_edges_dist',
    source: `${norms}network L(x: Image, seg: LabelMap, dist: Image) {
      return x |> clade(seg, base: instance, positions: dist) as layer
    }`,
    inputs: { x: 'input.x', dist: 'input.dist' },
    map: { name: 'input.segmap', edges: true },
  },
];

const others: Case[] = [
  {
    fixture: 'spade_z_start',
    source: `use generators { SpadeGenerator }
      network L(seg: LabelMap, z: Latent) { let layer = SpadeGenerator(width: 2, z: z)\n return layer(seg) }`,
    inputs: { z: 'input.z' },
    map: semantics,
    mapping: 'spade',
  },
  {
    fixture: 'oasis_generator',
    source: `use generators { OasisGenerator }
      network L(seg: LabelMap, z: Latent) { let layer = OasisGenerator(width: 1, z: z)\n return layer(seg) }`,
    inputs: { z: 'input.z' },
    map: { name: 'input.semantics', edges: false },
    mapping: 'oasis',
  },
  {
    fixture: 'unet',
    source: wrapped('UNet(widths: [4, 8, 16, 16])', 'use generators { UNet }', 'Image'),
    inputs: { seg: 'input.x' },
    mapping: [{ ours: '{path}.affine.{p}', official: '{path}.{p}' }],
  },
  {
    fixture: 'unet_dropout',
    source: wrapped(
      'UNet(widths: [4, 4, 8, 8, 8, 8, 8], dropout_rate: 0.5)',
      'use generators { UNet }',
      'Image',
    ),
    inputs: { seg: 'input.x' },
    noise: {
      'L.layer.up_dropout_4.kept': 'input.noise_4',
      'L.layer.up_dropout_5.kept': 'input.noise_5',
    },
    mapping: [{ ours: '{path}.affine.{p}', official: '{path}.{p}' }],
  },
  {
    fixture: 'cascaded_refinement',
    source: wrapped(
      'CascadedRefinement(widths: [8, 8, 6, 4])',
      'use generators { CascadedRefinement }',
      'Image',
    ),
    inputs: { seg: 'input.x' },
    mapping: [
      { ours: '{path}.affine.{p}', official: '{path}.{p}' },
      { ours: 'module_{i}.conv_{j}.{p}', official: 'module_{i}_conv_{j}.{p}' },
      { ours: 'module_{i}.norm_{j}.{p}', official: 'module_{i}_norm_{j}.{p}' },
    ],
  },
  {
    fixture: 'conditional_batch_norm',
    source: `${norms}network L(x: Image, style: Latent) { return x |> conditional_batch(style: style) as layer }`,
    inputs: { x: 'input.x', style: 'input.style' },
    mapping: [
      { ours: 'param_free_norm.{p}', official: 'norm.{p}' },
      { ours: 'modulation.{path}', official: '{path}' },
    ],
  },
];

const encoders = [1, 2].map((batch): Case => ({
  fixture: `pix2pixhd_encoder_batch${batch}`,
  source: `${pix2pixhd}network L(image: Image, seg: LabelMap) {
    let layer = FeatureEncoder(width: 4, reductions: 2)
    return layer(image, seg)
  }`,
  inputs: { image: 'input.x' },
  instances: 'input.instance',
  mapping: 'pix2pixhd',
}));

const layers: Case[] = [
  {
    fixture: 'group_norm_convolution',
    source: `use norms { group }
      block Both(x) {
        return x |> conv(6, stride: 2) as first |> group(groups: 3, affine: true) as second |> leaky_relu(0.2)
      }
      network L(x: Image) { return x |> Both as layer }`,
    inputs: { x: 'input.x' },
    mapping: [
      { ours: 'first.{p}', official: '0.{p}' },
      { ours: 'second.affine.{p}', official: '1.{p}' },
    ],
  },
  {
    fixture: 'weight_standardized_convolution',
    source: `use norms { standardized }
      network L(x: Image) { return x |> conv(6, weight: standardized) as layer }`,
    inputs: { x: 'input.x' },
    variant: 'paper',
  },
  {
    fixture: 'inception_v3',
    source: `use features { InceptionV3 }
      network L(image: Image) {
        let layer = InceptionV3(size: none, aux: false)
        return layer(image)[1]
      }`,
    inputs: { image: 'input.x' },
    outputs: { output: 'logits' },
    variant: 'eval',
    kinks: true,
    mapping: [{ ours: '{path}.affine.{p}', official: '{path}.{p}' }],
  },
];

const cases = [
  ...encoders,
  ...layers,
  ...globals,
  ...locals,
  ...baselines,
  ...generators,
  ...clades,
  ...others,
];

/** The feeds and the declaration of a label map given as channels. */
function mapOf(fixture: SystemFixture, { name, edges: hasEdges }: NonNullable<Case['map']>) {
  const channels = fixture.given(name);
  const [, count = 1, height = 1, width = 1] = channels.shape;
  const { labels, edges } = splitSemantics(channels, { layout, edges: hasEdges });
  const classes = hasEdges ? count - 1 : count;
  const declaration: InputDeclaration = { kind: 'labels', width, height, classes, edges: hasEdges };
  return { declaration, feeds: { seg: labels, ...(edges && { 'seg.edges': edges }) } };
}

/** The feeds and the declaration of a label map of one class, given by its instances. */
function instancesOf(fixture: SystemFixture, name: string) {
  const { shape, values } = fixture.given(name);
  const [n = 1, , height = 1, width = 1] = shape;
  const declaration: InputDeclaration = { kind: 'labels', width, height, classes: 1, edges: true };
  return { declaration, feeds: { 'seg.instances': { shape: [n, height, width], values } } };
}

async function checkNetwork(fixture: SystemFixture, engine: EngineKind, each: Case): Promise<void> {
  const givenAs = (names: Readonly<Record<string, string>> = {}): Tensors =>
    Object.fromEntries(Object.entries(names).map(([ours, name]) => [ours, fixture.given(name)]));
  const tensors = givenAs(each.inputs);
  const map = each.map
    ? mapOf(fixture, each.map)
    : each.instances === undefined
      ? undefined
      : instancesOf(fixture, each.instances);
  const declared = Object.entries(tensors).map(([name, { shape }]): [string, InputDeclaration] => {
    const [, channels = 1, ...pixels] = shape;
    return [name, { kind: 'tensor', shape: [...pixels, channels] }];
  });
  const inputs = { ...Object.fromEntries(declared), ...(map && { seg: map.declaration }) };
  const model = await openText(each.source, { name: `${fixture.name}.spade`, engine, network: 'L', inputs });
  try {
    const official: OfficialOptions = {
      network: 'L',
      within: 'layer',
      ...(each.mapping && { mapping: each.mapping }),
    };
    const report = await model.writeOfficial(fixture.givenUnder('param.'), official);
    expect(report).toMatchObject({ missing: [], unused: [] });
    const feeds = { ...tensors, ...givenAs(each.noise), ...map?.feeds };
    const outputs = Object.entries(each.outputs ?? { output: 'y' });
    const expectOutputs = (mode: string, found: Tensors): void => {
      for (const [output, name] of outputs) {
        const key = `output.${mode}.${name}`;
        if (fixture.results.includes(key)) fixture.expectResult(key, found[output]);
      }
    };
    const cotangents = Object.fromEntries(
      outputs.map(([output, name]) => [output, fixture.given(`cotangent.${name}`)]),
    );
    const training = each.variant !== 'eval';
    const result = await model.gradients('L', feeds, cotangents, { layout, training });
    expectOutputs(each.variant ?? 'train', result.outputs);
    expectOutputs('eval_after', (await model.forward('L', feeds, { layout })).outputs);
    const ofVariables = model.toOfficial(result.gradients, official);
    const prefix = each.variant === 'paper' ? 'grad.paper.' : 'grad.';
    const gradients = each.kinks ? [] : fixture.results.filter((key) => key.startsWith(prefix));
    expect(gradients.length > 0).toBe(each.kinks === undefined);
    for (const key of gradients) {
      const name = key.slice(prefix.length);
      const ours = Object.keys(each.inputs).find((one) => each.inputs[one] === name);
      fixture.expectResult(key, ours === undefined ? ofVariables[name] : result.gradients[ours]);
    }
    const state = await model.readOfficial(official);
    for (const key of fixture.results.filter((one) => one.startsWith('param_after.')))
      fixture.expectResult(key, state[key.slice('param_after.'.length)]);
  } finally {
    await model.dispose();
  }
}

/** Defines a test, skipped with a reason if the fixture is missing. */
function itWith(name: string, what: string, test: (fixture: SystemFixture) => Promise<void>): void {
  if (findFixture(`systems/${name}`)) it(what, () => test(readSystem(name)));
  else it.skip(`${what}: ${name}`, { tags: 'needs-fixtures' }, () => undefined);
}

/**
 * Compares pix2pixHD's discriminator in the passes of an iteration: on the fake, on the photograph, on the fake again.
 */
async function checkPasses(fixture: SystemFixture, engine: EngineKind, norm: string): Promise<void> {
  const text = `use pix2pixhd { Pix2PixHDDiscriminator }
    ${norms}network L(seg: Image, image: Image) {
      let layer = Pix2PixHDDiscriminator(scales: 2, layers: 3, width: 4, norm: ${norm})
      return layer(seg, image)
    }`;
  const [seg, fake, real] = ['semantics', 'fake_image', 'real_image'].map((name) =>
    fixture.given(`input.${name}`),
  );
  const declared = (channels: number): InputDeclaration => ({ kind: 'tensor', shape: [64, 64, channels] });
  const inputs = { seg: declared(5), image: declared(3) };
  const model = await openText(text, { name: `${fixture.name}.spade`, engine, network: 'L', inputs });
  try {
    const official: OfficialOptions = { network: 'L', within: 'layer', mapping: 'pix2pixhd' };
    const report = await model.writeOfficial(fixture.givenUnder('param.'), official);
    expect(report).toMatchObject({ missing: [], unused: [] });
    const pass = async (image: typeof fake): Promise<Tensors> =>
      (await model.forward('L', { seg: seg!, image: image! }, { layout, training: true })).outputs;
    const said = { fake: await pass(fake), real: await pass(real) };
    await pass(fake);
    const keys = fixture.results.filter((key) => /^output\.train\.(fake|real)\./.test(key));
    expect(keys.length).toBe(20);
    for (const key of keys) {
      const [, , side, scale, layer] = key.split('.') as [string, string, 'fake' | 'real', string, string];
      fixture.expectResult(key, said[side][`output/${scale.slice(1)}/${layer.slice(1)}`]);
    }
    const state = await model.readOfficial(official);
    for (const key of fixture.results.filter((one) => one.startsWith('param_after.')))
      fixture.expectResult(key, state[key.slice('param_after.'.length)]);
  } finally {
    await model.dispose();
  }
}

/** Tests networks against their fixtures. */
export function testNetworksOn(engine: EngineKind): void {
  describe.each(cases)('$fixture', (each) => {
    itWith(each.fixture, 'equals its fixture: forward in both modes, gradients, state', (fixture) =>
      checkNetwork(fixture, engine, each),
    );
  });
  for (const [name, norm] of [
    ['instance', 'instance'],
    ['batch', 'batch(affine: true)'],
  ] as const)
    itWith(`pix2pixhd_discriminator_${name}`, 'gives the features of its fixture, and its state', (fixture) =>
      checkPasses(fixture, engine, norm),
    );
}
