/**
 * Maps the names of other frameworks to names here, for hints. Case and underscores are ignored; of several targets,
 * the first one that is known at the place is used. The frameworks are PyTorch, Keras, TensorFlow and the official
 * code of SPADE and pix2pixHD.
 */
import { inWords } from '../../dsl/words.ts';
import { ofClasses } from '../metrics/index.ts';
import { optimizers, settingsOf, type Optimizer } from '../optimizers/index.ts';

/** Names here by those of other frameworks; each key lists several names. */
const names: Readonly<Record<string, string>> = {
  // layers
  'conv2d convolution convolution2d conv2dlayer convlayer': 'conv',
  'convtranspose convtranspose2d conv2dtranspose deconv deconv2d transposedconv': 'conv_transpose',
  'depthwiseconv2d separableconv2d': 'depthwise_conv2d',
  'linear linearlayer fc fullyconnected denselayer': 'dense',
  'lrelu leakyrelulayer': 'leaky_relu',
  relulayer: 'relu',
  'sigmoidlayer logistic': 'sigmoid',
  'interpolate upsampling2d upsamplenearest': 'upsample resize',
  'bilinear upsamplebilinear interpolatebilinear': 'resize_bilinear',
  'maxpool2d maxpooling2d': 'max_pool',
  'avgpool2d averagepooling2d averagepool': 'avg_pool',
  'reflectionpad2d reflectionpad padreflect': 'reflect_pad',
  'cat concatenate hstack': 'concat',
  flattenlayer: 'flatten',
  'randn randomnormallike normalrandom': 'random_normal',
  rand: 'random_uniform',
  bernoulli: 'random_bernoulli',
  'detach stopgrad': 'stop_gradient',
  reducemean: 'mean',
  'reducesum addn': 'sum',
  negative: 'neg',
  // norms
  'batchnorm batchnorm2d batchnormalization bn': 'batch',
  'syncbatchnorm synchronizedbatchnorm2d syncbatchnorm2d syncbn': 'sync_batch',
  'instancenorm instancenorm2d instancenormalization in2d': 'instance',
  'layernorm layernormalization': 'layer',
  'groupnorm groupnormalization': 'group',
  'localresponsenorm lrn': 'local_response',
  'spectralnorm spectralnormalization': 'spectral',
  weightnormalization: 'weight_norm',
  'spadenorm spadelayer': 'spade',
  'none noop passthrough': 'identity',
  // networks and losses
  'spaderesnetblock spaderesblk spadeblock': 'SpadeResBlock',
  'spadegenerator2d generator': 'SpadeGenerator',
  'multiscalediscriminator2d discriminator': 'MultiscaleDiscriminator',
  'nlayerdiscriminator patchgan': 'PatchDiscriminator',
  'convencoder encoder': 'StyleEncoder',
  'vgg vggloss vgg19loss lpips': 'perceptual',
  vggnet: 'Vgg19',
  'l1loss mae meanabsoluteerror absoluteerror': 'l1',
  'crossentropyloss categoricalcrossentropy ce': 'cross_entropy',
  'kldloss kldivloss kldivergence kldiv kld': 'kl',
  'ganloss hingeloss ganhinge': 'gan_generator',
  'featurematchingloss ganfeat featmatch fm': 'feature_matching',
  'lsgan ls leastsquaresgan': 'least_squares',
  'wgan wgangp w': 'wasserstein',
  'vanilla vanillagan original': 'non_saturating',
  // arguments of layers
  'outchannels outfeatures filters units outputchannels outputs nout channelsout cout': 'out',
  'kernelsize ksize filtersize': 'kernel size',
  strides: 'stride',
  'padding paddings': 'pad',
  'paddingmode padtype': 'pad_mode',
  outputpadding: 'output_pad',
  ceilmode: 'ceil',
  countincludepad: 'count_pad',
  dilationrate: 'dilation',
  'usebias hasbias': 'bias',
  'negativeslope alpha': 'slope',
  'numgroups ngroups': 'groups',
  'p prob droprate dropprob': 'rate',
  'scalefactor scale': 'factor',
  'kernelinitializer initializer weightinit': 'init',
  eps: 'epsilon',
  'poolsize windowsize window': 'size',
  'ngf ndf nf basechannels basewidth dim': 'width',
  'numlayers nlayers nlayersd depth nblocks numblocks': 'layers',
  'numd numscales': 'scales',
  'normlayer normtype normg normd normalization': 'norm',
  'nhidden hiddenchannels nhiddenchannels': 'hidden',
  'zdim nz latent noise': 'z',
  target: 'labels',
  // training
  'numepochs nepochs niter maxepochs': 'epochs',
  'iterations iters numsteps nsteps maxsteps numiterations iter': 'steps',
  'saveevery saveinterval saveepochfreq savefreq checkpointinterval': 'checkpoint_every',
  'displayfreq displayevery sampleinterval': 'sample_every',
  'evalevery evaluationinterval validateevery': 'evaluate_every',
  'accumulationsteps gradaccum gradientaccumulation accumulategradbatches': 'accumulate',
  'decayepoch decaystart decayfromepoch': 'decay_from',
  'dtype mixedprecision': 'precision',
  // data
  'batchsize bs': 'batch',
  'numclasses nclasses labelnc nlabels numlabels semanticnc': 'classes',
  'imagesize cropsize resolution imgsize inputsize shape': 'size',
  loadsize: 'crop_from',
  'root dir directory folder dataroot datadir': 'path',
  'photos imagedir imagefolder trainimages imgs': 'images',
  'maps masks labeldir labelfolder trainlabels segmentations': 'labels',
  'instancedir instancemaps': 'instances',
  'valimages validationimages': 'test_images',
  'vallabels validationlabels': 'test_labels',
  'ignoreindex ignorelabel ignore unknown': 'void',
  'palette colormap': 'colors',
  'rgb color colour colours': 'colors',
  'id index indices indexed': 'ids',
  'classnames labelnames': 'names',
  'augmentation augmentations transforms': 'augment',
  // types and queries
  'picture photo photograph img image rgb': 'Image',
  'str text': 'string',
  boolean: 'bool',
  integer: 'int',
  'double float32 number': 'float',
  'array sequence': 'list',
  'segmap segmentation semanticmap labelimage mask seg label labels map': 'LabelMap',
  'vector code style z noise latent': 'Latent',
  'layertype module function callable': 'Block',
  normalizer: 'Norm',
  'model net': 'Network',
  ndim: 'rank',
  'numchannels nchannels c nc outchannel': 'channels',
  'h rows': 'height',
  'w columns': 'width',
  'len count': 'length',
  head: 'first',
};

