/** Answers for running a program on TensorFlow: one SavedModel for all methods, one call into the library per method. */
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Program } from '../../compiler/ir/program.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { bytesIn, type TensorType } from '../../compiler/ir/types.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { lower, type Target } from '../../compiler/index.ts';
import type { TensorflowPlan } from '../../compiler/lower/tensorflow.ts';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { collectGarbage, releaseMemory } from '../engine/load-binding.ts';
import { targetOf } from '../engine/target.ts';
import { MethodFeeds, type Fed, type Feeds, type Values } from './feeds.ts';
import { inGroups, typeOfVariable, type KernelTime, type Session } from './session.ts';
import { readTrace } from './trace.ts';

/** TensorFlow shares memory that lies on a multiple of as many bytes, and copies all other. */
const sharedAlignment = 64;

/** How many times as large as needed the place is kept that calls are fed from. */
const keptStaging = 8;

/** From how many bytes of variables on it is worth some time that nothing else stays in memory. */
const largeProgram = 2 ** 26;

/** What we use of tfjs-node's backend; its own types do not export it. */
interface NodeBackend {
  loadSavedModelMetaGraph(path: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: Tfjs.Tensor[],
    infos: { name: string }[],
    outputs: string[],
  ): Tfjs.Tensor[];
  getNumOfTFTensors(): number;
  /** The compiled binding, with what `engine/trace.cc` adds to it. */
  readonly binding: {
    traceNextRun(): void;
    takeTrace(): ArrayBuffer | undefined;
  };
}

export class NativeSession implements Session {
  readonly engine = 'native';
  private readonly plan: Omit<TensorflowPlan, 'nodes'>;
  private readonly backend: NodeBackend;
  private readonly model: number;
  private readonly feeds: MethodFeeds;
  private readonly types: ReadonlyMap<string, TensorType>;
  private readonly isLarge: boolean;
  /** The methods that have been called. */
  private readonly prepared = new Set<string>();
  /** Where the inputs of a call are copied to, one after another. */
  private staging = new ArrayBuffer(0);
  /** Where traces of calls are kept, while somebody asks for them. */
  private traces: ArrayBuffer[] | undefined;

