/**
 * Builds the methods of an experiment: the training step (forward, backward and update of each objective) and
 * synthesis. A step is a pure function of (variables, batch, scalars). Objectives run in turn and see the updates of
 * earlier ones, as in SPADE's trainer: first the generator's step, then the discriminator's with a new picture. Or all
 * objectives are computed from one picture before any update, as in pix2pixHD's.
 */
import { brokenInvariant, must } from '../../dsl/errors.ts';
import type { Span } from '../../dsl/source.ts';
import { gradients } from '../ops/gradients.ts';
import { GraphBuilder } from '../ops/builder.ts';
import { type Builder, shapeOf, type Node } from '../ir/node.ts';
import type { Method, Program } from '../ir/program.ts';
import { averageCompanion, companionName, type Variable, type VariableRole } from '../ir/variables.ts';
import type { Target } from '../ir/target.ts';
import { f32, i32 } from '../ir/types.ts';
import { bfloat16 } from '../ops/primitive/precision.ts';
import { clipLength, jointLength, moveAverage, moveWeight, slotsOf } from './optimizers.ts';
import {
  applyNetwork,
  edgesOf,
  instantiateNodes,
  typesOfInput,
  variableName,
  type Environment,
  type Tree,
} from './instantiate.ts';
import {
  encodedInputs,
  frozenNetworks,
  generatorOf,
  inputsOfData,
  segmenterOf,
  trainedBy,
} from '../format/queries.ts';
import {
  labelsInput,
  randomStateInput,
  realInput,
  type EncodedInput,
  type InputSpec,
  type NetworkSpec,
  type ObjectiveSpec,
  type Place,
  type Spec,
} from '../format/types.ts';
import { LevelPlanner, type TableChoice } from '../passes/deduplicate-patches/levels.ts';
import type { ForwardPass } from '../passes/pass.ts';
import { buildStages, ForwardPipeline, reportStage, type StageOptions } from '../passes/pipeline.ts';

export interface StepOptions extends StageOptions {
  readonly target: Target;
  /** The batch of a method; for a step taken in parts, the batch of one part. */
  readonly batch: number;
  /** Builds only these methods; by default all. A step may consist of several methods, see `stepMethods`. */
  readonly methods?: readonly ('step' | 'synthesize' | 'encode' | 'segment')[];
  /** Adds every gradient before clipping to the step's outputs, as `gradient/<variable>`. */
  readonly exposeGradients?: boolean;
  /** Adds the Euclidean norm of each trained network's gradients before clipping, named by `gradientLengthOf`. */
  readonly measureGradients?: boolean;
  /** Adds the pictures of each objective to the step's outputs, as `<objective>/fake`. */
  readonly exposePictures?: boolean;
  /** Computes label-local values once per distinct patch, at the chosen levels; by default per pixel. */
  readonly tables?: TableChoice | undefined;
  /** Skips the passes over forward graphs. */
  readonly asWritten?: boolean;
  /** Makes noise an input `<objective>/<network>.<input>` of the step instead of drawing it. */
  readonly feedNoise?: boolean;
  readonly spanOf?: (at: Place | undefined) => Span | undefined;
}

/** Names the output with the norm of a network's gradients. */
export function gradientLengthOf(network: string): string {
  return `gradient_length/${network}`;
}

const sumCompanion = 'sum';

/** Gives the number of parts that a step splits its batch into. */
export function partsOfStep(spec: Spec): number {
  return spec.train?.accumulate ?? 1;
}

/**
 * Lists the methods of a training step in order; `perPart` methods are called once per part. Without accumulation this
 * is `step` alone. With it, each objective sums its gradients over the parts and then applies them, so the next
 * objective sees the update, as in an undivided step.
 */
export function stepMethods(spec: Spec): readonly { readonly name: string; readonly perPart: boolean }[] {
  if (partsOfStep(spec) === 1) return [{ name: 'step', perPart: false }];
  return spec.objectives.flatMap(({ network }) => [
    { name: `${network}/accumulate`, perPart: true },
    { name: `${network}/apply`, perPart: false },
  ]);
}

