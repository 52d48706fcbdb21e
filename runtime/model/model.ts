/** Answers for an opened model: checks what it is called with, feeds its methods, and names what comes back. */
import type { Spec } from '../../compiler/index.ts';
import type { Variable } from '../../compiler/ir/program.ts';
import { must, sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { RandomStream } from '../../compiler/random.ts';
import { rateAt, scalarsAt } from '../../compiler/schedule.ts';
import { averageCompanion, companionName, partsOfStep, variablesOf } from '../../compiler/step.ts';
import type { TrainSpec } from '../../compiler/spec/types.ts';
import type { Source } from '../../dsl/source.ts';
import { denseIds, edgesOf } from '../data/decode.ts';
import type { Engine } from '../engine/index.ts';
import { batchNotInParts } from '../run/messages.ts';
import { callInParts } from '../run/step.ts';
import type { Values } from '../session/session.ts';
import { convert, isFeed, open, shapeIn, tensorIn } from './arrays.ts';
import * as messages from './messages.ts';
import {
  compileMethod,
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
import { fromOfficial, namesOfPart, toOfficial } from './official.ts';
import {
  callOptions,
  checkOptions,
  forwardOptions,
  gradientOptions,
  lossOptions,
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

/** What a call was asked for, beside its feeds. */
interface Call {
  readonly name: string;
  readonly method: MethodName;
  readonly variant: Variant;
  readonly options: CallOptions;
  readonly scalars?: Readonly<Record<string, Float32Array>>;
  /** The number of the step, for what is drawn. */
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
  private isDisposed = false;

  /** Starts with initial values; `sources` let a program know its lines. */
  constructor(
    private readonly spec: Spec,
    private readonly sources: readonly Source[],
    engine: Engine,
    private readonly seed: number,
    steps = 0,
  ) {
    this.name = spec.name;
    this.engine = engine.kind;
    this.done = steps;
    const variables = variablesOf(spec);
    this.byName = new Map(variables.map((variable) => [variable.name, variable]));
    this.sessions = new Sessions(engine, variables, seed);
    this.methods = methodNames(spec);
    this.variables = variables.map(({ name, type, role, network }) => ({
      name,
      shape: type.shape,
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

  inputs(name: string, { batch }: { readonly batch?: number } = {}): readonly InputInfo[] {
    const { declared, compiled } = this.describe(name, batch);
    return [...compiled.inputs]
      .filter(([input]) => isFedByCaller(this.spec, input))
      .map(([input, type]) => {
        const role = declared.get(input)?.role ?? roleOf(input);
        return { ...infoOf(input, wholeBatch(type, compiled)), role, required: !isOptional(role) };
      });
  }

  outputs(name: string, { batch }: { readonly batch?: number } = {}): readonly TensorInfo[] {
    const { compiled } = this.describe(name, batch);
    return [...typesOfOutputs(compiled)].map(([output, type]) => infoOf(output, type));
  }

  read(names?: readonly string[]): Tensors {
    this.checkUse();
    const own = this.variables.filter(({ role }) => role === 'parameter' || role === 'state');
    const wanted = names ?? own.map(({ name }) => name);
    wanted.forEach((name) => this.variableNamed(name));
    return Object.fromEntries(
      [...this.sessions.read(wanted)].map(([name, values]): [string, Tensor] => [
        name,
        { shape: this.variableNamed(name).type.shape, values },
      ]),
    );
  }

  write(values: Feeds): void {
    this.checkUse();
    this.take(
      new Map(
        Object.entries(values).map(([name, feed]): [string, Float32Array] => [
          name,
          convert(name, feed, this.variableNamed(name).type, 'NHWC') as Float32Array,
        ]),
      ),
    );
  }

  readOfficial(options: OfficialOptions): Tensors {
    this.checkUse();
    const network = findNetwork(this.spec, options.network);
    return toOfficial(network, this.read(namesOfPart(network, options)), options);
  }

  writeOfficial(tensors: OfficialTensors, options: OfficialOptions): OfficialReport {
    this.checkUse();
    const { values, report } = fromOfficial(findNetwork(this.spec, options.network), tensors, options);
    this.take(values);
    return report;
  }

  toOfficial(tensors: Tensors, options: OfficialOptions): Tensors {
    this.checkUse();
    return toOfficial(findNetwork(this.spec, options.network), tensors, options);
  }

  /** Sets variables by full name; averages that are not named follow. The arrays have the right sizes. */
  take(values: ReadonlyMap<string, Float32Array>): void {
    const averages = [...values]
      .map(([name, array]) => [companionName(name, averageCompanion), array] as const)
      .filter(([name]) => this.byName.has(name));
    this.sessions.write(new Map([...averages, ...values]));
  }

  forward(network: string, feeds: Feeds = {}, options: ForwardOptions = {}): Result {
    checkOptions(options, forwardOptions);
    const variant = { ...plain, training: options.training ?? false };
    return this.call(`forward/${network}`, variant, feeds, options);
  }

  gradients(network: string, feeds: Feeds, cotangents: Feed | Feeds, options: GradientOptions = {}): Result {
    checkOptions(options, gradientOptions);
    const variant = { ...plain, training: options.training ?? true, gradients: true };
    const named = isFeed(cotangents)
      ? this.nameCotangent(network, cotangents)
      : namesOfCotangents(cotangents);
    return this.call(`gradients/${network}`, variant, { ...feeds, ...named }, options);
  }

  loss(network: string, feeds: Feeds, options: LossOptions = {}): Result {
    checkOptions(options, lossOptions);
    const variant = { ...plain, training: true, gradients: options.gradients ?? false };
    return this.call(`loss/${network}`, variant, { ...feeds, ...options.noise }, options);
  }

  step(feeds: Feeds, options: StepOptions = {}): Result {
    checkOptions(options, stepOptions);
    const { noise, exposeGradients = false, exposePictures = false, step = this.done } = options;
    const variant: Variant = {
      training: true,
      gradients: exposeGradients,
      feedNoise: noise !== undefined,
      pictures: exposePictures,
    };
    const result = this.call('step', variant, { ...feeds, ...noise }, options, () => ({
      scalars: this.scalarsOf(step, options),
      step,
    }));
    this.done = step + 1;
    return result;
  }

  synthesize(feeds: Feeds, options: CallOptions = {}): Result {
    checkOptions(options, callOptions);
    return this.call('synthesize', plain, feeds, options);
  }

  encode(feeds: Feeds, options: CallOptions = {}): Result {
    checkOptions(options, callOptions);
    return this.call('encode', plain, feeds, options);
  }

  dispose(): void {
    if (!this.isDisposed) this.sessions.dispose();
    this.isDisposed = true;
  }

  private checkUse(): void {
    if (this.isDisposed) throw messages.disposed(this.name);
  }

  private variableNamed(name: string): Variable {
    const found = this.byName.get(name);
    if (!found) throw messages.unknownVariable(name, [...this.byName.keys()]);
    return found;
  }

  /** Gives what is known of a method before it is called. */
  private describe(
    name: string,
    batch: number | undefined,
  ): { readonly declared: ReadonlyMap<string, Declared>; readonly compiled: Compiled } {
    this.checkUse();
    const method = readMethod(this.spec, name);
    const variant = { ...plain, training: true, feedNoise: true, gradients: name.startsWith('gradients/') };
    return {
      declared: declaredInputs(this.spec, method),
      compiled: this.obtain(name, method, checkBatch(batch ?? this.partsOf(method)), variant),
    };
  }

  private partsOf({ kind }: MethodName): number {
    return kind === 'step' ? partsOfStep(this.spec) : 1;
  }

  private obtain(name: string, method: MethodName, batch: number, variant: Variant): Compiled {
    const parts = this.partsOf(method);
    if (batch % parts !== 0) throw batchNotInParts(batch, parts);
    const key = JSON.stringify([name, batch, variant]);
    const known = this.compiled.get(key);
    if (known) return known;
    const compiled = compileMethod(this.spec, this.sources, method, batch, variant);
    this.compiled.set(key, compiled);
    return compiled;
  }

  private call(
    name: string,
    variant: Variant,
    feeds: Feeds,
    options: CallOptions,
    more: () => Pick<Call, 'scalars' | 'step'> = () => ({ step: this.done }),
  ): Result {
    this.checkUse();
    const method = readMethod(this.spec, name);
    const call: Call = { name, method, variant, options, ...more() };
    const declared = declaredInputs(this.spec, method);
    const batch = this.batchOf(declared, feeds, options);
    const compiled = this.obtain(name, method, batch, variant);
    const arrays = this.arraysOf(call, declared, compiled, feeds, batch);
    const outputs = callInParts(
      compiled.methods,
      { parts: compiled.parts, seed: options.seed ?? this.seed, step: call.step },
      (input) => arrays.get(input) ?? call.scalars?.[input],
      (one, fed) => this.sessions.run(compiled.program, one, fed),
    );
    const layout = options.layout ?? 'NHWC';
    const found: Record<'outputs' | 'gradients', Record<string, Tensor>> = { outputs: {}, gradients: {} };
    for (const [output, type] of typesOfOutputs(compiled)) {
      const values = must(outputs.get(output), `no output ${output}`);
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

  /** Finds how many pictures the feeds hold; throws where they disagree. */
  private batchOf(declared: ReadonlyMap<string, Declared>, feeds: Feeds, { batch }: CallOptions): number {
    if (batch !== undefined) return checkBatch(batch);
    let first: readonly [string, number] | undefined;
    for (const [name, { type }] of declared) {
      const feed = feeds[name];
      if (feed === undefined) continue;
      const { length } = open(name, feed).values;
      const count = length / sizeOf(type.shape);
      if (!Number.isInteger(count) || count === 0)
        throw messages.notABatch(name, length, type.shape.slice(1));
      if (first && first[1] !== count) throw messages.unlikeBatches(...first, name, count);
      first ??= [name, count];
    }
    return first?.[1] ?? 1;
  }

  /** Brings feeds into the arrays that a program takes, all of a step's parts together, and makes what may be left out. */
  private arraysOf(
    call: Call,
    declared: ReadonlyMap<string, Declared>,
    compiled: Compiled,
    feeds: Feeds,
    batch: number,
  ): Map<string, Values> {
    const taken = new Map([...compiled.inputs].map(([name, type]) => [name, wholeBatch(type, compiled)]));
    const layout = call.options.layout ?? 'NHWC';
    const given = new Map<string, Values>();
    for (const [name, feed] of Object.entries(feeds)) {
      const own = declared.get(name);
      const type = own ? atBatch(own.type, batch) : taken.get(name);
      if (!type || !isFedByCaller(this.spec, name)) {
        const known = new Set([...declared.keys(), ...taken.keys()]);
        throw messages.unknownInput(
          call.name,
          name,
          [...known].filter((one) => isFedByCaller(this.spec, one)),
        );
      }
      given.set(name, convert(name, feed, type, layout));
    }
    for (const [name, { role, classes, type }] of declared) {
      const values = given.get(name);
      if (values && classes !== undefined) checkIds(name, values, classes);
      if (values && role === 'instances') takeInstances(name, type, values as Int32Array, given);
    }
    const seed = call.options.seed ?? this.seed;
    const arrays = new Map<string, Values>();
    for (const [name, type] of taken) {
      if (!isFedByCaller(this.spec, name)) continue;
      const role = declared.get(name)?.role ?? roleOf(name);
      const values = given.get(name) ?? makeOptional(name, role, type, seed, call.step);
      if (!values) throw messages.missingInput(call.name, name, shapeIn(type.shape, layout));
      arrays.set(name, values);
    }
    return arrays;
  }

  /** Gives the scalars of a step: rates and corrections. */
  private scalarsOf(step: number, { rates = {}, stepsPerEpoch }: StepOptions): Record<string, Float32Array> {
    const train = must(this.spec.train, 'a step has a train section');
    const known = train.optimizers.map(({ network }) => network);
    for (const network of Object.keys(rates))
      if (!known.includes(network)) throw messages.noRate(network, known);
    const { decay_from: _decay, ...constant } = train;
    const scheduled: TrainSpec = stepsPerEpoch === undefined ? constant : train;
    const optimizers = scheduled.optimizers.map(({ warmup: _warmup, ...one }) => ({
      ...one,
      rate:
        rates[one.network] ??
        rateAt(
          scheduled,
          must(
            scheduled.optimizers.find(({ network }) => network === one.network),
            'itself',
          ),
          step,
          stepsPerEpoch ?? 1,
        ),
    }));
    return scalarsAt({ ...constant, optimizers }, step, 1);
  }

  /** Names a cotangent that came without a name. Throws a ModelError where the network has several outputs. */
  private nameCotangent(network: string, feed: Feed): Feeds {
    const outputs = this.outputs(`forward/${network}`).map(({ name }) => name);
    const [only] = outputs;
    if (only === undefined || outputs.length > 1) throw messages.severalOutputs(network, outputs);
    return { [cotangentOf(only)]: feed };
  }
}

const cotangentOf = (output: string): string => output.replace(/^output/, cotangentPrefix);

/** Lets cotangents be named after the outputs that they belong to. */
function namesOfCotangents(cotangents: Feeds): Feeds {
  return Object.fromEntries(Object.entries(cotangents).map(([name, feed]) => [cotangentOf(name), feed]));
}

function checkBatch(batch: number): number {
  if (!Number.isInteger(batch) || batch < 1) throw messages.wrongBatch(batch);
  return batch;
}

function infoOf(name: string, { shape, dtype }: TensorType): TensorInfo {
  return { name, shape, dtype: dtype === 'i32' ? 'i32' : 'f32' };
}

const isOptional = (role: InfoRole): boolean => role === 'noise' || role === 'cotangent';
type InfoRole = InputInfo['role'];

const atBatch = ({ dtype, shape }: TensorType, batch: number): TensorType => ({
  dtype,
  shape: [batch, ...shape.slice(1)],
});

/** Gives the type of a step's input or output over all of its parts. */
function wholeBatch(type: TensorType, { parts, batch }: Compiled): TensorType {
  return parts > 1 && type.shape[0] === batch ? atBatch(type, parts * batch) : type;
}

function typesOfOutputs(compiled: Compiled): Map<string, TensorType> {
  return new Map(
    compiled.program.methods.flatMap(({ outputs }) =>
      [...outputs].map(([name, node]): [string, TensorType] => {
        const type = must(node.results[0], `output ${name} has no type`);
        return [name, name.startsWith(gradientPrefix) ? type : wholeBatch(type, compiled)];
      }),
    ),
  );
}

function checkIds(name: string, ids: Values, classes: number): void {
  const wrong = ids.findIndex((id) => id < 0 || id >= classes);
  if (wrong >= 0) throw messages.unknownClass(name, wrong, ids[wrong]!, classes);
}

/** Counts instances from 0 in each picture, and makes their edges where they are not given. */
function takeInstances(name: string, type: TensorType, ids: Int32Array, given: Map<string, Values>): void {
  const [, height = 1, width = 1] = type.shape;
  const size = height * width;
  const dense = new Int32Array(ids.length);
  const edges = new Float32Array(ids.length);
  for (let start = 0; start < ids.length; start += size) {
    const picture = ids.subarray(start, start + size);
    dense.set(denseIds(picture), start);
    edges.set(edgesOf(picture, { width, height }), start);
  }
  given.set(name, dense);
  const edgesName = name.replace(/\.instances$/, '.edges');
  if (!given.has(edgesName)) given.set(edgesName, edges);
}

/** Makes what callers may leave out: noise from the seed, the step and its name, and cotangents of zero. */
function makeOptional(
  name: string,
  role: InfoRole,
  type: TensorType,
  seed: number,
  step: number,
): Float32Array | undefined {
  if (!isOptional(role)) return undefined;
  const values = new Float32Array(sizeOf(type.shape));
  if (role === 'cotangent') return values;
  const random = new RandomStream(seed, `${step}/${name}`);
  return values.map(() => random.normal());
}
