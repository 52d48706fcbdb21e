/**
 * Runs a method in stages: one depends on weights alone and runs after they changed, one depends on the label map and
 * runs when it changes, and the rest runs at each call.
 */
import type { Program } from '../../compiler/ir/program.ts';
import { must } from '../../dsl/errors.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { partition } from '../../compiler/index.ts';
import { stageMethod } from '../../compiler/passes/partition-by-dependency.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { outerInputs } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import {
  arrayOf,
  patchFinder,
  type DeviceValue,
  type Feeds,
  type PatchFinder,
  type Values,
} from './feeds.ts';
import type { KernelTime, OpenSession, RunOptions, Session } from './session.ts';

/** Opens a session that runs `method` in stages; `maps` names its inputs that hold label maps. */
export async function openStaged(
  program: Program,
  method: string,
  maps: readonly string[],
  open: OpenSession,
): Promise<Session> {
  const isMap = (input: string): boolean => maps.includes(input);
  const staged = partition(program, { method, isMap }, { target: cpu });
  return new StagedSession(program, await open(staged), method, maps);
}

/** The label maps of a call, with their patches and their stage. */
interface KnownMaps {
  readonly maps: ReadonlyMap<string, Values>;
  readonly patches: PatchTables | undefined;
  /** Settles when the stage of the maps has run; undefined before its call. */
  done: Promise<void> | undefined;
}

class StagedSession implements Session {
  readonly engine: Session['engine'];
  private readonly stages: { readonly weights: Stage | undefined; readonly map: Stage | undefined };
  private readonly call: Stage;
  private readonly patchesOf: PatchFinder | undefined;
  /** Settles when the stage of the weights has run; undefined if they have changed since. */
  private weightsDone: Promise<void> | undefined;
  private known: KnownMaps | undefined;

  constructor(
    readonly program: Program,
    private readonly inner: Session,
    private readonly method: string,
    private readonly maps: readonly string[],
  ) {
    this.engine = inner.engine;
    const stageOf = (name: string): Stage | undefined => {
      const found = inner.program.methods.find((one) => one.name === name);
      return found && { name, inputs: [...outerInputs(inner.program, found).keys()] };
    };
    this.stages = {
      weights: stageOf(stageMethod(method, 'weights')),
      map: stageOf(stageMethod(method, 'map')),
    };
    this.call = must(stageOf(method), `there is a last stage of ${method}`);
    this.patchesOf = patchFinder(program);
  }

  setVariables(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    this.forget();
    return this.inner.setVariables(values);
  }

  readVariables(names?: readonly string[]): Promise<Map<string, Float32Array>> {
    return this.inner.readVariables(names);
  }

  async run(method: string, feeds: Feeds, options: RunOptions = {}): Promise<Map<string, DeviceValue>> {
    if (method !== this.method) {
      // Another method may change weights.
      this.forget();
      return this.inner.run(method, feeds, options);
    }
    const known = this.mapsOf(feeds, options);
    const { patches } = known;
    // All stages are called before any is awaited: the session runs them in this order, without other calls in between.
    this.weightsDone ??= this.runStage(this.stages.weights, feeds, options);
    known.done ??= this.runStage(this.stages.map, feeds, { ...options, patches });
    const outputs = this.inner.run(this.call.name, pick(feeds, this.call.inputs), { ...options, patches });
    try {
      await Promise.all([this.weightsDone, known.done, outputs]);
    } catch (error) {
      this.forget();
      throw error;
    }
    return outputs;
  }

  read(value: DeviceValue): Promise<Float32Array> {
    return this.inner.read(value);
  }

  traced(work: () => Promise<void>): Promise<KernelTime[]> {
    return this.inner.traced(work);
  }

  valueCount(): number {
    return this.inner.valueCount();
  }

  dispose(): Promise<void> {
    return this.inner.dispose();
  }

  private forget(): void {
    this.weightsDone = undefined;
    this.known = undefined;
  }

  /** Runs a stage, if there is one; its results stay in the engine. */
  private async runStage(
    stage: Stage | undefined,
    feeds: Feeds,
    { patches, signal }: RunOptions,
  ): Promise<void> {
    if (stage) await this.inner.run(stage.name, pick(feeds, stage.inputs), { patches, signal });
  }

  /** Gives what is known of the maps of a call; forgets other maps. */
  private mapsOf(feeds: Feeds, { patches }: RunOptions): KnownMaps {
    if (this.known && this.isKnown(this.known, feeds)) return this.known;
    this.known = undefined;
    // If the map is missing, or no stage needs it, the method's own check reports missing feeds.
    const hasMap = this.stages.map?.inputs.every((name) => feeds[name]) === true;
    const found = patches ?? (hasMap ? this.patchesOf?.(feeds) : undefined);
    const copies = this.maps.flatMap((name) => {
      const values = arrayOf(feeds, name);
      return values ? [[name, values.slice()] as const] : [];
    });
    this.known = { maps: new Map(copies), patches: found, done: undefined };
    return this.known;
  }

  private isKnown({ maps }: KnownMaps, feeds: Feeds): boolean {
    return this.maps.every((name) => isSame(maps.get(name), arrayOf(feeds, name)));
  }
}

interface Stage {
  readonly name: string;
  readonly inputs: readonly string[];
}

const pick = (feeds: Feeds, names: readonly string[]): Feeds =>
  Object.fromEntries(names.flatMap((name) => (feeds[name] ? [[name, feeds[name]] as const] : [])));

function isSame(a: Values | undefined, b: Values | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
