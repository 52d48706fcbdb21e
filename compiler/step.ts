/**
 * Answers for the methods of an experiment: the training step (every objective in turn: forward, backward, update), and
 * synthesis. A step is a pure function of (variables, batch, scalars); what one objective changes, the next one sees, as in
 * the official trainers: the generator's step first, then the discriminator's, with a picture made anew.
 */
import type { Span } from '../dsl/source.ts';
import { gradients } from './autodiff/gradients.ts';
import { Builder } from './ir/builder.ts';
import type { Node } from './ir/node.ts';
import type { Method, Program, Variable } from './ir/program.ts';
import { CompilerBug, f32, i32, must } from './ir/types.ts';
import {
  applyNetwork,
  instantiateNodes,
  typesOfInput,
  variableName,
  type Environment,
  type Tree,
} from './spec/instantiate.ts';
import { generatorOf, inputsOfData } from './spec/queries.ts';
import {
  labelsInput,
  type NetworkSpec,
  type ObjectiveSpec,
  type OptimizerSpec,
  type Place,
  type Spec,
} from './spec/types.ts';

export interface StepOptions {
  readonly batch: number;
  /** Builds only these methods; all of them without it. */
  readonly methods?: readonly ('step' | 'synthesize')[];
  /** Adds every gradient that an optimizer sees to the step's outputs, as `gradient/<variable>`. */
  readonly exposeGradients?: boolean;
  /** Adds the pictures made in each objective to the step's outputs, as `<objective>/fake`. */
  readonly exposePictures?: boolean;
  /** Takes noise as inputs `<network>.<input>`, in place of drawing it: the same in every objective. */
  readonly feedNoise?: boolean;
  readonly spanOf?: (at: Place | undefined) => Span | undefined;
}

/** The name of the input that holds [seed, step] of random ops. */
export const randomStateInput = 'random_state';

/** Names the scalar inputs of an optimizer: the rate and epsilon of the step, bias corrections included. */
export function scalarInputs(network: string): { readonly rate: string; readonly epsilon: string } {
  return { rate: `${network}/rate`, epsilon: `${network}/epsilon` };
}

/** Declares all variables of a spec's networks, with two slots for each parameter that is trained. */
export function variablesOf(spec: Spec): Variable[] {
  const trained = new Set(spec.train?.optimizers.map((optimizer) => optimizer.network));
  return spec.networks.flatMap((network) =>
    network.variables.flatMap((variable): Variable[] => {
      const own: Variable = {
        name: variableName(network.name, variable.name),
        type: f32(...variable.shape),
        role: variable.role,
        network: network.name,
        initializer: variable.initializer,
      };
      if (variable.role !== 'parameter' || !trained.has(network.name)) return [own];
      const slots = ['m', 'v'].map((slot): Variable => ({
        ...own,
        name: `${own.name}/${slot}`,
        role: 'slot',
        initializer: { kind: 'constant', value: 0 },
      }));
      return [own, ...slots];
    }),
  );
}

/** Builds a spec's methods. */
export function buildProgram(spec: Spec, options: StepOptions): Program {
  const variables = variablesOf(spec);
  const wanted = options.methods ?? ['step', 'synthesize'];
  const methods: Method[] = [];
  if (wanted.includes('step') && spec.train && spec.objectives.length > 0)
    methods.push(buildStep(spec, variables, options));
  const generator = generatorOf(spec);
  if (wanted.includes('synthesize') && generator)
    methods.push(buildSynthesis(spec, variables, generator, options));
  return { variables, methods };
}

/** Starts a method: variables hold what they are read as. */
export function openEnvironment(
  spec: Spec,
  variables: readonly Variable[],
  training: boolean,
  options: Pick<StepOptions, 'batch' | 'spanOf' | 'feedNoise'>,
): Environment & { readonly initial: ReadonlyMap<string, Node> } {
  const b = new Builder();
  const initial = new Map(
    variables.map((variable) => [variable.name, b.read(variable.name, variable.type)] as const),
  );
  let streams = 0;
  return {
    b,
    training,
    batch: options.batch,
    networks: new Map(spec.networks.map((network) => [network.name, network])),
    variables: new Map(initial),
    stream: () => ++streams,
    randomState: () => b.input(randomStateInput, i32(2)),
    spanOf: options.spanOf ?? (() => undefined),
    ...(options.feedNoise && { noise: new Map() }),
    initial,
  };
}

