/** Answers for what a node of the graph is: immutable and typed. Nodes are made by the `Builder` alone. */
import type { Span } from '../../dsl/source.ts';
import { bytesIn, type TensorType } from './types.ts';
import { must } from '../../dsl/errors.ts';

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
  readonly op: string;
  readonly operands: readonly Node[];
  readonly attrs: Attrs;
  /** The types of all results; most ops have one. */
  readonly results: readonly TensorType[];
  readonly origin: Origin | undefined;
}

/** Gives the type of a node with one result. */
export function typeOf(node: Node): TensorType {
  return must(node.results[0], `%${node.id} (${node.op}) has a result`);
}
/** Gives the shape of a node with one result. */
export function shapeOf(node: Node): readonly number[] {
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
  return `{${names.map((name) => `${name}: ${JSON.stringify(attrs[name])}`).join(', ')}}`;
}

/** Nodes at which a walk ends. */
export type Leaves = Pick<ReadonlySet<Node>, 'has'>;

const noLeaves: Leaves = new Set();

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
