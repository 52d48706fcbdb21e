/**
 * Tests parity of whole training iterations with the official code: pix2pixHD, and SPADE with its style encoder, on
 * the fixtures of `test/fixtures/systems`.
 */
import { expect, it } from 'vitest';
import {
  openText,
  splitSemantics,
  type Feed,
  type Feeds,
  type Model,
  type OfficialOptions,
  type Tensor,
  type Tensors,
} from '../../runtime/index.ts';
import { findFixture } from '../support/fixtures.ts';
import { readSystem, type SystemFixture } from '../support/systems.ts';
import type { EngineKind } from './systems-tests.ts';

/** All shapes here are in PyTorch's order. */
const layout = 'NCHW' as const;

interface Experiment {
  readonly fixture: string;
  readonly classes: number;
  readonly batch: number;
  readonly imports: string;
  readonly networks: readonly ('E' | 'G' | 'D')[];
  readonly body: string;
  readonly mapping: string;
}

/**
 * Opens an experiment over 64x64 pixels with instances, sets the fixture's parameters, and disposes of it afterwards.
 */
async function withExperiment(
  engine: EngineKind,
  { fixture: name, classes, batch, imports, networks, body, mapping }: Experiment,
  work: (model: Model, fixture: SystemFixture, officials: readonly OfficialOptions[]) => Promise<void>,
): Promise<void> {
  const fixture = readSystem(name);
  const text = `${imports}
    experiment training {
      data fixture {
        path: ".", images: "i", labels: "l", instances: "e", classes: ${classes}, size: 64x64, batch: ${batch}
      }
      ${body}
    }`;
  const model = await openText(text, { name: `${name}.spade`, engine });
  try {
    const officials = networks.map((network) => ({ network, prefix: `net${network}.`, mapping }));
    const start = fixture.givenUnder('param.');
    for (const official of officials) {
      const own = Object.fromEntries(
        Object.entries(start).filter(([key]) => key.startsWith(official.prefix)),
      );
      expect(await model.writeOfficial(own, official)).toMatchObject({ missing: [], unused: [] });
    }
    await work(model, fixture, officials);
  } finally {
    await model.dispose();
  }
}

/** The fixture's batch, with the inputs that the loss needs. */
function batchOf(fixture: SystemFixture, model: Model, method: string): Feeds {
  const { labels, edges } = splitSemantics(fixture.given('input.semantics'), { layout, edges: true });
  const feeds: Record<string, Feed | undefined> = {
    labels,
    'labels.edges': edges,
    'labels.instances': fixture.given('input.instance'),
    real: fixture.given('input.image'),
  };
  const taken = model.inputs(method).map(({ name }) => name);
  return Object.fromEntries(
    Object.entries(feeds).filter((entry): entry is [string, Feed] => taken.includes(entry[0]) && !!entry[1]),
  );
}

/** Requires that the gradients of a network's variables equal the fixture's. */
function expectGradients(
  fixture: SystemFixture,
  model: Model,
  gradients: Tensors,
  official: OfficialOptions & { readonly prefix?: string },
): void {
  const found = model.toOfficial(gradients, official);
  const keys = fixture.results.filter((key) => key.startsWith(`grad.${official.prefix}`));
  expect(keys.length).toBeGreaterThan(5);
  for (const key of keys) fixture.expectResult(key, found[key.slice('grad.'.length)]);
}

const optimize = (networks: string): string => `optimize ${networks} with adam(rate: 2e-4, beta1: 0.5)`;

/** pix2pixHD applies its discriminator in one pass per picture, sums scales, and halves the loss of D. */
const pix2pixhd = (features: boolean): Experiment => ({
  fixture: features ? 'pix2pixhd_train_features' : 'pix2pixhd_train',
  classes: 5,
  batch: features ? 1 : 2,
  imports: `use pix2pixhd { GlobalGenerator, FeatureEncoder, Pix2PixHDDiscriminator }
    use losses { gan_generator, gan_fake, gan_real, feature_matching, least_squares }`,
  networks: features ? ['E', 'G', 'D'] : ['G', 'D'],
  body: `${features ? 'let E = FeatureEncoder(width: 4, reductions: 2)' : ''}
    let G = GlobalGenerator(${features ? 'features: encoded(E), ' : ''}width: 4, reductions: 2, blocks: 2)
    let D = Pix2PixHDDiscriminator(scales: 2, layers: 3, width: 4)
    adversarial = gan_generator(kind: least_squares, apart: true)
    on_fakes = gan_fake(kind: least_squares, apart: true)
    on_photographs = gan_real(kind: least_squares, apart: true)
    loss ${features ? 'G, E' : 'G'} = 2 * adversarial(D) + 10 * feature_matching(D, apart: true)
    loss D = 0.5 * 2 * on_fakes(D) + 0.5 * 2 * on_photographs(D)
    train {
      steps: 2
      updates: "at_once"
      ${optimize(features ? 'G, E' : 'G')}
      ${optimize('D')}
    }`,
  mapping: 'pix2pixhd',
});

