/**
 * Answers for names that people bring from other frameworks: what they are called here. A name counts whatever its case and
 * underscores; of several the first that is known at the place is meant. The frameworks are PyTorch, Keras, TensorFlow and the
 * official code of SPADE and pix2pixHD.
 */
const names: Readonly<Record<string, string>> = {
  // layers
  'conv2d convolution convolution2d conv2dlayer convlayer': 'conv',
  'convtranspose convtranspose2d conv2dtranspose deconv deconv2d transposedconv': 'conv_transpose',
  'depthwiseconv2d separableconv2d': 'depthwise_conv2d',
  'linearlayer fc fullyconnected denselayer': 'dense',
  'lrelu leakyrelulayer': 'leaky_relu',
  relulayer: 'relu',
  'sigmoidlayer logistic': 'sigmoid',
  'dropout2d spatialdropout2d': 'dropout',
  'interpolate upsampling2d upsamplenearest': 'upsample resize',
  'maxpool2d maxpooling2d': 'max_pool',
  'avgpool2d averagepooling2d averagepool': 'avg_pool',
  'reflectionpad2d reflectionpad padreflect': 'reflect_pad',
  'cat concatenate hstack': 'concat',
  flattenlayer: 'flatten',
  'reshape view': 'fold',
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
  'featurematchingloss ganfeat featmatch': 'feature_matching',
  // arguments of layers
  'outchannels outfeatures filters units outputchannels outputs nout channelsout cout': 'out',
  'kernelsize ksize filtersize': 'kernel',
  'padding paddings': 'pad',
  'paddingmode padtype': 'pad_mode',
  outputpadding: 'output_pad',
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
  // optimizers and training
  'lr learningrate': 'rate',
  'beta beta0': 'beta1',
  'gradclip clipgradnorm maxgradnorm gradientclip clip': 'clip_norm',
  'ema emadecay polyak averaging': 'average',
  'warmupsteps warmupiterations': 'warmup',
  rho: 'decay',
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
  'vector code style': 'Latent',
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

const targets: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(names)
    .flatMap(([old, own]) => old.split(' ').map((one) => [one, own.split(' ')] as const))
    .reduce(
      (all, [old, own]) => all.set(old, [...(all.get(old) ?? []), ...own]),
      new Map<string, string[]>(),
    ),
);

/** Says what a name of another framework may be called here, most likely first. */
export function carriedOver(name: string): readonly string[] {
  return targets.get(name.toLowerCase().replaceAll('_', '')) ?? [];
}

/** All names that the table leads to. */
export const carriedOverTargets: ReadonlySet<string> = new Set([...targets.values()].flat());

/** What has no name here, and how it is done. */
export const ways: ReadonlyMap<string, string> = new Map([
  ['softmax', 'it is written exp(log_softmax(x))'],
  ['matmul', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['bmm', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['einsum', 'no two computed tensors are multiplied as matrices; linear(x, w) multiplies by a weight'],
  ['pow', 'numbers have powers, n ** 2; tensors have square(x) and sqrt(x)'],
  ['len', 'it is a query: list.length'],
  ['clamp', 'it is written minimum(maximum(x, low), high)'],
  ['clip', 'it is written minimum(maximum(x, low), high)'],
  ['globalavgpool', 'it is written mean(x, over: "pixels")'],
  ['adaptiveavgpool2d', 'it is written mean(x, over: "pixels")'],
  ['mseloss', 'it is written mean(square(a - b))'],
  ['mse', 'it is written mean(square(a - b))'],
  ['sequential', 'layers follow each other in a pipeline: x |> f |> g'],
  ['lambda', 'a function is a block: block f(x) { return x }'],
  ['print', 'nothing is printed: a spec is expanded before anything runs'],
]);

/** Says how something is done that has no name here; undefined where that is not known. */
export function wayOf(name: string): string | undefined {
  return ways.get(name.toLowerCase().replaceAll('_', ''));
}

/** What parameters of other frameworks say that follows from something else here, with what it follows from. */
const settled: ReadonlyMap<string, string> = new Map([
  ['inchannels', 'the channels are those of the input'],
  ['infeatures', 'the channels are those of the input'],
  ['inputchannels', 'the channels are those of the input'],
  ['numfeatures', 'the channels are those of the input'],
  ['inputshape', 'the shape is that of the input'],
  ['inplace', 'nothing is changed in place'],
  ['dataformat', 'channels are the last axis'],
  ['requiresgrad', 'parameters are trained, states are not'],
  ['trackrunningstats', 'running statistics are always kept'],
  ['device', 'the command line chooses the engine'],
]);

/** Says why an argument is left out here; undefined where it is not known. */
export function whySettled(name: string): string | undefined {
  return settled.get(name.toLowerCase().replaceAll('_', ''));
}
