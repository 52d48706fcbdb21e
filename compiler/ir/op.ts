/**
 * Defines ops: an entry names operands and attributes once, and all its rules take them by these names, with their types. What
 * adds an op is one file and one line of an index:
 *
 *     export const scale = defineOp({ name: 'scale', operands: ['x'], attrs: { factor: number('the factor') }, … });
 *     declare module '../../ir/node.ts' { interface Builder { scale: Method<typeof scale> } }
 *
 * The rule of a gradient states its result's type, `Cotangents`, since ops and their gradients name each other: without it, types form
 * a circle (TS7022). So would a type of all methods that is computed from the table, because rules use builders; that is why each
 * entry declares its own method. Free functions, `conv2d(b, x, filter)`, have no circle, but read badly when nested, and their names meet
 * those of variables. Calls with lists, `b.op(conv2d, [x, filter], { stride })`, do not name the operands. Types have one level of
 * conditions at most, so that a wrong attribute is answered in one line.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { brokenInvariant } from '../../dsl/errors.ts';
import type { RefTensor } from './emitter.ts';
import type { Fused } from './kernel.ts';
import {
  typeOf,
  type AttrRule,
  type AttrRules,
  type Attrs,
  type AttrValue,
  type Check,
  type Cotangents,
  type Differentiation,
  type Instruction,
  type Node,
  type Op,
  type Sample,
  type TfContext,
  type TfjsContext,
  type Traits,
} from './node.ts';
import { isSize, isSymbolic, type TensorType } from './types.ts';

export type NoAttrs = Readonly<Record<never, AttrRule>>;
type ValueOf<R> = R extends AttrRule<infer T> ? T : never;
type MayLack = { readonly mayLack: true };
type MayBeLeftOut = MayLack | { readonly preset: AttrValue };

/** The attributes that a node of the op has. */
type Held<A> = {
  readonly [K in keyof A as A[K] extends MayLack ? never : K]: ValueOf<A[K]>;
} & {
  readonly [K in keyof A as A[K] extends MayLack ? K : never]?: ValueOf<A[K]>;
};

/** The attributes that a call gives. */
type Given<A> = {
  readonly [K in keyof A as A[K] extends MayBeLeftOut ? never : K]: ValueOf<A[K]>;
} & {
  readonly [K in keyof A as A[K] extends MayBeLeftOut ? K : never]?: ValueOf<A[K]>;
};

/** Something for each operand, by name; a list for the operand that starts with dots. */
export type Named<O extends readonly string[], T> = {
  readonly [K in O[number] as K extends `...${infer Name}` ? Name : K]: K extends `...${string}`
    ? readonly T[]
    : T;
};

/** What a rule has by name: something for each operand, and the attributes. */
export type Values<O extends readonly string[], A, T> = Named<O, T> & Held<A>;

/** What the entry of every op says. */
export interface Entry<O extends readonly string[], A extends AttrRules> {
  readonly name: string;
  /** One sentence for docs/ops.md, with the formula. */
  readonly doc: string;
  /** What it does at ties and borders, with zeros, infinities and what is not a number, for docs/ops.md. */
  readonly edges?: string;
  /** Operand names; the last may start with `...`. */
  readonly operands: O;
  readonly attrs?: A;
  readonly traits?: Traits;
  /** Lets kernels compute the op among others, in one pass over memory; left out where entries depend on other places. */
  readonly instruction?: Instruction;
  /** How kernels take in a node where there is no instruction; undefined, or left out, where they do not. */
  readonly fuse?: (node: NodeOf<OpOf<O, A>>) => Fused | undefined;
  /**
   * Tells whether it does with each part of its first operand, or of all in a list, along an axis of pictures [N,H,W,C] what it does
   * with the whole; other operands, such as filters, are the same for all parts. Pointwise ops do anyway.
   */
  readonly actsOnParts?: (attrs: Held<A>, axis: number) => boolean;
  /** Bytes that TensorFlow's kernel takes beside operands and results; none where it is left out. */
  readonly workspace?: (types: Values<O, A, TensorType>, node: Node) => number;
  readonly samples: readonly (Omit<Sample, 'attrs'> & SampleAttrs<A>)[];
}

