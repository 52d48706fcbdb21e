/** Tests parity with the official code: runs the fixtures on an engine through the library. */
import { describe, expect, it } from 'vitest';
import {
  openText,
  splitSemantics,
  type Feeds,
  type InputDeclaration,
  type Model,
  type NameRule,
  type OfficialOptions,
  type Tensor,
  type Tensors,
} from '../../runtime/index.ts';
import { expectClose, findFixture, readFixture, type Fixture } from '../support/fixtures.ts';

export type EngineKind = 'native' | 'portable';

/** All shapes here are in PyTorch's order. */
const layout = 'NCHW' as const;

/** Opens a model for a test and disposes of it afterwards. */
async function withModel(
  text: string,
  options: { readonly engine: EngineKind; readonly inputs?: Readonly<Record<string, InputDeclaration>> },
  work: (model: Model) => Promise<void>,
): Promise<void> {
  const model = await openText(text, { name: 'parity.spade', ...options });
  try {
    await work(model);
  } finally {
    await model.dispose();
  }
}

/** Defines a test, skipped with a reason if the fixture is missing. */
function itWith(name: string, what: string, test: (fixture: Fixture) => Promise<void>): void {
  if (findFixture(name)) it(what, () => test(readFixture(name)));
  else it.skip(`${what}: ${name}`, { tags: 'needs-fixtures' }, () => undefined);
}

