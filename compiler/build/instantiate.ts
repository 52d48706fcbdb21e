/** Turns spec nodes into graph nodes: calls are inlined, variables are threaded through an environment. */
import { type Builder, typeOf, type Node, type Origin } from '../ir/node.ts';
import { f32, i32, type TensorType } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { composites, type Expansion } from '../ops/composite/index.ts';
import type { InputSpec, NetworkSpec, NodeSpec, Ref, RefTree } from '../format/types.ts';

/** Results of a node: one value, or nested lists of them as the called network returns. */
export type Tree = Node | readonly Tree[];

/** The state of a method while it is being built: what every variable holds by now. */
export interface Environment {
  readonly b: Builder;
  readonly training: boolean;
  /** Attributes of convolutions and matrix products that say how precisely they compute; none for float32. */
  readonly compute?: Expansion['compute'];
  readonly batch: number;
  readonly networks: ReadonlyMap<string, NetworkSpec>;
  /** Current values by full name (`G.up_0.conv_0.weight`); updates replace them. */
  readonly variables: Map<string, Node>;
  /** Gives the next stream number of this method's random ops. */
  readonly stream: () => number;
  readonly randomState: () => Node;
  /** The objective that is being built: fed noise is named after it. */
  readonly objective?: string;
  /** Networks that run as after training, although the method trains others. */
  readonly frozen?: ReadonlySet<string>;
  /** Where noise is fed instead of drawn: collects the inputs made for it, by `<network>.<input>`, in objectives behind their name. */
  readonly noise?: Map<string, Node>;
  /** What objectives that are computed at once share; `asked` is of one objective. */
  readonly shared?: {
    /** Calls and noise, by what they are of and how often the objective had asked for the like. */
    readonly made: Map<string, Tree>;
    readonly asked: Map<string, number>;
  };
  /** Turns a place of the spec into an origin's span; undefined without source texts. */
  readonly spanOf: (at: NodeSpec['at']) => Origin['span'];
}

/** The batch of graphs that are made for their shapes alone: any above 1 serves, and 2 can be halved. */
export const scratchBatch = 2;

/** Names a network's variable in a program. */
export function variableName(network: string, variable: string): string {
  return `${network}.${variable}`;
}

/** Name what label maps have beside their ids: the edges of instances, and the instances. */
export const edgesOf = (labels: string): string => `${labels}.edges`;
export const instancesOf = (labels: string): string => `${labels}.instances`;

/** Gives the types with which an input enters the graph, by input name. */
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
 * Gives the inputs that a call of a network with `count` values is for, by name: all of them, or, where there are fewer
 * values, all but noise, which is drawn then.
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

/** Applies a network to values by input name; gives its outputs. State moves on in `environment` when training. */
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

/** Draws standard normal numbers, or, where noise is fed and this has a name, takes them from outside. */
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

/** Makes what objectives share: what one asks for the n-th time is what the others got the n-th time. */
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
 * Gives what composites expand with; `update` sets the new value of the variable that an input is, `place` is the block instance
 * of a network in which noise has its name.
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

/** Builds spec nodes in order, entering their results into `values`. */
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
    }, // Names of noise in losses are whole ones.
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

/** Lists the values in nested lists, in order. */
export function leavesOf(tree: Tree): Node[] {
  return Array.isArray(tree) ? (tree as readonly Tree[]).flatMap(leavesOf) : [tree as Node];
}

/** Reads a value, or nested lists of them; throws where a reference leads to none. */
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