/** The rules of an op as its entry writes them. */
export interface Rules<O extends readonly string[], A extends AttrRules> extends Entry<O, A> {
  readonly infer: (types: Values<O, A, TensorType>, check: Check) => TensorType | readonly TensorType[];
  /** The cotangents, in the order of the operands, or the reason why there are none. */
  readonly vjp:
    | ((nodes: Values<O, A, Node>, context: Differentiation) => Cotangents)
    | { readonly nondifferentiable: string };
  readonly reference: (inputs: Values<O, A, RefTensor>, node: Node) => RefTensor | readonly RefTensor[];
  readonly tensorflow: (inputs: Values<O, A, string>, context: TfContext) => string | readonly string[];
  readonly tfjs: (inputs: Values<O, A, Tfjs.Tensor>, context: TfjsContext) => Tfjs.Tensor | Tfjs.Tensor[];
  /** Floating-point operations of one evaluation. */
  readonly flops: (types: Values<O, A, TensorType>, node: Node) => number;
}

type SampleAttrs<A> = NoAttrs extends Given<A> ? { readonly attrs?: Given<A> } : { readonly attrs: Given<A> };

/** An op with the names and types of its operands and attributes. */
export interface OpOf<O extends readonly string[], A extends AttrRules> extends Op {
  readonly operands: O;
  readonly attrs: A;
}

/** A node for each operand. */
type NodesOf<O extends readonly string[]> = O extends readonly [`...${string}`]
  ? readonly Node[]
  : { readonly [K in keyof O]: Node };

/** A node that is known to be of an op. */
export type NodeOf<D extends Op> = Node & {
  readonly operands: NodesOf<D['operands']>;
  readonly attrs: Held<D['attrs']>;
};

/** Tells whether a node is of an op. */
export function is<D extends Op>(op: D, node: Node | undefined): node is NodeOf<D> {
  return node?.op === op;
}

/** A node, or a number in place of a constant. */
export type Operand = Node | number;

type Operands<O extends readonly string[]> = {
  -readonly [K in keyof O]: O[K] extends `...${string}` ? readonly Operand[] : Operand;
};

/** The method of builders that makes nodes of an op: `b.conv2d(x, filter, { stride: 1 })`. */
export type Method<D extends Op> =
  NoAttrs extends Given<D['attrs']>
    ? (...call: [...operands: Operands<D['operands']>, attrs?: Given<D['attrs']>]) => Node
    : (...call: [...operands: Operands<D['operands']>, attrs: Given<D['attrs']>]) => Node;

/** The constraint that all ops share, so that no tensor is empty, of a fractional size or taken for one of an open size. */
export const sharedConstraint = 'all sizes of the result are positive integers below 2^31';

/** Those of an op's rules that take operands: by number here, by name in entries. */
type NumberedRules = Pick<Op, 'infer' | 'vjp' | 'reference' | 'tensorflow' | 'tfjs' | 'flops'>;

/** Defines an op. */
export function defineOp<const O extends readonly string[], const A extends AttrRules = NoAttrs>(
  rules: Rules<O, A>,
): OpOf<O, A> {
  const { infer, vjp, reference, tensorflow, tfjs, flops, ...entry } = rules;
  const by = numbering<O, A>(rules.operands);
  return defineNumbered<O, A>(entry, {
    infer: (types, held, check) => infer(by.named(types, held), check),
    vjp: by.vjp(vjp),
    reference: by.reference(reference),
    tensorflow: (inputs, context) => tensorflow(by.named(inputs, context.node.attrs), context),
    tfjs: by.tfjs(tfjs),
    flops: by.flops(flops),
  });
}

/** Gives what makes rules by number of rules by name, for an op with these operands. */
export function numbering<O extends readonly string[], A extends AttrRules>(operands: O) {
  type By = Rules<O, A>;
  const named = <T>(given: readonly T[], held: Attrs): Values<O, A, T> =>
    byName(operands, given, held) as Values<O, A, T>;
  return {
    named,
    vjp: (rule: By['vjp']): Op['vjp'] =>
      typeof rule === 'function'
        ? (context) => rule(named(context.node.operands, context.node.attrs), context)
        : rule,
    reference:
      (rule: By['reference']): Op['reference'] =>
      (inputs, node) =>
        rule(named(inputs, node.attrs), node),
    tfjs:
      (rule: By['tfjs']): Op['tfjs'] =>
      (inputs, context) =>
        rule(named(inputs, context.node.attrs), context),
    flops:
      (rule: (types: Values<O, A, TensorType>, node: Node) => number) =>
      (node: Node): number =>
        rule(named(node.operands.map(typeOf), node.attrs), node),
  };
}

