/** What it means to run a compiled program: its variables are set and read, and its methods called. */
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

/** When a kernel ran, in milliseconds of a clock that all kernels of a trace share. */
export interface KernelTime {
  /** The node of the program that it ran for; undefined where the engine worked for itself. */
  readonly node: Node | undefined;
  /** What the engine calls it. */
  readonly kernel: string;
  readonly start: number;
  readonly end: number;
}

/** How a method is run. */
export interface RunOptions {
  /** The outputs that come back; all of them by default. Others are not computed, but for what writes need. */
  readonly outputs?: readonly string[] | undefined;
  /** The patches of the label maps among the feeds, where the method takes patches; found here by default. */
  readonly patches?: PatchTables | undefined;
  /** Keeps the call from beginning: it fails with the signal's reason. A call that has begun goes on to its end. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A program on an engine. All arrays are row-major in the shapes that the program declares. Calls run one after another in the
 * order in which they are made; the native engine computes on another thread, the portable one on this, but lets others have a
 * turn before each call. Arrays that are given to a call must stay as they are until its promise settles.
 */
export interface Session {
  readonly engine: 'native' | 'portable';
  readonly program: Program;
  /**
   * Sets variables by name, to copies; those not named keep their values. Fails where a name is unknown or a size differs.
   */
  setVariables(values: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** Copies variables out, in the order asked for; all of the program's own without `names`. */
  readVariables(names?: readonly string[]): Promise<Map<string, Float32Array>>;
  /** Runs a method: all of its inputs are fed, its writes happen, and outputs come back, which the caller disposes of. */
  run(method: string, feeds: Feeds, options?: RunOptions): Promise<Map<string, DeviceValue>>;
  /** Copies a value that a session of this engine gave. Whole numbers become floats. */
  read(value: DeviceValue): Promise<Float32Array>;
  /** Does work that runs methods of this session, and gives the times of all kernels meanwhile. It takes longer for that. */
  traced(work: () => Promise<void>): Promise<KernelTime[]>;
  /** Counts the values that are held on the engine now, by whomever, to see leaks. */
  valueCount(): number;
  /** Frees the variables when all calls are done; further calls fail. Values stay until they are disposed of. */
  dispose(): Promise<void>;
}

/** Puts a program on the engine that somebody has chosen. */
export type OpenSession = (program: Program) => Promise<Session>;

/** Runs a method, and copies the outputs that come back. */
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
 * Gives the initial values of all variables: those that were `loaded`, else drawn from the seed and their names alone, the
 * same numbers on every engine. Averages start as what they are averages of.
 */
export function initialValues(
  variables: readonly Variable[],
  seed: number,
  loaded: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  return new Map(initialEntries(variables, seed, loaded));
}

/** Says that a method has no output of a name. */
export const unknownOutput = (method: string, name: string): SpadeworkError =>
  brokenInvariant(`method ${method} has no output '${name}'`);

/** How many bytes of variables are set at once. */
const groupBytes = 2 ** 24;

/** Tells whether all numbers are finite. */
export function areFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

/** Puts neighbors into groups of some size. */
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

/** Gives all variables their initial values, some at a time: together they would take as much memory again as the engine's. */
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

/** Makes an array for as many numbers, whatever they are by now. */
type Allocate = (count: number) => Float32Array;

/** Memory that is used again and again: what JavaScript lets go of is given back late. */
class Arena {
  private buffer = new ArrayBuffer(0);
  private used = 0;

  take(count: number): Float32Array {
    const bytes = count * Float32Array.BYTES_PER_ELEMENT;
    // What was taken before keeps the old one.
    if (this.used + bytes > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(Math.max(bytes, groupBytes));
      this.used = 0;
    }
    const taken = new Float32Array(this.buffer, this.used, count);
    this.used += bytes;
    return taken;
  }

  /** Says that nobody uses what was taken. */
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

/** Says that a session has no variable of a name. */
export const noVariable = (name: string): SpadeworkError => brokenInvariant(`there is no variable '${name}'`);

/** Gives the type of the variable that `values` are for; throws where there is none or the size differs. */
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
