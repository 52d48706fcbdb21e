/** Lists the cells of the matrix, writes their experiments, and gives the expected refusals. */
import { check, type CheckResult } from '../../compiler/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { handsMapOn, networks, importsOf, reachedFrom, takes } from './catalog.ts';
import {
  discriminators,
  generators,
  losses,
  norms,
  variants,
  weights,
  type Discriminator,
  type Generator,
  type Loss,
  type Norm,
} from './table.ts';

/** One combination. */
export interface Cell {
  readonly generator: Generator;
  readonly norm: Norm;
  readonly loss: Loss;
  /** The generator's weight block, if not the default. */
  readonly weight?: string;
  /** The discriminator, if not the loss's default. */
  readonly discriminator?: Discriminator;
}

/** Names a cell by its choices. */
export const nameOf = ({ generator, norm, loss, weight, discriminator }: Cell): string =>
  [generator.name, weight, norm.name, loss.name, discriminator && namedDiscriminator(discriminator)]
    .filter((part) => part !== undefined)
    .join(' | ');

const namedDiscriminator = ({ name, norm, weight }: Discriminator): string =>
  [name, norm?.name, weight].filter((part) => part !== undefined).join(', ');

/** Pictures of 64x64 pixels, two per step. */
export const side = 64;
export const batch = 2;
const classes = 12;

/** A user's network that classifies pixels, for `cross_entropy`. */
const segmenter = `network Segmenter(image: Image) {
  return image |> conv(8) as conv_0 |> relu |> conv(${classes}) as conv_1
}
`;

interface Choices {
  readonly network: string;
  readonly settings: string;
  readonly norm?: Norm | undefined;
  readonly weight?: string | undefined;
}

function callOf({ network, settings, norm, weight }: Choices): string {
  const more = [...(norm ? [`norm: ${norm.text}`] : []), ...(weight ? [`weight: ${weight}`] : [])];
  return `${network}(${[settings, ...more].join(', ')})`;
}

/** Writes the experiment of a cell. */
export function textOf(cell: Cell): string {
  const { generator, norm, loss, weight } = cell;
  const discriminator = cell.discriminator ?? loss.discriminator;
  const encoder = generator.encoder ?? loss.encoder;
  const trained = encoder === undefined ? 'G' : 'G, E';
  const opponent = /loss (\w)/.exec(loss.opponent ?? '')?.[1];
  const lines = [
    ...(encoder === undefined ? [] : [`let E = ${encoder}`]),
    `let G = ${callOf({ ...generator, norm, weight })}`,
    ...(discriminator ? [`let D = ${callOf(discriminator)}`] : []),
    ...(loss.judge === undefined ? [] : [loss.judge]),
    `loss ${trained} = ${loss.generator}`,
    ...(loss.opponent === undefined ? [] : [loss.opponent]),
  ].join('\n  ');
  const own = loss.judge?.includes('Segmenter') === true ? segmenter : '';
  const adam = 'adam(rate: 1e-3, beta1: 0, beta2: 0.9)';
  return `${importsOf(lines)}${own}
experiment cell {
  data camvid {
    path: ".", images: "images", labels: "labels"${norm.instances ? ', instances: "instances"' : ''}
    classes: ${classes}, size: ${side}x${side}, batch: ${batch}, augment: ["flip"]
  }
  ${lines}
  train {
    steps: 10
    optimize ${trained} with ${adam}
    ${opponent === undefined ? '' : `optimize ${opponent} with ${adam}`}
  }
}
`;
}

/** The library, cached for all cells. */
export const library = fileProvider();

/** Checks a cell: gives its spec, or its diagnostics. */
export function checkCell(cell: Cell): CheckResult {
  return check({ name: 'cell.spade', text: textOf(cell) }, library);
}

/** Why a cell is invalid, and the expected diagnostic. */
export interface Refusal {
  readonly why: string;
  readonly code: string;
  readonly message: string;
  readonly applies: (cell: Cell) => boolean;
  /** The names of the choices that are incompatible. */
  readonly about: (cell: Cell) => readonly (string | undefined)[];
}

const byGeneratorAndNorm = ({ generator, norm }: Cell): readonly string[] => [generator.name, norm.name];
const byJudgeAndLoss = (cell: Cell): readonly (string | undefined)[] => [judgeOf(cell), cell.loss.name];

