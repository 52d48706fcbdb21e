/**
 * Answers for calling a method in stages: what depends on weights alone is done again after they changed, what depends on the
 * label map when another one comes, and the rest at each call.
 */
import type { Program } from '../../compiler/ir/program.ts';
import { must } from '../../dsl/errors.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { partition } from '../../compiler/index.ts';
import { stageMethod } from '../../compiler/passes/partition-by-dependency.ts';
import { cpu } from '../engine/target.ts';
import { outerInputs } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import { patchFinder, type Feeds, type PatchFinder, type Values } from './feeds.ts';
import type { KernelTime, Session } from './session.ts';

/** Opens a session in which `method` runs in stages; `maps` names its inputs that hold label maps. */
export function openStaged(
  program: Program,
  method: string,
  maps: readonly string[],
  open: (program: Program) => Session,
): Session {
  const isMap = (input: string): boolean => maps.includes(input);
  const staged = partition(program, { method, isMap }, { target: cpu });
  return new StagedSession(program, open(staged), method, maps);
}

class StagedSession implements Session {
  readonly engine: Session['engine'];
  private readonly stages: { readonly weights: Stage | undefined; readonly map: Stage | undefined };
  private readonly call: Stage;
  private readonly patchesOf: PatchFinder | undefined;
  private hasWeights = false;
  /** What the map of the last call held. */
  private known: { readonly maps: Feeds; readonly patches: PatchTables | undefined } | undefined;

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

  setVariables(values: ReadonlyMap<string, Float32Array>): void {
    this.forget();
    this.inner.setVariables(values);
  }

  readVariables(names?: readonly string[]): Map<string, Float32Array> {
    return this.inner.readVariables(names);
  }

  run(method: string, feeds: Feeds, patches?: PatchTables): Map<string, Float32Array> {
    if (method !== this.method) {
      // It may move weights.
      this.forget();
      return this.inner.run(method, feeds, patches);
    }
    const { weights, map } = this.stages;
    if (weights && !this.hasWeights) this.inner.run(weights.name, {});
    this.hasWeights = true;
    if (!this.known || !this.isKnown(this.known.maps, feeds)) {
      this.known = undefined;
      // Without the map, and where no stage asks for it, it is the method's own to say what it lacks.
      const hasMap = map?.inputs.every((name) => feeds[name]) === true;
      const found = patches ?? (hasMap ? this.patchesOf?.(feeds) : undefined);
      if (map) this.inner.run(map.name, pick(feeds, map.inputs), found);
      const copies = this.maps.flatMap((name) => (feeds[name] ? [[name, feeds[name].slice()] as const] : []));
      this.known = { maps: Object.fromEntries(copies), patches: found };
    }
    return this.inner.run(this.call.name, pick(feeds, this.call.inputs), this.known.patches);
  }

  traced(work: () => void): KernelTime[] {
    return this.inner.traced(work);
  }

  tensorCount(): number {
    return this.inner.tensorCount();
  }

  dispose(): void {
    this.inner.dispose();
  }

  private forget(): void {
    this.hasWeights = false;
    this.known = undefined;
  }

  private isKnown(known: Feeds, feeds: Feeds): boolean {
    return this.maps.every((name) => isSame(known[name], feeds[name]));
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
