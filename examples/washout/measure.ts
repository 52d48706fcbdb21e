/**
 * Answers for what a norm keeps of a label: runs the networks of washout.spade, with random weights, on maps of a single label
 * and on a real map, and measures how far the outputs of different labels are apart.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { IdMap, Size } from '../../runtime/data/decode.ts';
import {
  openSpec,
  type EngineChoice,
  type Feeds,
  type InputDeclaration,
  type Model,
  type VariableInfo,
} from '../../runtime/index.ts';

/** The file that holds the networks. */
export const specFile = fileURLToPath(new URL('../washout.spade', import.meta.url));

/** Some networks of washout.spade, under what they have in common. */
export interface Group {
  readonly title: string;
  readonly text: string;
  readonly networks: readonly string[];
}

/** All networks of washout.spade, in the order in which they are shown. */
export const groups: readonly Group[] = [
  {
    title: 'Norms that do not see the map',
    text: 'Statistics over the pixels of one channel swallow a uniform channel whole; statistics over several channels do not.',
    networks: [
      'None',
      'Batch',
      'SyncBatch',
      'Instance',
      'InstanceAffine',
      'Layer',
      'Group',
      'GroupsOfOne',
      'LocalResponse',
    ],
  },
  {
    title: 'Norms of weights',
    text: 'They change what a label looks like, not whether it survives: that is up to the norm of the features.',
    networks: [
      'WeightNorm',
      'WeightNormInstance',
      'Spectral',
      'SpectralInstance',
      'Standardized',
      'StandardizedInstance',
    ],
  },
  {
    title: 'Norms that are told the map',
    text: 'Whatever the normalization takes away, scale and shift bring the label back. Frames come from the zeros that their convolutions put around the map.',
    networks: [
      'Spade',
      'SpadeSyncBatch',
      'SpadeInstance',
      'SpadeLayer',
      'SpadeGroup',
      'SpadeKernel1',
      'SpadeKernel5',
      'Clade',
      'PositionalClade',
      'EdgeAwareSpade',
      'AdaIN',
      'ConditionalBatch',
    ],
  },
  {
    title: 'Other ways around the norm',
    text: 'What is not norm can carry the label, too.',
    networks: ['InstanceWithMap', 'InstanceZeros'],
  },
];

/** The networks whose map carries instances. */
const withInstances: readonly string[] = ['PositionalClade', 'EdgeAwareSpade'];

/** Training passes that running statistics and power iterations have had before they are used. */
export const trainingPasses = 10;

/** How far outputs of different labels are apart: the root mean square over pixels and colors, by that of all outputs. */
export interface Separation {
  /** Of the two labels that are closest. */
  readonly least: number;
  /** Over all pairs of labels. */
  readonly mean: number;
  /** Of the two labels that are farthest apart. */
  readonly most: number;
}

/**
 * Below this, outputs are the same. A uniform channel less its mean is 0 but for rounding; where weights are normalized, that
 * is some 1e-6 of its value, which the norm of the features then divides by the root of its epsilon, 0.003.
 */
export const lostBelow = 0.01;

export type Verdict = 'lost' | 'kept' | 'in part';

/** Says whether all labels give the same output, or each another one. */
export function verdictOf({ least, most }: Separation): Verdict {
  return most < lostBelow ? 'lost' : least >= lostBelow ? 'kept' : 'in part';
}

/** What a network of washout.spade does with labels. */
export interface Washout {
  readonly network: string;
  /** What ran it. */
  readonly engine: Model['engine'];
  /** How it calls `paint`, as the spec has it. */
  readonly call: string;
  /** What the spec says of it. */
  readonly note: string;
  /** In training, where each map is a batch of its own. */
  readonly alone: Separation;
  /** In training, where the maps of all labels are one batch. */
  readonly together: Separation;
  /** In use: with running statistics where there are any. */
  readonly inUse: Separation;
  /** The output for the map of each label, alone in training, [H,W,3] of `uniformSize` in [-1,1]. */
  readonly uniform: readonly Float32Array[];
  /** The output for the real map, alone in training, [H,W,3] in [-1,1]. */
  readonly real: Float32Array;
}

/** The size of the maps of a single label. They are small, since the mean of many equal numbers is not exact in float32. */
export const uniformSize: Size = { width: 16, height: 12 };

