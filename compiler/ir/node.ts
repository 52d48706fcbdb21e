/**
 * What a node of the graph is, and what the op is that it applies: both are immutable, and a node holds its op itself. Nodes are
 * made by builders alone; ops are defined by `defineOp`.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { must } from '../../dsl/errors.ts';
import type { Span } from '../../dsl/source.ts';
import type { RefTensor, TensorFlow, TfAttrs, TfEmitter } from './emitter.ts';
import type { Fused } from './kernel.ts';
import type { Target } from './target.ts';
import { bytesIn, type Shape, type TensorType } from './types.ts';

export type AttrValue = number | boolean | string | readonly number[];
export type Attrs = Readonly<Record<string, AttrValue>>;

/** Where a node comes from: the path of the instance (`G.up_0.norm_0`) and, for specs from text, its source span. */
export interface Origin {
  readonly scope: string;
  readonly span: Span | undefined;
  /** Whether it belongs to the gradients of what is written there. */
  readonly isGradient?: true;
}

export interface Node {
  /** Counts up in order of creation, so that operands always have smaller numbers. */
  readonly id: number;
  readonly op: Op;
  readonly operands: readonly Node[];
  readonly attrs: Attrs;
  /** The types of all results; most ops have one. */
  readonly results: readonly TensorType[];
  readonly origin: Origin | undefined;
}

/** Fails with the constraint's text where `condition` does not hold; `found` says what was there instead. */
export type Check = (condition: boolean, constraint: string, found?: string) => void;

/** One attribute of an op. */
export interface AttrRule<T extends AttrValue = AttrValue> {
  /** A few words on what it means, for docs/ops.md. */
  readonly doc: string;
  /** Tells whether a value is one that the attribute may have. */
  readonly accepts: (value: AttrValue) => value is T;
  /** What the attribute may be, in words. */
  readonly kind: string;
  /** The value where none is given. */
  readonly preset?: T;
  /** Whether nodes may be without it. */
  readonly mayLack?: true;
}

export type AttrRules = Readonly<Record<string, AttrRule>>;

/** What passes may know of an op. */
export interface Traits {
  /** It only names a value that comes from outside the graph: its attributes are a name and a type. */
  readonly isSource?: true;
  /** Each entry of its result is a function of the operands' entries at the same place. */
  readonly isPointwise?: true;
  /** Its values stay within bounds, whatever it is given. */
  readonly isBounded?: true;
  /** It gives new values of variables, entry by entry, and updates them in place where it can. */
  readonly isUpdate?: true;
  /** Its result is in the memory of its first operand. */
  readonly isView?: true;
  /** It is linear in each of its operands, and what it computes takes the time of products. */
  readonly isLinear?: true;
  /** Doing it again costs less than keeping its result. */
  readonly isCheap?: true;
}

/** How kernels compute one entry of the result from the operands' entries at the same place. */
export interface Instruction {
  /**
   * The body of a C++ function of float32 numbers: an expression, or statements that end with `return`. It reads operands and
   * parameters by their names (booleans are 0 and 1), and calls what `runtime/engine/kernels/numbers.h` has, `std`, and instructions
   * of other ops by the ops' names. Loops over entries are made vector instructions of, so it chooses with `?:` where both sides are
   * cheap, calls no function that is not inline, and writes numbers as float32: `0.5f`.
   */
  readonly cpp: string;
  /** Number attributes that the body reads, in the order in which a fused program writes them. */
  readonly parameters?: readonly string[];
  /** Attributes that each use in a kernel has alike, which a fused program leaves out. */
  readonly attrs?: Attrs;
  /** False for an op of several operands that must have one shape; the others broadcast. */
  readonly broadcasts?: false;
  /** What kernels know it as: they add up with a sum, and compute a product and the sum that takes it at once, a * b + c. */
  readonly role?: 'sum' | 'product';
}

/** An op with all its rules; the rules take operands by number and attributes by name. `defineOp` makes them of rules by name. */
export interface Op {
  readonly name: string;
  /** One sentence for docs/ops.md, with the formula. */
  readonly doc: string;
  /** What it does at ties and borders, with zeros, infinities and what is not a number, for docs/ops.md. */
  readonly edges?: string;
  /** Operand names; the last may start with `...`. */
  readonly operands: readonly string[];
  readonly attrs: AttrRules;
  readonly traits: Traits;
  /** Checks the constraints and gives the result type, or the types of several results. */
  readonly infer: (
    operands: readonly TensorType[],
    attrs: Attrs,
    check: Check,
  ) => TensorType | readonly TensorType[];
  /** The cotangents of the operands of a node, or the reason why there are none. */
  readonly vjp: ((context: Differentiation) => Cotangents) | { readonly nondifferentiable: string };
  /** Float64, obvious, slow. */
  readonly reference: (inputs: readonly RefTensor[], node: Node) => RefTensor | readonly RefTensor[];
  readonly tensorflow: (inputs: readonly string[], context: TfContext) => string | readonly string[];
  readonly tfjs: (inputs: readonly Tfjs.Tensor[], context: TfjsContext) => Tfjs.Tensor | Tfjs.Tensor[];
  /** Lets kernels compute the op among others, in one pass over memory; left out where entries depend on other places. */
  readonly instruction?: Instruction;
  /** How kernels take in a node of an op without an instruction; undefined where they do not. */
  fuse?(node: Node): Fused | undefined;
  /**
   * Tells whether it does with each part of its first operand, or of all in a list, along an axis of pictures [N,H,W,C] what it does
   * with the whole; other operands, such as filters, are the same for all parts. Pointwise ops do anyway.
   */
  readonly actsOnParts?: (attrs: Attrs, axis: number) => boolean;
  /** Writes a derived op in other ops: its results, one node each. Core ops have none. */
  readonly expand?: (b: Builder, operands: readonly Node[], attrs: Attrs) => readonly Node[];
  /** Floating-point operations of one evaluation. */
  readonly flops: (node: Node) => number;
  /** Bytes that TensorFlow's kernel takes beside operands and results; none where it is left out. */
  readonly workspace?: (node: Node) => number;
  readonly samples: readonly Sample[];
}

