/** Evaluates networks on shapes alone, in a scratch graph. */
import { GraphBuilder } from '../../ops/builder.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { f32, i32 } from '../../ir/types.ts';
import {
  applyNetwork,
  leavesOf,
  scratchBatch,
  typesOfInput,
  variableName,
  type Environment,
} from '../../build/instantiate.ts';
import { randomStateInput, type InputSpec, type NetworkSpec } from '../../format/types.ts';

/** Opens an environment that contains all variables of `networks`. */
export function scratchEnvironment(networks: readonly NetworkSpec[]): Environment {
  const b = new GraphBuilder();
  let streams = 0;
  return {
    b,
    training: true,
    batch: scratchBatch,
    networks: new Map(networks.map((network) => [network.name, network])),
    variables: new Map(
      networks.flatMap((network) =>
        network.variables.map((variable) => {
          const name = variableName(network.name, variable.name);
          return [name, b.read({ name, ...f32(...variable.shape) })] as const;
        }),
      ),
    ),
    stream: () => ++streams,
    randomState: () => b.input({ name: randomStateInput, ...i32(2) }),
    spanOf: () => undefined,
  };
}

/** Gives values for inputs by reference, noise included, for the environment's batch. */
export function scratchInputs(environment: Environment, inputs: readonly InputSpec[]): Map<string, Node> {
  const types = inputs.flatMap((input) => typesOfInput(input, environment.batch));
  return new Map(types.map(([name, type]) => [name, environment.b.input({ name, ...type })]));
}

/** Gives the shape of a network's result for one picture; undefined if it has several results. */
export function shapeOfResult(
  network: NetworkSpec,
  networks: readonly NetworkSpec[],
): readonly number[] | undefined {
  return typeof network.outputs === 'string' ? shapesOfResult(network, networks)[0] : undefined;
}

/** Gives the shapes of all tensors that a network returns, for one picture, in the order of its nested lists. */
export function shapesOfResult(
  network: NetworkSpec,
  networks: readonly NetworkSpec[],
): readonly (readonly number[])[] {
  const environment = scratchEnvironment(networks);
  const result = applyNetwork(environment, network, scratchInputs(environment, network.inputs));
  return leavesOf(result).map((leaf) => shapeOf(leaf).slice(1));
}