/** What is measured with. */
export interface WashoutOptions {
  readonly classes: number;
  readonly engine: EngineChoice;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

/**
 * Opens a network of washout.spade for maps of a size, with weights drawn from the seed: the same for the same layer of every
 * network.
 */
export async function openWashout(
  network: string,
  { width, height }: Size,
  options: WashoutOptions,
): Promise<Model> {
  const { classes, engine, seed, log } = options;
  const edges = withInstances.includes(network);
  const inputs: Record<string, InputDeclaration> = { seg: { kind: 'labels', width, height, classes, edges } };
  const model = await openSpec(specFile, { network, inputs, engine, seed, ...(log && { log }) });
  const parameters = model.variables.filter(({ role }) => role === 'parameter');
  await model.write(Object.fromEntries(parameters.map((variable) => [variable.name, draw(variable, seed)])));
  return model;
}

/**
 * Draws a parameter. Weights keep the size of what they are applied to, unlike the small ones that SPADE's training starts
 * from, and biases are not 0: so the outputs have colors. All are whole multiples of `grain`.
 */
function draw({ name, shape, network }: VariableInfo, seed: number): Float32Array {
  const own = name.slice(network.length + 1);
  const random = new RandomStream(seed, own);
  const size = shape.reduce((product, length) => product * length, 1);
  const isBias = own.endsWith('bias');
  const inputs = size / shape.at(-1)!;
  const gain = readsClasses.test(own) ? 4 : 1;
  const [mean, deviation] = shape.length > 1 ? [0, gain / Math.sqrt(inputs)] : isBias ? [0, 0.4] : [1, 0.25];
  const coarse = (value: number): number => Math.round(value / grain) * grain;
  return Float32Array.from({ length: size }, () => coarse(mean + deviation * random.normal()));
}

/** Layers that are given classes, of which one is there at a pixel: their weights are larger, for what is summed is less. */
const readsClasses = /features|mlp_shared|style|class_specified_affine/;

/** Sums of few-bit numbers are exact in float32 in any order; else the mean of equal numbers is off by some 1e-6 of them. */
const grain = 1 / 64;

/** Measures one network; `map` is the real map. */
export async function measureWashout(network: string, map: IdMap, options: WashoutOptions): Promise<Washout> {
  const forReal = await openWashout(network, map, options);
  const real = await paint(forReal, network, [Int32Array.from(map.ids)], map, true);
  await forReal.dispose();

  const model = await openWashout(network, uniformSize, options);
  const start = await model.read();
  const apply = (maps: readonly Int32Array[], training: boolean): Promise<Float32Array[]> =>
    paint(model, network, maps, uniformSize, training);
  const applyAfresh = async (maps: readonly Int32Array[]): Promise<Float32Array[]> => {
    await model.write(start);
    return apply(maps, true);
  };
  const maps = uniformMaps(options.classes);
  const alone: Float32Array[] = [];
  for (const labels of maps) alone.push(...(await applyAfresh([labels])));
  const together = await applyAfresh(maps);
  await model.write(start);
  if (model.variables.some(({ role }) => role === 'state'))
    for (let pass = 0; pass < trainingPasses; pass++) await apply(maps, true);
  const inUse = await apply(maps, false);
  const described = describeNetwork(network, model);
  await model.dispose();
  return {
    network,
    engine: model.engine,
    ...described,
    alone: separationOf(alone),
    together: separationOf(together),
    inUse: separationOf(inUse),
    uniform: alone,
    real: real[0]!,
  };
}

/** Makes a map of each label alone. */
export function uniformMaps(classes: number): Int32Array[] {
  const pixels = uniformSize.width * uniformSize.height;
  return Array.from({ length: classes }, (_, id) => new Int32Array(pixels).fill(id));
}

/** Applies a network to maps in one batch; gives the picture of each, [H,W,3] in [-1,1]. */
export async function paint(
  model: Model,
  network: string,
  maps: readonly Int32Array[],
  size: Size,
  training: boolean,
): Promise<Float32Array[]> {
  const options = { training, batch: maps.length };
  const { outputs } = await model.forward(network, feedsOf(network, maps, size), options);
  const { values } = outputs['output']!;
  const length = values.length / maps.length;
  return maps.map((_, i) => values.slice(i * length, (i + 1) * length));
}

/** Gives maps to a network; where it takes instances, each connected area of a class is one, as in CLADE's official code. */
function feedsOf(network: string, maps: readonly Int32Array[], size: Size): Feeds {
  return {
    seg: concatenate(maps),
    ...(withInstances.includes(network) && {
      'seg.instances': concatenate(maps.map((labels) => connectedAreas(labels, size))),
    }),
  };
}

function concatenate(maps: readonly Int32Array[]): Int32Array {
  return Int32Array.from(maps.flatMap((map) => [...map]));
}

/** Numbers the areas of pixels with one label that hang together by their sides: [H,W] -> [H,W], from 0. */
export function connectedAreas(labels: Int32Array, { width }: Size): Int32Array {
  const areas = new Int32Array(labels.length).fill(-1);
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (areas[start] !== -1) continue;
    const open = [start];
    areas[start] = count;
    for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
      const column = pixel % width;
      const neighbors = [pixel - width, pixel + width];
      if (column > 0) neighbors.push(pixel - 1);
      if (column < width - 1) neighbors.push(pixel + 1);
      for (const neighbor of neighbors)
        if (areas[neighbor] === -1 && labels[neighbor] === labels[start]) {
          areas[neighbor] = count;
          open.push(neighbor);
        }
    }
    count++;
  }
  return areas;
}

/** Measures how far outputs, one for each label, are apart. */
export function separationOf(outputs: readonly Float32Array[]): Separation {
  const scale = Math.sqrt(average(outputs.map((values) => average(values, (value) => value ** 2))));
  const squares = outputs.flatMap((a, i) =>
    outputs.slice(i + 1).map((b) => average(a, (value, at) => (value - b[at]!) ** 2)),
  );
  const relative = (square: number): number => (square === 0 ? 0 : Math.sqrt(square) / scale);
  return {
    least: relative(Math.min(...squares)),
    mean: relative(average(squares)),
    most: relative(Math.max(...squares)),
  };
}

function average(
  values: ArrayLike<number>,
  of: (value: number, at: number) => number = (value) => value,
): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i]!, i);
  return sum / values.length;
}

/** Reads from the spec how a network calls `paint`, and what is said of it. */
function describeNetwork(network: string, model: Model): { readonly call: string; readonly note: string } {
  const body = new RegExp(
    `\\bnetwork ${network}\\(seg: LabelMap\\) -> Image \\{\\s*return seg \\|> paint\\((.*)\\)\n`,
  );
  const call = body.exec(readFileSync(specFile, 'utf8'))?.[1];
  const note = model.networks[0]?.doc;
  if (call === undefined || note === undefined)
    throw new Error(`washout.spade does not say what ${network} is`);
  return { call, note };
}
