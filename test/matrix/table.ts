/**
 * Lists the choices of the matrix: small generators, norms, losses and discriminators, as lines of a spec. Norms,
 * weights and bases come from the library's texts; networks and losses are listed here, and a test fails if one is
 * missing.
 */
import { handsMapOn, normBlocks, reachedFrom, takes, weightBlocks, type Declared } from './catalog.ts';

/** A choice, as one line of a spec. */
export interface Choice {
  /** Its name on the page. */
  readonly name: string;
}

/** A generator: its `let` line with a parameter for the norm, after an encoder's line if it has one. */
export interface Generator extends Choice {
  readonly network: string;
  readonly settings: string;
  readonly encoder?: string;
}
export interface Norm extends Choice {
  readonly text: string;
  readonly declared: Declared;
  /** The base norm, if not the default. */
  readonly base?: Norm;
  /** Whether the data have instances. */
  readonly instances: boolean;
}
/** A discriminator, possibly with another norm or weight block than its default. */
export interface Discriminator extends Choice {
  readonly network: string;
  readonly settings: string;
  readonly norm?: Norm;
  readonly weight?: string;
}
/** The loss of a generator, with the lines of other networks and losses that it needs. */
export interface Loss extends Choice {
  readonly generator: string;
  /** The discriminator, D. */
  readonly discriminator?: Discriminator;
  /** Another network that the loss uses, with its weights. */
  readonly judge?: string;
  /** An encoder that the loss needs; a generator's own encoder replaces it. */
  readonly encoder?: string;
  /** The training of D or of the other network. */
  readonly opponent?: string;
}

const style = 'StyleEncoder(width: 4, style: 8, size: 64x64, layers: 4)';

export const generators: readonly Generator[] = [
  { name: 'SpadeGenerator', network: 'SpadeGenerator', settings: 'width: 4' },
  { name: 'SpadeGenerator of noise', network: 'SpadeGenerator', settings: 'z: noise(8), width: 4' },
  {
    name: 'SpadeGenerator of a style',
    network: 'SpadeGenerator',
    settings: 'z: encoded(E), width: 4',
    encoder: style,
  },
  { name: 'ConcatDecoder', network: 'ConcatDecoder', settings: 'width: 4' },
  {
    name: 'ConcatDecoder, map at the start',
    network: 'ConcatDecoder',
    settings: 'everywhere: false, width: 4',
  },
  { name: 'StyleGenerator', network: 'StyleGenerator', settings: 'style: noise(8), width: 4' },
  { name: 'OasisGenerator', network: 'OasisGenerator', settings: 'z: noise(8), width: 4' },
  { name: 'UNet', network: 'UNet', settings: 'reductions: 6, width: 4, dropout_rate: 0.5' },
  { name: 'CascadedRefinement', network: 'CascadedRefinement', settings: 'doublings: 4, width: 4' },
  { name: 'GlobalGenerator', network: 'GlobalGenerator', settings: 'reductions: 3, blocks: 1, width: 4' },
  {
    name: 'LocalEnhancer of features',
    network: 'LocalEnhancer',
    settings: 'features: encoded(E), reductions: 2, blocks: 1, local_blocks: 1, width: 4',
    encoder: 'FeatureEncoder(reductions: 2, width: 4)',
  },
  { name: 'Pix2PixHDPlusPlus', network: 'Pix2PixHDPlusPlus', settings: 'reductions: 3, blocks: 1, width: 4' },
  {
    name: 'Pix2PixHDPlusPlus with the map',
    network: 'Pix2PixHDPlusPlus',
    settings: 'entry: with_map, reductions: 3, blocks: 1, width: 4',
  },
];

/** Arguments that make a norm small, by parameter name. */
const smallNorm: Readonly<Record<string, string>> = { hidden: '8', groups: '2' };

/** Blocks with the parameters of norms that are not norms. */
export const partsOfNorms: readonly string[] = ['class_affine'];

const called = (declared: Declared, more: Readonly<Record<string, string>> = {}): string => {
  const own = Object.entries({ ...smallNorm, ...more }).filter(([name]) => takes(declared, name));
  const settings = own.map(([name, value]) => `${name}: ${value}`).join(', ');
  return settings === '' ? declared.name : `${declared.name}(${settings})`;
};

const normDeclarations = normBlocks.filter(({ name }) => !partsOfNorms.includes(name));

const looksAtInstances = ({ name }: Declared): boolean => {
  const reached = reachedFrom([name]);
  return reached.has('edges') || reached.has('instances');
};