const looksAtMap = ({ declared }: Norm): boolean => reachedFrom([declared.name]).has('map_of');
const asksMembers = ({ declared }: Norm): boolean =>
  ['one_hot', 'edges', 'instances'].some((member) => reachedFrom([declared.name]).has(member));
const addsChannels = ({ declared: { name }, instances }: Norm): boolean =>
  name === 'with_map' || (instances && ['clade', 'positional_clade'].includes(name));
const hasResidualBlocks = ({ network }: Generator): boolean =>
  networks.some(({ name, module }) => name === network && module === 'pix2pixhd');
const mentions = ({ generator, opponent }: Loss, word: string): boolean =>
  `${generator} ${opponent}`.includes(word);
const judgeOf = ({ loss, discriminator }: Cell): string | undefined =>
  (discriminator ?? loss.discriminator)?.network;

/** All reasons for refusal; a cell without any trains. */
export const refusals: readonly Refusal[] = [
  {
    why: 'the norm takes no style',
    code: 'refused',
    message: 'the norm of StyleGenerator is given the style, and this one takes none',
    about: byGeneratorAndNorm,
    applies: ({ generator, norm }) =>
      generator.network === 'StyleGenerator' && !takes(norm.declared, 'style'),
  },
  {
    why: "the norm looks at the map, and is given none: as another norm's base (which it is in ConcatDecoder), or in a discriminator",
    code: 'refused',
    message: 'this norm looks at the label map, and is given none here',
    about: ({ generator, norm, discriminator }) => [
      generator.name,
      (discriminator?.norm ?? norm.base ?? norm).name,
    ],
    applies: ({ generator, norm, discriminator }) =>
      (generator.name === 'ConcatDecoder' && looksAtMap(norm)) ||
      (norm.base !== undefined && looksAtMap(norm.base) && !handsMapOn(norm.declared)) ||
      (discriminator?.norm !== undefined && looksAtMap(discriminator.norm)),
  },
  {
    why: 'the norm asks the map for its classes, edges or instances; OasisGenerator hands on channels made of map and noise',
    code: 'unknown-member',
    message: 'a tensor of height',
    about: byGeneratorAndNorm,
    applies: ({ generator, norm }) => generator.network === 'OasisGenerator' && asksMembers(norm),
  },
  {
    why: 'the norm needs instances, which the data do not have',
    code: 'refused',
    message: 'positional_clade needs instances',
    about: ({ generator }) => [generator.name],
    applies: ({ norm }) => norm.declared.name === 'positional_clade' && !norm.instances,
  },
  {
    why: 'the norm adds channels, which residual blocks cannot add up',
    code: 'refused',
    message: 'the residual blocks of pix2pixHD cannot take a norm that adds channels',
    about: byGeneratorAndNorm,
    applies: ({ generator, norm }) => hasResidualBlocks(generator) && addsChannels(norm),
  },
  {
    why: 'the encoder gives a code, not a distribution',
    code: 'refused',
    message: 'kl is of an encoder that gives a mean and a log variance',
    about: ({ generator }) => [generator.name],
    applies: ({ generator, loss }) =>
      mentions(loss, 'kl(E)') && generator.encoder?.startsWith('FeatureEncoder') === true,
  },
  {
    why: 'no generator takes what the encoder says',
    code: 'code-not-taken',
    message: "no network takes what 'E' says of photographs",
    about: ({ generator }) => [generator.name],
    applies: ({ generator, loss }) => mentions(loss, 'kl(E)') && generator.encoder === undefined,
  },
  {
    why: 'the loss wants a number for each place, and the discriminator classifies pixels',
    code: 'refused',
    message: 'this loss wants one number for each place',
    about: byJudgeAndLoss,
    applies: (cell) => judgeOf(cell) === 'OasisDiscriminator' && mentions(cell.loss, 'gan_generator'),
  },
  {
    why: 'the discriminator gives predictions, no features to match',
    code: 'refused',
    message: 'feature_matching compares the layers of a discriminator',
    about: byJudgeAndLoss,
    applies: (cell) => judgeOf(cell) === 'OasisDiscriminator' && mentions(cell.loss, 'feature_matching'),
  },
  {
    why: 'the loss wants a discriminator that classifies pixels',
    code: 'refused',
    message: 'the oasis_ losses want a discriminator that gives each pixel scores',
    about: byJudgeAndLoss,
    applies: (cell) => judgeOf(cell) !== 'OasisDiscriminator' && mentions(cell.loss, 'oasis_generator'),
  },
  {
    why: 'standardized weights need a norm behind each convolution, which OasisDiscriminator has not',
    code: 'refused',
    message: 'standardized weights need a norm behind each convolution',
    about: (cell) => [judgeOf(cell), cell.discriminator?.weight],
    applies: (cell) =>
      judgeOf(cell) === 'OasisDiscriminator' && cell.discriminator?.weight === 'standardized',
  },
];

