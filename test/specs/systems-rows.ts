/** The facts of docs/systems.md that cannot be computed: the source of each system, and our differences from it. */

/** The papers, as the page cites them; a declaration's doc comment has the first author and the year. */
export const papers = {
  adam: ['Kingma and Ba 2015', 'https://arxiv.org/abs/1412.6980'],
  adamw: ['Loshchilov and Hutter 2019', 'https://arxiv.org/abs/1711.05101'],
  adain: ['Huang and Belongie 2017', 'https://arxiv.org/abs/1703.06868'],
  average: ['Yaz et al. 2019', 'https://arxiv.org/abs/1806.04498'],
  batch: ['Ioffe and Szegedy 2015', 'https://arxiv.org/abs/1502.03167'],
  clade: ['Tan et al. 2021', 'https://arxiv.org/abs/2012.04644'],
  clip: ['Pascanu et al. 2013', 'https://arxiv.org/abs/1211.5063'],
  conditional: ['de Vries et al. 2017', 'https://arxiv.org/abs/1707.00683'],
  cascaded: ['Chen and Koltun 2017', 'https://arxiv.org/abs/1707.09405'],
  gan: ['Goodfellow et al. 2014', 'https://arxiv.org/abs/1406.2661'],
  group: ['Wu and He 2018', 'https://arxiv.org/abs/1803.08494'],
  hinge: ['Lim and Ye 2017', 'https://arxiv.org/abs/1705.02894'],
  inception: ['Szegedy et al. 2016', 'https://arxiv.org/abs/1512.00567'],
  instance: ['Ulyanov et al. 2016', 'https://arxiv.org/abs/1607.08022'],
  layer: ['Ba et al. 2016', 'https://arxiv.org/abs/1607.06450'],
  leastSquares: ['Mao et al. 2017', 'https://arxiv.org/abs/1611.04076'],
  localResponse: [
    'Krizhevsky et al. 2012',
    'https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks',
  ],
  segmentation: ['Ronneberger et al. 2015', 'https://arxiv.org/abs/1505.04597'],
  mobilenet: ['Howard et al. 2017', 'https://arxiv.org/abs/1704.04861'],
  oasis: ['Schonfeld et al. 2021', 'https://arxiv.org/abs/2012.04781'],
  penalty: ['Gulrajani et al. 2017', 'https://arxiv.org/abs/1704.00028'],
  perceptual: ['Johnson et al. 2016', 'https://arxiv.org/abs/1603.08155'],
  pix2pix: ['Isola et al. 2017', 'https://arxiv.org/abs/1611.07004'],
  pix2pixhd: ['Wang et al. 2018', 'https://arxiv.org/abs/1711.11585'],
  r1: ['Mescheder et al. 2018', 'https://arxiv.org/abs/1801.04406'],
  spade: ['Park et al. 2019', 'https://arxiv.org/abs/1903.07291'],
  spectral: ['Miyato et al. 2018', 'https://arxiv.org/abs/1802.05957'],
  squeezenet: ['Iandola et al. 2016', 'https://arxiv.org/abs/1602.07360'],
  standardized: ['Qiao et al. 2019', 'https://arxiv.org/abs/1903.10520'],
  styleGan: ['Karras et al. 2019', 'https://arxiv.org/abs/1812.04948'],
  ttur: ['Heusel et al. 2017', 'https://arxiv.org/abs/1706.08500'],
  variational: ['Kingma and Welling 2014', 'https://arxiv.org/abs/1312.6114'],
  vgg: ['Simonyan and Zisserman 2015', 'https://arxiv.org/abs/1409.1556'],
  warmup: ['Goyal et al. 2017', 'https://arxiv.org/abs/1706.02677'],
  wasserstein: ['Arjovsky et al. 2017', 'https://arxiv.org/abs/1701.07875'],
  weightNorm: ['Salimans and Kingma 2016', 'https://arxiv.org/abs/1602.07868'],
} as const satisfies Readonly<Record<string, readonly [label: string, address: string]>>;

/** The maps and layers on which parameters are counted; maps by the classes and edges of the official options. */
export const inputSets = {
  ADE20K: { classes: 151, edges: false, width: 256, height: 256 },
  'COCO-Stuff': { classes: 183, edges: true, width: 256, height: 256 },
  Cityscapes: { classes: 35, edges: true, width: 1024, height: 512 },
  'Cityscapes of 20 classes': { classes: 20, edges: false, width: 2048, height: 1024 },
} as const;

/** A count of parameters: a call of the language, the inputs of its result, and the map. */
export interface Counted {
  readonly call: string;
  readonly given: string;
  readonly on?: keyof typeof inputSets;
}

/**
 * Tests by their files' paths below `test`, without `.native.test.ts` and the like; the fixtures they read, and the
 * reference.
 */