/** Declares all variables of a spec's networks, and what optimizers keep for each trained parameter. */
export function variablesOf(spec: Spec): Variable[] {
  const optimizers = new Map(spec.train?.optimizers.map((optimizer) => [optimizer.network, optimizer]));
  return spec.networks.flatMap((network) =>
    network.variables.flatMap((variable): Variable[] => {
      const own: Variable = {
        name: variableName(network.name, variable.name),
        type: f32(...variable.shape),
        role: variable.role,
        network: network.name,
        initializer: variable.initializer,
      };
      const optimizer = optimizers.get(network.name);
      if (variable.role !== 'parameter' || !optimizer) return [own];
      const beside = (companion: string, role: VariableRole): Variable => ({
        ...own,
        name: companionName(own.name, companion),
        role,
        initializer: role === 'average' ? own.initializer : { kind: 'constant', value: 0 },
      });
      return [
        own,
        ...slotsOf(optimizer).map((slot) => beside(slot, 'slot')),
        ...(optimizer.average === undefined ? [] : [beside(averageCompanion, 'average')]),
        ...(partsOfStep(spec) === 1 ? [] : [beside(sumCompanion, 'accumulator')]),
      ];
    }),
  );
}

/** How a program's methods are built: the options, the passes of forward graphs, and the patch plan of all methods. */
interface Building extends StepOptions {
  readonly passes: readonly ForwardPass[];
  readonly levels: LevelPlanner | undefined;
}

/** Builds a spec's methods; `passes` run over forward graphs before differentiation. */
export function buildProgram(spec: Spec, asked: StepOptions, passes: readonly ForwardPass[]): Program {
  const variables = variablesOf(spec);
  const levels = planLevels(spec, asked);
  const options: Building = { ...asked, passes: asked.asWritten ? [] : passes, levels };
  const wanted = options.methods ?? ['step', 'synthesize', 'encode', 'segment'];
  const methods: Method[] = [];
  if (wanted.includes('step') && spec.train && spec.objectives.length > 0)
    methods.push(
      ...(partsOfStep(spec) === 1
        ? [buildStep(spec, variables, options)]
        : buildStepInParts(spec, variables, options)),
    );
  const generator = generatorOf(spec);
  if (wanted.includes('synthesize') && generator)
    methods.push(buildSynthesis(spec, variables, generator, options));
  if (wanted.includes('encode') && generator)
    methods.push(
      ...encodedInputs(generator).map((input) => buildEncoding(spec, variables, generator, input, options)),
    );
  const segmenter = segmenterOf(spec);
  const found =
    wanted.includes('segment') && segmenter && buildSegmentation(spec, variables, segmenter, options);
  if (found) methods.push(found);
  const program = { variables, methods, ...(levels && { patches: levels.feed() }) };
  reportStage(options, () => ({ stage: buildStages.update, after: methods, program }));
  return program;
}

/** Starts the patch plan of a program, if it computes any values in tables. */
function planLevels({ data }: Spec, { tables, batch, asWritten }: StepOptions): LevelPlanner | undefined {
  if (!tables || !data || asWritten) return undefined;
  const { labels } = inputsOfData(data);
  if (labels.kind !== 'labels') return undefined;
  const { name, height, width } = labels;
  return new LevelPlanner({ labels: name, edges: edgesOf(name), pictures: batch, height, width }, tables);
}

/** A method under construction. */
type OpenedEnvironment = Environment & { readonly initial: ReadonlyMap<string, Node> };

/** A method under construction whose forward graphs are rewritten. */
type RewrittenEnvironment = OpenedEnvironment & { readonly pipeline: ForwardPipeline };

/** Starts a method: every variable has the value that is read. */
export function openEnvironment(
  spec: Spec,
  variables: readonly Variable[],
  training: boolean,
  options: Pick<StepOptions, 'batch' | 'spanOf' | 'feedNoise'>,
): OpenedEnvironment {
  const b = new GraphBuilder();
  const initial = new Map(
    variables.map((variable) => [variable.name, b.read({ name: variable.name, ...variable.type })] as const),
  );
  let streams = 0;
  return {
    b,
    training,
    ...(training && spec.train?.precision === 'bfloat16' && { compute: bfloat16 }),
    batch: options.batch,
    networks: new Map(spec.networks.map((network) => [network.name, network])),
    frozen: frozenNetworks(spec),
    variables: new Map(initial),
    stream: () => ++streams,
    randomState: () => b.input({ name: randomStateInput, ...i32(2) }),
    spanOf: options.spanOf ?? (() => undefined),
    ...(options.feedNoise && { noise: new Map() }),
    initial,
  };
}

