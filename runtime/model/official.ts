/** Answers for variables under the official code's names and in its layouts. */
import type { NetworkSpec } from '../../compiler/spec/types.ts';
import {
  loadMapping,
  matchWeights,
  officialPlaces,
  plainMapping,
  type Mapping,
  type Official,
  type WeightVariable,
} from '../weights/index.ts';
import { convert } from './arrays.ts';
import { notATensor, nothingOfficial, officialShape, unknownPart } from './messages.ts';
import type { OfficialOptions, OfficialReport, OfficialTensors, Tensor, Tensors } from './types.ts';

/** The part of a network that official names belong to. */
interface Part {
  readonly variables: readonly WeightVariable[];
  readonly mapping: Mapping;
  /** What our full names start with before the part's own. */
  readonly ours: string;
  readonly prefix: string;
}

function partOf(network: NetworkSpec, { within, prefix = '', mapping }: OfficialOptions): Part {
  const start = within === undefined ? '' : `${within}.`;
  const variables = network.variables
    .filter(({ name }) => name.startsWith(start))
    .map((variable) => ({ ...variable, name: variable.name.slice(start.length) }));
  if (within !== undefined && variables.length === 0) throw unknownPart(network.name, within);
  const rules =
    mapping === undefined
      ? plainMapping
      : typeof mapping === 'string'
        ? loadMapping(mapping)
        : { ...plainMapping, rules: mapping };
  return { variables, mapping: rules, ours: `${network.name}.${start}`, prefix };
}

/** Lists the variables of a part by our full names, with how the official code stores them. */
function placesOf({ variables, mapping, ours }: Part): Map<string, Official> {
  return new Map([...officialPlaces(variables, mapping)].map(([name, place]) => [ours + name, place]));
}

/** Lists our full names of the variables that official names belong to. */
export function namesOfPart(network: NetworkSpec, options: OfficialOptions): string[] {
  return [...placesOf(partOf(network, options)).keys()];
}

/** Renames and reorders tensors of a network's variables; what belongs to none of them is left out. */
export function toOfficial(network: NetworkSpec, tensors: Tensors, options: OfficialOptions): Tensors {
  const part = partOf(network, options);
  const found = [...placesOf(part)].flatMap(([ours, place]): [string, Tensor][] => {
    const tensor = tensors[ours];
    if (!tensor) return [];
    const values = place.toOfficial(tensor.values);
    return [[part.prefix + place.name, { shape: place.shape, values: values.slice() }]];
  });
  return Object.fromEntries(found);
}

/** Finds the values of a network's variables among official tensors, by our full names. Throws a ModelError. */
export function fromOfficial(
  network: NetworkSpec,
  tensors: OfficialTensors,
  options: OfficialOptions,
): { readonly values: ReadonlyMap<string, Float32Array>; readonly report: OfficialReport } {
  const part = partOf(network, options);
  const { prefix } = part;
  for (const [name, tensor] of Object.entries(tensors)) if (!isTensor(tensor)) throw notATensor(name);
  const own = new Map(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { shape, values }]) => [name.slice(prefix.length), { shape, values, dtype: 'F32' }]),
  );
  const read = (name: string): Float32Array => {
    const { shape, values } = own.get(name)!;
    return convert(prefix + name, values, { dtype: 'f32', shape }, 'NHWC') as Float32Array;
  };
  const file = { path: 'tensors', format: 'memory', tensors: own, unread: new Map<string, string>(), read };
  const { values, report } = matchWeights(part.variables, file, part.mapping, '');
  const [other] = report.otherShape;
  if (other) throw officialShape(prefix + other.official, part.ours + other.ours, other.found, other.shape);
  if (values.size === 0 && part.variables.length > 0)
    throw nothingOfficial(
      network.name,
      Object.keys(tensors),
      report.missing.map(({ official }) => prefix + official),
    );
  return {
    values: new Map([...values].map(([name, array]) => [part.ours + name, array])),
    report: {
      written: report.matched.map(({ ours }) => part.ours + ours),
      missing: report.missing.map(({ ours }) => part.ours + ours),
      unused: report.leftOver.map(({ official }) => prefix + official),
    },
  };
}

/** Tells whether a caller without types gave a tensor. */
function isTensor(value: unknown): boolean {
  const { shape, values } = (value ?? {}) as Partial<Record<string, unknown>>;
  return Array.isArray(shape) && values !== undefined;
}