export interface Evidence {
  readonly tests: string;
  /** Folders below `test/fixtures`. */
  readonly fixtures?: readonly string[];
  /** The independent reference that the test computes. */
  readonly own?: string;
  /** What the test shows, if it compares with no other program. */
  readonly shows?: string;
}

export interface Row {
  readonly system: string;
  readonly paper: keyof typeof papers | undefined;
  /** The module of `specs` and the name in it, or a word of the language. */
  readonly spec: readonly [module: string, name: string];
  readonly counted?: readonly Counted[];
  /** The text of an optimizer or its setting, for which the numbers per weight are counted. */
  readonly optimizer?: string;
  readonly evidence: readonly Evidence[];
  readonly differences: string;
}

export interface Section {
  readonly title: string;
  readonly text: string;
  readonly rows: readonly Row[];
}

const layers = (...fixtures: string[]): Evidence => ({ tests: 'parity/parity', fixtures });
const systems = (...fixtures: string[]): Evidence => ({
  tests: 'specs/systems',
  fixtures: fixtures.map((name) => `systems/${name}`),
});
const losses = (...fixtures: string[]): Evidence => ({
  tests: 'specs/losses',
  fixtures: fixtures.map((name) => `systems/${name}`),
});
const training = (...fixtures: string[]): Evidence => ({
  tests: 'specs/training',
  fixtures: fixtures.map((name) => `systems/${name}`),
});
const washout: Evidence = { tests: 'examples/washout', shows: 'what is left of a map of one label' };
const optimizers: Evidence = { tests: 'runtime/optimizers', fixtures: ['optimizers'] };
const features = (shows: string): Evidence => ({ tests: 'specs/features', shows });
const sizes: Evidence = { tests: 'specs/parameter-counts', shows: 'the size of the released code' };
const matrix: Evidence = { tests: 'matrix/matrix', shows: 'ten steps of training' };

/** A norm's counts: on a layer of 64 channels. */
const onLayer = (call: string, given = 'x'): readonly Counted[] => [{ call, given, on: 'ADE20K' }];

const none = 'None known.';

const ofWashout =
  'What each leaves of a map of a single label is shown by [washout.spade](../examples/washout.spade) and its tests.';

