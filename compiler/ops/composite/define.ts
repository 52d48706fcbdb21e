/**
 * Defines composites: an entry names inputs and settings once, and all its rules take them by these names, with their types.
 *
 *     export const scale = defineComposite({
 *       name: 'scale', inputs: ['x'], attrs: { factor: float('the factor') },
 *       expand: ({ x, factor }, { b }) => b.mul(x, factor), …
 *     });
 */
import { brokenInvariant } from '../../../dsl/errors.ts';
import { OpError, type Builder, type Node, type Op } from '../../ir/node.ts';
import { byName, presetsOf, type Named } from '../../ir/op.ts';
import type { SpecAttr } from '../../format/types.ts';
import type { Precision } from '../primitive/precision.ts';
import { requireSettings, type Refuse, type SettingRule, type SpecAttrs } from './settings.ts';

/** What composites expand with. */
export interface Expansion {
  readonly b: Builder;
  /** Whether statistics come from the batch and state moves on. */
  readonly training: boolean;
  /** Sets the new value of the variable that input `index` is. */
  readonly update: (index: number, value: Node) => void;
  /** Draws standard normal numbers of `shape`; where noise is fed, those that have a name are an input instead. */
  readonly noise: (name: string | undefined, shape: readonly number[]) => Node;
  /** Gives a number that tells this use of randomness from all others. */
  readonly stream: () => number;
  /** The operand [seed, step] of random ops. */
  readonly randomState: () => Node;
  readonly batch: number;
  /** Attributes of convolutions and matrix products that say how precisely they compute. */
  readonly compute: Precision;
}

/** What the rule that expands a composite has beside inputs and settings. */
interface ExpansionOf<I extends readonly string[]> extends Omit<Expansion, 'update'> {
  /** Sets the new value of the variable that an input is. */
  readonly update: (input: I[number], value: Node) => void;
  readonly refuse: Refuse;
}

/** How a value goes with the batch. */
export interface Growth {
  /** Whether it has an entry for each picture. */
  readonly batched: boolean;
  /** The power of the number of pictures that it grows with: 1 is a sum over them, 0 a mean. */
  readonly power: number;
}

/** What checks, drawings and reports may know of a composite. */
export interface CompositeTraits {
  /**
   * What it is linear in: all inputs together, each of them while the others are constants, or the first while the others are.
   * Where it is left out, it is taken for linear in none.
   */
  readonly linear?: 'together' | 'each' | 'first';
  /** Its values stay within bounds, whatever it is given. */
  readonly bounded?: true;
  /** No gradient flows through it. */
  readonly stopsGradients?: true;
  /** What it normalizes. */
  readonly normalizes?: 'activations' | 'weights';
  /** It stands for nothing in the field's drawings. */
  readonly silent?: true;
  /** How much it tells about a block that has other ops as well. */
  readonly tells?: 'little' | 'most';
  /** How the layer is written that makes its weights, for those who give it a number in their place. */
  readonly layer?: string;
}

/** An op that specs are written with; its rules take inputs by number and settings by name, those left out have presets. */
export interface Composite {
  readonly name: string;
  readonly doc: string;
  /** Names of the value inputs; the last may start with `...`. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, SettingRule>>;
  readonly traits: CompositeTraits;
  /** Numbers of the inputs which must be state variables, because training changes them. */
  readonly state: readonly number[];
  /** Makes the nodes. Throws an `OpError` where a setting is not what its rule says, or an input does not fit. */
  readonly expand: (context: Expansion, inputs: readonly Node[], attrs?: SpecAttrs) => Node;
  /** Whether the result has an entry for each picture (axis 0), given which inputs have; a scalar never has. */
  readonly isBatched: (inputs: readonly boolean[], attrs?: SpecAttrs) => boolean;
  /** The power of the number of pictures that the result grows with. */
  readonly powerOf: (inputs: readonly Growth[], attrs?: SpecAttrs) => number;
}

type Settings = Readonly<Record<string, SpecAttr | undefined>>;
type NoSettings = Readonly<Record<never, never>>;

