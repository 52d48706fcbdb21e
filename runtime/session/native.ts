/**
 * Runs a program on TensorFlow: one SavedModel for all methods, and one call of the library per method, on another
 * thread.
 */
import {
  noVariable,
  unknownOutput,
  inGroups,
  typeOfVariable,
  type KernelTime,
  type RunOptions,
  type Session,
} from './session.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../../compiler/ir/program.ts';
import { bytesIn, type TensorType } from '../../compiler/ir/types.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { lower, type Target } from '../../compiler/index.ts';
import type { TensorflowPlan } from '../../compiler/lower/tensorflow.ts';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { collectGarbage, releaseMemory, sessionModuleOf } from '../engine/load-binding.ts';
import type {
  NativeModel,
  NativeResult,
  NativeTensor,
  Outcome,
  SessionModule,
} from '../engine/session-module.ts';
import { targetOf } from '../engine/target.ts';
import { Calls } from './calls.ts';
import { disposedValue, isArray, MethodFeeds, type DeviceValue, type Fed, type Feeds } from './feeds.ts';
import { readTrace } from './trace.ts';

/** The bytes of variables from which on memory is released at the cost of time. */
const largeProgram = 2 ** 26;

/** A program in TensorFlow, with the plan to run it. */
interface Loaded {
  readonly plan: Omit<TensorflowPlan, 'nodes'>;
  readonly module: SessionModule;
  readonly model: NativeModel;
}

export class NativeSession implements Session {
  readonly engine = 'native';
  private readonly plan: Loaded['plan'];
  private readonly module: SessionModule;
  private readonly model: NativeModel;
  private readonly feeds: MethodFeeds;
  private readonly types: ReadonlyMap<string, TensorType>;
  private readonly isLarge: boolean;
  private readonly calls = new Calls();
  /** The methods that have been called, with the requested outputs. */
  private readonly prepared = new Set<string>();
  /** The traces of calls, while tracing. */
  private traces: ArrayBuffer[] | undefined;

  private constructor(
    private readonly tf: TensorFlow,
    readonly program: Program,
    { plan, module, model }: Loaded,
  ) {
    this.plan = plan;
    this.module = module;
    this.model = model;
    this.feeds = new MethodFeeds(program);
    this.types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
    this.isLarge = program.variables.reduce((sum, { type }) => sum + bytesIn(type), 0) >= largeProgram;
  }

