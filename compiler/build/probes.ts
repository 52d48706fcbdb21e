/** Builds debug methods that give the values and gradients of one network or loss, for users and tests. */
import { sumOver } from '../ops/primitive/support.ts';
import { gradients } from '../ops/gradients.ts';
import { type Node, shapeOf, typeOf } from '../ir/node.ts';
import type { Method } from '../ir/program.ts';
import { must } from '../../dsl/errors.ts';
import { applyNetwork, instantiateNodes, typesOfInput, variableName, type Tree } from './instantiate.ts';
import { frozenNetworks } from '../format/queries.ts';
import { realInput, type NetworkSpec, type Spec } from '../format/types.ts';
import { changed, dataInputs, forObjective, openEnvironment, variablesOf, type StepOptions } from './step.ts';

export interface MethodOptions extends Pick<StepOptions, 'batch' | 'spanOf'> {
  readonly name: string;
  /** Whether statistics come from the batch and state variables are updated. */
  readonly training: boolean;
  /** Adds outputs `gradient/<name>`: the gradients of all parameters and of every floating-point input. */
  readonly gradients: boolean;
}

/**
 * Builds a method that applies one network. Its inputs have the names of the network's inputs; noise that its blocks
 * name is an input `<network>.<block instance>.<name>`. Outputs are `output`, or `output/0/1` for the leaves of nested
 * lists. With `gradients`, it takes a cotangent for each output (`cotangent/<leaf>`) and gives the gradients of
 * sum(output * cotangent).
 */
export function networkMethod(spec: Spec, network: NetworkSpec, options: MethodOptions): Method {
  const opened = { ...options, feedNoise: true };
  const environment = openEnvironment(spec, variablesOf(spec), options.training, opened);
  const { b } = environment;
  const inputs = new Map(
    network.inputs.flatMap((input) =>
      typesOfInput(input, options.batch).map(([name, type]) => [name, b.input({ name, ...type })] as const),
    ),
  );
  const leaves = leavesOf(applyNetwork(environment, network, inputs), 'output');
  const outputs = new Map(leaves);
  if (options.gradients) {
    const weighted = leaves.map(([name, value]) => {
      const product = b.mul(value, b.input({ name: name.replace('output', 'cotangent'), ...typeOf(value) }));
      return sumOver(
        b,
        product,
        shapeOf(product).map((_, axis) => axis),
        false,
      );
    });
    const total = weighted.reduce((sum, value) => b.add(sum, value));
    const targets = new Map([...parametersOf([network], environment.initial), ...floatInputs(inputs)]);
    addGradients(outputs, b, total, targets);
  }
  return { name: options.name, outputs, writes: changed(environment) };
}

/**
 * Builds a method that evaluates the loss of `network` without an update. Outputs are the terms by name, `total`, and
 * with `gradients` the gradients of the photographs, of noise, and of all parameters except those of frozen networks.
 * Noise is fed as `<objective>/<network>.<input>`.
 */
export function lossMethod(spec: Spec, network: string, options: Omit<MethodOptions, 'training'>): Method {
  const noise = new Map<string, Node>();
  const objective = must(
    spec.objectives.find((one) => one.network === network),
    `there is a loss of ${network}`,
  );
  const opened = { ...openEnvironment(spec, variablesOf(spec), true, options), noise };
  const environment = forObjective(opened, objective);
  const { b } = environment;
  const values: Map<string, Tree> = dataInputs(spec, b, options.batch);
  instantiateNodes(environment, objective.nodes, values, `loss ${network}`);
  const outputs = new Map(
    objective.terms.map((term) => [
      term.name,
      must(values.get(term.value), `the term ${term.name} has a value`) as Node,
    ]),
  );
  const total = [...outputs.values()].reduce((sum, value) => b.add(sum, value));
  outputs.set('total', total);
  if (options.gradients) {
    const frozen = frozenNetworks(spec);
    const learning = spec.networks.filter(({ name }) => !frozen.has(name));
    const real = must(values.get(realInput), 'losses have photographs') as Node;
    const targets = [...parametersOf(learning, opened.initial), [realInput, real] as const, ...noise];
    addGradients(outputs, b, total, new Map(targets));
  }
  return { name: options.name, outputs, writes: changed(opened) };
}

function addGradients(
  outputs: Map<string, Node>,
  b: Parameters<typeof gradients>[0],
  loss: Node,
  targets: ReadonlyMap<string, Node>,
): void {
  const found = gradients(b, loss, [...targets.values()]);
  [...targets.keys()].forEach((name, index) =>
    outputs.set(`gradient/${name}`, must(found[index], 'there is a gradient for each weight')),
  );
}

function parametersOf(
  networks: readonly NetworkSpec[],
  initial: ReadonlyMap<string, Node>,
): [string, Node][] {
  return networks.flatMap((network) =>
    network.variables
      .filter((variable) => variable.role === 'parameter')
      .map(({ name }): [string, Node] => {
        const full = variableName(network.name, name);
        return [full, must(initial.get(full), `the parameter ${full} has a value`)];
      }),
  );
}

function floatInputs(inputs: ReadonlyMap<string, Node>): [string, Node][] {
  return [...inputs].filter(([, node]) => typeOf(node).dtype === 'f32');
}

function leavesOf(tree: Tree, name: string): [string, Node][] {
  return Array.isArray(tree)
    ? (tree as readonly Tree[]).flatMap((part, index) => leavesOf(part, `${name}/${index}`))
    : [[name, tree as Node]];
}
