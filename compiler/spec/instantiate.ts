/** Answers for turning spec nodes into graph nodes: calls are inlined, variables are threaded through an environment. */
import type { Builder } from '../ir/builder.ts';
import { typeOf, type Node, type Origin } from '../ir/node.ts';
import { f32, must, i32, type TensorType } from '../ir/types.ts';
import { specOps } from './ops.ts';
import type { InputSpec, NetworkSpec, NodeSpec, Ref, RefTree } from './types.ts';

/** Results of a node: one value, or nested lists of them as the called network returns. */
export type Tree = Node | readonly Tree[];

/** The state of a method while it is being built: what every variable holds by now. */
export interface Environment {
  readonly b: Builder;
  readonly training: boolean;
  readonly batch: number;
  readonly networks: ReadonlyMap<string, NetworkSpec>;
  /** Current values by full name (`G.up_0.conv_0.weight`); updates replace them. */
  readonly variables: Map<string, Node>;
  /** Gives the next stream number of this method's random ops. */
  readonly stream: () => number;
  readonly randomState: () => Node;
  /** Where noise is fed instead of drawn: collects the inputs made for it, by `<network>.<input>`. */
  readonly noise?: Map<string, Node>;
  /** Turns a place of the spec into an origin's span; undefined without source texts. */
  readonly spanOf: (at: NodeSpec['at']) => Origin['span'];
}

/** Names a network's variable in a program. */
export function variableName(network: string, variable: string): string {
  return `${network}.${variable}`;
}

/** Gives the types with which an input enters the graph, by input name. */
export function typesOfInput(input: InputSpec, batch: number): readonly (readonly [string, TensorType])[] {
  if (input.kind !== 'labels') return [[input.name, f32(batch, ...input.shape)]];
  const ids = [input.name, i32(batch, input.height, input.width)] as const;
  return input.edges ? [ids, [`${input.name}.edges`, f32(batch, input.height, input.width, 1)]] : [ids];
}

/** Applies a network to values by input name; gives its outputs. State moves on in `environment` when training. */
export function applyNetwork(
  environment: Environment,
  network: NetworkSpec,
  inputs: ReadonlyMap<string, Node>,
): Tree {
  const values = new Map<Ref, Tree>(inputs);
  for (const input of network.inputs)
    if (input.kind === 'noise' && !values.has(input.name))
      values.set(
        input.name,
        makeNoise(environment, `${network.name}.${input.name}`, [environment.batch, ...input.shape]),
      );
  instantiateNodes(environment, network.nodes, values, network.name);
  return readTree(network.outputs, values, environment, network.name);
}

function makeNoise(environment: Environment, name: string, shape: readonly number[]): Node {
  const { b, noise } = environment;
  if (!noise)
    return b.op('random_normal', [environment.randomState()], { shape, stream: environment.stream() });
  const fed = b.input(name, f32(...shape));
  noise.set(name, fed);
  return fed;
}

/** Builds spec nodes in order, entering their results into `values`. */
export function instantiateNodes(
  environment: Environment,
  nodes: readonly NodeSpec[],
  values: Map<Ref, Tree>,
  owner: string,
): void {
  const { b } = environment;
  const outer = b.origin;
  for (const node of nodes) {
    b.origin = { scope: node.scope ? `${owner}.${node.scope}` : owner, span: environment.spanOf(node.at) };
    values.set(node.id, instantiateNode(environment, node, values, owner));
  }
  b.origin = outer;
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
      'call of an unknown network',
    );
    const batch = inputs[0] ? typeOf(inputs[0]).shape[0]! : environment.batch;
    const names = network.inputs
      .filter((input) => input.kind !== 'noise')
      .flatMap((input) => typesOfInput(input, batch).map(([name]) => name));
    const bound = new Map(
      names.map((name, index) => [name, must(inputs[index], `call without input ${name}`)]),
    );
    return applyNetwork({ ...environment, batch }, network, bound);
  }
  const op = must(specOps.get(node.op), `unknown spec op ${node.op}`);
  const defaults = Object.fromEntries(
    Object.entries(op.attrs).flatMap(([name, rule]) =>
      rule.default === undefined ? [] : [[name, rule.default]],
    ),
  );
  return op.expand(
    {
      b: environment.b,
      training: environment.training,
      batch: environment.batch,
      stream: environment.stream,
      randomState: environment.randomState,
      update: (index, value) => {
        const ref = must(node.inputs[index], 'update of a missing input');
        environment.variables.set(variableName(owner, ref.slice(1)), value);
      },
    },
    inputs,
    { ...defaults, ...node.attrs },
  );
}

function readLeaf(ref: Ref, values: ReadonlyMap<Ref, Tree>, environment: Environment, owner: string): Node {
  if (ref.startsWith('@'))
    return must(
      environment.variables.get(variableName(owner, ref.slice(1))),
      `variable ${ref} of ${owner} is unknown`,
    );
  const [root, ...path] = ref.split('/');
  let tree = must(values.get(must(root, 'empty reference')), `${ref} is not defined before its use`);
  for (const index of path) {
    if (!Array.isArray(tree)) throw new TypeError(`${ref} goes deeper than the value`);
    tree = must((tree as readonly Tree[])[Number(index)], `${ref} is outside the value`);
  }
  if (Array.isArray(tree)) throw new TypeError(`${ref} is a list, not one value`);
  return tree as Node;
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
