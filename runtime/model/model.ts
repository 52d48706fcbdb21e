/** Implements an opened model: checks calls, feeds methods, and names results. */
import type { Spec } from '../../compiler/index.ts';
import { type Variable, averageCompanion, companionName } from '../../compiler/ir/variables.ts';
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { rateAt, scalarsAt } from '../../compiler/build/schedule.ts';
import { partsOfStep, variablesOf } from '../../compiler/build/step.ts';
import type { TrainSpec } from '../../compiler/format/types.ts';
import type { Source } from '../../dsl/source.ts';
import { Calls } from '../session/calls.ts';
import { callInParts } from '../train/step.ts';
import { plainMapping } from '../weights/mapping.ts';
import { convert, isFeed, open, tensorIn } from './arrays.ts';
import { describe, entriesOf, textArgument, type Checks } from './checks.ts';
import {
  atBatch,
  batchOf,
  completeArrays,
  convertDeclared,
  isOptional,
  readFeeds,
  type ReadFeeds,
} from './feeds.ts';
import * as messages from './messages.ts';
import {
  compileMethod,
  cotangentOf,
  cotangentPrefix,
  declaredInputs,
  findNetwork,
  isFedByCaller,
  methodNames,
  readMethod,
  roleOf,
  type Compiled,
  type Declared,
  type MethodName,
  type Variant,
} from './methods.ts';
import type { Host } from './host.ts';
import { fromOfficial, namesOfPart, toOfficial, type NamedPart } from './official.ts';
import {
  callOptions,
  forwardOptions,
  gradientOptions,
  largestStep,
  lossOptions,
  readOfficialOptions,
  readOptions,
  sizeOptions,
  stepOptions,
} from './options.ts';
import { Sessions } from './sessions.ts';
import type {
  CallOptions,
  Feed,
  Feeds,
  ForwardOptions,
  GradientOptions,
  InputInfo,
  LossOptions,
  Model,
  NetworkInfo,
  OfficialOptions,
  OfficialReport,
  OfficialTensors,
  Result,
  StepOptions,
  Tensor,
  TensorInfo,
  Tensors,
  VariableInfo,
} from './types.ts';

const plain: Variant = { training: false, gradients: false, feedNoise: false, pictures: false };
const gradientPrefix = 'gradient/';

/** The arguments of a step besides its feeds. */
interface Call {
  readonly scalars?: Readonly<Record<string, Float32Array>>;
  /** The step number, for random numbers. */
  readonly step: number;
}

export class OpenModel implements Model {
  readonly name: string;
  readonly engine: 'native' | 'portable';
  readonly networks: readonly NetworkInfo[];
  readonly variables: readonly VariableInfo[];
  readonly methods: readonly string[];
  private done: number;
  private readonly sessions: Sessions;
  private readonly byName: ReadonlyMap<string, Variable>;
  private readonly compiled = new Map<string, Compiled>();
  private readonly calls = new Calls();
  private isDisposed = false;

  /** Starts with initial values; programs find their source lines in `sources`. */
  constructor(
    private readonly spec: Spec,
    private readonly sources: readonly Source[],
    private readonly host: Host,
    private readonly seed: number,
    steps = 0,
  ) {
    this.name = spec.name;
    this.engine = host.engine;
    this.done = steps;
    const variables = variablesOf(spec);
    this.byName = new Map(variables.map((variable) => [variable.name, variable]));
    this.sessions = new Sessions(host.openSession, variables, seed);
    this.methods = methodNames(spec);
    this.variables = variables.map(({ name, type, role, network }) => ({
      name,
      shape: [...type.shape],
      dtype: 'f32',
      role,
      network,
    }));
    this.networks = spec.networks.map(({ name, definition, doc, variables: own }) => ({
      name,
      definition,
      ...(doc !== undefined && { doc }),
      parameters: own
        .filter(({ role }) => role === 'parameter')
        .reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    }));
  }

  get steps(): number {
    return this.done;
  }

  inputs(name: string, options: Sized = {}): readonly InputInfo[] {
    return this.inUse('inputs', () => {
      const { declared, compiled } = this.describe(name, options);
      return [...compiled.inputs]
        .filter(([input]) => isFedByCaller(this.spec, input))
        .map(([input, type]) => {
          const role = declared.get(input)?.role ?? roleOf(input);
          return { ...infoOf(input, wholeBatch(type, compiled)), role, required: !isOptional(role) };
        });
    });
  }

  outputs(name: string, options: Sized = {}): readonly TensorInfo[] {
    return this.inUse('outputs', () => {
      const { compiled } = this.describe(name, options);
      return [...typesOfOutputs(compiled)].map(([output, type]) => infoOf(output, type));
    });
  }