const style: Experiment = {
  fixture: 'spade_vae_train',
  classes: 4,
  batch: 2,
  imports: `use generators { SpadeGenerator }
    use discriminators { MultiscaleDiscriminator }
    use encoders { StyleEncoder }
    use losses { gan_generator, gan_fake, gan_real, feature_matching, kl }`,
  networks: ['E', 'G', 'D'],
  body: `let E = StyleEncoder(width: 2)
    let G = SpadeGenerator(z: encoded(E), width: 2)
    let D = MultiscaleDiscriminator(scales: 2, layers: 3, width: 4)
    loss G, E = 0.05 * kl(E) + gan_generator(D) + 10 * feature_matching(D)
    loss D = gan_fake(D) + gan_real(D)
    train {
      steps: 1
      optimize G, E with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
      optimize D with adam(rate: 4e-4, beta1: 0, beta2: 0.9)
    }`,
  mapping: 'spade',
};

/** Defines a test, skipped with a reason if the fixture is missing. */
function itWith(name: string, what: string, test: () => Promise<void>): void {
  if (findFixture(`systems/${name}`)) it(`${name}: ${what}`, test);
  else it.skip(`${name}: ${what}`, { tags: 'needs-fixtures' }, () => undefined);
}

/**
 * Requires that weights equal the stored ones except a few, by quantiles (fixtures' README), and buffers by their
 * tolerance.
 */
async function expectState(
  fixture: SystemFixture,
  model: Model,
  officials: readonly (OfficialOptions & { readonly prefix?: string })[],
  iteration: number,
): Promise<void> {
  const distances: number[] = [];
  for (const official of officials) {
    const state = await model.readOfficial(official);
    const start = `param_after_${iteration}.`;
    const keys = fixture.results.filter((key) => key.startsWith(start + official.prefix));
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) {
      const found = state[key.slice(start.length)];
      if (/running_|weight_[uv]$/.test(key)) fixture.expectResult(key, found);
      else distances.push(...fixture.distances(key, found));
    }
  }
  distances.sort((a, b) => a - b);
  const quantile = distances[Math.floor(distances.length * 0.99)]!;
  expect(distances.length).toBeGreaterThan(200);
  const note = `99 % of the weights after iteration ${iteration}`;
  expect(quantile, note).toBeLessThanOrEqual(iteration === 1 ? 1e-6 : 5e-5);
}

/** Tests pix2pixHD's iterations, which compute all losses from one picture before any update. */
function testPix2pixHD(engine: EngineKind, features: boolean, iterations: number): void {
  const experiment = pix2pixhd(features);
  const names = {
    G_GAN: 'G/adversarial',
    G_GAN_Feat: 'G/feature_matching',
    G_total: 'G/total',
    D_total: 'D/total',
  };
  itWith(experiment.fixture, 'equals the official iterations: losses, gradients, weights', () =>
    withExperiment(engine, experiment, async (model, fixture, officials) => {
      const feeds = batchOf(fixture, model, 'step');
      for (let iteration = 1; iteration <= iterations; iteration++) {
        const options = { layout, exposeGradients: iteration === 1, exposePictures: true };
        const { outputs, gradients } = await model.step(feeds, options);
        const expectOutput = (name: string, found: Tensor | undefined): void =>
          fixture.expectResult(`output.iter${iteration}.${name}`, found);
        for (const [official, ours] of Object.entries(names)) expectOutput(`loss.${official}`, outputs[ours]);
        for (const [official, ours] of [
          ['D_fake', 'D/on_fakes'],
          ['D_real', 'D/on_photographs'],
        ] as const) {
          const half = outputs[ours]!;
          expectOutput(`loss.${official}`, { ...half, values: half.values.map((value) => 2 * value) });
        }
        expectOutput('fake', outputs['G/fake']);
        if (iteration === 1)
          for (const official of officials) expectGradients(fixture, model, gradients, official);
        await expectState(fixture, model, officials, iteration);
      }
    }),
  );
}

/** Tests whole iterations. */
export function testIterationsOn(engine: EngineKind): void {
  testPix2pixHD(engine, false, 2);
  testPix2pixHD(engine, true, 1);
  itWith(style.fixture, 'equals an official iteration: losses, gradients, weights, statistics', () =>
    withExperiment(engine, style, async (model, fixture, officials) => {
      const noise = {
        'G/G.z': fixture.given('input.eps.generator_step'),
        'D/G.z': fixture.given('input.eps.discriminator_step'),
      };
      const feeds = batchOf(fixture, model, 'step');
      const options = { layout, noise, exposeGradients: true, exposePictures: true };
      const { outputs, gradients } = await model.step(feeds, options);
      const names = {
        KLD: 'G/kl',
        GAN: 'G/gan_generator',
        GAN_Feat: 'G/feature_matching',
        G_total: 'G/total',
        D_Fake: 'D/gan_fake',
        D_real: 'D/gan_real',
        D_total: 'D/total',
      };
      fixture.expectResult('output.iter1.fake', outputs['G/fake']);
      for (const [official, ours] of Object.entries(names))
        fixture.expectResult(`output.iter1.loss.${official}`, outputs[ours]);
      for (const official of officials) expectGradients(fixture, model, gradients, official);
      await expectState(fixture, model, officials, 1);
    }),
  );
}