/** Defines an op by rules that take operands by number, adding the constraint that all ops share. */
export function defineNumbered<O extends readonly string[], A extends AttrRules>(
  { traits = {}, actsOnParts, workspace, ...same }: Entry<O, A>,
  rules: NumberedRules,
): OpOf<O, A> {
  const { name, operands } = same;
  const attrs = same.attrs ?? ({} as A);
  const clash = operands.find((operand) => nameOf(operand) in attrs);
  if (clash !== undefined) throw brokenInvariant(`${name} has an operand and an attribute ${clash}`);
  if (new Set(operands.map(nameOf)).size < operands.length)
    throw brokenInvariant(`${name} has two operands of one name: ${operands.join(', ')}`);
  if (operands.slice(0, -1).some(isVariadic))
    throw brokenInvariant(`${name} has a list of operands that is not the last: ${operands.join(', ')}`);
  return {
    ...same,
    ...rules,
    attrs,
    traits,
    infer: (types, held, check) => {
      const inferred = rules.infer(types, held, check);
      // Open sizes begin at sources and at what an earlier stage has kept, and ops only hand them on.
      const isOpen =
        traits.isSource || types.some(({ shape }) => shape.some(isSymbolic)) ? isSymbolic : () => false;
      for (const { shape } of 'dtype' in inferred ? [inferred] : inferred)
        check(
          shape.every((size) => isSize(size) || isOpen(size)),
          sharedConstraint,
          `[${shape}]`,
        );
      return inferred;
    },
    ...(actsOnParts && { actsOnParts: (held: Attrs, axis: number) => actsOnParts(held as Held<A>, axis) }),
    ...(workspace && { workspace: numbering<O, A>(operands).flops(workspace) }),
  };
}

/** Tells whether an operand is a list, of which there is one at most, the last. */
export const isVariadic = (operand: string): boolean => operand.startsWith('...');

const nameOf = (operand: string): string => (isVariadic(operand) ? operand.slice(3) : operand);

/** Gives operands and attributes by name; operands from the one with dots on are a list. */
export function byName(
  operands: readonly string[],
  given: readonly unknown[],
  attrs: Attrs,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...attrs };
  operands.forEach((operand, index) => {
    values[nameOf(operand)] = isVariadic(operand) ? given.slice(index) : given[index];
  });
  return values;
}

/** Makes the rule of a kind of attribute. */
const ruleOf =
  <T extends AttrValue>(kind: string, accepts: (value: AttrValue) => value is T) =>
  (doc: string): AttrRule<T> => ({ doc, kind, accepts });

/** A number. */
export const number = ruleOf('a number', (value) => typeof value === 'number');
/** A switch. */
export const flag = ruleOf('true or false', (value) => typeof value === 'boolean');
/** A text. */
export const text = ruleOf('a text', (value) => typeof value === 'string');
/** A list of numbers, such as a shape or axes. */
export const list = ruleOf('a list of numbers', (value) => typeof value === 'object');

/** One of given words. */
export function oneOf<const T extends string>(choices: readonly T[], doc: string): AttrRule<T> {
  return {
    doc,
    kind: choices.map((choice) => `'${choice}'`).join(' or '),
    accepts: (value): value is T => choices.some((choice) => choice === value),
  };
}

/** An attribute that has a value where none is given. */
export function preset<T extends AttrValue>(
  rule: AttrRule<T>,
  value: T,
): AttrRule<T> & { readonly preset: T } {
  return { ...rule, preset: value };
}

/** An attribute that nodes may be without. */
export function optional<T extends AttrValue>(rule: AttrRule<T>): AttrRule<T> & MayLack {
  return { ...rule, mayLack: true };
}

/** Gives the values of attributes or settings where none are given. */
export function presetsOf<T>(
  rules: Readonly<Record<string, { readonly preset?: T }>>,
): Record<string, Exclude<T, undefined>> {
  const presets: Record<string, Exclude<T, undefined>> = {};
  for (const [name, { preset }] of Object.entries(rules)) if (isGiven(preset)) presets[name] = preset;
  return presets;
}

const isGiven = <T>(value: T): value is Exclude<T, undefined> => value !== undefined;
