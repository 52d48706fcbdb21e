/** The parts of the spec's schema that other parts share: references, places, sizes, and arguments of calls. */
import { largestSize } from '../ir/types.ts';
import { integer, integerFrom, listOf, literal, object, ref, string, text, unsafe } from '../json/schema.ts';
import type { ListOf, Schema, ValueOf } from '../json/schema.ts';
import type { TInteger } from 'typebox';

/**
 * A value: an input by name (`seg`, `seg.edges`), a variable (`@conv_0.weight`), a node (`n12`) or a leaf of a call
 * (`n3/0/1`).
 */
export type Ref = string;

/** The outputs of a node or network: one value, or nested lists of values. */
export type RefTree = Ref | readonly RefTree[];

/** A place in a source: [index into `Spec.sources`, start, end] in characters. */
export type Place = readonly [source: number, start: number, end: number];

export const idRef = ref<string>('id');
export const valueRef = ref<Ref>('ref');
export const valuesRef = ref<RefTree>('refs');
export const placeRef = ref<Place>('place');

/** The definitions of the references above. */
export const sharedDefs = {
  id: string({
    pattern: '^[A-Za-z_][A-Za-z_0-9]*$',
    title: 'a name of letters, digits and _',
    description: 'A name.',
  }),
  ref: string({
    pattern: '^(@[A-Za-z_0-9.]+|[A-Za-z_][A-Za-z_0-9]*(\\.(edges|instances))?(/[0-9]+)*)$',
    title: 'a reference such as n12, n3/0/1, @conv_0.weight or seg.edges',
    description: 'A value: a node, a leaf of a call, a variable, or an input.',
  }),
  // The schema refers to itself, which TypeBox would infer only to two levels.
  refs: unsafe<RefTree>({
    description: 'One reference, or nested lists of them.',
    title: 'a reference or a list of them',
    anyOf: [valueRef, { type: 'array', minItems: 1, items: valuesRef }],
  }),
  // Its three numbers have names.
  place: unsafe<Place>({
    description: 'Where it was written: [index into sources, start, end].',
    type: 'array',
    items: { type: 'integer', minimum: 0 },
    minItems: 3,
    maxItems: 3,
  }),
};

/** The size of an axis. */
export const axis = (): TInteger => integer({ minimum: 1, maximum: largestSize });
export const axisOf = (description: string, extra: Schema = {}): TInteger =>
  integerFrom(1, description, { maximum: largestSize, ...extra });

/** The sizes of an array's axes. */
export const shape = (description: string): ListOf<TInteger> => listOf(axis(), { description });

const argumentSchema = object(
  'What a parameter was given.',
  {
    name: text('The name of the parameter.'),
    /** The argument with its expressions evaluated. */
    value: text('The value as the language writes it, such as 32 or spade(hidden: 128).'),
  },
  { default: literal(true, { description: 'Whether the call left it out.' }) },
);

/**
 * The arguments of a call, in the order of its parameters, without inputs from data. They record the author's words for
 * what the nodes compute.
 */
export const calledWith = listOf(argumentSchema, {
  description:
    'The settings that the definition was called with; differences are named by them, and nothing is computed from them.',
});

export type ArgumentSpec = ValueOf<typeof argumentSchema>;

/** The call that made something. */
export interface CallSpec {
  /** The network or block that was called. */
  readonly definition?: string;
  readonly arguments?: readonly ArgumentSpec[];
}