  read(names?: readonly string[]): Promise<Tensors> {
    return this.inTurn('read', () => this.copy(names === undefined ? undefined : this.namesIn(names)));
  }

  write(values: Feeds): Promise<void> {
    return this.inTurn('write', () => {
      const arrays = entriesOf('values', values, 'arrays by the names of variables').map(
        ([name, feed]): [string, Float32Array] => {
          const { type } = this.variableNamed(name);
          return [name, convert(name, open(name, feed), { type }, 'NHWC') as Float32Array];
        },
      );
      this.take(new Map(arrays));
    });
  }

  readOfficial(options: OfficialOptions): Promise<Tensors> {
    return this.inTurn('readOfficial', async () => {
      const read = this.partNamed(options);
      const network = findNetwork(this.spec, read.network);
      return toOfficial(network, await this.copy(namesOfPart(network, read)), read);
    });
  }

  writeOfficial(tensors: OfficialTensors, options: OfficialOptions): Promise<OfficialReport> {
    return this.inTurn('writeOfficial', () => {
      const read = this.partNamed(options);
      const { values, report } = fromOfficial(findNetwork(this.spec, read.network), tensors, read);
      this.take(values);
      return report;
    });
  }

  toOfficial(tensors: Tensors, options: OfficialOptions): Tensors {
    return this.inUse('toOfficial', () => {
      const read = this.partNamed(options);
      return toOfficial(findNetwork(this.spec, read.network), tensors, read);
    });
  }

  /** Sets variables by full name; moving averages that are not named follow. The arrays have the right sizes. */
  take(values: ReadonlyMap<string, Float32Array>): void {
    const averages = [...values]
      .map(([name, array]) => [companionName(name, averageCompanion), array] as const)
      .filter(([name]) => this.byName.has(name));
    this.sessions.write(new Map([...averages, ...values]));
  }

  forward(network: string, feeds: Feeds = {}, options: ForwardOptions = {}): Promise<Result> {
    return this.inCall('forward', options, forwardOptions, (read) => {
      const variant = { ...plain, training: read.training ?? false };
      return this.call(methodOf('forward', network), variant, readFeeds({ feeds }), read);
    });
  }

  gradients(
    network: string,
    feeds: Feeds,
    cotangents: Feed | Feeds,
    options: GradientOptions = {},
  ): Promise<Result> {
    return this.inCall('gradients', options, gradientOptions, (read) => {
      const variant = { ...plain, training: read.training ?? true, gradients: true };
      const named = isFeed(cotangents)
        ? this.nameCotangent(network, cotangents as Feed)
        : namesOfCotangents(cotangents as Feeds);
      return this.call(
        methodOf('gradients', network),
        variant,
        readFeeds({ feeds, cotangents: named }),
        read,
      );
    });
  }

  loss(network: string, feeds: Feeds, options: LossOptions = {}): Promise<Result> {
    return this.inCall('loss', options, lossOptions, (read) => {
      const variant = { ...plain, training: true, gradients: read.gradients ?? false };
      const all = readFeeds({ feeds, noise: read.noise ?? {} });
      return this.call(methodOf('loss', network), variant, all, read);
    });
  }

  step(feeds: Feeds, options: StepOptions = {}): Promise<Result> {
    return this.inCall('step', options, stepOptions, async (read) => {
      const { exposeGradients = false, exposePictures = false, step = this.done } = read;
      const all = readFeeds({ feeds, noise: read.noise ?? {} });
      const method = readMethod(this.spec, 'step');
      const declared = declaredInputs(this.spec, method);
      const variant: Variant = {
        training: true,
        gradients: exposeGradients,
        feedNoise: read.noise !== undefined || [...all.keys()].some((name) => !declared.has(name)),
        pictures: exposePictures,
      };
      const scalars = this.scalarsOf(step, read);
      const result = await this.call('step', variant, all, read, { scalars, step });
      this.done = step + 1;
      return result;
    });
  }

  synthesize(feeds: Feeds, options: CallOptions = {}): Promise<Result> {
    return this.inCall('synthesize', options, callOptions, (read) =>
      this.call('synthesize', plain, readFeeds({ feeds }), read),
    );
  }

  encode(feeds: Feeds, options: CallOptions = {}): Promise<Result> {
    return this.inCall('encode', options, callOptions, (read) =>
      this.call('encode', plain, readFeeds({ feeds }), read),
    );
  }