  /** Lowers the program and loads it; `tf` is tfjs with the TensorFlow backend. */
  static async open(tf: TensorFlow, program: Program, target: Target = targetOf(tf)): Promise<NativeSession> {
    const { nodes, ...plan } = lower(program, { target });
    const module = sessionModuleOf(tf);
    const folder = await mkdtemp(join(tmpdir(), 'spadework-'));
    try {
      await writeFile(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
      const { model } = resultOf(await module.loadModel(folder));
      return new NativeSession(tf, program, { plan, module, model });
    } finally {
      await rm(folder, { recursive: true, force: true });
      releaseMemory(tf);
    }
  }

  setVariables(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    return this.calls.add(async () => {
      // All are checked before any is set. They are set in groups: TensorFlow prepares its graph for every combination
      // of variables, which takes time, but setting all at once would double their memory.
      const fed = [...values].map(([name, array]) => {
        const type = typeOfVariable(this.types, name, array);
        const { value, done } = must(this.plan.variables.get(name), `the plan has the variable ${name}`);
        return { tensor: value, values: array, ...type, done };
      });
      for (const some of inGroups(fed, ({ values: { byteLength } }) => byteLength))
        await this.call(
          some,
          [],
          some.map(({ done }) => done),
        );
      releaseMemory(this.tf);
    });
  }

  readVariables(
    names: readonly string[] = this.program.variables.map(({ name }) => name),
  ): Promise<Map<string, Float32Array>> {
    return this.calls.add(async () => {
      const fetches = names.map((name) => {
        const binding = this.plan.variables.get(name);
        if (!binding) throw noVariable(name);
        return binding.read;
      });
      if (fetches.length === 0) return new Map<string, Float32Array>();
      const results = await this.call([], fetches, []);
      return new Map(
        results.map((result, index) => {
          const values = new Float32Array(this.module.readTensor(result.held));
          this.module.deleteTensor(result.held);
          return [must(names[index], 'the engine gives what was asked for'), values];
        }),
      );
    });
  }

  run(
    method: string,
    feeds: Feeds,
    { outputs, patches, signal }: RunOptions = {},
  ): Promise<Map<string, DeviceValue>> {
    return this.calls.add(async () => {
      const inputs = this.feeds.of(method, feeds, patches);
      const binding = must(this.plan.methods.get(method), `the plan has the method ${method}`);
      const fed = [...inputs].map(([name, input]) => ({
        tensor: must(binding.inputs.get(name), `the plan has the input ${name}`),
        ...input,
      }));
      const names = [...new Set(outputs ?? binding.outputs.keys())];
      const fetches = names.map((name) => {
        const tensor = binding.outputs.get(name);
        if (tensor === undefined) throw unknownOutput(method, name);
        return tensor;
      });
      const key = JSON.stringify([method, names]);
      const isFirst = !this.prepared.has(key);
      // Compiling and setting variables leave much garbage, and the first call of a method needs memory on top of it.
      if (isFirst && this.isLarge) collectGarbage();
      const results = await this.call(fed, fetches, binding.done ? [binding.done] : []);
      // The first call prepares the method's graph, in memory that is not needed again.
      if (isFirst) releaseMemory(this.tf);
      this.prepared.add(key);
      return new Map(
        results.map((result, index) => [
          must(names[index], 'the engine gives what was asked for'),
          new NativeValue(this.module, result),
        ]),
      );
    }, signal);
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async read(value: DeviceValue): Promise<Float32Array> {
    const bytes = this.module.readTensor(heldBy(value));
    return value.dtype === 'f32' ? new Float32Array(bytes) : Float32Array.from(new Int32Array(bytes));
  }

  async traced(work: () => Promise<void>): Promise<KernelTime[]> {
    const traces: ArrayBuffer[] = [];
    this.traces = traces;
    try {
      await work();
    } finally {
      this.traces = undefined;
    }
    return traces.flatMap((bytes) => readTrace(new Uint8Array(bytes), this.plan.origins));
  }

  valueCount(): number {
    return this.module.countTensors();
  }

  dispose(): Promise<void> {
    return this.calls.close(() => this.module.deleteModel(this.model));
  }

  private async call(
    feeds: readonly FedTensor[],
    outputs: readonly string[],
    targets: readonly string[],
  ): Promise<readonly NativeResult[]> {
    const { traces } = this;
    const outcome = await this.module.runModel(
      this.model,
      feeds.map(({ tensor }) => tensor),
      feeds.map(({ values }) => (isArray(values) ? values : heldBy(values))),
      feeds.map(({ shape }) => shape),
      outputs,
      targets,
      traces !== undefined,
    );
    const { results, trace } = resultOf(outcome);
    if (trace) traces?.push(trace);
    return results;
  }
}

/** A value for a tensor of the graph. */
interface FedTensor extends Fed {
  readonly tensor: string;
}

/** Gives the result of work on a thread, or throws its error. */
function resultOf<T extends object>(outcome: Outcome<T>): T {
  if (outcome.error !== undefined) throw new Error(`TensorFlow failed: ${outcome.error}`);
  return outcome;
}

class NativeValue implements DeviceValue {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';
  /** Undefined after disposal. */
  held: NativeTensor | undefined;

  constructor(
    private readonly module: SessionModule,
    { shape, isFloat, held }: NativeResult,
  ) {
    this.shape = shape;
    this.dtype = isFloat ? 'f32' : 'i32';
    this.held = held;
  }

  dispose(): void {
    if (this.held) this.module.deleteTensor(this.held);
    this.held = undefined;
  }
}

function heldBy(value: DeviceValue): NativeTensor {
  if (!(value instanceof NativeValue))
    throw brokenInvariant('a value of another engine was given to TensorFlow');
  if (!value.held) throw disposedValue();
  return value.held;
}
