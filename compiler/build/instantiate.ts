/** Turns spec nodes into graph nodes: calls are inlined, variables are threaded through an environment. */
import { type Builder, typeOf, type Node, type Origin } from '../ir/node.ts';
import { f32, i32, type TensorType } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { composites, type Expansion } from '../ops/composite/index.ts';
import type { InputSpec, NetworkSpec, NodeSpec, Ref, RefTree } from '../format/types.ts';

/** The result of a node: one value, or nested lists of them if the node calls a network that returns lists. */
export type Tree = Node | readonly Tree[];

/** The state of a method under construction: the current value of every variable. */
export interface Environment {
  readonly b: Builder;
  readonly training: boolean;
  /** Compute attributes of convolutions and matrix products; undefined for float32. */
  readonly compute?: Expansion['compute'];
  readonly batch: number;
  readonly networks: ReadonlyMap<string, NetworkSpec>;
  /** Current values by full name (`G.up_0.conv_0.weight`); updates replace them. */
  readonly variables: Map<string, Node>;
  /** Gives the next stream number of this method's random ops. */
  readonly stream: () => number;
  readonly randomState: () => Node;
  /** The current objective, which is part of the names of fed noise. */
  readonly objective?: string;
  /** Networks that run in inference mode, although the method trains others. */
  readonly frozen?: ReadonlySet<string>;
  /**
   * If noise is fed instead of drawn: collects its inputs by `<network>.<input>`, in objectives prefixed by their
   * name.
   */
  readonly noise?: Map<string, Node>;
  /** Values that simultaneous objectives share; `asked` counts the requests of the current objective. */
  readonly shared?: {
    /** Calls and noise, by their key and the count of earlier requests for the same key. */
    readonly made: Map<string, Tree>;
    readonly asked: Map<string, number>;
  };
  /** Converts a place of the spec to the span of an origin; undefined without source texts. */
  readonly spanOf: (at: NodeSpec['at']) => Origin['span'];
}

/** The batch of graphs that are built only for their shapes: any batch above 1 works, and 2 can be halved. */
export const scratchBatch = 2;

/** Names a network's variable in a program. */
export function variableName(network: string, variable: string): string {
  return `${network}.${variable}`;
}

/** Name the parts of a label map beside its ids: the edges between instances, and the ids of instances. */
export const edgesOf = (labels: string): string => `${labels}.edges`;
export const instancesOf = (labels: string): string => `${labels}.instances`;

/** Gives the graph types of an input, by input name: a label map may have several. */
export function typesOfInput(input: InputSpec, batch: number): readonly (readonly [string, TensorType])[] {
  if (input.kind !== 'labels') return [[input.name, f32(batch, ...input.shape)]];
  const { name, height, width } = input;
  const ids = [name, i32(batch, height, width)] as const;
  return input.edges
    ? [
        ids,
        [edgesOf(name), f32(batch, height, width, 1)] as const,
        [instancesOf(name), i32(batch, height, width)] as const,
      ]
    : [ids];
}

/**
 * Gives the inputs that a call with `count` values provides, by name: all inputs, or, if there are fewer values, all
 * but noise, which is drawn.
 */
export function typesOfCall(
  network: NetworkSpec,
  count: number,
  batch: number,
): readonly (readonly [string, TensorType])[] {
  const all = network.inputs.flatMap((input) => typesOfInput(input, batch));
  return all.length === count
    ? all
    : network.inputs.flatMap((input) => (input.kind === 'noise' ? [] : typesOfInput(input, batch)));
}

/**
 * Applies a network to values by input name; gives its outputs. In training, state variables are updated in
 * `environment`.
 */
export function applyNetwork(
  outer: Environment,
  network: NetworkSpec,
  inputs: ReadonlyMap<string, Node>,
): Tree {
  const environment = outer.frozen?.has(network.name) ? { ...outer, training: false } : outer;
  const values = new Map<Ref, Tree>(inputs);
  for (const input of network.inputs)
    if (input.kind === 'noise' && !values.has(input.name))
      values.set(
        input.name,
        drawNoise(environment, `${network.name}.${input.name}`, [environment.batch, ...input.shape]),
      );
  instantiateNodes(environment, network.nodes, values, network.name);
  return readTree(network.outputs, values, environment, network.name);
}

/** Draws standard normal noise or, if noise is fed and this one has a name, reads it from an input. */
function drawNoise(environment: Environment, source: string | undefined, shape: readonly number[]): Node {
  if (source === undefined) return makeNoise(environment, source, shape);
  return once(environment, `noise ${source} [${shape.join(',')}]`, () =>
    makeNoise(environment, source, shape),
  );
}

