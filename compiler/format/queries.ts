/**
 * Answers questions about a spec: which network paints, segments or encodes, what data gives, how many parameters there
 * are.
 */
import { sizeOf } from '../ir/types.ts';
import type { Metric } from '../metrics/define.ts';
import { ofClasses, ofPaintings } from '../metrics/index.ts';
import {
  labelsInput,
  realInput,
  type DataSpec,
  type EncodedInput,
  type InputSpec,
  type NetworkSpec,
  type ObjectiveSpec,
  type Ref,
  type RefTree,
  type Spec,
} from './types.ts';

/** Tells whether a network paints: it takes no picture (only label maps, noise and codes) and gives one value. */
export function isGenerator(network: NetworkSpec): boolean {
  return typeof network.outputs === 'string' && network.inputs.every((input) => input.kind !== 'tensor');
}

/** Finds the network that paints. */
export function generatorOf(spec: Spec): NetworkSpec | undefined {
  return spec.networks.find(isGenerator);
}

/**
 * Finds the network that segments photographs, in a spec without a painting network: it is trained, and takes only the
 * photograph. Whether it gives class scores is known when it is applied.
 */
export function segmenterOf(spec: Pick<Spec, 'networks' | 'objectives' | 'data'>): NetworkSpec | undefined {
  const { networks, objectives, data } = spec;
  if (!data || networks.some(isGenerator)) return undefined;
  const trained = new Set(objectives.flatMap(trainedBy));
  const takesPhotograph = ({ inputs }: NetworkSpec): boolean =>
    inputs.length === 1 &&
    inputs.every((one) => one.kind === 'tensor' && String(one.shape) === String(shapeOfPictures(data)));
  return networks.find(
    (one) => trained.has(one.name) && typeof one.outputs === 'string' && takesPhotograph(one),
  );
}

/**
 * Lists the metrics of the evaluation during training: of pictures, of classes, or none if the spec neither paints nor
 * segments.
 */
export function measuredMetrics(spec: Spec): readonly Metric[] {
  if (generatorOf(spec)) return ofPaintings;
  return segmenterOf(spec) ? ofClasses : [];
}

/** Lists the inputs that a network gets from encoders. */
export function encodedInputs({ inputs }: Pick<NetworkSpec, 'inputs'>): EncodedInput[] {
  return inputs.filter((input) => input.kind === 'encoded');
}

/**
 * Says why a network is not an encoder; undefined if it is one: it takes the photograph, and at most the label map
 * beside it.
 */
export function whyNoEncoder({ inputs }: Pick<NetworkSpec, 'inputs'>): string | undefined {
  if (!inputs.some(({ kind }) => kind === 'tensor')) return 'takes no photograph';
  const other = inputs.find(({ kind }) => kind === 'noise' || kind === 'encoded');
  return other && `takes '${other.name}', which is ${other.kind === 'noise' ? 'noise' : 'a code itself'}`;
}

/** Lists the networks whose outputs other networks take as codes, in the order of the spec. */
export function encodersOf({ networks }: Pick<Spec, 'networks'>): NetworkSpec[] {
  const names = new Set(networks.flatMap((network) => encodedInputs(network).map((one) => one.encoder)));
  return networks.filter(({ name }) => names.has(name));
}

/** Lists the networks that an objective trains, in order, the named one first. */
export function trainedBy(objective: ObjectiveSpec): readonly string[] {
  return [objective.network, ...(objective.together ?? [])];
}

/** Finds the networks with fixed weights from a file; they run in inference mode. */
export function frozenNetworks(spec: Pick<Spec, 'networks' | 'objectives'>): ReadonlySet<string> {
  const trained = new Set(spec.objectives.flatMap(trainedBy));
  const loaded = spec.networks.filter(({ name, weights }) => weights && !trained.has(name));
  return new Set(loaded.map(({ name }) => name));
}

/** Tells whether a mapping of names is a file, not the name of a built-in mapping. */
export function isMappingFile(mapping: string): boolean {
  return mapping.endsWith('.json');
}

/** Gives the shape of the data's pictures: [height, width, 3]. */
export function shapeOfPictures({ size }: Pick<DataSpec, 'size'>): readonly [number, number, number] {
  return [size.height, size.width, 3];
}

/** Multiplies a size by a factor, in whole pixels: pictures are scaled to it before the crop. */
export function scaleSize({ width, height }: DataSpec['size'], factor: number): DataSpec['size'] {
  return { width: Math.round(width * factor), height: Math.round(height * factor) };
}

/** Lists the inputs that data gives to networks and losses. */
export function inputsOfData(data: Pick<DataSpec, 'size' | 'classes' | 'instances'>): {
  readonly labels: InputSpec;
  readonly real: InputSpec;
} {
  const { width, height } = data.size;
  const edges = data.instances !== undefined;
  return {
    labels: { name: labelsInput, kind: 'labels', width, height, classes: data.classes, edges },
    real: { name: realInput, kind: 'tensor', shape: shapeOfPictures(data) },
  };
}

/** Lists the values in nested lists, in order. */
export function refsOf(tree: RefTree): readonly Ref[] {
  return typeof tree === 'string' ? [tree] : tree.flatMap(refsOf);
}

/** Counts the parameters (scalars) of a network. */
export function parametersOf({ variables }: Pick<NetworkSpec, 'variables'>): number {
  return variables.reduce((sum, { role, shape }) => sum + (role === 'parameter' ? sizeOf(shape) : 0), 0);
}

/** Counts the parameters (scalars) of each network. */
export function countParameters({ networks }: Pick<Spec, 'networks'>): Record<string, number> {
  return Object.fromEntries(networks.map((network) => [network.name, parametersOf(network)]));
}
