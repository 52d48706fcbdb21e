/**
 * Measures how much of a label a norm preserves: runs the networks of washout.spade with random weights on maps of a
 * single label and on a real map, and computes how different the outputs of different labels are.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { IdMap, Size } from '../../runtime/data/maps.ts';
import {
  openSpec,
  type EngineChoice,
  type Feeds,
  type InputDeclaration,
  type Model,
  type VariableInfo,
} from '../../runtime/index.ts';

/** The file of the networks. */
export const specFile = fileURLToPath(new URL('../washout.spade', import.meta.url));

/** Networks of washout.spade that have something in common, with its description. */
export interface Group {
  readonly title: string;
  readonly text: string;
  readonly networks: readonly string[];
}

/** All networks of washout.spade in display order. */
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

/** The networks whose input has instances. */
const withInstances: readonly string[] = ['PositionalClade', 'EdgeAwareSpade'];

/** The number of training passes that prepare running statistics and power iterations. */
export const trainingPasses = 10;

/**
 * The difference between outputs of different labels: the root mean square over pixels and colors, relative to that of
 * all outputs.
 */
export interface Separation {
  /** Of the two labels with the closest outputs. */
  readonly least: number;
  /** Over all pairs of labels. */
  readonly mean: number;
  /** Of the two labels with the most different outputs. */
  readonly most: number;
}

/**
 * Below this, outputs are equal. A uniform channel minus its mean is 0 up to rounding; with normalized weights, the
 * rounding error is about 1e-6 of its value, which the features' norm then divides by the root of its epsilon, 0.003.
 */
export const lostBelow = 0.01;

export type Verdict = 'lost' | 'kept' | 'in part';

/** Tells whether all labels give the same output, or each a different one. */
export function verdictOf({ least, most }: Separation): Verdict {
  return most < lostBelow ? 'lost' : least >= lostBelow ? 'kept' : 'in part';
}

/** The results of a network of washout.spade. */
export interface Washout {
  readonly network: string;
  /** The engine that ran it. */
  readonly engine: Model['engine'];
  /** Its call of `paint`, as written in the spec. */
  readonly call: string;
  /** Its comment in the spec. */
  readonly note: string;
  /** In training, with each map as its own batch. */
  readonly alone: Separation;
  /** In training, with the maps of all labels as one batch. */
  readonly together: Separation;
  /** In inference: with running statistics, if there are any. */
  readonly inUse: Separation;
  /** The output for the map of each label, each as its own training batch, [H,W,3] of `uniformSize` in [-1,1]. */
  readonly uniform: readonly Float32Array[];
  /** The output for the real map, as its own training batch, [H,W,3] in [-1,1]. */
  readonly real: Float32Array;
}

/** The size of the maps of a single label. They are small, as the mean of many equal numbers is inexact in float32. */
export const uniformSize: Size = { width: 16, height: 12 };

/** The options of the measurement. */
export interface WashoutOptions {
  readonly classes: number;
  readonly engine: EngineChoice;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

/**
 * Opens a network of washout.spade for maps of a size, with weights drawn from the seed: equal layers of all networks
 * get equal weights.
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
 * Draws a parameter. Weights preserve the scale of their input, unlike SPADE's small initial weights, and biases are
 * not 0, so that the outputs have colors. All values are multiples of `grain`.
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

/** Layers that read one-hot classes: their weights are larger, as each sum has fewer terms. */
const readsClasses = /features|mlp_shared|style|class_specified_affine/;

/**
 * Sums of numbers with few bits are exact in float32 in any order; otherwise the mean of equal numbers is off by about
 * 1e-6.
 */
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

/**
 * Makes the inputs of a network from maps; for instances, each connected area of a class is one, as in CLADE's
 * official code.
 */
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

/** Numbers the connected areas (by sides) of pixels with one label: [H,W] -> [H,W], from 0. */
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

/** Measures the differences between outputs, one for each label. */
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

/** Reads a network's call of `paint` and its comment from the spec. */
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
