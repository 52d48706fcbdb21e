/**
 * Tests parity of the library's losses with the code that they follow, on the predictions, logits and pictures of the
 * fixtures in `test/fixtures/systems`.
 */
import { describe, expect, it } from 'vitest';
import { openText, splitSemantics, type Feeds, type Model, type Result } from '../../runtime/index.ts';
import { findFixture } from '../support/fixtures.ts';
import { readSystem, type SystemFixture } from '../support/systems.ts';
import type { EngineKind } from './systems-tests.ts';

/** All shapes here are in PyTorch's order. */
const layout = 'NCHW' as const;

/** Defines a test, skipped with a reason if the fixture is missing. */
function itWith(name: string, what: string, test: (fixture: SystemFixture) => Promise<void>): void {
  if (findFixture(`systems/${name}`)) it(`${name}: ${what}`, () => test(readSystem(name)));
  else it.skip(`${name}: ${what}`, { tags: 'needs-fixtures' }, () => undefined);
}

interface Setting {
  readonly imports: string;
  /** Networks, and the loss. */
  readonly body: string;
  /** The networks that have a loss. */
  readonly trained: readonly string[];
  readonly classes?: number;
  readonly side: number;
  readonly batch: number;
}

/** Opens an experiment of one loss, and disposes of it afterwards. */
async function withLoss(
  engine: EngineKind,
  setting: Setting,
  work: (model: Model) => Promise<void>,
): Promise<void> {
  const { imports, body, trained, classes = 2, side, batch } = setting;
  const text = `${imports}
    experiment losses {
      data any { path: ".", images: "i", labels: "l", classes: ${classes}, size: ${side}x${side}, batch: ${batch} }
      ${body}
      train {
        steps: 1
        ${trained.map((name) => `optimize ${name} with adam(rate: 1e-4)`).join('\n')}
      }
    }`;
  const model = await openText(text, { name: 'losses.spade', engine, weights: false });
  try {
    await work(model);
  } finally {
    await model.dispose();
  }
}

const blank = (side: number, batch: number): Feeds => ({
  labels: { shape: [batch, side, side], values: new Int32Array(batch * side * side) },
  real: { shape: [batch, side, side, 3], values: new Float32Array(batch * side * side * 3) },
});

/** A generator whose picture is its input noise, plus a parameter that starts at zero if it is trained. */
const given = (side: number, isTrained = true): string => `network Given(z: Latent) -> Image {
  return (z |> fold(height: ${side}, width: ${side}, channels: 3))${isTrained ? ' + parameter([3], init: zeros()) as shift' : ''}
}`;

function expectTotal(fixture: SystemFixture, key: string, result: Result): void {
  fixture.expectResult(key, result.outputs['total']);
}

/** Tests the kinds of adversarial losses on predictions of two scales. */
function testKinds(engine: EngineKind): void {
  const kinds = { hinge: 'hinge', ls: 'least_squares', original: 'non_saturating', w: 'wasserstein' };
  const roles = { GAN: ['generator', 'fake'], D_Fake: ['fake', 'fake'], D_real: ['real', 'real'] } as const;
  for (const [mode, kind] of Object.entries(kinds))
    for (const [term, [role, side]] of Object.entries(roles))
      itWith('spade_gan_modes', `${kind} on ${term}`, (fixture) => {
        const setting: Setting = {
          imports: `use losses { over_scales, ${kind} }
            network Said(a: Latent, b: Latent) {
              shift = parameter([1], init: zeros()) as shift
              return [
                [(a |> fold(height: 6, width: 6, channels: 1)) + shift],
                [(b |> fold(height: 4, width: 4, channels: 1)) + shift],
              ]
            }`,
          body: `let S = Said(a: noise(36), b: noise(16))
            loss S = over_scales(S(), ${kind}, "${role}")`,
          trained: ['S'],
          side: 16,
          batch: 2,
        };
        return withLoss(engine, setting, async (model) => {
          const noise = {
            'S/S.a': fixture.given(`input.${side}.d0`).values,
            'S/S.b': fixture.given(`input.${side}.d1`).values,
          };
          const result = await model.loss('S', blank(16, 2), { noise, gradients: true });
          expectTotal(fixture, `output.${mode}.${term}`, result);
          for (const [scale, name] of [
            ['d0', 'S/S.a'],
            ['d1', 'S/S.b'],
          ] as const)
            fixture.expectResult(`grad.${mode}.${term}.input.${side}.${scale}`, gradientOf(result, name));
        });
      });
}