export const sections: readonly Section[] = [
  {
    title: 'Unconditional norms',
    text: `Parameters are those of one norm over 64 channels. ${ofWashout}`,
    rows: [
      {
        system: 'batch',
        paper: 'batch',
        spec: ['norms', 'batch'],
        counted: onLayer('batch()'),
        evidence: [layers('norms/batch')],
        differences:
          'With `accumulate`, statistics are those of each part, and move once for each. The official counter `num_batches_tracked` is neither read nor written.',
      },
      {
        system: 'synchronized batch',
        paper: undefined,
        spec: ['norms', 'sync_batch'],
        counted: onLayer('sync_batch()'),
        evidence: [layers('spade_layer_syncbatch')],
        differences:
          'A step is one graph on one device, where the official code equals batch norm. On several GPUs it takes max(variance, epsilon) in place of variance + epsilon; we never do.',
      },
      {
        system: 'instance',
        paper: 'instance',
        spec: ['norms', 'instance'],
        counted: onLayer('instance()'),
        evidence: [layers('norms/instance', 'norms/instance_affine')],
        differences: 'A layer of one pixel is refused: what it gives would always be 0.',
      },
      {
        system: 'layer',
        paper: 'layer',
        spec: ['norms', 'layer'],
        counted: onLayer('layer(affine: true)'),
        evidence: [layers('norms/layer_channel_affine', 'norms/layer_chw')],
        differences: none,
      },
      {
        system: 'group',
        paper: 'group',
        spec: ['norms', 'group'],
        counted: onLayer('group(affine: true)'),
        evidence: [layers('norms/group'), systems('group_norm_convolution')],
        differences: none,
      },
      {
        system: 'local response',
        paper: 'localResponse',
        spec: ['norms', 'local_response'],
        counted: onLayer('local_response()'),
        evidence: [layers('norms/local_response')],
        differences: 'alpha is divided by the size of the window, as in PyTorch; the paper does not divide.',
      },
      {
        system: 'noise behind a norm',
        paper: 'styleGan',
        spec: ['norms', 'noisy'],
        counted: onLayer('noisy()'),
        evidence: [{ tests: 'specs/noisy', own: 'its base, to which the test adds the fed noise' }],
        differences:
          'No official code is run. The papers add noise behind each convolution; this one is a norm, so that any network takes it.',
      },
      {
        system: 'none',
        paper: undefined,
        spec: ['norms', 'identity'],
        counted: onLayer('identity()'),
        evidence: [washout],
        differences: none,
      },
    ],
  },
  {
    title: 'Weight parametrizations',
    text: `Parameters are those of a 3x3 convolution of 64 to 64 channels without bias, which has 36,864. ${ofWashout}`,
    rows: [
      {
        system: 'spectral norm',
        paper: 'spectral',
        spec: ['norms', 'spectral'],
        counted: onLayer('conv(out: 64, bias: false, weight: spectral)'),
        evidence: [layers('norms/conv_spectral_norm', 'norms/conv_transpose_spectral_norm')],
        differences:
          "Initial values: on a GPU, the released SPADE code leaves these kernels at PyTorch's default (uniform), because it moves the network before it initializes it; ours start as its `init_weights` says, which is what happens on a CPU. What the layer computes is the same, but Adam's steps are larger in proportion to the smaller weights.",
      },
      {
        system: 'weight norm',
        paper: 'weightNorm',
        spec: ['norms', 'weight_norm'],
        counted: onLayer('conv(out: 64, bias: false, weight: weight_norm)'),
        evidence: [layers('norms/conv_weight_norm')],
        differences: none,
      },
      {
        system: 'weight standardization',
        paper: 'standardized',
        spec: ['norms', 'standardized'],
        counted: onLayer('conv(out: 64, bias: false, weight: standardized)'),
        evidence: [systems('weight_standardized_convolution')],
        differences:
          "The paper's formula (biased variance, epsilon under the root). The authors' PyTorch code takes the unbiased deviation and adds epsilon to it.",
      },
    ],
  },
  {
    title: 'Conditional norms',
    text: `Parameters are those of one norm over 64 channels, by a map of 151 channels (with positions, of 183 and edges) or a style of 256 numbers. ${ofWashout}`,
    rows: [
      {
        system: 'SPADE',
        paper: 'spade',
        spec: ['norms', 'spade'],
        counted: [
          ...onLayer('spade()', 'x, seg'),
          ...onLayer('spade(kernel: 1)', 'x, seg'),
          ...onLayer('spade(kernel: 5)', 'x, seg'),
        ],
        evidence: [
          layers('spade_layer_syncbatch', 'spade_layer_instance'),
          systems('spade_instance_3x3', 'spade_batch_1x1_plain', 'spade_syncbatch_5x5_plain'),
        ],
        differences:
          'The official code has the bases batch, sync batch and instance, and a hidden width of 128; any base and width is ours. Layer and group as bases have no official code.',
      },
      {
        system: 'SPADE, edges kept at all sizes',
        paper: undefined,
        spec: ['norms', 'edge_aware_spade'],
        counted: onLayer('edge_aware_spade()', 'x, seg'),
        evidence: [
          { tests: 'specs/instance-norms', own: 'SPADE over a map whose edges were max-pooled by the test' },
        ],
        differences: 'Ours; no official code.',
      },
      {
        system: 'CLADE',
        paper: 'clade',
        spec: ['norms', 'clade'],
        counted: onLayer('clade()', 'x, seg'),
        evidence: [
          systems('clade_layer_batch', 'clade_layer_syncbatch_dist', 'clade_layer_instance_edges_dist'),
          systems('clade_generator', 'clade_generator_edges_dist'),
        ],
        differences: none,
      },
      {
        system: 'CLADE with positions (ICPE)',
        paper: 'clade',
        spec: ['norms', 'positional_clade'],
        counted: [{ call: 'positional_clade()', given: 'x, seg', on: 'COCO-Stuff' }],
        evidence: [{ tests: 'specs/instance-norms', own: 'CLADE over distances that the test computes' }],
        differences:
          'Distances to the centers of instances, in heights and widths of the picture. The official ones are measured from the centers of connected areas of a class, before training, and divided by the largest in the area: pass such a picture as `clade(positions: ...)`.',
      },
      {
        system: 'AdaIN',
        paper: 'adain',
        spec: ['norms', 'adain'],
        counted: onLayer('adain(style: style)'),
        evidence: [layers('norms/adain')],
        differences:
          'No official code is run: scales and shifts come from one linear layer, the reference is a composition of torch.nn. The paper takes them from the statistics of a style picture.',
      },
      {
        system: 'conditional batch',
        paper: 'conditional',
        spec: ['norms', 'conditional_batch'],
        counted: onLayer('conditional_batch(style: style)'),
        evidence: [systems('conditional_batch_norm')],
        differences: 'No official code is run: the reference is a composition of torch.nn.',
      },
      {
        system: 'the map as further channels',
        paper: 'spade',
        spec: ['norms', 'with_map'],
        counted: onLayer('with_map()', 'x, seg'),
        evidence: [washout],
        differences: 'The concat baselines of the paper; no official code.',
      },
    ],
  },
  {
    title: 'Generators',
    text: 'Of the vectors that are given, `z` and `style` have 256 numbers and `z64` has 64.',
    rows: [
      {
        system: 'SPADE (`normal`)',
        paper: 'spade',
        spec: ['generators', 'SpadeGenerator'],
        counted: [
          { call: 'SpadeGenerator()', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator()', given: 'seg', on: 'COCO-Stuff' },
          { call: 'SpadeGenerator()', given: 'seg', on: 'Cityscapes' },
        ],
        evidence: [
          layers(
            'spade_resblock_learned_shortcut',
            'spade_resblock_identity_shortcut',
            'spade_generator_small',
          ),
          systems('spade_wide'),
          layers('train_step_small'),
          sizes,
        ],
        differences:
          'Initial values on a GPU: see spectral norm. The start is rounded half to even, as Python does.',
      },
      {
        system: 'SPADE `more`, `most`',
        paper: 'spade',
        spec: ['generators', 'SpadeGenerator'],
        counted: [
          { call: 'SpadeGenerator(upsampling: 6)', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator(upsampling: 7)', given: 'seg', on: 'ADE20K' },
        ],
        evidence: [systems('spade_more', 'spade_most')],
        differences: none,
      },
      {
        system: 'SPADE from a vector z',
        paper: 'spade',
        spec: ['generators', 'SpadeGenerator'],
        counted: [{ call: 'SpadeGenerator(z: z)', given: 'seg', on: 'ADE20K' }],
        evidence: [systems('spade_z_start'), training('spade_vae_train')],
        differences: none,
      },
      {
        system: 'SPADE, compact and other forms',
        paper: 'spade',
        spec: ['generators', 'SpadeGenerator'],
        counted: [
          { call: 'SpadeGenerator(width: 48)', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator(width: 80)', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator(norm: spade(kernel: 1))', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator(norm: spade(kernel: 5))', given: 'seg', on: 'ADE20K' },
          { call: 'SpadeGenerator(norm: clade)', given: 'seg', on: 'ADE20K' },
        ],
        evidence: [systems('spade_instance_3x3', 'spade_batch_1x1_plain', 'clade_generator'), sizes],
        differences: none,
      },
      {
        system: 'pix2pixHD, global',
        paper: 'pix2pixhd',
        spec: ['pix2pixhd', 'GlobalGenerator'],
        counted: [
          { call: 'GlobalGenerator()', given: 'seg', on: 'Cityscapes' },
          { call: 'GlobalGenerator()', given: 'seg', on: 'COCO-Stuff' },
        ],
        evidence: [
          systems('pix2pixhd_global_instance', 'pix2pixhd_global_batch'),
          training('pix2pixhd_train', 'pix2pixhd_train_features'),
          sizes,
        ],
        differences:
          'Biases start at 0, not as PyTorch draws them. To train as the official code does, with one picture for both losses, write `updates: "at_once"`.',
      },
      {
        system: 'pix2pixHD, coarse to fine',
        paper: 'pix2pixhd',
        spec: ['pix2pixhd', 'LocalEnhancer'],
        counted: [{ call: 'LocalEnhancer()', given: 'seg', on: 'Cityscapes' }],
        evidence: [systems('pix2pixhd_local_1', 'pix2pixhd_local_2')],
        differences:
          'Both parts train together from the start; the official training in turns (global alone, then the enhancer with the global part frozen) has no word in the language.',
      },
      {
        system: 'pix2pixHD++',
        paper: 'spade',
        spec: ['pix2pixhd', 'Pix2PixHDPlusPlus'],
        counted: [{ call: 'Pix2PixHDPlusPlus()', given: 'seg', on: 'ADE20K' }],
        evidence: [systems('spade_concat_baseline_spectralinstance', 'spade_concat_baseline_spectralbatch')],
        differences:
          'The official default of its norm, `instance`, does not run; the fixtures have `spectralinstance` and `spectralbatch`.',
      },
      {
        system: 'pix2pixHD++ with SPADE',
        paper: 'spade',
        spec: ['pix2pixhd', 'Pix2PixHDPlusPlus'],
        counted: [{ call: 'Pix2PixHDPlusPlus(norm: spade)', given: 'seg', on: 'ADE20K' }],
        evidence: [matrix],
        differences: 'No official code; norms stand where those of the baseline do.',
      },
      {
        system: 'pix2pixHD++ with the map at every layer',
        paper: 'spade',
        spec: ['pix2pixhd', 'Pix2PixHDPlusPlus'],
        counted: [{ call: 'Pix2PixHDPlusPlus(entry: with_map)', given: 'seg', on: 'ADE20K' }],
        evidence: [matrix],
        differences: 'No official code. At the input alone, the map is in every pix2pixHD.',
      },
      {
        system: 'decoder with the map at every layer',
        paper: 'spade',
        spec: ['generators', 'ConcatDecoder'],
        counted: [{ call: 'ConcatDecoder()', given: 'seg', on: 'ADE20K' }],
        evidence: [matrix],
        differences: 'No official code.',
      },
      {
        system: 'decoder with the map at its start',
        paper: 'spade',
        spec: ['generators', 'ConcatDecoder'],
        counted: [{ call: 'ConcatDecoder(everywhere: false)', given: 'seg', on: 'ADE20K' }],
        evidence: [matrix],
        differences: 'No official code.',
      },
      {
        system: 'a style in every norm',
        paper: 'adain',
        spec: ['generators', 'StyleGenerator'],
        counted: [{ call: 'StyleGenerator(style: style)', given: 'seg', on: 'ADE20K' }],
        evidence: [matrix],
        differences: 'Ours; no official code.',
      },
      {
        system: 'OASIS',
        paper: 'oasis',
        spec: ['generators', 'OasisGenerator'],
        counted: [{ call: 'OasisGenerator(z: z64)', given: 'seg', on: 'ADE20K' }],
        evidence: [systems('oasis_generator')],
        differences:
          'The official code draws z inside and ignores the one that it is given; here it is an input.',
      },
      {
        system: 'U-Net (pix2pix)',
        paper: 'pix2pix',
        spec: ['generators', 'UNet'],
        counted: [{ call: 'UNet()', given: 'picture' }],
        evidence: [systems('unet', 'unet_dropout')],
        differences:
          'Dropout is on with `dropout_rate: 0.5`, in painting as well. Officially it is, too, unless `--eval` is given, and batch norm then takes the statistics of the painted batch; ours takes the running ones: where the batch is one, `norm: instance(affine: true)` is the same at both times. With instance norm, official convolutions have biases, which that norm takes out again; here only those without any norm have. Counted on maps that are pictures of 3 channels, as theirs are. The reference is a composition of torch.nn, read against pytorch-CycleGAN-and-pix2pix.',
      },
      {
        system: 'cascaded refinement (CRN)',
        paper: 'cascaded',
        spec: ['generators', 'CascadedRefinement'],
        counted: [{ call: 'CascadedRefinement(doublings: 8)', given: 'seg', on: 'Cityscapes of 20 classes' }],
        evidence: [systems('cascaded_refinement')],
        differences:
          'No official PyTorch code: a composition of torch.nn. Resizing takes pixel centers, the original aligns corners; epsilon of the layer norm is 1e-5, there 1e-12; one picture, not nine diverse ones.',
      },
    ],
  },
  {
    title: 'Encoders',
    text: '',
    rows: [
      {
        system: 'style encoder (variational)',
        paper: 'spade',
        spec: ['encoders', 'StyleEncoder'],
        counted: [{ call: 'StyleEncoder()', given: 'image' }],
        evidence: [layers('encoder_small'), training('spade_vae_train')],
        differences:
          'The official one fails below 256x256 pixels; ours resizes to `size` always. Initial values on a GPU: see spectral norm.',
      },
      {
        system: 'instance features',
        paper: 'pix2pixhd',
        spec: ['pix2pixhd', 'FeatureEncoder'],
        counted: [{ call: 'FeatureEncoder()', given: 'image, seg', on: 'Cityscapes' }],
        evidence: [
          systems('pix2pixhd_encoder_batch1', 'pix2pixhd_encoder_batch2'),
          training('pix2pixhd_train_features'),
        ],
        differences:
          'Right for any batch: equal ids of two pictures are two instances. Clustering the features of a data set, to paint without a photograph, is left out.',
      },
    ],
  },
  {
    title: 'Discriminators',
    text: '',
    rows: [
      {
        system: 'PatchGAN',
        paper: 'pix2pix',
        spec: ['discriminators', 'PatchDiscriminator'],
        counted: [{ call: 'PatchDiscriminator()', given: 'pair', on: 'ADE20K' }],
        evidence: [layers('discriminator_small'), systems('pix2pixhd_discriminator_instance')],
        differences: 'As in SPADE: two zeros on each side. In pix2pix it is one.',
      },
      {
        system: 'multi-scale (SPADE)',
        paper: 'pix2pixhd',
        spec: ['discriminators', 'MultiscaleDiscriminator'],
        counted: [{ call: 'MultiscaleDiscriminator()', given: 'seg, image', on: 'ADE20K' }],
        evidence: [layers('discriminator_small', 'train_step_small'), training('spade_vae_train')],
        differences: 'Initial values on a GPU: see spectral norm.',
      },
      {
        system: 'multi-scale (pix2pixHD)',
        paper: 'pix2pixhd',
        spec: ['pix2pixhd', 'Pix2PixHDDiscriminator'],
        counted: [{ call: 'Pix2PixHDDiscriminator()', given: 'seg, image', on: 'Cityscapes' }],
        evidence: [
          systems('pix2pixhd_discriminator_instance', 'pix2pixhd_discriminator_batch'),
          training('pix2pixhd_train'),
        ],
        differences:
          'Biases start at 0. By default fake and real go through in one pass, as in SPADE; with `apart: true` of the losses in two, which only batch norm and power iterations notice.',
      },
      {
        system: 'segmentation (OASIS)',
        paper: 'oasis',
        spec: ['discriminators', 'OasisDiscriminator'],
        counted: [{ call: 'OasisDiscriminator()', given: 'seg, image', on: 'ADE20K' }],
        evidence: [losses('oasis_discriminator')],
        differences: none,
      },
    ],
  },
  {
    title: 'Losses',
    text: 'Losses have no parameters.',
    rows: [
      ...(
        [
          ['hinge', 'hinge', 'hinge'],
          ['least squares', 'leastSquares', 'least_squares'],
          ['non-saturating', 'gan', 'non_saturating'],
          ['Wasserstein', 'wasserstein', 'wasserstein'],
        ] as const
      ).map(([system, paper, name]) => ({
        system,
        paper,
        spec: ['losses', name] as const,
        evidence: [
          losses('spade_gan_modes'),
          ...(name === 'hinge' ? [layers('discriminator_small', 'train_step_small')] : []),
          ...(name === 'least_squares' ? [training('pix2pixhd_train')] : []),
        ],
        differences:
          name === 'least_squares'
            ? 'The mean over scales, as in SPADE; pix2pixHD adds scales up: multiply by their number.'
            : name === 'non_saturating'
              ? "In pix2pixHD's form (`--no_lsgan` with feature matching) the official code fails."
              : 'The mean over scales, as in SPADE.',
      })),
      {
        system: 'gradient penalty',
        paper: 'penalty',
        spec: ['losses', 'gradient_penalty'],
        evidence: [losses('gradient_penalties')],
        differences:
          'Predictions are summed over places before they are differentiated. The reference is a composition of torch.nn; the share of each mixture is drawn here.',
      },
      {
        system: 'R1',
        paper: 'r1',
        spec: ['losses', 'r1'],
        evidence: [losses('gradient_penalties')],
        differences: 'As the gradient penalty. Computed at every step, not lazily.',
      },
      {
        system: 'feature matching',
        paper: 'pix2pixhd',
        spec: ['losses', 'feature_matching'],
        evidence: [
          layers('discriminator_small', 'train_step_small'),
          training('pix2pixhd_train', 'spade_vae_train'),
        ],
        differences:
          'pix2pixHD divides by layers, which at its default of three is the same: weigh by 4 / (layers + 1).',
      },
      {
        system: 'perceptual',
        paper: 'perceptual',
        spec: ['losses', 'perceptual'],
        evidence: [losses('spade_vgg_loss')],
        differences:
          'No weights come along: load a file. Pictures go in from -1 to 1 as they are, as officially; `preprocess` of the network changes that.',
      },
      {
        system: 'KL divergence',
        paper: 'variational',
        spec: ['losses', 'kl'],
        evidence: [layers('encoder_small'), training('spade_vae_train')],
        differences:
          'A sum over the batch, as officially: it grows with the batch, and `accumulate` has the sum of each part, of which `check` warns.',
      },
      {
        system: 'L1',
        paper: 'pix2pix',
        spec: ['losses', 'l1'],
        evidence: [matrix],
        differences: none,
      },
      {
        system: 'cross entropy, class weights, void',
        paper: undefined,
        spec: ['losses', 'cross_entropy'],
        evidence: [losses('weighted_cross_entropy')],
        differences: 'PyTorch gives nothing (NaN) where every pixel is void; here it is 0.',
      },
      {
        system: 'OASIS',
        paper: 'oasis',
        spec: ['losses', 'class_cross_entropy'],
        evidence: [losses('oasis_loss', 'oasis_discriminator')],
        differences:
          'With `balanced: false`, a class `void` that is given counts nothing; officially it then counts as any other.',
      },
      {
        system: 'LabelMix',
        paper: 'oasis',
        spec: ['losses', 'label_mix'],
        evidence: [matrix],
        differences:
          'A coin for each class and picture; officially one for each class of the whole batch. Real and fake go through one pass more each.',
      },
    ],
  },
  {
    title: 'Optimizers and schedules',
    text: 'Parameters are the numbers that are kept for each weight besides itself.',
    rows: [
      {
        system: 'Adam',
        paper: 'adam',
        spec: ['language', 'adam'],
        optimizer: 'adam(rate: 1e-4)',
        evidence: [optimizers, layers('train_step_small')],
        differences: none,
      },
      {
        system: 'AdamW',
        paper: 'adamw',
        spec: ['language', 'adamw'],
        optimizer: 'adamw(rate: 1e-4)',
        evidence: [optimizers],
        differences: 'All parameters of a network decay alike, biases and scales of norms included.',
      },
      {
        system: 'SGD',
        paper: undefined,
        spec: ['language', 'sgd'],
        optimizer: 'sgd(rate: 1e-4)',
        evidence: [optimizers],
        differences: none,
      },
      {
        system: 'SGD with momentum',
        paper: undefined,
        spec: ['language', 'sgd'],
        optimizer: 'sgd(rate: 1e-4, momentum: 0.9)',
        evidence: [optimizers],
        differences: 'Without dampening and Nesterov.',
      },
      {
        system: 'RMSProp',
        paper: undefined,
        spec: ['language', 'rmsprop'],
        optimizer: 'rmsprop(rate: 1e-4)',
        evidence: [optimizers],
        differences: "PyTorch's, not centered and without momentum; epsilon stands outside the root.",
      },
      {
        system: 'TTUR',
        paper: 'ttur',
        spec: ['language', 'optimize'],
        evidence: [layers('train_step_small')],
        differences: 'A rate for each network; there is no other word for it.',
      },
      {
        system: 'constant, then linear decay; warm-up',
        paper: 'warmup',
        spec: ['language', 'decay_from'],
        evidence: [{ tests: 'compiler/schedule', own: 'the rates that the formula gives' }],
        differences:
          'The rate falls at the end of each epoch after `decay_from`, as in both official trainers.',
      },
      {
        system: 'gradient clipping',
        paper: 'clip',
        spec: ['language', 'clip_norm'],
        optimizer: 'adam(rate: 1e-4, clip_norm: 1)',
        evidence: [optimizers],
        differences: none,
      },
      {
        system: 'accumulation',
        paper: undefined,
        spec: ['language', 'accumulate'],
        evidence: [optimizers, { tests: 'runtime/style-training', own: 'a whole batch' }],
        differences:
          'Exact for losses that are means. Statistics and sums over the batch are a part\'s. Not with `updates: "at_once"`.',
      },
      {
        system: 'moving average of weights',
        paper: 'average',
        spec: ['language', 'average'],
        optimizer: 'adam(rate: 1e-4, average: 0.999)',
        evidence: [optimizers],
        differences:
          'Weights alone; OASIS averages running statistics and the vectors of spectral norm as well.',
      },
    ],
  },
  {
    title: 'Segmenters',
    text: 'Trained on photographs, they judge painted ones: see [metrics.md](metrics.md).',
    rows: [
      {
        system: 'U-Net for segmentation, small',
        paper: 'segmentation',
        spec: ['segmenters', 'SegmentationUNet'],
        counted: [{ call: 'SegmentationUNet(classes: 12)', given: 'image' }],
        evidence: [{ tests: 'specs/segmenters', own: 'what it learns of pictures in two colors' }],
        differences:
          'A network of our own: strides in place of pooling, shortcuts, dilated convolutions at the lowest level, scores at half the size.',
      },
    ],
  },
  {
    title: 'Feature networks',
    text: 'Weights are loaded from files: see [weights.md](weights.md).',
    rows: [
      {
        system: 'VGG-19',
        paper: 'vgg',
        spec: ['features', 'Vgg19'],
        counted: [{ call: 'Vgg19()', given: 'image' }],
        evidence: [
          losses('spade_vgg_loss'),
          features('activations of a normalized VGG-19 up to relu3_1'),
          sizes,
        ],
        differences: 'Ends with conv5_1, as the loss does; no classifier.',
      },
      {
        system: 'SqueezeNet 1.1',
        paper: 'squeezenet',
        spec: ['features', 'SqueezeNet11'],
        counted: [{ call: 'SqueezeNet11()', given: 'image' }],
        evidence: [features('activations of all layers'), sizes],
        differences: 'No classifier. `ceil: true` pools as Caffe and torchvision do.',
      },
      {
        system: 'MobileNet v1',
        paper: 'mobilenet',
        spec: ['features', 'MobileNetV1'],
        counted: [
          { call: 'MobileNetV1(alpha: 0.75)', given: 'image' },
          { call: 'MobileNetV1()', given: 'image' },
        ],
        evidence: [features('activations of all layers and the logits'), sizes],
        differences: 'Batch norms are folded into the convolutions, as in weights for use; no dropout.',
      },
      {
        system: 'Inception v3',
        paper: 'inception',
        spec: ['features', 'InceptionV3'],
        counted: [
          { call: 'InceptionV3()', given: 'image' },
          { call: 'InceptionV3(aux: false)', given: 'image' },
        ],
        evidence: [systems('inception_v3'), sizes],
        differences:
          "Weights are the user's. No dropout. `fid: true` is the form that the Frechet distance is computed with; its resizing is not antialiased.",
      },
    ],
  },
];

/** A picture: a network of the library, or a text with a network, and the options of its drawing. */
export interface Picture {
  readonly file: string;
  readonly caption: string;
  readonly depth: number;
  readonly from:
    | { readonly module: string; readonly settings?: Readonly<Record<string, number | boolean | string>> }
    | { readonly text: string };
}

const blockPicture = (file: string, caption: string, text: string): Picture => ({
  file,
  caption,
  depth: 2,
  from: { text },
});

const onFeatures = (name: string, call: string): string =>
  `network ${name}(x: Image, seg: LabelMap) { return x |> ${call} as ${/\w+/.exec(call)?.[0]} }`;

export const pictures: readonly Picture[] = [
  blockPicture(
    'spade',
    '`spade`: the map makes gamma and beta for every pixel',
    onFeatures('Layer', 'spade(seg)'),
  ),
  blockPicture('clade', '`clade`: they come from a table, by class', onFeatures('Layer', 'clade(seg)')),
  blockPicture(
    'adain',
    '`adain`: they come from a style, one for each channel',
    'network Layer(x: Image, style: Latent) { return x |> adain(style: style) as adain }',
  ),
  blockPicture(
    'SpadeResBlock',
    '`SpadeResBlock`: the residual block, its shortcut learned',
    onFeatures('Layer', 'SpadeResBlock(seg, out: 32)'),
  ),
  blockPicture(
    'ResnetBlock',
    '`ResnetBlock` of pix2pixHD',
    onFeatures('Layer', 'ResnetBlock(seg, norm: instance, weight: plain, init: normal(std: 0.02))'),
  ),
  { file: 'SpadeGenerator', caption: '`SpadeGenerator()`', depth: 1, from: { module: 'generators' } },
  { file: 'GlobalGenerator', caption: '`GlobalGenerator()`', depth: 1, from: { module: 'pix2pixhd' } },
  {
    file: 'LocalEnhancer',
    caption: '`LocalEnhancer(reductions: 2)`',
    depth: 2,
    from: { module: 'pix2pixhd', settings: { reductions: 2 } },
  },
  { file: 'Pix2PixHDPlusPlus', caption: '`Pix2PixHDPlusPlus()`', depth: 1, from: { module: 'pix2pixhd' } },
  { file: 'ConcatDecoder', caption: '`ConcatDecoder()`', depth: 2, from: { module: 'generators' } },
  { file: 'StyleGenerator', caption: '`StyleGenerator()`', depth: 2, from: { module: 'generators' } },
  { file: 'OasisGenerator', caption: '`OasisGenerator()`', depth: 1, from: { module: 'generators' } },
  {
    file: 'UNet',
    caption: '`UNet(reductions: 5)`',
    depth: 1,
    from: { module: 'generators', settings: { reductions: 5 } },
  },
  { file: 'CascadedRefinement', caption: '`CascadedRefinement()`', depth: 1, from: { module: 'generators' } },
  { file: 'StyleEncoder', caption: '`StyleEncoder()`', depth: 1, from: { module: 'encoders' } },
  {
    file: 'FeatureEncoder',
    caption: '`FeatureEncoder(reductions: 2)`',
    depth: 2,
    from: { module: 'pix2pixhd', settings: { reductions: 2 } },
  },
  {
    file: 'MultiscaleDiscriminator',
    caption: '`MultiscaleDiscriminator()`',
    depth: 2,
    from: { module: 'discriminators' },
  },
  {
    file: 'Pix2PixHDDiscriminator',
    caption: '`Pix2PixHDDiscriminator()`',
    depth: 2,
    from: { module: 'pix2pixhd' },
  },
  {
    file: 'OasisDiscriminator',
    caption: '`OasisDiscriminator()`',
    depth: 1,
    from: { module: 'discriminators' },
  },
  {
    file: 'SegmentationUNet',
    caption: '`SegmentationUNet(classes: 12)`',
    depth: 1,
    from: { module: 'segmenters', settings: { classes: 12 } },
  },
  { file: 'Vgg19', caption: '`Vgg19()`', depth: 1, from: { module: 'features' } },
  { file: 'SqueezeNet11', caption: '`SqueezeNet11()`', depth: 1, from: { module: 'features' } },
  { file: 'MobileNetV1', caption: '`MobileNetV1()`', depth: 1, from: { module: 'features' } },
  { file: 'InceptionV3', caption: '`InceptionV3()`', depth: 1, from: { module: 'features' } },
];

/** Swaps: a line of an experiment in `examples/systems`, and its replacement. */
export const swaps = [
  ['generator', 'spade', 'let G = UNet(width: 8, reductions: 5)'],
  ['norm', 'spade', 'let G = SpadeGenerator(width: 8, norm: clade)'],
  ['discriminator', 'spade', 'let D = Pix2PixHDDiscriminator(scales: 2, layers: 2, width: 8)'],
  ['loss', 'pix2pixhd', 'loss G = 2 * gan_generator(D, kind: least_squares) + 10 * l1()'],
] as const satisfies readonly (readonly [what: string, example: string, line: string])[];
