/** Runs a program on any tfjs backend, op by op, and frees each value after its last use. */
import {
  noVariable,
  unknownOutput,
  typeOfVariable,
  type KernelTime,
  type RunOptions,
  type Session,
} from './session.ts';
import { input, item, read } from '../../compiler/ir/sources.ts';
import { is } from '../../compiler/ir/op.ts';
import { brokenInvariant, must, type SpadeworkError } from '../../dsl/errors.ts';
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Method, Program } from '../../compiler/ir/program.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { TensorType } from '../../compiler/ir/types.ts';
import { lowerToPortable, type PortableStep } from '../../compiler/lower/portable.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { Calls, nextTurn } from './calls.ts';
import { disposedValue, isArray, MethodFeeds, type DeviceValue, type Fed, type Feeds } from './feeds.ts';

/** Sees a node with its results and those of its operands, before they are freed. */
export type Look = (
  node: Node,
  results: readonly Tfjs.Tensor[],
  operands: readonly (readonly Tfjs.Tensor[])[],
) => void;

const noValue = (name: string): SpadeworkError => brokenInvariant(`variable '${name}' has no value yet`);

export class PortableSession implements Session {
  readonly engine = 'portable';
  private readonly variables = new Map<string, Tfjs.Tensor>();
  /** Kernel times, while tracing. */
  private trace: KernelTime[] | undefined;
  /** The observer of all values, if there is one. */
  private look: Look | undefined;
  private readonly calls = new Calls();
  /** The plans, by method and outputs. */
  private readonly plans = new Map<string, Planned>();
  private readonly feeds: MethodFeeds;
  private readonly types: ReadonlyMap<string, TensorType>;

  /** `tf` is tfjs with the backend to use. */
  constructor(
    private readonly tf: TensorFlow,
    readonly program: Program,
  ) {
    this.feeds = new MethodFeeds(program);
    this.types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
  }

  setVariables(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    return this.calls.add(() => {
      // All are looked at before any is set.
      const typed = [...values].map(
        ([name, array]) => [name, array, typeOfVariable(this.types, name, array)] as const,
      );
      for (const [name, array, type] of typed) {
        this.variables.get(name)?.dispose();
        this.variables.set(name, this.tf.tensor(array.slice(), [...type.shape]));
      }
    });
  }

  readVariables(
    names: readonly string[] = this.program.variables.map(({ name }) => name),
  ): Promise<Map<string, Float32Array>> {
    return this.calls.add(async () => {
      const read = new Map<string, Float32Array>();
      for (const name of names) {
        const tensor = this.variables.get(name);
        if (!tensor) throw this.types.has(name) ? noValue(name) : noVariable(name);
        read.set(name, await copyOf(tensor));
      }
      return read;
    });
  }

  run(
    method: string,
    feeds: Feeds,
    { outputs, patches, signal }: RunOptions = {},
  ): Promise<Map<string, DeviceValue>> {
    return this.calls.add(async () => {
      // The work below keeps this thread: timers, signals and decoded pictures have their turn before it.
      await nextTurn();
      const fed = this.feeds.of(method, feeds, patches);
      return this.compute(this.plan(method, outputs), fed);
    }, signal);
  }

  async read(value: DeviceValue): Promise<Float32Array> {
    return await copyOf(tensorOf(value));
  }

  async traced(work: () => Promise<void>): Promise<KernelTime[]> {
    const trace: KernelTime[] = [];
    this.trace = trace;
    try {
      await work();
    } finally {
      this.trace = undefined;
    }
    return trace;
  }

  /** Runs work that calls methods of this session, and shows every value of them as it is computed. */
  async watched(work: () => Promise<void>, look: Look): Promise<void> {
    this.look = look;
    try {
      await work();
    } finally {
      this.look = undefined;
    }
  }

  valueCount(): number {
    return this.tf.memory().numTensors;
  }

  dispose(): Promise<void> {
    return this.calls.close(() => {
      for (const tensor of this.variables.values()) tensor.dispose();
      this.variables.clear();
    });
  }