/** Starts a method whose forward graphs are rewritten; the passes share their state across these graphs. */
function openRewritten(
  spec: Spec,
  variables: readonly Variable[],
  training: boolean,
  options: Building,
): RewrittenEnvironment {
  const environment = openEnvironment(spec, variables, training, options);
  const { target, levels, passes } = options;
  return {
    ...environment,
    pipeline: new ForwardPipeline(passes, { b: environment.b, target, levels }, options),
  };
}

/** The values that data provides to objectives, by reference. */
export function dataInputs(spec: Spec, b: Builder, batch: number): Map<string, Tree> {
  if (!spec.data) throw brokenInvariant('a training step without data');
  const { labels, real } = inputsOfData(spec.data);
  const types = [labels, real].flatMap((input) => typesOfInput(input, batch));
  return new Map(types.map(([name, type]) => [name, b.input({ name, ...type })]));
}

/** A forward graph beside its outputs. */
interface Forward {
  /** The graph's name in reports. */
  readonly name: string;
  /** The values of variables before the graph. */
  readonly before: ReadonlyMap<string, Node>;
  /** The weights that the graph will be differentiated by. */
  readonly trained?: readonly Node[];
}

/** Runs all passes over the forward graph of `outputs`; variables that the graph updates get their rewritten values. */
function rewritten(
  { pipeline, variables }: Pick<RewrittenEnvironment, 'pipeline' | 'variables'>,
  { name, before, trained = [] }: Forward,
  outputs: ReadonlyMap<string, Node>,
): ReadonlyMap<string, Node> {
  const graph = pipeline.run({
    name,
    outputs,
    writes: new Map([...variables].filter(([variable, value]) => before.get(variable) !== value)),
    weights: namesOf(before),
    trained: new Set(trained),
  });
  for (const [variable, value] of graph.writes) variables.set(variable, value);
  return graph.outputs;
}

/** Names each value after the variable that holds it. */
function namesOf(values: ReadonlyMap<string, Node>): ReadonlyMap<Node, string> {
  return new Map([...values].map(([variable, value]) => [value, variable]));
}

function buildStep(spec: Spec, variables: readonly Variable[], options: Building): Method {
  const name = 'step';
  const environment = openRewritten(spec, variables, true, options);
  const outputs = new Map<string, Node>();
  const measured = options.measureGradients ? outputs : undefined;
  const differentiated = (
    objective: ObjectiveSpec,
    within: RewrittenEnvironment,
  ): ReadonlyMap<string, Node> => {
    const found = differentiate(spec, objective, within, {
      ...options,
      name: `${name}/${objective.network}`,
      outputs,
    });
    if (options.exposeGradients) expose(outputs, found);
    return found;
  };
  if (spec.train?.updates === 'at_once') {
    const made = new Map<string, Tree>();
    const found = spec.objectives.map((objective) =>
      differentiated(objective, { ...environment, shared: { made, asked: new Map() } }),
    );
    spec.objectives.forEach((objective, index) =>
      applyUpdates(
        spec,
        objective,
        environment,
        must(found[index], `there are gradients of the loss of ${objective.network}`),
        measured,
      ),
    );
  } else
    for (const objective of spec.objectives)
      applyUpdates(spec, objective, environment, differentiated(objective, environment), measured);
  return { name, outputs, writes: changed(environment) };
}

/**
 * Builds the methods of each objective for a batch in parts: one adds a part's gradients to the sums, one applies and
 * clears the sums.
 */