/** The gradient of fed noise, under its fed name or the network's. */
function gradientOf(result: Result, name: string) {
  return result.gradients[name] ?? result.gradients[name.replace(/^.*\//, '')];
}

/** Tests losses of class scores: weighted cross entropy, and that of OASIS. */
function testScores(engine: EngineKind): void {
  const scores = (classes: number, side: number): string => `network Scores(z: Latent) {
    return [(z |> fold(height: ${side}, width: ${side}, channels: ${classes})) + parameter([1], init: zeros()) as shift]
  }`;
  const check = (
    fixture: SystemFixture,
    classes: number,
    channels: number,
    side: number,
    loss: string,
    key: string,
  ) =>
    withLoss(
      engine,
      {
        imports: `use losses { cross_entropy, class_cross_entropy, fake_cross_entropy }\n${scores(channels, side)}`,
        body: `let S = Scores(z: noise(${channels * side * side}))\n loss S = ${loss}`,
        trained: ['S'],
        classes,
        side,
        batch: 2,
      },
      async (model) => {
        const feeds = { ...blank(side, 2), labels: fixture.given('input.label').values };
        const noise = { 'S/S.z': fixture.given('input.logits').values };
        const result = await model.loss('S', feeds, { noise, gradients: true });
        expectTotal(fixture, `output.${key}`, result);
        const found = gradientOf(result, 'S/S.z');
        fixture.expectResult(`grad.${key}.input.logits`, found);
      },
    );
  itWith('weighted_cross_entropy', 'with weights and a void class', (fixture) => {
    const weights = [...fixture.given('input.class_weight').values].join(', ');
    return check(
      fixture,
      5,
      5,
      8,
      `cross_entropy(S()[0], labels(), weights: [${weights}], void: 3)`,
      'weighted_mean',
    );
  });
  itWith('weighted_cross_entropy', 'without', (fixture) =>
    check(fixture, 5, 5, 8, 'cross_entropy(S()[0], labels())', 'plain'),
  );
  for (const [variant, more] of [
    ['balanced', 'none, true'],
    ['void', '0, true'],
    ['unbalanced', 'none, false'],
  ] as const) {
    itWith('oasis_loss', `${variant}, real`, (fixture) =>
      check(fixture, 4, 5, 16, `class_cross_entropy(S()[0], ${more})`, `${variant}.real`),
    );
    itWith('oasis_loss', `${variant}, fake`, (fixture) =>
      check(fixture, 4, 5, 16, 'fake_cross_entropy(S()[0])', `${variant}.fake`),
    );
  }
}

/** Tests penalties on gradients, with their second-order gradients. */
function testPenalties(engine: EngineKind): void {
  const critic = `network Critic(image: Image) {
    return image
      |> conv(6, kernel: 4, stride: 2, pad: 2) as conv_0 |> leaky_relu(0.2)
      |> avg_pool(size: 3, stride: 2, pad: 1)
      |> conv(8) as conv_1 |> instance |> leaky_relu(0.2)
      |> conv(1, kernel: 4, pad: 2) as conv_2
  }`;
  for (const [name, loss] of [
    ['penalty', 'slope_penalty(D, fake())'],
    ['r1', 'r1(D)'],
  ] as const)
    itWith('gradient_penalties', name, (fixture) =>
      withLoss(
        engine,
        {
          imports: `use norms { instance }\nuse losses { slope_penalty, r1 }\n${given(16, false)}\n${critic}`,
          body: `let G = Given(z: noise(${3 * 16 * 16}))
            let D = Critic()
            loss D = ${loss}`,
          trained: ['D'],
          side: 16,
          batch: 3,
        },
        async (model) => {
          await model.writeOfficial(fixture.givenUnder('param.'), { network: 'D' });
          const [real, fake, alpha] = ['real_image', 'fake_image', 'alpha'].map((key) =>
            fixture.given(`input.${key}`),
          );
          const size = real!.values.length / 3;
          const between = real!.values.map((value, i) => {
            const share = alpha!.values[Math.floor(i / size)]!;
            return share * value + (1 - share) * fake!.values[i]!;
          });
          const feeds = { labels: new Int32Array(3 * 16 * 16), real: real! };
          const result = await model.loss('D', feeds, {
            layout,
            noise: name === 'penalty' ? { 'D/G.z': between } : {},
            gradients: true,
          });
          expectTotal(fixture, `output.${name}.loss`, result);
          const found = model.toOfficial(result.gradients, { network: 'D' });
          const keys = fixture.results.filter((key) => key.startsWith(`grad.${name}.conv`));
          expect(keys.length).toBeGreaterThan(2);
          for (const key of keys) fixture.expectResult(key, found[key.slice(`grad.${name}.`.length)]);
          if (name === 'r1') fixture.expectResult('grad.r1.input.real_image', result.gradients['real']);
        },
      ),
    );
}

/** Tests the perceptual loss by a network of random weights. */
function testPerceptual(engine: EngineKind): void {
  itWith('spade_vgg_loss', 'features, loss, gradient', (fixture) =>
    withLoss(
      engine,
      {
        imports: `use features { Vgg19 }\nuse losses { perceptual }\n${given(32)}`,
        body: `let G = Given(z: noise(${3 * 32 * 32}))
          let V = Vgg19(width: 8)
          load V from "vgg19.pth" naming "torchvision-vgg19"
          loss G = perceptual(V)`,
        trained: ['G'],
        side: 32,
        batch: 2,
      },
      async (model) => {
        const weights = Object.entries(fixture.givenUnder('param.')).map(
          ([name, tensor]) => [name.replace(/^slice\d/, 'features'), tensor] as const,
        );
        await model.writeOfficial(Object.fromEntries(weights), {
          network: 'V',
          mapping: 'torchvision-vgg19',
        });
        const fake = fixture.given('input.fake_image');
        const { outputs } = await model.forward('V', { image: fake }, { layout });
        for (const i of [0, 1, 2, 3, 4])
          fixture.expectResult(`output.feature.relu${i + 1}_1`, outputs[`output/${i}`]);
        const feeds = { labels: new Int32Array(2 * 32 * 32), real: fixture.given('input.real_image') };
        const result = await model.loss('G', feeds, {
          layout,
          noise: { 'G/G.z': fake.values },
          gradients: true,
        });
        expectTotal(fixture, 'output.loss', result);
        fixture.expectResult('grad.input.fake_image', gradientOf(result, 'G/G.z'));
      },
    ),
  );
}

/** Tests OASIS: the losses of one iteration, with a separate pass per picture, gradients and power iterations. */
function testOasis(engine: EngineKind): void {
  itWith('oasis_discriminator', "both sides' losses, their gradients, the state after", (fixture) =>
    withLoss(
      engine,
      {
        imports: `use discriminators { OasisDiscriminator }
          use losses { oasis_generator, oasis_fake, oasis_real, mixed_consistency }
          ${given(64)}
          network Mask(z: Latent) { return [z |> fold(height: 64, width: 64, channels: 1)] }`,
        body: `let G = Given(z: noise(${3 * 64 * 64}))
          let D = OasisDiscriminator(width: 4)
          let M = Mask(z: noise(${64 * 64}))
          loss G = oasis_generator(D)
          loss D = oasis_fake(D) + oasis_real(D) + 10 * mixed_consistency(D, M()[0])`,
        trained: ['G', 'D'],
        classes: 4,
        side: 64,
        batch: 2,
      },
      async (model) => {
        const official = { network: 'D', mapping: 'oasis' };
        const start = fixture.givenUnder('param.');
        const report = await model.writeOfficial(start, official);
        expect(report).toMatchObject({ missing: [], unused: [] });
        const { labels } = splitSemantics(fixture.given('input.semantics'), { layout });
        const feeds = { labels, real: fixture.given('input.real_image') };
        const [fake, mask] = ['fake_image', 'mask'].map((name) => fixture.given(`input.${name}`).values);

        const painted = await model.loss('G', feeds, { layout, noise: { 'G/G.z': fake! }, gradients: true });
        expectTotal(fixture, 'output.train.loss.G_adversarial', painted);
        fixture.expectResult('grad.g_loss.input.fake_image', gradientOf(painted, 'G/G.z'));

        await model.writeOfficial(start, official);
        const noise = { 'D/G.z': fake!, 'D/M.z': mask! };
        const { outputs, gradients } = await model.loss('D', feeds, { layout, noise, gradients: true });
        fixture.expectResult('output.train.loss.D_fake', outputs['oasis_fake']);
        fixture.expectResult('output.train.loss.D_real', outputs['oasis_real']);
        const weighed = outputs['mixed_consistency']!;
        fixture.expectResult('output.train.loss.D_labelmix', {
          ...weighed,
          values: weighed.values.map((value) => value / 10),
        });
        const found = model.toOfficial(gradients, official);
        expect(fixture.expectAll('grad.d_loss.', found)).toBeGreaterThan(50);
        expect(fixture.expectAll('param_after.', await model.readOfficial(official))).toBeGreaterThan(50);
      },
    ),
  );
}

/** Tests pix2pixHD's losses on arbitrary semantics: a discriminator that gets them as noise. */
function testSums(engine: EngineKind): void {
  for (const [variant, norm] of [
    ['instance', 'instance'],
    ['batch', 'batch(affine: true)'],
  ] as const)
    itWith(
      `pix2pixhd_discriminator_${variant}`,
      'losses and gradients, with a pass for each side',
      (fixture) =>
        withLoss(
          engine,
          {
            imports: `use pix2pixhd { Pix2PixHDDiscriminator }
            use norms { instance, batch }
            use losses { over_scales, feature_distance, least_squares }
            ${given(64)}
            network Judge(condition: Latent, image: Image) {
              let layer = Pix2PixHDDiscriminator(scales: 2, layers: 3, width: 4, norm: ${norm})
              return layer(condition |> fold(height: 64, width: 64, channels: 5), image)
            }
            block fooled(D: Network) { return 2 * over_scales(D(image: fake()), least_squares, "generator") }
            block matched(D: Network) { return 10 * feature_distance(D(image: fake()), D(image: real())) }
            block on_fakes(D: Network) { return 2 * over_scales(D(image: fake()), least_squares, "fake") }
            block on_photographs(D: Network) { return 2 * over_scales(D(image: real()), least_squares, "real") }`,
            body: `let G = Given(z: noise(${3 * 64 * 64}))
            let D = Judge(condition: noise(${5 * 64 * 64}))
            loss G = fooled(D) + matched(D)
            loss D = 0.5 * on_fakes(D) + 0.5 * on_photographs(D)`,
            trained: ['G', 'D'],
            side: 64,
            batch: 2,
          },
          async (model) => {
            const official = { network: 'D', within: 'layer', mapping: 'pix2pixhd' };
            const report = await model.writeOfficial(fixture.givenUnder('param.'), official);
            expect(report).toMatchObject({ missing: [], unused: [] });
            const feeds = { labels: new Int32Array(2 * 64 * 64), real: fixture.given('input.real_image') };
            const [fake, condition] = ['fake_image', 'semantics'].map(
              (name) => fixture.given(`input.${name}`).values,
            );
            const run = (loss: 'G' | 'D') =>
              model.loss(loss, feeds, {
                layout,
                noise: { [`${loss}/G.z`]: fake!, [`${loss}/D.condition`]: condition! },
                gradients: true,
              });
            const painted = await run('G');
            fixture.expectResult('output.train.loss.G_GAN', painted.outputs['fooled']);
            fixture.expectResult('output.train.loss.G_GAN_Feat', painted.outputs['matched']);
            fixture.expectGradient('grad.g_loss.input.fake_image', gradientOf(painted, 'G/G.z'));
            const judged = await run('D');
            for (const [name, ours] of [
              ['D_fake', 'on_fakes'],
              ['D_real', 'on_photographs'],
            ] as const) {
              const half = judged.outputs[ours]!;
              const values = half.values.map((value) => 2 * value);
              fixture.expectResult(`output.train.loss.${name}`, { ...half, values });
            }
            const found = model.toOfficial(judged.gradients, official);
            expect(fixture.expectAll('grad.d_loss.', found)).toBeGreaterThan(10);
          },
        ),
    );
}

/** Tests losses against their fixtures. */
export function testLossesOn(engine: EngineKind): void {
  describe('adversarial losses', () => testKinds(engine));
  describe('losses of class scores', () => testScores(engine));
  describe('penalties on gradients', () => testPenalties(engine));
  describe('the perceptual loss', () => testPerceptual(engine));
  describe('a discriminator that classifies pixels', () => testOasis(engine));
  describe('least squares and feature matching of pix2pixHD', () => testSums(engine));
}