  /**
   * Lowers the program and loads it; `tf` is tfjs with the TensorFlow backend.
   */
  constructor(
    private readonly tf: TensorFlow,
    readonly program: Program,
    target: Target = targetOf(tf),
  ) {
    const { nodes, ...plan } = lower(program, { target });
    this.plan = plan;
    this.feeds = new MethodFeeds(program);
    this.types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
    this.isLarge = program.variables.reduce((sum, { type }) => sum + bytesIn(type), 0) >= largeProgram;
    this.backend = tf.backend() as unknown as NodeBackend;
    const folder = mkdtempSync(join(tmpdir(), 'spadework-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
      this.model = this.backend.loadSavedModelMetaGraph(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    releaseMemory(tf);
  }

  setVariables(values: ReadonlyMap<string, Float32Array>): void {
    // All are looked at before any is set. TensorFlow prepares its graph anew for every combination of variables, which takes
    // a while; all of them at once would take their memory twice.
    const fed = [...values].map(([name, array]) => {
      const type = typeOfVariable(this.types, name, array);
      const { value, done } = must(this.plan.variables.get(name), `the plan has the variable ${name}`);
      return { tensor: value, values: array, ...type, done };
    });
    for (const some of inGroups(fed, ({ values: { byteLength } }) => byteLength))
      this.call(
        some,
        some.map(({ done }) => done),
      ).forEach((tensor) => tensor.dispose());
    releaseMemory(this.tf);
  }

  readVariables(
    names: readonly string[] = this.program.variables.map(({ name }) => name),
  ): Map<string, Float32Array> {
    const fetches = names.map((name) => {
      const binding = this.plan.variables.get(name);
      if (!binding) throw brokenInvariant(`there is no variable '${name}'`);
      return binding.read;
    });
    return fetches.length > 0 ? this.copyOut(names, this.call([], fetches)) : new Map<string, Float32Array>();
  }

  run(method: string, feeds: Feeds, patches?: PatchTables): Map<string, Float32Array> {
    const inputs = this.feeds.of(method, feeds, patches);
    const binding = must(this.plan.methods.get(method), `the plan has the method ${method}`);
    const fed = [...inputs].map(([name, input]) => ({
      tensor: must(binding.inputs.get(name), `the plan has the input ${name}`),
      ...input,
    }));
    const names = [...binding.outputs.keys()];
    const isFirst = !this.prepared.has(method);
    // Compiling and setting variables leave much behind; the first call of a method would come on top of it.
    if (isFirst && this.isLarge) collectGarbage();
    const results = this.call(fed, [...binding.outputs.values(), ...(binding.done ? [binding.done] : [])]);
    results.slice(names.length).forEach((tensor) => tensor.dispose());
    // The first call prepares the method's graph, in memory that is not needed again.
    if (isFirst) releaseMemory(this.tf);
    this.prepared.add(method);
    return this.copyOut(names, results);
  }

  traced(work: () => void): KernelTime[] {
    const traces: ArrayBuffer[] = [];
    this.traces = traces;
    try {
      work();
    } finally {
      this.traces = undefined;
    }
    return traces.flatMap((bytes) => readTrace(new Uint8Array(bytes), this.plan.origins));
  }

  tensorCount(): number {
    return this.backend.getNumOfTFTensors();
  }

  dispose(): void {
    this.backend.deleteSavedModel(this.model);
  }

  private call(feeds: readonly FedTensor[], fetches: string[]): Tfjs.Tensor[] {
    const copies = this.copyIn(feeds.map(({ values }) => values));
    const tensors = feeds.map(({ shape, dtype }, index) =>
      this.tf.tensor(
        must(copies[index], 'there is a tensor for each name that is fetched'),
        [...shape],
        dtype === 'i32' ? 'int32' : 'float32',
      ),
    );
    try {
      const infos = feeds.map(({ tensor }) => ({ name: tensor }));
      if (this.traces) this.backend.binding.traceNextRun();
      const results = this.backend.runSavedModel(this.model, tensors, infos, fetches);
      if (this.traces) this.traces.push(must(this.backend.binding.takeTrace(), 'the call was traced'));
      return results;
    } finally {
      tensors.forEach((tensor) => tensor.dispose());
    }
  }

  /**
   * Copies values to where TensorFlow will not share them. Memory that lies on a multiple of 64 bytes it takes as it is, with
   * a callback into Node that gives it back, on whichever thread is the last to let go; Node's references stand only the main
   * thread. A variable keeps what is assigned to it, and many ops pass an operand's memory on, so such callbacks did come from
   * TensorFlow's threads, and now and then broke the heap. Off the multiple, TensorFlow copies and calls back at once: then
   * the next call can copy to the same place.
   */
  private copyIn(all: readonly Values[]): Values[] {
    // Whatever allocates a buffer aligns it to more bytes than an element has, so the second element of a line is off.
    let needed = 0;
    const offsets = all.map(({ BYTES_PER_ELEMENT, byteLength }) => {
      const offset = Math.ceil(needed / sharedAlignment) * sharedAlignment + BYTES_PER_ELEMENT;
      needed = offset + byteLength;
      return offset;
    });
    // Variables are much more than what methods are fed.
    if (this.staging.byteLength < needed || this.staging.byteLength > keptStaging * needed)
      this.staging = new ArrayBuffer(needed);
    return all.map((values, index) => {
      const offset = offsets[index];
      const copy =
        values instanceof Int32Array
          ? new Int32Array(this.staging, offset, values.length)
          : new Float32Array(this.staging, offset, values.length);
      copy.set(values);
      return copy;
    });
  }

  private copyOut(names: readonly string[], tensors: readonly Tfjs.Tensor[]): Map<string, Float32Array> {
    return new Map(
      names.map((name, index) => {
        const tensor = must(tensors[index], `the engine gives a result for ${name}`);
        const values = tensor.dataSync() as Float32Array;
        tensor.dispose();
        return [name, values];
      }),
    );
  }
}

/** A value for a tensor of the graph. */
interface FedTensor extends Fed {
  readonly tensor: string;
}
