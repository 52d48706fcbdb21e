/** A compiled experiment: variables, and methods over them, each a pure function of (state, inputs). */
import { reachable, typeOf, type Leaves, type Node } from './node.ts';
import { is } from './op.ts';
import { input } from './sources.ts';
import type { AxisOrder } from './layout.ts';
import type { PatchFeed } from '../patches/feed.ts';
import type { TensorType } from './types.ts';
import type { Variable } from './variables.ts';

export interface Method {
  readonly name: string;
  readonly outputs: ReadonlyMap<string, Node>;
  /** The value that each changed variable has after the method. */
  readonly writes: ReadonlyMap<string, Node>;
}

export interface Program {
  readonly variables: readonly Variable[];
  /** What stages of a method hand on to each other, by name: variables that have no value before. */
  readonly kept?: ReadonlyMap<string, TensorType>;
  /** The order of axes in which variables are kept, by name; those that are not named, in their own. */
  readonly layouts?: ReadonlyMap<string, AxisOrder>;
  readonly methods: readonly Method[];
  /** What methods are fed in place of label maps, if any of them is. */
  readonly patches?: PatchFeed;
}

/** Lists the nodes that a method computes, operands first; `leaves` are among them, but not what these need. */
export function nodesOf(method: Pick<Method, 'outputs' | 'writes'>, leaves?: Leaves): Node[] {
  return reachable([...method.outputs.values(), ...method.writes.values()], leaves);
}

/** Gives the method whose outputs and writes are what became of those of `method`. */
export function withValues(method: Method, now: (node: Node) => Node): Method {
  const all = (values: ReadonlyMap<string, Node>): Map<string, Node> =>
    new Map([...values].map(([name, node]) => [name, now(node)]));
  return { name: method.name, outputs: all(method.outputs), writes: all(method.writes) };
}

/** Lists the values that a method is fed, by name. */
export function inputsOf(method: Method): Map<string, TensorType> {
  const inputs = nodesOf(method).filter((node) => is(input, node));
  return new Map(inputs.map((node) => [node.attrs.name, typeOf(node)]));
}