/** Makes nodes. Each op that is defined adds the method that makes its nodes. */
export interface Builder {
  /** Makes, or finds, a node of an op that is known only when the program runs; operands and attributes are checked then. */
  make(op: Op, operands: readonly Node[], attrs?: Attrs): Node;
  /** Takes result `index` of a node with several. */
  item(node: Node, index: number): Node;
  /** Takes all results of a node with several. */
  items(node: Node): Node[];
  /** Gives nodes that are made meanwhile an origin. */
  within<T>(origin: Origin | undefined, make: () => T): T;
}

/** One cotangent per operand, as thunks, so that those nobody asks for cost nothing; undefined: no gradient flows. */
export type Cotangents = readonly ((() => Node) | undefined)[];

/** What the rule of a gradient has beside operands and attributes. */
export interface Differentiation {
  readonly b: Builder;
  /** The node whose cotangents are given. */
  readonly node: Node;
  /** The cotangent of its (first) result. */
  readonly dy: Node;
  /** The cotangents of all results; undefined where nothing depends on a result. */
  readonly dys: readonly (Node | undefined)[];
}

/** What emitting an op into a TensorFlow graph needs beside operands and attributes. */
export interface TfContext {
  readonly emit: TfEmitter;
  readonly node: Node;
  readonly target: Target;
  /**
   * The resource handle of the variable that operand `index` is a plain read of, if result `index` of this node is what
   * the method finally writes to it: then the op may update the variable in place.
   */
  readonly resource: (index: number) => string | undefined;
  /** Emits an op that changes variables, ordered after the reads of their old values. */
  readonly update: (type: string, inputs: readonly string[], attrs: TfAttrs) => string;
  /** Reads a variable's value after this node's update. */
  readonly readUpdated: (index: number) => string;
}

/** What executing an op needs beside operands and attributes; results and temporaries are tidied by the executor. */
export interface TfjsContext {
  readonly tf: TensorFlow;
  readonly node: Node;
}

/** What an op is, as a graph of other ops: its results on inputs of the types of its operands. */
export interface ExpandedOp {
  readonly inputs: readonly Node[];
  readonly results: readonly Node[];
}

/** A tested use of an op: operand types and attributes, and how to draw the operands. */
export interface Sample {
  readonly operands: readonly TensorType[];
  readonly attrs?: Attrs;
  /** Draws entry values for operand `index` from a uniform number in [-1, 1) (default: the number itself; ids for i32). */
  readonly draw?: (index: number, uniform: number) => number;
  /** The largest accepted relative distance of a float32 executor from the reference; default 1e-5. */
  readonly tolerance?: number;
}

/** Gives the type of a node with one result. */
export function typeOf(node: Node): TensorType {
  return must(node.results[0], `%${node.id} (${node.op.name}) has a result`);
}
/** Gives the shape of a node with one result. */
export function shapeOf(node: Node): Shape {
  return typeOf(node).shape;
}

/** Counts the bytes of all results of a node; tables have `rows`, which have to be given where there are any. */
export function bytesOfResults({ results }: Node, rows?: number): number {
  return results.reduce((sum, type) => sum + bytesIn(type, rows), 0);
}

/** Says which constraint of an op does not hold; a diagnostic is made of it where the source is known. */
export class OpError extends Error {
  constructor(
    readonly op: string,
    readonly constraint: string,
    readonly found: string,
  ) {
    super(`${op}: ${constraint} (found ${found})`);
  }
}

/** Prints attributes in a fixed order: `{axes: [1,2], keep: true}`. */
export function printAttrs(attrs: Attrs): string {
  const names = Object.keys(attrs).sort();
  if (names.length === 0) return '';
  return `{${names.map((name) => `${name}: ${printValue(attrs[name])}`).join(', ')}}`;
}

/** Prints a value as JSON does, but for the numbers that JSON has no text for, or one text for two. */
function printValue(value: AttrValue | undefined): string {
  if (typeof value === 'number') return printNumber(value);
  return typeof value === 'object' ? `[${value.map(printNumber).join(',')}]` : JSON.stringify(value);
}

const printNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Reads what `printAttrs` wrote for a value. Throws where it is none. */
export function parseValue(text: string): AttrValue {
  if (text.startsWith('[')) return text.slice(1, -1).split(',').filter(Boolean).map(parseNumber);
  return /^-?[\dIN]/.test(text) ? parseNumber(text) : (JSON.parse(text) as AttrValue);
}

function parseNumber(text: string): number {
  if (['Infinity', '-Infinity', 'NaN'].includes(text)) return Number(text);
  return JSON.parse(text) as number;
}

/** Nodes at which a walk ends. */
export type Leaves = Pick<ReadonlySet<Node>, 'has'>;

/** The leaves of a walk that goes to the end. */
export const noLeaves: Leaves = new Set();

/** Lists all nodes that `roots` need, operands before users, in order of creation; `leaves` are among them, but not what these need. */
export function reachable(roots: Iterable<Node>, leaves = noLeaves): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!leaves.has(node)) stack.push(...node.operands);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