  dispose(): Promise<void> {
    this.isDisposed = true;
    return this.calls.close(() => this.sessions.dispose());
  }

  /** Runs a public function and adds its name to mistakes. */
  private inUse<T>(call: string, work: () => T): T {
    return messages.inCall(call, () => {
      this.requireInUse();
      return work();
    });
  }

  /** Runs a public function after all earlier calls. */
  private inTurn<T>(call: string, work: () => T | Promise<T>): Promise<T> {
    return messages.inLongCall(call, async () => {
      this.requireInUse();
      return this.calls.add(work);
    });
  }

  /** `inTurn` with options, which are read at once: a caller may change them while the call waits. */
  private inCall<Options extends CallOptions>(
    call: string,
    given: Options,
    checks: Checks<Options>,
    work: (options: Options) => Promise<Result>,
  ): Promise<Result> {
    return messages.inLongCall(call, async () => {
      this.requireInUse();
      const options = readOptions(given, checks);
      return this.calls.add(() => work(options), options.signal);
    });
  }

  private requireInUse(): void {
    if (this.isDisposed) throw messages.disposed(this.name);
  }

  private partNamed(options: OfficialOptions): NamedPart {
    const { mapping, ...rest } = readOfficialOptions(options);
    if (typeof mapping === 'string') return { ...rest, mapping: this.host.mapping(mapping) };
    return { ...rest, mapping: mapping ? { ...plainMapping, rules: mapping } : plainMapping };
  }

  private namesIn(names: unknown): string[] {
    if (!Array.isArray(names))
      throw messages.wrongArgument(
        'names',
        describe(names),
        'a list of names',
        "put it into a list: ['G.fc.bias']",
      );
    const read = Array.from(names, (name) => textArgument('names', name, "a variable's name in each entry"));
    read.forEach((name) => this.variableNamed(name));
    return read;
  }

  /** Copies variables out; without `names`, all parameters and state. */
  private async copy(names?: readonly string[]): Promise<Tensors> {
    const own = this.variables.filter(({ role }) => role === 'parameter' || role === 'state');
    const wanted = names ?? own.map(({ name }) => name);
    return Object.fromEntries(
      [...(await this.sessions.read(wanted))].map(([name, values]): [string, Tensor] => [
        name,
        { shape: [...this.variableNamed(name).type.shape], values },
      ]),
    );
  }

  private variableNamed(name: string): Variable {
    const found = this.byName.get(name);
    if (!found) throw messages.unknownVariable(name, [...this.byName.keys()]);
    return found;
  }

  /** Describes a method before it is called. */
  private describe(
    name: string,
    options: Sized,
  ): { readonly declared: ReadonlyMap<string, Declared>; readonly compiled: Compiled } {
    const { batch } = readOptions(options, sizeOptions);
    const method = readMethod(this.spec, textArgument('method', name, 'one of model.methods'));
    const variant = { ...plain, training: true, feedNoise: true, gradients: name.startsWith('gradients/') };
    return {
      declared: declaredInputs(this.spec, method),
      compiled: this.obtain(name, method, batch ?? this.partsOf(method), variant),
    };
  }

  private partsOf({ kind }: MethodName): number {
    return kind === 'step' ? partsOfStep(this.spec) : 1;
  }

  private obtain(name: string, method: MethodName, batch: number, variant: Variant): Compiled {
    const parts = this.partsOf(method);
    if (batch % parts !== 0) throw messages.batchNotInParts(batch, parts);
    const key = JSON.stringify([name, batch, variant]);
    const known = this.compiled.get(key);
    if (known) return known;
    const compiled = compileMethod(this.spec, this.sources, method, batch, variant);
    this.compiled.set(key, compiled);
    return compiled;
  }

  private async call(
    name: string,
    variant: Variant,
    feeds: ReadFeeds,
    options: CallOptions,
    { scalars, step }: Call = { step: this.done },
  ): Promise<Result> {
    const method = readMethod(this.spec, name);
    const declared = declaredInputs(this.spec, method);
    const { layout = 'NHWC', seed = this.seed } = options;
    const batch = batchOf(declared, feeds, options);
    const given = convertDeclared(declared, feeds, batch, layout);
    const compiled = this.obtain(name, method, batch, variant);
    const types = new Map(
      [...compiled.inputs]
        .filter(([input]) => isFedByCaller(this.spec, input))
        .map(([input, type]) => [input, wholeBatch(type, compiled)]),
    );
    const arrays = completeArrays({ method: name, declared, types, layout, seed, step }, feeds, given);
    const outputs = await callInParts(
      compiled.methods,
      { parts: compiled.parts, seed, step },
      (input) => arrays.get(input) ?? scalars?.[input],
      (one, fed) => this.sessions.run(compiled.program, one, fed),
    );
    const found: Record<'outputs' | 'gradients', Record<string, Tensor>> = { outputs: {}, gradients: {} };
    for (const [output, type] of typesOfOutputs(compiled)) {
      const values = must(outputs.get(output), `the method gives the output ${output}`);
      const isGradient = output.startsWith(gradientPrefix);
      const own = isGradient ? output.slice(gradientPrefix.length) : output;
      found[isGradient ? 'gradients' : 'outputs'][own] = tensorIn(
        values,
        type.shape,
        this.byName.has(own) ? 'NHWC' : layout,
      );
    }
    const changed = new Set(compiled.program.methods.flatMap(({ writes }) => [...writes.keys()]));
    return { ...found, changed: [...changed] };
  }