/** The reasons for refusing a cell. */
export const refusalsOf = (cell: Cell): readonly Refusal[] => refusals.filter(({ applies }) => applies(cell));

/** Describes how a cell's diagnostics differ from the expected ones; undefined if they do not. */
export function surpriseOf(cell: Cell): string | undefined {
  const expected = refusalsOf(cell);
  const { diagnostics } = checkCell(cell);
  const said = diagnostics.map(({ code, message }) => `${code}: ${message}`);
  if (expected.length > 0 && diagnostics.length === 0) return `is not refused, though ${expected[0]?.why}`;
  const unexpected = said.filter(
    (text) => !expected.some(({ code, message }) => text.startsWith(`${code}: ${message}`)),
  );
  if (unexpected.length > 0) return unexpected.join('; ');
  const unhelpful = diagnostics.filter(({ span, hint }) => span === undefined || hint === undefined);
  return unhelpful.length > 0 ? `without place or hint: ${unhelpful[0]?.message}` : undefined;
}

/** Every generator with every norm and loss. */
export const mainCells: readonly Cell[] = generators.flatMap((generator) =>
  norms.flatMap((norm) => losses.map((loss) => ({ generator, norm, loss }))),
);

function named<T extends { readonly name: string }>(list: readonly T[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (!found) throw new Error(`the table has no ${name}`);
  return found;
}

const spadeGenerator = named(generators, 'SpadeGenerator');
const unet = named(generators, 'UNet');
const batchNorm = named(norms, 'batch');
const hinge = named(losses, 'hinge, feature matching');
const adversarial = losses.filter(({ name, discriminator }) => discriminator && name !== 'hinge, KL');

/** Norms over every base, with scale and shift, and with other kernels. */
export const variantCells: readonly Cell[] = variants.map((norm) => ({
  generator: spadeGenerator,
  norm,
  loss: hinge,
}));

/** Every generator with every weight. */
export const weightCells: readonly Cell[] = generators.flatMap((generator) =>
  weights.map((weight) => ({
    generator,
    weight,
    norm: generator.network === 'StyleGenerator' ? named(norms, 'adain') : batchNorm,
    loss: hinge,
  })),
);

/** Every discriminator with every adversarial loss, and with every norm and weight that it accepts. */
export const discriminatorCells: readonly Cell[] = discriminators.flatMap((discriminator) => {
  const takenBy = (parameter: string): boolean =>
    networks.some((one) => one.name === discriminator.network && takes(one, parameter));
  const choices: readonly Discriminator[] = [
    discriminator,
    ...(takenBy('norm')
      ? norms.filter(({ instances }) => !instances).map((norm) => ({ ...discriminator, norm }))
      : []),
    ...(takenBy('weight') ? weights.map((weight) => ({ ...discriminator, weight })) : []),
  ];
  return choices.flatMap((choice) =>
    adversarial.map((loss) => ({ generator: unet, norm: batchNorm, loss, discriminator: choice })),
  );
});

/** A valid cell for every generator and loss that have one, with alternating norms. */
export const selection: readonly Cell[] = generators.flatMap((generator, i) =>
  losses.flatMap((loss, j) => {
    const start = i * losses.length + j;
    const going = norms.map((_, k) => ({
      generator,
      loss,
      norm: norms[(start + k) % norms.length] ?? batchNorm,
    }));
    return going.find((cell) => refusalsOf(cell).length === 0) ?? [];
  }),
);

/** A cell for every reason of refusal and each of its choices. */
export const refusedSelection: readonly Cell[] = (() => {
  const seen = new Set<string>();
  return [...mainCells, ...variantCells, ...discriminatorCells].filter((cell) => {
    const fresh = refusalsOf(cell)
      .map(({ why, about }) => [why, ...about(cell)].join(' '))
      .filter((key) => !seen.has(key));
    for (const key of fresh) seen.add(key);
    return fresh.length > 0;
  });
})();

/** All cells. */
export const cells: readonly Cell[] = [...mainCells, ...variantCells, ...weightCells, ...discriminatorCells];