function buildStepInParts(spec: Spec, variables: readonly Variable[], options: Building): Method[] {
  // All objectives share one stream counter, so that they draw different noise from the same state, as in an undivided
  // step.
  let streams = 0;
  const stream = (): number => ++streams;
  const names = stepMethods(spec).map(({ name }) => name);
  return spec.objectives.flatMap((objective, index): Method[] => {
    const [accumulate, apply] = names.slice(2 * index, 2 * index + 2) as [string, string];
    const first = { ...openRewritten(spec, variables, true, options), stream };
    const outputs = new Map<string, Node>();
    const found = differentiate(spec, objective, first, { ...options, name: accumulate, outputs });
    forEachWeight(spec, objective, first.b, (weight) => {
      const sum = companionName(weight, sumCompanion);
      first.variables.set(sum, first.b.add(valueOf(first, sum), gradientOf(found, weight)));
    });

    const second = openEnvironment(spec, variables, true, options);
    const means = new Map<string, Node>();
    forEachWeight(spec, objective, second.b, (weight) => {
      const sum = companionName(weight, sumCompanion);
      const read = valueOf(second, sum);
      means.set(weight, second.b.mul(read, 1 / partsOfStep(spec)));
      second.variables.set(sum, second.b.constant({ value: 0, shape: shapeOf(read) }));
    });
    const exposed = new Map<string, Node>();
    applyUpdates(spec, objective, second, means, options.measureGradients ? exposed : undefined);
    if (options.exposeGradients) expose(exposed, means);
    return [
      { name: accumulate, outputs, writes: changed(first) },
      { name: apply, outputs: exposed, writes: changed(second) },
    ];
  });
}

interface Differentiated extends StepOptions {
  /** The name of the objective's graph in reports. */
  readonly name: string;
  /** Receives the terms of the loss, by objective and term. */
  readonly outputs: Map<string, Node>;
}

/**
 * Builds an objective's forward graph, runs passes over it and differentiates it; gives the gradients of the trained
 * weights.
 */
function differentiate(
  spec: Spec,
  objective: ObjectiveSpec,
  opened: RewrittenEnvironment,
  options: Differentiated,
): ReadonlyMap<string, Node> {
  const { b } = opened;
  const { name, outputs } = options;
  const environment = forObjective(opened, objective);
  const before = new Map(opened.variables);
  const forward = forwardOf(spec, objective, environment, options);
  const weights = weightsOf(spec, objective);
  const trained = weights.map((weight) => valueOf(environment, weight));
  const made = rewritten(opened, { name, before, trained }, forward);
  for (const [output, value] of made)
    outputs.set(`${objective.network}/${output === paintedPicture ? 'fake' : output}`, value);
  const terms = objective.terms.map((term) => must(made.get(term.name), `there is a value of ${term.name}`));
  const loss = b.within({ scope: lossScope(objective), span: undefined }, () =>
    terms.reduce((sum, term) => b.add(sum, term)),
  );
  outputs.set(`${objective.network}/total`, loss);
  const gradientsOf = gradients(b, loss, trained);
  const found = new Map(
    weights.map((weight, index) => [weight, must(gradientsOf[index], `there is a gradient of ${weight}`)]),
  );
  reportStage(options, () => ({
    stage: buildStages.differentiate,
    after: [{ name, outputs: withGradients(made, loss, found), writes: new Map() }],
    weights: namesOf(before),
  }));
  return found;
}

/** Names the generated picture in a forward graph; it has a space, unlike any term. */
const paintedPicture = 'painted picture';

/** Builds the terms of an objective's loss, and adds its generated picture if requested. */
function forwardOf(
  spec: Spec,
  objective: ObjectiveSpec,
  environment: Environment,
  { batch, exposePictures }: StepOptions,
): ReadonlyMap<string, Node> {
  const values = dataInputs(spec, environment.b, batch);
  instantiateNodes(environment, objective.nodes, values, lossScope(objective));
  const outputs = new Map(
    objective.terms.map(({ name, value }) => [
      name,
      must(values.get(value), `there is a value of ${name}`) as Node,
    ]),
  );
  if (exposePictures) {
    const painter = generatorOf(spec)?.name;
    const call = objective.nodes.find((node) => node.op === 'call' && node.attrs?.['network'] === painter);
    const picture = call && values.get(call.id);
    if (picture && !Array.isArray(picture)) outputs.set(paintedPicture, picture as Node);
  }
  return outputs;
}