/** The values that data gives to objectives, by reference. */
export function dataInputs(spec: Spec, b: Builder, batch: number): Map<string, Tree> {
  if (!spec.data) throw new CompilerBug('a training step without data');
  const { labels, real } = inputsOfData(spec.data);
  const types = [labels, real].flatMap((input) => typesOfInput(input, batch));
  return new Map(types.map(([name, type]) => [name, b.input(name, type)]));
}

function buildStep(spec: Spec, variables: readonly Variable[], options: StepOptions): Method {
  const environment = openEnvironment(spec, variables, true, options);
  const { b } = environment;
  const outputs = new Map<string, Node>();
  for (const objective of spec.objectives) {
    const values = dataInputs(spec, b, options.batch);
    instantiateNodes(environment, objective.nodes, values, `loss ${objective.network}`);
    const terms = objective.terms.map((term) => {
      const value = must(values.get(term.value), `term ${term.name} has no value`) as Node;
      outputs.set(`${objective.network}/${term.name}`, value);
      return value;
    });
    if (options.exposePictures) {
      const call = objective.nodes.find((node) => node.op === 'call');
      const picture = call && values.get(call.id);
      if (picture && !Array.isArray(picture)) outputs.set(`${objective.network}/fake`, picture as Node);
    }
    const loss = terms.reduce((sum, term) => b.add(sum, term));
    outputs.set(`${objective.network}/total`, loss);
    for (const [name, gradient] of applyUpdates(spec, objective, environment, loss))
      if (options.exposeGradients) outputs.set(`gradient/${name}`, gradient);
  }
  return { name: 'step', outputs, writes: changed(environment) };
}

/** Differentiates a loss for its network's parameters and moves them; gives the gradients by parameter. */
function applyUpdates(
  spec: Spec,
  objective: ObjectiveSpec,
  environment: Environment,
  loss: Node,
): ReadonlyMap<string, Node> {
  const { b, variables } = environment;
  const network = must(environment.networks.get(objective.network), `no network ${objective.network}`);
  const optimizer = spec.train?.optimizers.find((one) => one.network === objective.network);
  if (!optimizer) throw new CompilerBug(`objective ${objective.network} has no optimizer`);
  const names = network.variables
    .filter((variable) => variable.role === 'parameter')
    .map((variable) => variableName(network.name, variable.name));
  const weights = names.map((name) => must(variables.get(name), `parameter ${name} has no value`));
  const found = gradients(b, loss, weights);
  b.origin = { scope: `optimize ${network.name}`, span: undefined };
  names.forEach((name, index) => {
    const update = updateOf(b, optimizer, [
      must(weights[index], 'a weight is missing'),
      must(variables.get(`${name}/m`), `slot m of ${name}`),
      must(variables.get(`${name}/v`), `slot v of ${name}`),
      must(found[index], 'a gradient is missing'),
    ]);
    [name, `${name}/m`, `${name}/v`].forEach((variable, result) =>
      variables.set(variable, b.item(update, result)),
    );
  });
  b.origin = undefined;
  return new Map(names.map((name, index) => [name, must(found[index], 'a gradient is missing')]));
}

function updateOf(b: Builder, optimizer: OptimizerSpec, operands: readonly Node[]): Node {
  const { rate, epsilon } = scalarInputs(optimizer.network);
  return b.op('adam', [...operands, b.input(rate, f32()), b.input(epsilon, f32())], {
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
  });
}

function buildSynthesis(
  spec: Spec,
  variables: readonly Variable[],
  generator: NetworkSpec,
  options: StepOptions,
): Method {
  const environment = openEnvironment(spec, variables, false, options);
  // Label maps enter under the data's name for them, whatever the network calls them.
  const inputs = new Map(
    generator.inputs.flatMap((input) => {
      const outside = typesOfInput(
        input.kind === 'labels' ? { ...input, name: labelsInput } : input,
        options.batch,
      );
      return typesOfInput(input, options.batch).map(([name, type], index) => {
        return [
          name,
          environment.b.input(must(outside[index], 'as many outside as inside')[0], type),
        ] as const;
      });
    }),
  );
  const picture = applyNetwork(environment, generator, inputs) as Node;
  return { name: 'synthesize', outputs: new Map([['picture', picture]]), writes: new Map() };
}

/** Lists the variables that hold something new by now. */
export function changed(
  environment: Environment & { readonly initial: ReadonlyMap<string, Node> },
): Map<string, Node> {
  return new Map(
    [...environment.variables].filter(([name, value]) => environment.initial.get(name) !== value),
  );
}
