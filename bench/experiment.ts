/** Writes the experiments to measure, as texts in the language; their data is fed by the benchmark. */
import type { BenchSettings, Model } from './options.ts';

/** The parts of an experiment that depend on the model: imports, networks, losses and training. */
interface Parts {
  readonly uses: readonly string[];
  readonly generator: string;
  readonly discriminator: string;
  readonly losses: { readonly G: string; readonly D: string };
  readonly train: readonly string[];
}

const losses = 'losses { gan_generator, gan_fake, gan_real, feature_matching }';

const models: Readonly<Record<Model, (settings: BenchSettings) => Parts>> = {
  // Park et al. 2019, with the official losses and optimizers, without the VGG loss.
  spade: ({ width }) => ({
    uses: ['generators { SpadeGenerator }', 'discriminators { MultiscaleDiscriminator }', losses],
    generator: `SpadeGenerator(width: ${width})`,
    discriminator: `MultiscaleDiscriminator(scales: 2, layers: 4, width: ${width})`,
    losses: {
      G: 'gan_generator(D) + 10 * feature_matching(D)',
      D: 'gan_fake(D) + gan_real(D)',
    },
    train: [
      'optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)',
      'optimize D with adam(rate: 4e-4, beta1: 0, beta2: 0.9)',
    ],
  }),
  // Wang et al. 2018: least squares summed over scales, a pass of D for each side, both losses from one picture.
  pix2pixhd: ({ width }) => ({
    uses: ['pix2pixhd { GlobalGenerator, Pix2PixHDDiscriminator }', losses, 'losses { least_squares }'],
    generator: `GlobalGenerator(width: ${width})`,
    discriminator: `Pix2PixHDDiscriminator(scales: 2, layers: 3, width: ${width})`,
    losses: {
      G: '2 * gan_generator(D, kind: least_squares, apart: true) + 10 * feature_matching(D, apart: true)',
      D: 'gan_fake(D, kind: least_squares, apart: true) + gan_real(D, kind: least_squares, apart: true)',
    },
    train: [
      'updates: "at_once"',
      'optimize G with adam(rate: 2e-4, beta1: 0.5)',
      'optimize D with adam(rate: 2e-4, beta1: 0.5)',
    ],
  }),
  // Isola et al. 2017, with SPADE's order of work and its spectral norm in D.
  unet: ({ width, size }) => ({
    uses: [
      'generators { UNet }',
      'discriminators { MultiscaleDiscriminator }',
      losses,
      'losses { non_saturating, l1 }',
    ],
    generator: `UNet(width: ${width}, reductions: ${Math.min(8, halvings(size.width), halvings(size.height))})`,
    discriminator: `MultiscaleDiscriminator(scales: 1, layers: 4, width: ${width})`,
    losses: {
      G: 'gan_generator(D, kind: non_saturating) + 100 * l1()',
      D: '0.5 * gan_fake(D, kind: non_saturating) + 0.5 * gan_real(D, kind: non_saturating)',
    },
    train: ['optimize G with adam(rate: 2e-4, beta1: 0.5)', 'optimize D with adam(rate: 2e-4, beta1: 0.5)'],
  }),
};

/** Counts how often a side can be halved. */
function halvings(side: number): number {
  return Math.log2(side & -side);
}

/** Writes the experiment whose training step is measured. */
export function trainingExperiment(settings: BenchSettings, classes: number): string {
  const { uses, generator, discriminator, losses, train } = models[settings.model](settings);
  return experiment(settings, classes, uses, [
    `let G = ${generator}`,
    `let D = ${discriminator}`,
    `loss G = ${losses.G}`,
    `loss D = ${losses.D}`,
    'train {',
    ...['steps: 1000000', `precision: "${settings.precision}"`, ...train].map((line) => `  ${line}`),
    '}',
  ]);
}

/** Writes the experiment whose synthesis is measured; SPADE starts from a vector here, so that its style can change. */
export function synthesisExperiment(settings: BenchSettings, classes: number): string {
  const { uses, generator } = models[settings.model](settings);
  const styled =
    settings.model === 'spade' ? `SpadeGenerator(z: noise(256), width: ${settings.width})` : generator;
  return experiment(settings, classes, uses, [`let G = ${styled}`]);
}

function experiment(
  { size, batch, instances }: BenchSettings,
  classes: number,
  uses: readonly string[],
  items: readonly string[],
): string {
  return `${uses.map((use) => `use ${use}\n`).join('')}
experiment bench {
  data maps {
    path: ".", images: "images", labels: "labels",${instances === undefined ? '' : ' instances: "instances",'}
    classes: ${classes}, size: ${size.width}x${size.height}, batch: ${batch}
  }
${items.map((item) => `  ${item}\n`).join('')}}
`;
}
