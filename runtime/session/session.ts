/** Defines a session: it runs a compiled program, sets and reads its variables, and calls its methods. */
import { brokenInvariant, must, type SpadeworkError } from '../../dsl/errors.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { type Initializer, type Variable, weightOfCompanion } from '../../compiler/ir/variables.ts';
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { variableName } from '../../compiler/build/instantiate.ts';
import type { DeviceValue, Feeds } from './feeds.ts';

export type { DeviceValue, Feeds, Values } from './feeds.ts';

/** When a kernel ran, in milliseconds of one clock for all kernels of a trace. */
export interface KernelTime {
  /** The node of the program that it ran for; undefined for the engine's own work. */
  readonly node: Node | undefined;
  /** The engine's name of the kernel. */
  readonly kernel: string;
  readonly start: number;
  readonly end: number;
}

/** Options of a call. */
export interface RunOptions {
  /** The outputs to return; default: all. Others are computed only if writes need them. */
  readonly outputs?: readonly string[] | undefined;
  /** The patches of the label maps among the feeds, if the method takes patches; by default they are found here. */
  readonly patches?: PatchTables | undefined;
  /** Keeps the call from starting: it fails with the signal's reason. A call that has started runs to its end. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A program on an engine. All arrays are row-major in the program's shapes. Calls run one after another in the order in
 * which they are made; the native engine computes on another thread, the portable one on this thread, with a break
 * before each call. Arrays passed to a call must not change until its promise settles.
 */
export interface Session {
  readonly engine: 'native' | 'portable';
  readonly program: Program;
  /** Sets variables by name, to copies; others keep their values. Fails if a name is unknown or a size differs. */
  setVariables(values: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** Copies variables out, in the requested order; without `names`, all of the program's own. */
  readVariables(names?: readonly string[]): Promise<Map<string, Float32Array>>;
  /** Runs a method: takes all its inputs, performs its writes, and returns outputs, which the caller disposes of. */
  run(method: string, feeds: Feeds, options?: RunOptions): Promise<Map<string, DeviceValue>>;
  /** Copies a value of a session of this engine. Integers become floats. */
  read(value: DeviceValue): Promise<Float32Array>;
  /**
   * Runs work that calls methods of this session, and gives the times of all kernels meanwhile. Tracing slows it down.
   */
  traced(work: () => Promise<void>): Promise<KernelTime[]>;
  /** Counts the values now held on the engine by all sessions, to detect leaks. */
  valueCount(): number;
  /** Frees the variables after all calls; further calls fail. Values stay until they are disposed of. */
  dispose(): Promise<void>;
}

/** Puts a program on the engine that somebody has chosen. */
export type OpenSession = (program: Program) => Promise<Session>;

/** Runs a method, and copies its outputs. */
export async function runAndRead(
  session: Pick<Session, 'run' | 'read'>,
  method: string,
  feeds: Feeds,
  options?: RunOptions,
): Promise<Map<string, Float32Array>> {
  const outputs = await session.run(method, feeds, options);
  const read = new Map<string, Float32Array>();
  for (const [name, value] of outputs) {
    read.set(name, await session.read(value));
    value.dispose();
  }
  return read;
}

/**
 * Gives the initial values of all variables: `loaded` ones, else values drawn from the seed and their names alone,
 * equal on every engine. Moving averages start as their parameters.
 */
export function initialValues(
  variables: readonly Variable[],
  seed: number,
  loaded: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  return new Map(initialEntries(variables, seed, loaded));
}

/** Makes the error for an unknown output of a method. */
export const unknownOutput = (method: string, name: string): SpadeworkError =>
  brokenInvariant(`method ${method} has no output '${name}'`);

/** The bytes of variables that are set at once. */
const groupBytes = 2 ** 24;

/** Tells whether all numbers are finite. */
export function areFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

/** Puts neighbors into groups of limited size. */
export function* inGroups<T>(all: Iterable<T>, bytesOf: (one: T) => number): Generator<T[]> {
  let group: T[] = [];
  let bytes = 0;
  for (const one of all) {
    group.push(one);
    bytes += bytesOf(one);
    if (bytes < groupBytes) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** Sets the initial values of all variables, in groups: all at once would double the memory. */
export async function setInitialValues(
  session: Session,
  seed: number,
  loaded?: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const arena = new Arena();
  const entries = initialEntries(session.program.variables, seed, loaded, (count) => arena.take(count));
  for (const some of inGroups(entries, ([, { byteLength }]) => byteLength)) {
    await session.setVariables(new Map(some));
    arena.clear();
  }
}

/** Makes an array of `count` numbers, with arbitrary content. */
type Allocate = (count: number) => Float32Array;

/** Reuses memory, since JavaScript frees unused buffers late. */
class Arena {
  private buffer = new ArrayBuffer(0);
  private used = 0;

  take(count: number): Float32Array {
    const bytes = count * Float32Array.BYTES_PER_ELEMENT;
    // Earlier arrays keep the old buffer.
    if (this.used + bytes > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(Math.max(bytes, groupBytes));
      this.used = 0;
    }
    const taken = new Float32Array(this.buffer, this.used, count);
    this.used += bytes;
    return taken;
  }

  /** Frees all arrays taken before. */
  clear(): void {
    this.used = 0;
  }
}

function* initialEntries(
  variables: readonly Variable[],
  seed: number,
  loaded: ReadonlyMap<string, Float32Array> = new Map(),
  allocate: Allocate = (count) => new Float32Array(count),
): Generator<readonly [string, Float32Array]> {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const valueOf = (name: string): Float32Array => {
    const variable = must(byName.get(name), `there is '${name}', which another variable starts from`);
    return loaded.get(name) ?? initialValue(variable, seed, valueOf, allocate);
  };
  for (const { name } of variables) yield [name, valueOf(name)];
}

function initialValue(
  { name, type, role, network, initializer }: Variable,
  seed: number,
  valueOf: (name: string) => Float32Array,
  allocate: Allocate,
): Float32Array {
  if (role === 'average') return valueOf(weightOfCompanion(name));
  if (initializer.kind === 'lengths_of')
    return lengths(valueOf(variableName(network, initializer.variable)), sizeOf(type.shape));
  return drawInitial(type, initializer, new RandomStream(seed, name), allocate);
}

/** The Euclidean lengths of an array's `count` columns: its last axis runs fastest. */
function lengths(values: Float32Array, count: number): Float32Array {
  const squares = new Float64Array(count);
  values.forEach((value, index) => (squares[index % count]! += value * value));
  return Float32Array.from(squares, Math.sqrt);
}

function drawInitial(
  type: TensorType,
  initializer: Exclude<Initializer, { kind: 'lengths_of' }>,
  random: RandomStream,
  allocate: Allocate,
): Float32Array {
  const values = allocate(sizeOf(type.shape));
  const fill = (draw: (before: number) => number): Float32Array => {
    for (let index = 0; index < values.length; index++) values[index] = draw(values[index]!);
    return values;
  };
  switch (initializer.kind) {
    case 'constant':
      return values.fill(initializer.value);
    case 'normal':
      return fill(() => initializer.mean + initializer.std * random.normal());
    case 'uniform': {
      const { low, high } = initializer;
      return fill(() => low + (high - low) * random.uniform());
    }
    case 'xavier_normal': {
      // Filters are [h,w,I,O], matrices [I,O]: fans count the kernel area.
      const area = sizeOf(type.shape.slice(0, -2));
      const fans = type.shape.slice(-2).reduce((sum, size) => sum + size * area, 0);
      const std = initializer.gain * Math.sqrt(2 / fans);
      return fill(() => std * random.normal());
    }
    case 'unit_vector': {
      fill(() => random.normal());
      const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
      return fill((value) => value / norm);
    }
  }
}

/** Makes the error for an unknown variable of a session. */
export const noVariable = (name: string): SpadeworkError => brokenInvariant(`there is no variable '${name}'`);

/** Gives the type of the variable that `values` are for; throws if it is unknown or the size differs. */
export function typeOfVariable(
  types: ReadonlyMap<string, TensorType>,
  name: string,
  values: Float32Array,
): TensorType {
  const type = types.get(name);
  if (!type) throw noVariable(name);
  if (values.length !== sizeOf(type.shape))
    throw brokenInvariant(
      `variable '${name}' has ${sizeOf(type.shape)} entries ([${type.shape}]), not ${values.length}`,
    );
  return type;
}