/** What an entry says of a composite beside its expansion. */
interface Facts<I extends readonly string[], S extends Settings> {
  readonly attrs?: { readonly [K in keyof S]: SettingRule<S[K]> };
  readonly traits?: CompositeTraits;
  /** Inputs which must be state variables, because training changes them. */
  readonly state?: readonly NoInfer<I[number]>[];
  /** Whether the result has an entry for each picture (axis 0); left out: it has where any input has. */
  readonly isBatched?: (inputs: Named<I, boolean> & S) => boolean;
  /** The power of the number of pictures that the result grows with; left out: the largest of its inputs', or 0. */
  readonly powerOf?: (inputs: Named<I, Growth> & S) => number;
}

interface Names<I extends readonly string[]> {
  readonly name: string;
  /** One sentence for the schema and for hovers, with the formula and its source. */
  readonly doc: string;
  /** Names of the value inputs; the last may start with `...`. */
  readonly inputs: I;
}

type Expand<I extends readonly string[], S> = (
  values: Named<I, Node> & S,
  context: ExpansionOf<I>,
  nodes: readonly Node[],
  attrs: SpecAttrs,
) => Node;

/** Defines a composite. */
export function defineComposite<const I extends readonly string[], S extends Settings = NoSettings>(
  entry: Names<I> &
    Facts<I, S> & {
      readonly expand: (values: Named<I, Node> & S, context: ExpansionOf<I>) => Node;
    },
): Composite {
  return compose(entry, entry.expand);
}

/** Defines the composite that is a primitive of the graph under its own name. */
export function primitive<O extends readonly string[], S extends Settings = NoSettings>(
  op: Op & { readonly operands: O },
  doc: string,
  facts: Facts<O, S> & {
    /** Refuses operands that the primitive takes, but has no value for. */
    readonly requires?: (operands: Named<O, Node>, refuse: Refuse) => void;
  } = {},
): Composite {
  const { requires, ...others } = facts;
  const traits: CompositeTraits = { ...(op.traits.isBounded && { bounded: true }), ...facts.traits };
  const entry: Names<O> & Facts<O, S> = { name: op.name, doc, inputs: op.operands, ...others, traits };
  return compose(entry, (operands, { b, refuse }, nodes, attrs) => {
    requires?.(operands, refuse);
    return b.make(op, nodes, attrs);
  });
}

/** Makes the rules by number out of those by name. */
function compose<I extends readonly string[], S extends Settings>(
  { name, doc, inputs, attrs: rules, traits = {}, state = [], isBatched, powerOf }: Names<I> & Facts<I, S>,
  expand: Expand<I, S>,
): Composite {
  const attrs: Composite['attrs'] = rules ?? {};
  const clash = inputs.find((input) => input in attrs);
  if (clash !== undefined) throw brokenInvariant(`${name} has an input and a setting ${clash}`);
  const presets = presetsOf(attrs);
  const refuse: Refuse = (constraint, found) => new OpError(name, constraint, found);
  const named = <T>(given: readonly T[], all: SpecAttrs): Named<I, T> & S =>
    byName(inputs, given, all) as Named<I, T> & S;
  return {
    name,
    doc,
    inputs,
    attrs,
    traits,
    state: state.map((input) => inputs.indexOf(input)),
    expand: (context, nodes, given) => {
      const all = { ...presets, ...given };
      requireSettings(attrs, all, refuse);
      const update = (input: I[number], value: Node): void => context.update(inputs.indexOf(input), value);
      return expand(named(nodes, all), { ...context, update, refuse }, nodes, all);
    },
    isBatched: isBatched
      ? (batched, given) => isBatched(named(batched, { ...presets, ...given }))
      : (batched) => batched.includes(true),
    powerOf: powerOf
      ? (growths, given) => powerOf(named(growths, { ...presets, ...given }))
      : (growths) => Math.max(0, ...growths.map(({ power }) => power)),
  };
}

/** Tells whether a node of a spec is one of a composite. */
export function isOf({ name }: Composite, node: { readonly op: string } | undefined): boolean {
  return node?.op === name;
}