  /** Plans a method with the requested outputs, once. */
  private plan(name: string, names: readonly string[] | undefined): Planned {
    const key = JSON.stringify([name, names]);
    const known = this.plans.get(key);
    if (known) return known;
    const method = must(
      this.program.methods.find((one) => one.name === name),
      `the program has the method ${name}`,
    );
    const outputs = new Map(
      (names ?? [...method.outputs.keys()]).map((output) => {
        const node = method.outputs.get(output);
        if (!node) throw unknownOutput(name, output);
        return [output, node];
      }),
    );
    const asked = { ...method, outputs };
    const planned = { method: asked, steps: lowerToPortable(asked) };
    this.plans.set(key, planned);
    return planned;
  }

  private compute({ method, steps }: Planned, fed: ReadonlyMap<string, Fed>): Map<string, DeviceValue> {
    const values = new Map<Node, Tfjs.Tensor[]>();
    try {
      for (const { node, dead } of steps) {
        const start = performance.now();
        const results = this.evaluate(node, values, fed);
        values.set(node, results);
        this.trace?.push({ node, kernel: node.op.name, start, end: performance.now() });
        this.look?.(
          node,
          results,
          node.operands.map((operand) =>
            must(values.get(operand), 'an operand is kept until its last user has run'),
          ),
        );
        for (const gone of dead) {
          values.get(gone)?.forEach((tensor) => tensor.dispose());
          values.delete(gone);
        }
      }
      const first = (node: Node): Tfjs.Tensor =>
        this.tf.clone(must(values.get(node)?.[0], 'an output is kept until the end'));
      for (const [variable, node] of method.writes) {
        this.variables.get(variable)?.dispose();
        this.variables.set(variable, first(node));
      }
      return new Map([...method.outputs].map(([name, node]) => [name, new PortableValue(first(node))]));
    } finally {
      for (const tensors of values.values()) tensors.forEach((tensor) => tensor.dispose());
    }
  }

  private evaluate(
    node: Node,
    values: ReadonlyMap<Node, Tfjs.Tensor[]>,
    fed: ReadonlyMap<string, Fed>,
  ): Tfjs.Tensor[] {
    const { tf } = this;
    const operands = node.operands.map((operand) =>
      must(values.get(operand), 'an operand is kept until its last user has run'),
    );
    if (is(item, node))
      return [tf.clone(must(operands[0]?.[node.attrs.index], 'an item names a result of its node'))];
    if (is(input, node)) {
      const { values: given, shape, dtype } = must(fed.get(node.attrs.name), 'feeds were checked');
      return [
        isArray(given)
          ? tf.tensor(given, [...shape], dtype === 'i32' ? 'int32' : 'float32')
          : tf.clone(tensorOf(given)),
      ];
    }
    if (is(read, node)) {
      const variable = this.variables.get(node.attrs.name);
      if (!variable) throw noValue(node.attrs.name);
      return [tf.clone(variable)];
    }
    const inputs = operands.map((results) => must(results[0], 'an operand has a result'));
    // `tidy` frees the temporaries of the op and keeps the returned tensors.
    const results = tf.tidy(() => node.op.tfjs(inputs, { tf, node }));
    return Array.isArray(results) ? results : [results];
  }
}

/** A method with the requested outputs, and the plan of its computation. */
interface Planned {
  readonly method: Method;
  readonly steps: readonly PortableStep[];
}

class PortableValue implements DeviceValue {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';

  constructor(readonly tensor: Tfjs.Tensor) {
    this.shape = tensor.shape;
    this.dtype = tensor.dtype === 'int32' ? 'i32' : 'f32';
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

function tensorOf(value: DeviceValue): Tfjs.Tensor {
  if (!(value instanceof PortableValue))
    throw brokenInvariant('a value of another engine was given to TensorFlow.js');
  if (value.tensor.isDisposed) throw disposedValue();
  return value.tensor;
}

/** Copies a tensor, since some backends give their own memory. */
const copyOf = async (tensor: Tfjs.Tensor): Promise<Float32Array> => Float32Array.from(await tensor.data());