function withGradients(
  terms: ReadonlyMap<string, Node>,
  loss: Node,
  found: ReadonlyMap<string, Node>,
): ReadonlyMap<string, Node> {
  const outputs = new Map([...terms, ['total', loss]]);
  expose(outputs, found);
  return outputs;
}

/** Lists the parameters that an objective trains, by full name. */
function weightsOf(spec: Spec, objective: ObjectiveSpec): string[] {
  return trainedBy(objective).flatMap((network) => parameterNames(networkNamed(spec, network)));
}

function parameterNames(network: NetworkSpec): string[] {
  return network.variables
    .filter((variable) => variable.role === 'parameter')
    .map((variable) => variableName(network.name, variable.name));
}

function networkNamed(spec: Spec, name: string): NetworkSpec {
  return must(
    spec.networks.find((network) => network.name === name),
    `there is a network ${name}`,
  );
}

function valueOf(environment: Environment, name: string): Node {
  return must(environment.variables.get(name), `variable ${name} has a value`);
}

function expose(outputs: Map<string, Node>, found: ReadonlyMap<string, Node>): void {
  for (const [name, gradient] of found) outputs.set(`gradient/${name}`, gradient);
}

function gradientOf(found: ReadonlyMap<string, Node>, weight: string): Node {
  return must(found.get(weight), `there is a gradient of ${weight}`);
}

function lossScope({ network }: ObjectiveSpec): string {
  return `loss ${network}`;
}

const updateScope = 'optimize ';

/** Tells whether a node belongs to an update of weights, rather than to a loss or its gradients. */
export function belongsToUpdate(node: Node): boolean {
  return node.origin?.scope.startsWith(updateScope) ?? false;
}

/** Builds nodes that belong to the update of a network's weights. */
function whileUpdating(b: Builder, network: string, make: () => void): void {
  b.within({ scope: updateScope + network, span: undefined }, make);
}

/** Builds update nodes for each weight that an objective trains. */
function forEachWeight(
  spec: Spec,
  objective: ObjectiveSpec,
  b: Builder,
  make: (weight: string) => void,
): void {
  for (const name of trainedBy(objective))
    whileUpdating(b, name, () => parameterNames(networkNamed(spec, name)).forEach(make));
}

/**
 * Updates the weights that an objective trains, each network by its own optimizer; gradient norms are added to
 * `measured`, if given.
 */
function applyUpdates(
  spec: Spec,
  objective: ObjectiveSpec,
  environment: Environment,
  found: ReadonlyMap<string, Node>,
  measured: Map<string, Node> | undefined,
): void {
  const { b, variables } = environment;
  for (const name of trainedBy(objective)) {
    const optimizer = spec.train?.optimizers.find((one) => one.network === name);
    if (!optimizer) throw brokenInvariant(`network ${name} is trained without an optimizer`);
    whileUpdating(b, name, () => {
      const weights = parameterNames(networkNamed(spec, name));
      const raw = weights.map((weight) => gradientOf(found, weight));
      measured?.set(gradientLengthOf(name), jointLength(b, raw));
      const clipped = optimizer.clip_norm === undefined ? raw : clipLength(b, raw, optimizer.clip_norm);
      weights.forEach((weight, index) => {
        const slots = slotsOf(optimizer).map((slot) => companionName(weight, slot));
        const moved = moveWeight(b, optimizer, {
          weight: valueOf(environment, weight),
          slots: slots.map((slot) => valueOf(environment, slot)),
          gradient: must(clipped[index], `there is a gradient of ${weight}`),
        });
        variables.set(weight, moved.weight);
        slots.forEach((slot, at) =>
          variables.set(slot, must(moved.slots[at], `there is a value of ${slot}`)),
        );
        if (optimizer.average === undefined) return;
        const average = companionName(weight, averageCompanion);
        variables.set(
          average,
          moveAverage(b, valueOf(environment, average), moved.weight, optimizer.average),
        );
      });
    });
  }
}

/** Gives the environment in which an objective's nodes are built. */
export function forObjective(environment: Environment, { network }: ObjectiveSpec): Environment {
  return { ...environment, objective: network };
}