  /** Gives the scalars of a step: rates and corrections. */
  private scalarsOf(step: number, { rates = {}, stepsPerEpoch }: StepOptions): Record<string, Float32Array> {
    const train = must(this.spec.train, 'a spec with a step has a train section');
    const known = train.optimizers.map(({ network }) => network);
    // Networks may have names of Object's own properties, such as `constructor`.
    const asked = new Map(Object.entries(rates));
    for (const network of asked.keys()) if (!known.includes(network)) throw messages.noRate(network, known);
    const lastStep = Math.floor(largestStep / partsOfStep(this.spec)) - 1;
    if (step > lastStep)
      throw messages.wrongOption(
        'step',
        `${step}`,
        `a whole number from 0 to ${lastStep}`,
        'leave it out to count on from model.steps',
      );
    const { decay_from: _decay, ...constant } = train;
    const scheduled: TrainSpec = stepsPerEpoch === undefined ? constant : train;
    const optimizers = scheduled.optimizers.map(({ warmup: _warmup, ...one }) => ({
      ...one,
      rate:
        asked.get(one.network) ??
        rateAt(
          scheduled,
          must(
            scheduled.optimizers.find(({ network }) => network === one.network),
            'what moves a network is among the scheduled optimizers',
          ),
          step,
          stepsPerEpoch ?? 1,
        ),
    }));
    return scalarsAt({ ...constant, optimizers }, step, 1);
  }

  /** Adds the name of a cotangent given without one. Throws a SpadeworkError if the network has several outputs. */
  private nameCotangent(network: string, feed: Feed): Feeds {
    const { compiled } = this.describe(methodOf('forward', network), {});
    const [only, ...others] = typesOfOutputs(compiled).keys();
    if (only === undefined || others.length > 0)
      throw messages.severalOutputs(network, [...typesOfOutputs(compiled).keys()]);
    return { [cotangentOf(only)]: feed };
  }
}

type Sized = Pick<CallOptions, 'batch'>;

/** Gives the name of a network's method. Throws a SpadeworkError if the network's name is not a text. */
function methodOf(kind: 'forward' | 'gradients' | 'loss', network: string): string {
  return `${kind}/${textArgument('network', network, "a network's name")}`;
}

/** Maps the names of outputs to those of their cotangents. Throws a SpadeworkError if one is given twice. */
function namesOfCotangents(cotangents: Feeds): Feeds {
  const named = new Map<string, unknown>();
  const expected = 'an array like the output, or arrays by the names of outputs';
  for (const [name, feed] of entriesOf('cotangents', cotangents, expected)) {
    const own = cotangentOf(name);
    if (named.has(own))
      throw messages.givenTwice(own, `'${own}'`, `'${own.replace(cotangentPrefix, 'output')}'`);
    named.set(own, feed);
  }
  return Object.fromEntries(named) as Feeds;
}

function infoOf(name: string, { shape, dtype }: TensorType): TensorInfo {
  return { name, shape: [...shape], dtype: dtype === 'i32' ? 'i32' : 'f32' };
}

/** Gives the type of a step's input or output for all of its parts. */
function wholeBatch(type: TensorType, { parts, batch }: Compiled): TensorType {
  return parts > 1 && type.shape[0] === batch ? atBatch(type, parts * batch) : type;
}

function typesOfOutputs(compiled: Compiled): Map<string, TensorType> {
  return new Map(
    compiled.program.methods.flatMap(({ outputs }) =>
      [...outputs].map(([name, node]): [string, TensorType] => {
        const type = must(node.results[0], `the output ${name} has a type`);
        return [name, name.startsWith(gradientPrefix) ? type : wholeBatch(type, compiled)];
      }),
    ),
  );
}
