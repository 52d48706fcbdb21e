/** Converts variables to and from the names and layouts of official code. */
import { sizeOf } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import type { NetworkSpec } from '../../compiler/format/types.ts';
import type { Mapping } from '../weights/mapping.ts';
import { matchWeights } from '../weights/match.ts';
import { officialPlaces, type Official, type WeightVariable } from '../weights/official.ts';
import { checkShape, convert, open, type Given } from './arrays.ts';
import { describe, entriesOf } from './checks.ts';
import {
  notATensor,
  nothingOfficial,
  nothingOwn,
  officialShape,
  unknownPart,
  wrongLength,
} from './messages.ts';
import type { OfficialOptions, OfficialReport, OfficialTensors, Tensor, Tensors } from './types.ts';

/** Options of official names, with the mapping that they name. */
export type NamedPart = Omit<OfficialOptions, 'mapping'> & { readonly mapping: Mapping };

/** The part of a network that official names belong to. */
interface Part {
  readonly variables: readonly WeightVariable[];
  readonly mapping: Mapping;
  /** The prefix of our full names before the part's own names. */
  readonly ours: string;
  readonly prefix: string;
}

function partOf(network: NetworkSpec, { within, prefix = '', mapping }: NamedPart): Part {
  const start = within === undefined ? '' : `${within}.`;
  const variables = network.variables
    .filter(({ name }) => name.startsWith(start))
    .map((variable) => ({ ...variable, name: variable.name.slice(start.length) }));
  if (within !== undefined && variables.length === 0) throw unknownPart(network.name, within);
  return { variables, mapping, ours: `${network.name}.${start}`, prefix };
}

/** Lists the variables of a part by our full names, with their official storage. */
function placesOf({ variables, mapping, ours }: Part): Map<string, Official> {
  return new Map([...officialPlaces(variables, mapping)].map(([name, place]) => [ours + name, place]));
}

/** Lists our full names of the variables that official names belong to. */
export function namesOfPart(network: NetworkSpec, options: NamedPart): string[] {
  return [...placesOf(partOf(network, options)).keys()];
}

/**
 * Converts tensors of a network's variables to official names and layouts; skips others, such as gradients of other
 * networks. Throws a SpadeworkError if none is left.
 */
export function toOfficial(network: NetworkSpec, tensors: Tensors, options: NamedPart): Tensors {
  const part = partOf(network, options);
  const places = placesOf(part);
  const shapes = new Map(part.variables.map(({ name, shape }) => [part.ours + name, shape]));
  const given = readTensors(tensors, ([name]) => places.has(name));
  // Networks without parameters have no gradients of their own.
  const parameters = network.variables
    .filter(({ role }) => role === 'parameter')
    .map(({ name }) => `${network.name}.${name}`)
    .filter((name) => places.has(name));
  const names = Object.keys(tensors);
  if (given.size === 0 && names.length > 0 && parameters.length > 0)
    throw nothingOwn(network.name, names, parameters);
  const found = [...places].flatMap(([ours, place]): [string, Tensor][] => {
    const tensor = given.get(ours);
    if (!tensor) return [];
    const type = { dtype: 'f32', shape: must(shapes.get(ours), `${ours} is a variable`) } as const;
    checkShape(ours, tensor.shape, type, 'NHWC');
    if (tensor.values.length !== sizeOf(type.shape))
      throw wrongLength(ours, tensor.values.length, type.shape, false);
    // Infinite gradients are kept, since the caller wants to see them.
    const values = place.toOfficial(Float32Array.from(tensor.values));
    return [[part.prefix + place.name, { shape: [...place.shape], values: values.slice() }]];
  });
  return Object.fromEntries(found);
}

/** Finds the values of a network's variables among official tensors, by our full names. Throws a SpadeworkError. */
export function fromOfficial(
  network: NetworkSpec,
  tensors: OfficialTensors,
  options: NamedPart,
): { readonly values: ReadonlyMap<string, Float32Array>; readonly report: OfficialReport } {
  const part = partOf(network, options);
  const { prefix } = part;
  const given = readTensors(tensors, ([name]) => name.startsWith(prefix));
  const own = new Map(
    [...given].map(([name, { shape, values }]) => [
      name.slice(prefix.length),
      { shape, values, dtype: 'F32' },
    ]),
  );
  const read = (name: string): Float32Array => {
    const { shape, values } = own.get(name)!;
    const taken = { type: { dtype: 'f32', shape } } as const;
    return convert(prefix + name, { shape, values }, taken, 'NHWC') as Float32Array;
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

/** A tensor that was read once, with its shape. */
type OpenedTensor = Given & { readonly shape: readonly number[] };

/** Reads the named tensors. Throws a SpadeworkError for anything else. */
function readTensors(
  tensors: unknown,
  matters: (entry: readonly [string, unknown]) => boolean,
): Map<string, OpenedTensor> {
  return new Map(
    entriesOf('tensors', tensors, 'tensors by name')
      .filter(matters)
      .map(([name, tensor]): [string, OpenedTensor] => {
        if (!isTensor(tensor)) throw notATensor(name, describe(tensor));
        const { shape, values } = open(name, tensor);
        return [name, { shape: shape!, values }];
      }),
  );
}

function isTensor(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'shape' in value && 'values' in value;
}