/** Replaces weights by their moving averages, where they have one. */
function useAverages(environment: Environment, network: NetworkSpec): void {
  for (const name of parameterNames(network)) {
    const average = environment.variables.get(companionName(name, averageCompanion));
    if (average) environment.variables.set(name, average);
  }
}

function buildSynthesis(
  spec: Spec,
  variables: readonly Variable[],
  generator: NetworkSpec,
  options: Building,
): Method {
  const name = 'synthesize';
  const environment = openRewritten(spec, variables, false, { ...options, feedNoise: true });
  // Label maps get the data's name, whatever the network's input is called.
  const inputs = inputsUnder(environment, generator, options.batch, (one) =>
    one.kind === 'labels' ? labelsInput : one.name,
  );
  useAverages(environment, generator);
  const before = new Map(environment.variables);
  const painted = applyNetwork(environment, generator, inputs) as Node;
  const outputs = rewritten(environment, { name, before }, new Map([['picture', painted]]));
  return { name, outputs, writes: new Map() };
}

/**
 * Names the method that classifies the pixels of a photograph, and its output: scores of all classes before softmax.
 */
export const segmentation = { method: 'segment', scores: 'scores' } as const;

/** Builds the method of a segmenter; undefined if the network does not give scores for each pixel. */
function buildSegmentation(
  spec: Spec,
  variables: readonly Variable[],
  segmenter: NetworkSpec,
  options: StepOptions,
): Method | undefined {
  const { size, classes } = must(spec.data, 'a segmenter has data');
  const environment = openEnvironment(spec, variables, false, options);
  const inputs = inputsUnder(environment, segmenter, options.batch, () => realInput);
  useAverages(environment, segmenter);
  const scores = applyNetwork(environment, segmenter, inputs) as Node;
  if (String(shapeOf(scores)) !== String([options.batch, size.height, size.width, classes])) return undefined;
  return {
    name: segmentation.method,
    outputs: new Map([[segmentation.scores, scores]]),
    writes: new Map(),
  };
}

/** Names the method that encodes photographs for an input of the generator: `encode` if there is one such input. */
export function encodingMethod(generator: NetworkSpec, input: EncodedInput): string {
  return encodedInputs(generator).length === 1 ? 'encode' : `encode/${input.name}`;
}

/** Names the outputs of an encoding method: the distribution of codes if they are sampled, otherwise the code. */
export const encodingOutputs = { mean: 'mean', logVariance: 'log_variance', code: 'code' } as const;

function buildEncoding(
  spec: Spec,
  variables: readonly Variable[],
  generator: NetworkSpec,
  input: EncodedInput,
  options: StepOptions,
): Method {
  const environment = openEnvironment(spec, variables, false, { ...options, feedNoise: true });
  const encoder = networkNamed(spec, input.encoder);
  useAverages(environment, encoder);
  const inputs = inputsUnder(environment, encoder, options.batch, (one) =>
    one.kind === 'labels' ? labelsInput : one.kind === 'tensor' ? realInput : one.name,
  );
  const made = applyNetwork(environment, encoder, inputs);
  const { mean, logVariance, code } = encodingOutputs;
  const outputs = input.sampled
    ? [mean, logVariance].map((name, index) => [name, (made as readonly Tree[])[index] as Node] as const)
    : [[code, made as Node] as const];
  return { name: encodingMethod(generator, input), outputs: new Map(outputs), writes: new Map() };
}

/** Makes the inputs of the network that a method applies, under the names given by `outside`. */
function inputsUnder(
  { b }: Environment,
  network: NetworkSpec,
  batch: number,
  outside: (input: InputSpec) => string,
): ReadonlyMap<string, Node> {
  return new Map(
    network.inputs.flatMap((input) => {
      const names = typesOfInput({ ...input, name: outside(input) }, batch).map(([name]) => name);
      return typesOfInput(input, batch).map(([name, type], index) => {
        const fed = b.input({ name: must(names[index], `there is a name for input ${name}`), ...type });
        return [name, fed] as const;
      });
    }),
  );
}

/** Lists the variables whose value has changed. */
export function changed(
  environment: Environment & { readonly initial: ReadonlyMap<string, Node> },
): Map<string, Node> {
  return new Map(
    [...environment.variables].filter(([name, value]) => environment.initial.get(name) !== value),
  );
}