const plainNorms: readonly Norm[] = normDeclarations.map((declared) => ({
  name: declared.name,
  text: called(declared),
  declared,
  instances: false,
}));

/** All norms; those that use instances also with data that have them. */
export const norms: readonly Norm[] = plainNorms.flatMap((plain) =>
  looksAtInstances(plain.declared)
    ? [plain, { ...plain, name: `${plain.name}, instances`, instances: true }]
    : [plain],
);

/** Norms over every base, and those with their own scale and shift. */
export const variants: readonly Norm[] = normDeclarations.flatMap((declared) => [
  ...(takes(declared, 'base')
    ? plainNorms.map((base) => ({
        name: `${declared.name} over ${base.name}`,
        text: called(declared, { base: base.text }),
        declared,
        base,
        instances: looksAtInstances(declared) || (handsMapOn(declared) && looksAtInstances(base.declared)),
      }))
    : []),
  ...['affine', 'elementwise']
    .filter((parameter) => takes(declared, parameter))
    .map((parameter) => ({
      name: `${declared.name}, ${parameter}`,
      text: called(declared, { [parameter]: 'true' }),
      declared,
      instances: false,
    })),
  ...(takes(declared, 'kernel')
    ? ['1', '5'].map((kernel) => ({
        name: `${declared.name}, kernel ${kernel}`,
        text: called(declared, { kernel }),
        declared,
        instances: looksAtInstances(declared),
      }))
    : []),
]);

/** Names of the weight blocks. */
export const weights: readonly string[] = weightBlocks.map(({ name }) => name);

const patches: Discriminator = {
  name: 'MultiscaleDiscriminator',
  network: 'MultiscaleDiscriminator',
  settings: 'scales: 2, layers: 3, width: 4',
};
const biasedPatches: Discriminator = {
  name: 'Pix2PixHDDiscriminator',
  network: 'Pix2PixHDDiscriminator',
  settings: 'scales: 2, layers: 2, width: 4',
};
const segmenting: Discriminator = {
  name: 'OasisDiscriminator',
  network: 'OasisDiscriminator',
  settings: 'layers: 5, width: 2',
};

export const discriminators: readonly Discriminator[] = [patches, biasedPatches, segmenting];

export const losses: readonly Loss[] = [
  {
    name: 'hinge, feature matching',
    discriminator: patches,
    generator: 'gan_generator(D, kind: hinge) + 10 * feature_matching(D)',
    opponent: 'loss D = gan_fake(D, kind: hinge) + gan_real(D, kind: hinge)',
  },
  {
    name: 'least squares, L1',
    discriminator: biasedPatches,
    generator: '2 * gan_generator(D, kind: least_squares) + l1()',
    opponent: 'loss D = gan_fake(D, kind: least_squares) + gan_real(D, kind: least_squares)',
  },
  {
    name: 'non-saturating, R1',
    discriminator: patches,
    generator: 'gan_generator(D, kind: non_saturating)',
    opponent: 'loss D = gan_fake(D, kind: non_saturating) + gan_real(D, kind: non_saturating) + 10 * r1(D)',
  },
  {
    name: 'Wasserstein, gradient penalty',
    discriminator: patches,
    generator: 'gan_generator(D, kind: wasserstein)',
    opponent:
      'loss D = gan_fake(D, kind: wasserstein) + gan_real(D, kind: wasserstein) + 10 * gradient_penalty(D)',
  },
  {
    name: 'OASIS, LabelMix',
    discriminator: segmenting,
    generator: 'oasis_generator(D)',
    opponent: 'loss D = oasis_fake(D) + oasis_real(D, void: 11) + 10 * label_mix(D)',
  },
  {
    name: 'hinge, KL',
    encoder: style,
    discriminator: patches,
    generator: 'gan_generator(D) + 0.05 * kl(E)',
    opponent: 'loss D = gan_fake(D) + gan_real(D)',
  },
  {
    name: 'perceptual',
    generator: '10 * perceptual(V, weights: [0.5, 1])',
    judge: 'let V = Vgg19(stages: 2, width: 4)\n  load V from "vgg19.safetensors"',
  },
  {
    name: 'cross entropy',
    generator: 'cross_entropy(S(image: fake()), labels(), void: 11)',
    judge: 'let S = Segmenter()',
    opponent:
      'loss S = cross_entropy(S(image: real()), labels(), weights: [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 0])',
  },
];