function makeNoise(environment: Environment, source: string | undefined, shape: readonly number[]): Node {
  const { b, noise, objective } = environment;
  if (!noise || source === undefined)
    return b.randomNormal(environment.randomState(), { shape, stream: environment.stream() });
  const name = objective === undefined ? source : `${objective}/${source}`;
  const fed = b.input({ name, ...f32(...shape) });
  noise.set(name, fed);
  return fed;
}

/**
 * Shares a value between objectives: the n-th request of one objective gives the value of the n-th request of the
 * others.
 */
function once<T extends Tree>({ shared }: Environment, what: string, make: () => T): T {
  if (!shared) return make();
  const time = (shared.asked.get(what) ?? 0) + 1;
  shared.asked.set(what, time);
  const key = `${what} ${time}`;
  const value = (shared.made.get(key) as T | undefined) ?? make();
  shared.made.set(key, value);
  return value;
}

/**
 * Gives what composites need for expansion. `update` sets the new value of the variable behind an input; `place` is
 * the block instance that noise is named after.
 */
export function expansionIn(
  environment: Environment,
  update: Expansion['update'],
  place?: string,
): Expansion {
  const { b, training, compute = {}, batch, stream, randomState } = environment;
  return {
    b,
    training,
    compute,
    batch,
    stream,
    randomState,
    update,
    noise: (name, shape) =>
      drawNoise(environment, name !== undefined && place !== undefined ? `${place}.${name}` : name, shape),
  };
}

/** Builds spec nodes in order; their results are added to `values`. */
export function instantiateNodes(
  environment: Environment,
  nodes: readonly NodeSpec[],
  values: Map<Ref, Tree>,
  owner: string,
): void {
  const { b } = environment;
  for (const node of nodes) {
    const origin = { scope: scopeOf(node, owner), span: environment.spanOf(node.at) };
    values.set(
      node.id,
      b.within(origin, () => instantiateNode(environment, node, values, owner)),
    );
  }
}

function scopeOf({ scope }: NodeSpec, owner: string): string {
  return scope ? `${owner}.${scope}` : owner;
}

function instantiateNode(
  environment: Environment,
  node: NodeSpec,
  values: Map<Ref, Tree>,
  owner: string,
): Tree {
  const inputs = node.inputs.map((ref) => readLeaf(ref, values, environment, owner));
  if (node.op === 'call') {
    const network = must(
      environment.networks.get(String(node.attrs?.['network'])),
      'a call names a network of the spec',
    );
    const batch = inputs[0] ? typeOf(inputs[0]).shape[0]! : environment.batch;
    const types = typesOfCall(network, inputs.length, batch);
    const bound = new Map(
      types.map(([name], index) => [name, must(inputs[index], `a call has the input ${name}`)]),
    );
    const what = ['call', network.name, ...inputs.map((input) => input.id)].join(' ');
    return once(environment, what, () => applyNetwork({ ...environment, batch }, network, bound));
  }
  const composite = must(composites.get(node.op), `there is a composite ${node.op}`);
  const expansion = expansionIn(
    environment,
    (index, value) => {
      const ref = must(node.inputs[index], 'an update names an input that it changes');
      environment.variables.set(variableName(owner, ref.slice(1)), value);
    }, // Noise in losses has full names already.
    environment.networks.has(owner) ? scopeOf(node, owner) : undefined,
  );
  return composite.expand(expansion, inputs, node.attrs);
}

function readLeaf(ref: Ref, values: ReadonlyMap<Ref, Tree>, environment: Environment, owner: string): Node {
  if (ref.startsWith('@'))
    return must(
      environment.variables.get(variableName(owner, ref.slice(1))),
      `${owner} has the variable ${ref}`,
    );
  const [root, ...path] = ref.split('/');
  let tree = must(
    values.get(must(root, 'a reference to a value is not empty')),
    `${ref} is defined before its use`,
  );
  for (const index of path) {
    if (!Array.isArray(tree)) throw new TypeError(`${ref} goes deeper than the value`);
    tree = must((tree as readonly Tree[])[Number(index)], `${ref} lies inside of the value`);
  }
  if (Array.isArray(tree)) throw new TypeError(`${ref} is a list, not one value`);
  return tree as Node;
}

/** Lists the values of nested lists in order. */
export function leavesOf(tree: Tree): Node[] {
  return Array.isArray(tree) ? (tree as readonly Tree[]).flatMap(leavesOf) : [tree as Node];
}

/** Reads a value, or nested lists of values; throws for an undefined reference. */
export function readTree(
  tree: RefTree,
  values: ReadonlyMap<Ref, Tree>,
  environment: Environment,
  owner: string,
): Tree {
  return typeof tree === 'string'
    ? readLeaf(tree, values, environment, owner)
    : tree.map((part) => readTree(part, values, environment, owner));
}