interface LayerCase {
  readonly fixture: string;
  /** A network L with the inputs named in `inputs`; its tested layer is labelled `layer`. */
  readonly source: string;
  /** Inputs of L, by the fixture's names. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The fixture's names of the outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly mapping?: string | readonly NameRule[];
}

const one = { output: 'y' };
const ofImage = { x: 'input.x' };
const withMap = { x: 'input.x', seg: 'input.segmap' };
const withSeg = { x: 'input.x', seg: 'input.seg' };
/** PyTorch's norms contain their scale and shift. */
const plainAffine = [{ ours: 'affine.{p}', official: '{p}' }];

const layerCases: readonly LayerCase[] = [
  ...(['batch', 'sync_batch', 'instance'] as const).map((base) => ({
    fixture: base === 'instance' ? 'spade_layer_instance' : 'spade_layer_syncbatch',
    source: `use norms { spade, ${base} }
      network L(x: Image, seg: LabelMap) { return x |> spade(seg, base: ${base}) as layer }`,
    inputs: withMap,
    outputs: one,
    mapping: 'spade',
  })),
  ...(['learned', 'identity'] as const).map((shortcut) => ({
    fixture: `spade_resblock_${shortcut}_shortcut`,
    source: `use generators { SpadeResBlock }
      network L(x: Image, seg: LabelMap) {
        return x |> SpadeResBlock(seg, out: ${shortcut === 'learned' ? 8 : 'x.channels'}) as layer
      }`,
    inputs: withSeg,
    outputs: one,
    mapping: 'spade',
  })),
  {
    fixture: 'spade_generator_small',
    source: `use generators { SpadeGenerator }
      network L(seg: LabelMap) {
        let layer = SpadeGenerator(width: 3)
        return layer(seg)
      }`,
    inputs: { seg: 'input.semantics' },
    outputs: { output: 'image' },
    mapping: 'spade',
  },
  {
    fixture: 'encoder_small',
    source: `use encoders { StyleEncoder }
      network L(image: Image) {
        let layer = StyleEncoder(width: 4)
        return layer(image)
      }`,
    inputs: { image: 'input.image' },
    outputs: { 'output/0': 'mu', 'output/1': 'logvar' },
    mapping: 'spade',
  },
  ...[
    ['batch', 'batch(affine: true)'],
    ['instance', 'instance'],
    ['instance_affine', 'instance(affine: true)'],
    ['group', 'group(groups: 4, affine: true)'],
    ['layer_channel_affine', 'layer(affine: true)'],
    ['layer_chw', 'layer(elementwise: true)'],
    ['local_response', 'local_response(alpha: 0.6, k: 1.5)'],
  ].map(([name, call]) => ({
    fixture: `norms/${name}`,
    source: `use norms { batch, instance, group, layer, local_response }
      network L(x: Image) { return x |> ${call} as layer }`,
    inputs: ofImage,
    outputs: one,
    mapping: plainAffine,
  })),
  ...[
    ['conv_spectral_norm', 'conv(7, weight: spectral)'],
    ['conv_weight_norm', 'conv(7, weight: weight_norm)'],
    ['conv_transpose_spectral_norm', 'conv_transpose(7, weight: spectral)'],
  ].map(([name, call]) => ({
    fixture: `norms/${name}`,
    source: `use norms { spectral, weight_norm }
      network L(x: Image) { return x |> ${call} as layer }`,
    inputs: ofImage,
    outputs: one,
  })),
  {
    // Both forms over the same linear layer, as in the fixture.
    fixture: 'norms/adain',
    source: `use norms { adain }
      network L(x: Image, w: Latent) {
        let layer = adain(style: w)
        return [layer(x), layer(x, residual: false)]
      }`,
    inputs: { x: 'input.x', w: 'input.w' },
    outputs: { 'output/0': 'y', 'output/1': 'y_plain' },
    mapping: [{ ours: 'modulation.{path}', official: '{path}' }],
  },
];

/** Tests layers and networks against their fixtures: forward in both modes, gradients and state. */
export function testLayersOn(engine: EngineKind): void {
  describe.each(layerCases)('$fixture', (each) => {
    itWith(each.fixture, 'equals the official code: forward in both modes, gradients, state', (fixture) => {
      const declared = Object.entries(each.inputs).map(([key, from]): [string, InputDeclaration] => {
        const [, ...shape] = fixture.get(from).shape;
        const [channels = 1, ...pixels] = shape;
        return [key, { kind: 'tensor', shape: [...pixels, channels] }];
      });
      const options = { engine, inputs: Object.fromEntries(declared) };
      return withModel(each.source, options, (model) => checkLayer(model, fixture, each));
    });
  });
}

async function checkLayer(
  model: Model,
  fixture: Fixture,
  { inputs, outputs, mapping }: LayerCase,
): Promise<void> {
  const official: OfficialOptions = {
    network: 'L',
    ...(model.variables.length > 0 && { within: 'layer' }),
    ...(mapping && { mapping }),
  };
  if (model.variables.length > 0) {
    const report = await model.writeOfficial(fixture.under('param.'), official);
    expect(report).toMatchObject({ missing: [], unused: [] });
  }
  const feeds = Object.fromEntries(Object.entries(inputs).map(([key, from]) => [key, fixture.get(from)]));
  const expectOutputs = (mode: 'eval' | 'train', found: Tensors): void => {
    for (const [output, name] of Object.entries(outputs)) {
      const stored = `output.${mode}.${name}`;
      if (fixture.tensors.has(stored)) expectClose(stored, found[output], fixture.get(stored));
    }
  };
  expectOutputs('eval', (await model.forward('L', feeds, { layout })).outputs);

  const cotangents = Object.entries(outputs).map(([output, name]) => [
    output,
    fixture.get(`cotangent.${name}`),
  ]);
  const result = await model.gradients('L', feeds, Object.fromEntries(cotangents) as Feeds, { layout });
  expectOutputs('train', result.outputs);
  const zero = new Set(fixture.meta['zero_gradient_tensors'] as string[] | undefined);
  const ofVariables = model.toOfficial(result.gradients, official);
  let compared = 0;
  for (const [key, stored] of Object.entries(fixture.under('grad.'))) {
    if (zero.has(`grad.${key}`)) continue;
    const input = Object.keys(inputs).find((name) => inputs[name] === key);
    expectClose(`grad.${key}`, input === undefined ? ofVariables[key] : result.gradients[input], stored);
    compared++;
  }
  expect(compared).toBeGreaterThan(0);
  const after = Object.entries(fixture.under('param_after.'));
  const state = after.length > 0 ? await model.readOfficial(official) : {};
  for (const [key, stored] of after) expectClose(`param_after.${key}`, state[key], stored);
}

/** Tests the encoder in training: its divergence, and the style sampled from its output. */
export function testEncodingOn(engine: EngineKind): void {
  // A generator whose picture is the style itself, each number as a square of 4x4 gray pixels.
  const text = `
    use encoders { StyleEncoder }
    use losses { kl, l1 }
    network Show(z: Latent) -> Image {
      x = z |> fold(height: 16, width: 16, channels: 1)
      return (concat(x, x, x) |> upsample |> upsample) + parameter([3], init: zeros()) as shift
    }
    experiment parity {
      data fixture { path: ".", images: "i", labels: "l", classes: 1, size: 64x64, batch: 2 }
      let E = StyleEncoder(width: 4)
      let G = Show(z: encoded(E))
      loss G, E = kl(E) + 0 * l1()
      train {
        steps: 1
        optimize G, E with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
      }
    }`;
  const official: OfficialOptions = { network: 'E', mapping: 'spade' };
  describe('encoder_small', () => {
    itWith(
      'encoder_small',
      'equals the official divergence with its gradients, and the drawn style',
      (fixture) =>
        withModel(text, { engine }, async (model) => {
          const start = fixture.under('param.');
          await model.writeOfficial(start, official);
          const feeds = { labels: new Int32Array(2 * 64 * 64), real: fixture.get('input.image') };
          const noise = { 'G/G.z': fixture.get('input.eps') };
          const { outputs, gradients } = await model.loss('G', feeds, { layout, noise, gradients: true });
          expectClose('kld', outputs['kl'], fixture.get('output.train.kld'));
          const found: Partial<Tensors> = {
            ...model.toOfficial(gradients, official),
            'input.image': gradients['real']!,
          };
          const stored = Object.entries(fixture.under('grad_kld.'));
          expect(stored.length).toBeGreaterThan(5);
          for (const [key, tensor] of stored) expectClose(`grad_kld.${key}`, found[key], tensor);

          await model.writeOfficial(start, official);
          const shown = (await model.step(feeds, { layout, noise, exposePictures: true })).outputs['G/fake']!;
          const z = fixture.get('output.train.z');
          const values = z.values.map((_, i) => {
            const [n, row, column] = [Math.floor(i / 256), Math.floor((i % 256) / 16), i % 16];
            return shown.values[(n * 3 * 64 + 4 * row) * 64 + 4 * column]!;
          });
          expectClose('z', { shape: z.shape, values }, z);
        }),
    );
  });
}

const experimentOf = (
  networks: { readonly generator: string; readonly discriminator: string; readonly imports: string },
  losses = 'loss G = gan_generator(D) + 10 * feature_matching(D)\n  loss D = gan_fake(D) + gan_real(D)',
  { g = 1e-4, d = 4e-4, beta1 = 0, beta2 = 0.9 } = {},
): string => `
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching }
${networks.imports}
experiment parity {
  data fixture {
    path: ".", images: "i", labels: "l", instances: "e", classes: 5, size: 64x64, batch: 2
  }
  let G = ${networks.generator}
  let D = ${networks.discriminator}
  ${losses}
  train {
    steps: 3
    optimize G with adam(rate: ${g}, beta1: ${beta1}, beta2: ${beta2})
    optimize D with adam(rate: ${d}, beta1: ${beta1}, beta2: ${beta2})
  }
}`;

const officialD: OfficialOptions = { network: 'D', prefix: 'netD.', mapping: 'spade' };
const officialG: OfficialOptions = { network: 'G', prefix: 'netG.', mapping: 'spade' };

/** Gives the fixture's label maps in the format of data. */
function mapsOf(fixture: Fixture): { readonly labels: Tensor<Int32Array>; readonly edges: Tensor } {
  const { labels, edges } = splitSemantics(fixture.get('input.semantics'), { layout, edges: true });
  if (!edges) throw new Error('the fixture has edges');
  return { labels, edges };
}

const join = (first: Iterable<number>, second: Iterable<number>): number[] => [...first, ...second];

/** Tests the discriminator with its losses, on given fake pictures. */
export function testDiscriminatorOn(engine: EngineKind): void {
  // A generator whose picture is its input noise, plus zero.
  const networks = {
    generator: `Given(z: noise(${64 * 64 * 3}))`,
    discriminator: 'MultiscaleDiscriminator(scales: 2, layers: 3, width: 8)',
    imports: `network Given(z: Latent) {
      return (z |> fold(height: 64, width: 64, channels: 3)) + parameter([3], init: zeros()) as shift
    }`,
  };
  const optimizeBoth = '\n  loss D = gan_fake(D) + gan_real(D)';
  describe('discriminator_small', () => {
    const test = (
      what: string,
      losses: string | undefined,
      work: (fixture: Fixture, model: Model) => Promise<void>,
    ): void =>
      itWith('discriminator_small', what, (fixture) =>
        withModel(experimentOf(networks, losses), { engine }, async (model) => {
          await model.writeOfficial(fixture.under('param.'), officialD);
          await work(fixture, model);
        }),
      );

    test('equals the official features, and the state after a pass', undefined, async (fixture, model) => {
      const { labels, edges } = mapsOf(fixture);
      const [fake, real] = [fixture.get('input.fake_image'), fixture.get('input.real_image')];
      const image = join(fake.values, real.values);
      const feeds = {
        seg: join(labels.values, labels.values),
        'seg.edges': join(edges.values, edges.values),
        image,
      };
      const batch = 2 * fake.shape[0]!;
      const { outputs } = await model.forward('D', feeds, { layout, training: true, batch });
      const features = Object.entries(fixture.under('output.feature.'));
      expect(features.length).toBe(8);
      for (const [key, stored] of features) {
        const [, scale, index] = /^d(\d)\.l(\d)$/.exec(key) ?? [];
        expectClose(key, outputs[`output/${scale}/${index}`], stored);
      }
      const state = await model.readOfficial(officialD);
      const after = Object.entries(fixture.under('param_after.'));
      expect(after.length).toBeGreaterThan(0);
      for (const [key, stored] of after) expectClose(key, state[key], stored);
    });

    const checkLoss = async (
      fixture: Fixture,
      model: Model,
      { loss, prefix, terms }: { loss: string; prefix: string; terms: Readonly<Record<string, string>> },
    ): Promise<void> => {
      const { labels, edges } = mapsOf(fixture);
      const real = fixture.get('input.real_image');
      const fake = fixture.get('input.fake_image').values; // fold reads channels, rows, columns
      const { outputs, gradients } = await model.loss(
        loss,
        { labels, 'labels.edges': edges, real },
        { layout, gradients: true, noise: { [`${loss}/G.z`]: fake } },
      );
      for (const [term, name] of Object.entries(terms))
        expectClose(name, outputs[term], fixture.get(`output.loss.${name}`));
      const ofVariables = model.toOfficial(gradients, officialD);
      const stored = Object.entries(fixture.under(prefix));
      expect(stored.length).toBeGreaterThan(0);
      for (const [key, tensor] of stored)
        expectClose(
          prefix + key,
          key === 'input.fake_image' ? gradients[`${loss}/G.z`] : ofVariables[key],
          tensor,
        );
    };

    test("equals the official generator's loss and its gradients", undefined, (fixture, model) =>
      checkLoss(fixture, model, {
        loss: 'G',
        prefix: 'grad.g_loss.',
        terms: { gan_generator: 'GAN', feature_matching: 'GAN_Feat' },
      }),
    );
    test("equals the official discriminator's loss and its gradients", undefined, (fixture, model) =>
      checkLoss(fixture, model, {
        loss: 'D',
        prefix: 'grad.d_loss.',
        terms: { gan_fake: 'D_Fake', gan_real: 'D_real' },
      }),
    );
    test(
      'equals the official gradient of the adversarial loss alone',
      `loss G = gan_generator(D)${optimizeBoth}`,
      (fixture, model) =>
        checkLoss(fixture, model, { loss: 'G', prefix: 'grad.gan.', terms: { gan_generator: 'GAN' } }),
    );
    test(
      'equals the official gradient of feature matching alone',
      `loss G = 10 * feature_matching(D)${optimizeBoth}`,
      (fixture, model) =>
        checkLoss(fixture, model, {
          loss: 'G',
          prefix: 'grad.gan_feat.',
          terms: { feature_matching: 'GAN_Feat' },
        }),
    );
  });
}

/** Our names of the trainer's losses. */
const lossNames: Readonly<Record<string, string>> = {
  GAN: 'G/gan_generator',
  GAN_Feat: 'G/feature_matching',
  D_Fake: 'D/gan_fake',
  D_real: 'D/gan_real',
  G_total: 'G/total',
  D_total: 'D/total',
};

interface TrainingRun {
  readonly losses: readonly Readonly<Record<string, number>>[];
  readonly loss_atol: readonly Readonly<Record<string, number>>[];
}

/** Tests three iterations of the official trainer: every loss, gradient, parameter and statistic. */
export function testTrainingOn(engine: EngineKind): void {
  const networks = {
    generator: 'SpadeGenerator(width: 2)',
    discriminator: 'MultiscaleDiscriminator(scales: 2, layers: 4, width: 8)',
    imports: 'use generators { SpadeGenerator }',
  };
  const runs = [
    { what: 'the default flags', rates: {}, runOf: (meta: Fixture['meta']) => meta },
    { what: '--beta2 0.999', rates: { beta2: 0.999 }, runOf: variantOf('beta2_0999') },
    { what: '--no_TTUR', rates: { g: 2e-4, d: 2e-4, beta1: 0.5, beta2: 0.999 }, runOf: variantOf('no_ttur') },
  ];
  describe.each(runs)('train_step_small with $what', ({ rates, runOf }) => {
    const isDefault = Object.keys(rates).length === 0;
    const what = isDefault ? 'every loss, gradient, parameter and statistic' : 'every loss';
    itWith('train_step_small', `equals three iterations of the official trainer: ${what}`, (fixture) =>
      withModel(experimentOf(networks, undefined, rates), { engine }, async (model) => {
        for (const official of [officialG, officialD])
          expect(await model.writeOfficial(fixture.under('param.'), official)).toMatchObject({
            missing: [],
            unused: [],
          });
        const { labels, edges } = mapsOf(fixture);
        const feeds = { labels, 'labels.edges': edges, real: fixture.get('input.image') };
        const { losses, loss_atol: tolerances } = runOf(fixture.meta) as unknown as TrainingRun;
        for (let iteration = 0; iteration < losses.length; iteration++) {
          const { outputs, gradients } = await model.step(feeds, {
            layout,
            exposeGradients: isDefault && iteration === 0,
            exposePictures: isDefault && iteration === 0,
          });
          for (const [official, name] of Object.entries(lossNames)) {
            const [found, expected] = [outputs[name]!.values[0]!, losses[iteration]![official]!];
            const note = `iteration ${iteration + 1}: ${official} is ${found}, expected ${expected}`;
            expect(Math.abs(found - expected), note).toBeLessThanOrEqual(tolerances[iteration]![official]!);
          }
          if (!isDefault) continue;
          if (iteration === 0) {
            expectClose('picture', outputs['G/fake'], fixture.get('output.fake.iter1'));
            checkGradients(fixture, model, gradients);
          }
          if (iteration !== 1) await checkParameters(fixture, model, iteration + 1);
        }
        expect(model.steps).toBe(3);
      }),
    );
  });
}

function variantOf(name: string): (meta: Fixture['meta']) => Fixture['meta'] {
  return (meta) => (meta['variants'] as Record<string, Fixture['meta']>)[name]!;
}

const lengthOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function checkGradients(fixture: Fixture, model: Model, gradients: Tensors): void {
  const found = { ...model.toOfficial(gradients, officialG), ...model.toOfficial(gradients, officialD) };
  const zero = new Set(fixture.meta['zero_gradient_tensors'] as string[]);
  const large = fixture.meta['large_gradients'] as Record<string, { l2: number; stride: number }>;
  const expectNear = (key: string, values: Float32Array, stored: ReturnType<Fixture['get']>): void => {
    // An activation near a kink may change single entries; then the whole must still agree (fixtures' README,
    // "Kinks").
    const distance = lengthOf(values.map((value, i) => value - stored.values[i]!));
    if (distance > 1e-2 * lengthOf(stored.values))
      expectClose(`gradient of ${key}`, { shape: stored.shape, values }, stored);
  };
  const counts = { G: 0, D: 0 };
  for (const [key, stored] of Object.entries(fixture.under('grad.'))) {
    if (zero.has(`grad.${key}`) || key.startsWith('input')) continue;
    expectNear(key, found[key]!.values, stored);
    counts[key.startsWith('netG.') ? 'G' : 'D']++;
  }
  for (const [key, { l2, stride }] of Object.entries(large)) {
    const values = found[key]!.values;
    expect(Math.abs(lengthOf(values) - l2) / l2, `length of the gradient of ${key}`).toBeLessThan(1e-2);
    const sample = fixture.get(`grad_sample.${key}`);
    expectNear(
      key,
      sample.values.map((_, i) => values[i * stride]!),
      sample,
    );
    counts[key.startsWith('netG.') ? 'G' : 'D']++;
  }
  expect(counts.G).toBeGreaterThan(100);
  expect(counts.D).toBeGreaterThan(10);
}

/** Compares a state by quantiles, except biases whose gradient is noise; buffers by their tolerance. */
async function checkParameters(fixture: Fixture, model: Model, iteration: number): Promise<void> {
  const noisy = new Set(fixture.meta['parameters_with_zero_gradient_in_exact_arithmetic'] as string[]);
  const state = { ...(await model.readOfficial(officialG)), ...(await model.readOfficial(officialD)) };
  const distances: number[] = [];
  for (const [key, stored] of Object.entries(fixture.under(`param_after_${iteration}.`))) {
    const found = state[key];
    if (noisy.has(key)) continue;
    if (/running_|weight_[uv]$/.test(key)) {
      const atol = Math.max(stored.atol ?? 0, 1e-4);
      if (iteration === 1) expectClose(`after iteration 1: ${key}`, found, { ...stored, atol });
      continue;
    }
    stored.values.forEach((value, i) => distances.push(Math.abs(found!.values[i]! - value)));
  }
  distances.sort((a, b) => a - b);
  const quantile = distances[Math.floor(distances.length * 0.99)]!;
  expect(distances.length).toBeGreaterThan(100_000);
  expect(quantile, `99 % of parameters after iteration ${iteration}`).toBeLessThanOrEqual(
    iteration === 1 ? 1e-6 : 5e-5,
  );
}
