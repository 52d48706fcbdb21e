/** Answers for what one spec op is: its inputs and settings, and how it expands into the graph's primitives. */
import type { Builder } from '../builder.ts';
import { OpError, shapeOf, type Attrs, type Node } from '../../ir/node.ts';
import { must } from '../../../dsl/errors.ts';
import type { SpecAttr } from '../../format/types.ts';

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
  readonly compute: Attrs;
}

export interface AttrRule {
  readonly type: 'int' | 'float' | 'bool' | 'string' | 'ints' | 'floats';
  readonly default?: SpecAttr;
  /** Whether it may be left out although it has no default. */
  readonly optional?: true;
  /** What a number is above, or from and to. */
  readonly above?: number;
  readonly from?: number;
  readonly to?: number;
  readonly doc: string;
}

export type SpecAttrs = Readonly<Record<string, SpecAttr>>;

export interface SpecOp {
  readonly name: string;
  readonly doc: string;
  /** Names of the value inputs; the last may start with `...`. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, AttrRule>>;
  readonly expand: (context: Expansion, inputs: readonly Node[], attrs: SpecAttrs) => Node;
  /** Inputs which must be state variables, because training changes them. */
  readonly state?: readonly number[];
  /**
   * Whether a result that is more than one number has an entry for each picture (axis 0), given which inputs have; without
   * this it has one where any input has.
   */
  readonly isBatched?: (inputs: readonly boolean[], attrs: SpecAttrs) => boolean;
}

/** Tells whether an attribute must be given. */
export function isRequired(rule: AttrRule): boolean {
  return rule.default === undefined && !rule.optional;
}

/** Gives the attributes of an op with the defaults of those left out. */
export function withDefaults(op: SpecOp, attrs: SpecAttrs = {}): SpecAttrs {
  const defaults = Object.entries(op.attrs).flatMap(([name, rule]) =>
    rule.default === undefined ? [] : [[name, rule.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...attrs };
}

/** Makes a rule for an integer. */
export function int(doc: string, preset?: number): AttrRule {
  return { type: 'int', doc, ...(preset !== undefined && { default: preset }) };
}

/** Makes a rule for a number. */
export function float(
  doc: string,
  preset?: number,
  range: Pick<AttrRule, 'above' | 'from' | 'to'> = {},
): AttrRule {
  return { type: 'float', doc, ...(preset !== undefined && { default: preset }), ...range };
}

/** Expands an op, whose attributes have their defaults. Throws an `OpError` where a number is not what its rule says. */
export function expandOp(op: SpecOp, context: Expansion, inputs: readonly Node[], attrs: SpecAttrs): Node {
  for (const [name, rule] of Object.entries(op.attrs)) {
    const value = attrs[name];
    if (value === undefined || (rule.type !== 'float' && rule.type !== 'floats')) continue;
    for (const one of typeof value === 'object' ? value : [Number(value)])
      requireNumber(op.name, name, rule, one);
  }
  return op.expand(context, inputs, attrs);
}

/** The smallest float32 that engines tell from 0: they may take what is below for 0. */
const smallest = 2 ** -126;

/** Requires a number that float32 has, in the range of its rule. */
function requireNumber(op: string, name: string, { above, from, to }: AttrRule, value: number): void {
  const refuse = (constraint: string): never => {
    throw new OpError(op, constraint, String(value));
  };
  if (!Number.isFinite(Math.fround(value)) || (value !== 0 && Math.abs(value) < smallest))
    refuse(`${name} is 0, or between 1.2e-38 and 3.4e38 in size, as numbers of float32 are`);
  if (above !== undefined && !(value > above)) refuse(`${name} is above ${above}`);
  if ((from !== undefined && value < from) || (to !== undefined && value > to))
    refuse(
      `${name} is ${[from !== undefined && `from ${from}`, to !== undefined && `up to ${to}`].filter(Boolean).join(' ')}`,
    );
}

/** Makes a rule for a switch that is off unless it is set. */
export function flag(doc: string): AttrRule {
  return { type: 'bool', doc, default: false };
}

/** Takes input `index`, which an op's list of inputs promises. */
export function at(inputs: readonly Node[], index: number): Node {
  return must(inputs[index], `a composite op has its input ${index}`);
}

/** Reads a number. */
export function num(attrs: SpecAttrs, name: string): number {
  return Number(attrs[name]);
}

/** Reads a list of numbers. */
export function numbers(attrs: SpecAttrs, name: string): readonly number[] {
  return attrs[name] as readonly number[];
}

/** Requires an attribute to be one of `choices`, and gives it. */
export function choice<T extends string>(
  op: string,
  attrs: SpecAttrs,
  name: string,
  choices: readonly T[],
): T {
  const found = choices.find((one) => one === attrs[name]);
  if (found === undefined)
    throw new OpError(
      op,
      `${name} is one of ${choices.map((one) => JSON.stringify(one)).join(', ')}`,
      JSON.stringify(attrs[name]),
    );
  return found;
}

/** Requires integers of at least `least`: JSON gives any number. */
export function requireFrom(op: string, least: number, attrs: SpecAttrs, ...names: readonly string[]): void {
  for (const name of names) {
    const value = num(attrs, name);
    if (!Number.isInteger(value) || value < least)
      throw new OpError(op, `${name} is an integer of at least ${least}`, String(value));
  }
}

/** Requires a picture, and gives its shape [N,H,W,C]. */
export function requirePicture(op: string, x: Node): readonly [number, number, number, number] {
  const shape = shapeOf(x);
  if (shape.length !== 4)
    throw new OpError(op, 'x is a picture: [height, width, channels]', `[${shape.slice(1)}]`);
  return shape as unknown as readonly [number, number, number, number];
}

/** Requires at least one axis, and gives the shape. */
export function requireAxis(op: string, x: Node): readonly [number, ...number[]] {
  const shape = shapeOf(x);
  if (shape.length === 0) throw new OpError(op, 'its input is more than one number', 'one number');
  return shape as readonly [number, ...number[]];
}

/** Makes the op that is a primitive of the graph under its own name. */
export function primitive(
  name: string,
  doc: string,
  inputs: readonly string[],
  attrs: Readonly<Record<string, AttrRule>> = {},
): SpecOp {
  return { name, doc, inputs, attrs, expand: ({ b }, nodes, values) => b.op(name, nodes, values) };
}
