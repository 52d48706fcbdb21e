/** Answers for trying networks out on shapes alone, in a graph that nobody keeps. */
import { Builder } from '../ir/builder.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { f32, i32 } from '../ir/types.ts';
import { applyNetwork, typesOfInput, variableName, type Environment } from '../spec/instantiate.ts';
import type { InputSpec, NetworkSpec } from '../spec/types.ts';

/** An even batch, for ops that halve it; a prime would be unlike any size, but cannot be halved. */
export const scratchBatch = 2;

/** Opens an environment that holds all variables of `networks`. */
export function scratchEnvironment(networks: readonly NetworkSpec[]): Environment {
  const b = new Builder();
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
          return [name, b.read(name, f32(...variable.shape))] as const;
        }),
      ),
    ),
    stream: () => ++streams,
    randomState: () => b.input('random_state', i32(2)),
    spanOf: () => undefined,
  };
}

/** Gives values for inputs, by reference; noise included. */
export function scratchInputs(environment: Environment, inputs: readonly InputSpec[]): Map<string, Node> {
  const types = inputs.flatMap((input) => typesOfInput(input, scratchBatch));
  return new Map(types.map(([name, type]) => [name, environment.b.input(name, type)]));
}

/** Gives the shape of a network's result for one picture; undefined where it has several. */
export function shapeOfResult(
  network: NetworkSpec,
  networks: readonly NetworkSpec[],
): readonly number[] | undefined {
  const environment = scratchEnvironment(networks);
  const result = applyNetwork(environment, network, scratchInputs(environment, network.inputs));
  return Array.isArray(result) ? undefined : shapeOf(result as Node).slice(1);
}