/** Names of optimizer settings in other frameworks. */
const namesOfSettings = optimizers
  .flatMap(settingsOf)
  .flatMap(([own, { elsewhere = [] }]) => elsewhere.map((old): [string, string[]] => [old, [own]]));

const targets: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(names)
    .flatMap(([old, own]) => old.split(' ').map((one): [string, string[]] => [one, own.split(' ')]))
    .concat(namesOfSettings)
    .reduce(
      (all, [old, own]) => all.set(old, [...(all.get(old) ?? []), ...own]),
      new Map<string, string[]>(),
    ),
);

/** Normalizes a name for comparison: case and underscores are ignored. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll('_', '');

/** Lists what a name of another framework may be called here, most likely first. */
export function carriedOver(name: string): readonly string[] {
  return targets.get(plainName(name)) ?? [];
}

/** All names that the table leads to. */
export const carriedOverTargets: ReadonlySet<string> = new Set([...targets.values()].flat());

/** Names without an equivalent here, and how to do the same. */
export const ways: ReadonlyMap<string, string> = new Map([
  ['softmax', 'it is written exp(log_softmax(x))'],
  ['matmul', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['bmm', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['einsum', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['pow', 'numbers have powers, n ** 2; tensors have square(x) and sqrt(x)'],
  ...['dropout2d', 'spatialdropout2d'].map(
    (name) =>
      [
        name,
        'it drops whole channels: x * random_bernoulli([1, 1, x.channels], share: 0.8, name: "kept") / 0.8',
      ] as const,
  ),
  ['len', 'it is a query: list.length'],
  ['clamp', 'it is written minimum(maximum(x, low), high)'],
  ['clip', 'it is written minimum(maximum(x, low), high)'],
  ['globalavgpool', 'it is written mean(x, over: "pixels")'],
  ['adaptiveavgpool2d', 'it is written mean(x, over: "pixels")'],
  ...['mse', 'mseloss', 'l2', 'l2loss'].map((name) => [name, 'it is written mean(square(a - b))'] as const),
  ...['reshape', 'view', 'unflatten'].map(
    (name) =>
      [
        name,
        'a vector becomes a picture by fold(height: 4, width: 4, channels: 16), a picture a vector by flatten',
      ] as const,
  ),
  ...['permute', 'transpose', 'movedim'].map(
    (name) => [name, 'axes keep their order: height, width, channels; leave it out'] as const,
  ),
  ...['append', 'push', 'extend'].map(
    (name) => [name, 'a list grows by another: list + [item], bound to a name'] as const,
  ),
  ...['nan', 'inf', 'infinity'].map((name) => [name, 'numbers are finite: write one, such as 1e-4'] as const),
  ['sequential', 'layers follow each other in a pipeline: x |> f |> g'],
  ['lambda', 'a function is a block: block f(x) { return x }'],
  ['print', 'nothing is printed: a spec is expanded before anything runs'],
]);

/** Says how to do something that has no name here; undefined if unknown. */
export function wayOf(name: string): string | undefined {
  return ways.get(plainName(name));
}

interface SettingElsewhere {
  readonly words: string;
  /** The text to write if the setting is switched on. */
  readonly text?: string;
}

/** Settings of other frameworks that are written differently here, or not at all, by section. */
const settingsElsewhere: Readonly<Record<string, Readonly<Record<string, SettingElsewhere>>>> = {
  data: {
    'flip hflip horizontalflip randomflip randomhorizontalflip mirror': {
      words: 'write augment: ["flip"]',
      text: 'augment: ["flip"]',
    },
    noflip: { words: 'pictures are flipped only where augment: ["flip"] says so: leave it out' },
    'shuffle randomorder': { words: 'pictures come in a new order in every epoch: leave it out' },
    'testsplit valsplit validationsplit split trainsplit holdout testsize valsize': {
      words:
        'name the pairs to hold out in a text file, one a line: test_list: "test.txt"; or give folders of their own: test_images: "...", test_labels: "..."',
    },
    'numworkers nworkers workers nthreads pinmemory prefetch droplast': {
      words: 'reading is arranged by itself: leave it out',
    },
    'normalize normalization mean std': { words: 'pictures go from -1 to 1 by themselves: leave it out' },
    'channels inputnc outputnc inputchannels': { words: 'photographs have three channels: leave it out' },
  },
  train: {
    'lr learningrate rate beta1 beta2 betas momentum weightdecay l2reg optimizer optim': {
      words: 'it belongs to the optimizer of a network: optimize G with adam(rate: 1e-4)',
    },
    'evaluate evaluation metric metrics monitor bestmetric': {
      words: `how often is measured says evaluate_every: 1000, and by what the best checkpoint is told best: "${ofClasses[0]?.name}"`,
    },
    'batch batchsize bs': { words: 'it is a setting of the data: batch: 4' },
    'device gpu gpuids cuda': { words: 'the command line chooses the engine: leave it out' },
  },
};

/** Says how a setting of another framework is written in a section; undefined if unknown. */
export function settingElsewhere(section: string, name: string): SettingElsewhere | undefined {
  const known = Object.entries(settingsElsewhere[section] ?? {});
  return known.find(([names]) => names.split(' ').includes(plainName(name)))?.[1];
}

/** Well-known activations that the library lacks, as functions of x. */
export const formulas: ReadonlyMap<string, string> = new Map([
  ['gelu', '0.5 * x * (1 + tanh(0.79788456 * (x + 0.044715 * x * square(x))))'],
  ['silu', 'x * sigmoid(x)'],
  ['swish', 'x * sigmoid(x)'],
  ['mish', 'x * tanh(softplus(x))'],
  ['elu', 'relu(x) + exp(minimum(x, 0)) - 1'],
  ['selu', '1.0507 * (relu(x) + 1.67326 * (exp(minimum(x, 0)) - 1))'],
  ['hardtanh', 'minimum(maximum(x, -1), 1)'],
  ['hardsigmoid', 'relu6(x + 3) / 6'],
  ['hardswish', 'x * relu6(x + 3) / 6'],
  ['softsign', 'x / (1 + abs(x))'],
  ['logsigmoid', '-softplus(-x)'],
]);

/** Gives a well-known activation as a function of x; undefined if the library has it, or it is unknown. */
export function formulaOf(name: string): string | undefined {
  return formulas.get(plainName(name));
}

/** Well-known optimizers, including those of the language. */
const wellKnownOptimizers =
  'adamw adamax nadam radam amsgrad adagrad adadelta lamb lars lion adafactor lbfgs muon shampoo'.split(' ');

const kinds = optimizers.map(({ kind }) => kind);

/** Other well-known names that the library lacks, by category, with what exists instead. */
const lacking: Readonly<Record<string, string>> = {
  [wellKnownOptimizers.filter((name) => !kinds.includes(name)).join(' ')]:
    `the optimizers are ${inWords(kinds)}`,
  'prelu rrelu celu glu geglu swiglu softmin threshold maxout hardshrink softshrink tanhshrink':
    'the activations are relu, leaky_relu, relu6, softplus, sigmoid and tanh, and a block of your own may be another',
  'huber huberloss smoothl1 smoothl1loss bce bceloss bcewithlogits bcewithlogitsloss focal focalloss dice diceloss nll nllloss hingeembeddingloss tripletloss triplet tv tvloss totalvariation ssim ssimloss msssim msssimloss charbonnier wing arcface contrastive infonce ctc':
    'a loss of your own is a block that returns one number, such as mean(abs(fake() - real()))',
  'rmsnorm rmsnormalization frn filterresponsenorm actnorm evonorm powernorm switchablenorm pixelnorm scalenorm crossnorm iterativenorm':
    'the norms are in the module norms: batch, instance, layer, group; a norm of your own is a block (x, seg)',
  'conv1d conv3d convtranspose1d convtranspose3d maxpool1d maxpool3d avgpool1d avgpool3d batchnorm1d batchnorm3d instancenorm1d instancenorm3d':
    'pictures have height and width: conv, max_pool, avg_pool and the norms take these',
  'lstm gru rnn lstmcell grucell embedding multiheadattention attention selfattention transformer':
    'a block of your own may be made of linear, conv and the functions of tensors',
};

const lackingNames: ReadonlyMap<string, string> = new Map(
  Object.entries(lacking).flatMap(([names, what]) => names.split(' ').map((name) => [name, what] as const)),
);

/** Says that a well-known name is missing here, and what exists instead; undefined if unknown. */
export function whyLacking(name: string): string | undefined {
  const what = lackingNames.get(plainName(name));
  return what === undefined ? undefined : `there is no ${name} here: ${what}`;
}

/** Tells whether a well-known name is missing here, so that no similar name is suggested. */
export const isElsewhere = (name: string): boolean =>
  formulaOf(name) !== undefined || lackingNames.has(plainName(name));

/** Optimizer settings of other frameworks that only some optimizers have here. */
const settingsOfSome = ['weightdecay', 'nesterov', 'amsgrad', 'dampening', 'centered'];

/** Says which optimizers have a setting, given by its plain name. */
function whoseSetting(plain: string): string {
  const isOwner = ({ settings }: Optimizer): boolean =>
    Object.keys(settings).some((name) => plainName(name) === plain);
  const owners = optimizers.filter(isOwner).map(({ kind }) => kind);
  return owners.length === 0 ? 'no optimizer has it' : `it is a setting of ${inWords(owners)}`;
}

/** Parameters of other frameworks that follow from something else here, with what they follow from. */
const settled: ReadonlyMap<string, string> = new Map([
  ['inchannels', 'the channels are those of the input'],
  ['infeatures', 'the channels are those of the input'],
  ['inputchannels', 'the channels are those of the input'],
  ['numfeatures', 'the channels are those of the input'],
  ['normalizedshape', 'the channels are those of the input'],
  ['inputshape', 'the shape is that of the input'],
  ['inplace', 'nothing is changed in place'],
  ['startdim', 'a picture is flattened as a whole'],
  ['enddim', 'a picture is flattened as a whole'],
  ...settingsOfSome.map((name) => [name, whoseSetting(name)] as const),
  ['dataformat', 'channels are the last axis'],
  ['requiresgrad', 'parameters are trained, states are not'],
  ['trackrunningstats', 'running statistics are always kept'],
  ['device', 'the command line chooses the engine'],
]);

/** Says why an argument is unnecessary here; undefined if unknown. */
export function whySettled(name: string): string | undefined {
  return settled.get(plainName(name));
}
