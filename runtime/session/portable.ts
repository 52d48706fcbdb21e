/** Answers for running a program on any tfjs backend, call by call, freeing each value after its last use. */
import { input, item, read } from '../../compiler/ir/sources.ts';
import { is } from '../../compiler/ir/op.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Program } from '../../compiler/ir/program.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import type { TensorType } from '../../compiler/ir/types.ts';
import { lowerToPortable, type PortableStep } from '../../compiler/lower/portable.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { MethodFeeds, type Fed, type Feeds } from './feeds.ts';
import { typeOfVariable, type KernelTime, type Session } from './session.ts';

/** Sees a node with its results and with those of its operands, while they are there. */
export type Look = (
  node: Node,
  results: readonly Tfjs.Tensor[],
  operands: readonly (readonly Tfjs.Tensor[])[],
) => void;

export class PortableSession implements Session {
  readonly engine = 'portable';
  private readonly variables = new Map<string, Tfjs.Tensor>();
  /** Where times are kept, while somebody asks for them. */
  private trace: KernelTime[] | undefined;
  /** Who looks at every value, while somebody does. */
  private look: Look | undefined;
  private readonly plans: ReadonlyMap<string, readonly PortableStep[]>;
  private readonly feeds: MethodFeeds;
  private readonly types: ReadonlyMap<string, TensorType>;

  /** Plans every method; `tf` is tfjs with the backend to use. */
  constructor(
    private readonly tf: TensorFlow,
    readonly program: Program,
  ) {
    this.plans = new Map(program.methods.map((method) => [method.name, lowerToPortable(method)]));
    this.feeds = new MethodFeeds(program);
    this.types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
  }

  setVariables(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, array] of values) {
      const type = typeOfVariable(this.types, name, array);
      this.variables.get(name)?.dispose();
      this.variables.set(name, this.tf.tensor(array.slice(), [...type.shape]));
    }
  }

  readVariables(
    names: readonly string[] = this.program.variables.map(({ name }) => name),
  ): Map<string, Float32Array> {
    return new Map(
      names.map((name) => {
        const tensor = this.variables.get(name);
        if (!tensor) throw brokenInvariant(`there is no variable '${name}', or it has no value yet`);
        return [name, (tensor.dataSync() as Float32Array).slice()];
      }),
    );
  }

  run(method: string, feeds: Feeds, patches?: PatchTables): Map<string, Float32Array> {
    const fed = this.feeds.of(method, feeds, patches);
    const plan = must(this.plans.get(method), `the method ${method} was planned`);
    const definition = must(
      this.program.methods.find(({ name }) => name === method),
      `the program has the method ${method}`,
    );
    const values = new Map<Node, Tfjs.Tensor[]>();
    for (const { node, dead } of plan) {
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
      must(values.get(node)?.[0], 'an output is kept until it is read');
    const outputs = new Map<string, Float32Array>();
    for (const [name, node] of definition.outputs)
      outputs.set(name, Float32Array.from(first(node).dataSync()));
    for (const [variable, node] of definition.writes) {
      this.variables.get(variable)?.dispose();
      this.variables.set(variable, this.tf.clone(first(node)));
    }
    for (const tensors of values.values()) tensors.forEach((tensor) => tensor.dispose());
    return outputs;
  }

  traced(work: () => void): KernelTime[] {
    const trace: KernelTime[] = [];
    this.trace = trace;
    try {
      work();
    } finally {
      this.trace = undefined;
    }
    return trace;
  }

  /** Does work that runs methods of this session, and shows every value of them as it is made. */
  watched(work: () => void, look: Look): void {
    this.look = look;
    try {
      work();
    } finally {
      this.look = undefined;
    }
  }

  tensorCount(): number {
    return this.tf.memory().numTensors;
  }

  dispose(): void {
    for (const tensor of this.variables.values()) tensor.dispose();
    this.variables.clear();
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
      return [tf.tensor(given, [...shape], dtype === 'i32' ? 'int32' : 'float32')];
    }
    if (is(read, node)) {
      const variable = this.variables.get(node.attrs.name);
      if (!variable) throw brokenInvariant(`variable '${node.attrs.name}' has no value yet`);
      return [tf.clone(variable)];
    }
    const inputs = operands.map((results) => must(results[0], 'an operand has a result'));
    // tidy frees the temporaries of the op and keeps what it returns.
    const results = tf.tidy(() => node.op.tfjs(inputs, { tf, node }));
    return Array.isArray(results) ? results : [results];
  }
}
