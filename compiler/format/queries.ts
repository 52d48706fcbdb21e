/** Answers for what follows from a spec by looking at it. */
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

/** Tells whether a network paints: it takes no picture (label maps, noise and codes alone) and gives one value. */
export function isGenerator(network: NetworkSpec): boolean {
  return typeof network.outputs === 'string' && network.inputs.every((input) => input.kind !== 'tensor');
}

/** Finds the network that paints. */
export function generatorOf(spec: Spec): NetworkSpec | undefined {
  return spec.networks.find(isGenerator);
}

/**
 * Finds the network that segments photographs, in a spec where none paints: it is trained, and takes the photograph alone.
 * Whether it gives scores for the classes is known when it is applied.
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

/** Lists what the evaluation in the course of a training measures: of pictures, of classes, or nothing where it does neither. */
export function measuredMetrics(spec: Spec): readonly Metric[] {
  if (generatorOf(spec)) return ofPaintings;
  return segmenterOf(spec) ? ofClasses : [];
}

/** Lists the inputs that a network gets from encoders. */
export function encodedInputs({ inputs }: Pick<NetworkSpec, 'inputs'>): EncodedInput[] {
  return inputs.filter((input) => input.kind === 'encoded');
}

/** Says why a network is no encoder; undefined where it is one: it takes the photograph, and at most the label map beside it. */
export function whyNoEncoder({ inputs }: Pick<NetworkSpec, 'inputs'>): string | undefined {
  if (!inputs.some(({ kind }) => kind === 'tensor')) return 'takes no photograph';
  const other = inputs.find(({ kind }) => kind === 'noise' || kind === 'encoded');
  return other && `takes '${other.name}', which is ${other.kind === 'noise' ? 'noise' : 'a code itself'}`;
}

/** Lists the networks whose results others take as codes, in the order of the spec. */
export function encodersOf({ networks }: Pick<Spec, 'networks'>): NetworkSpec[] {
  const names = new Set(networks.flatMap((network) => encodedInputs(network).map((one) => one.encoder)));
  return networks.filter(({ name }) => names.has(name));
}

/** Lists the networks that an objective trains, the one that names it first. */
export function trainedBy(objective: ObjectiveSpec): readonly string[] {
  return [objective.network, ...(objective.together ?? [])];
}

/** Finds the networks whose weights come from a file and stay as they are; they run as after training. */
export function frozenNetworks(spec: Pick<Spec, 'networks' | 'objectives'>): ReadonlySet<string> {
  const trained = new Set(spec.objectives.flatMap(trainedBy));
  const loaded = spec.networks.filter(({ name, weights }) => weights && !trained.has(name));
  return new Set(loaded.map(({ name }) => name));
}

/** Tells whether a mapping of names is a file, rather than one that comes along, which is named. */
export function isMappingFile(mapping: string): boolean {
  return mapping.endsWith('.json');
}

/** Gives the shape of the data's pictures: [height, width, 3]. */
export function shapeOfPictures({ size }: Pick<DataSpec, 'size'>): readonly [number, number, number] {
  return [size.height, size.width, 3];
}

/** Gives a size times a factor, in whole pixels: what pictures are scaled to before a part is taken. */
export function scaleSize({ width, height }: DataSpec['size'], factor: number): DataSpec['size'] {
  return { width: Math.round(width * factor), height: Math.round(height * factor) };
}

/** The inputs that data gives to networks and losses. */
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
