/** Answers for what a compiled experiment is: variables, and methods over them, each a pure function of (state, inputs). */
import type { Node } from './node.ts';
import { reachable } from './node.ts';
import type { PatchFeed } from '../tables/inputs.ts';
import type { TensorType } from './types.ts';

/** How a variable starts; drawn on the host from (seed, name), so that every engine starts from the same numbers. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with std = gain * sqrt(2 / (fan_in + fan_out)), fans including the kernel area (Glorot and Bengio 2010). */
  | { readonly kind: 'xavier_normal'; readonly gain: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** The lengths of another variable of the same network along its last axis: what weight normalization starts from. */
  | { readonly kind: 'lengths_of'; readonly variable: string }
  /** A random vector of length 1. */
  | { readonly kind: 'unit_vector' };

/** Slots are an optimizer's; averages are the moving averages of parameters, accumulators the sums of their gradients. */
export type VariableRole = 'parameter' | 'state' | 'slot' | 'average' | 'accumulator';

export interface Variable {
  /** Its path: `G.up_0.conv_0.weight`; slots of optimizers end in `/m` and `/v`, averages in `/average`, accumulators in `/sum`. */
  readonly name: string;
  readonly type: TensorType;
  readonly role: VariableRole;
  /** The network instance it belongs to. */
  readonly network: string;
  readonly initializer: Initializer;
}

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
  readonly methods: readonly Method[];
  /** What methods are fed in place of label maps, if any of them is. */
  readonly patches?: PatchFeed;
}

/** Lists the nodes that a method computes, operands first. */
export function nodesOf(method: Method): Node[] {
  return reachable([...method.outputs.values(), ...method.writes.values()]);
}

/** Gives the method whose outputs and writes are what became of those of `method`. */
export function withValues(method: Method, now: (node: Node) => Node): Method {
  const all = (values: ReadonlyMap<string, Node>): Map<string, Node> =>
    new Map([...values].map(([name, node]) => [name, now(node)]));
  return { name: method.name, outputs: all(method.outputs), writes: all(method.writes) };
}

/** Lists the values that a method is fed, by name. */
export function inputsOf(method: Method): Map<string, TensorType> {
  const inputs = nodesOf(method).filter((node) => node.op === 'input');
  return new Map(inputs.map((node) => [String(node.attrs['name']), node.results[0]!]));
}
