/**
 * Prepares the feeds of a method call: checks them, and if a method takes the patches of label maps instead of the
 * maps, finds the patches.
 */
import { brokenInvariant, must, type SpadeworkError } from '../../dsl/errors.ts';
import { edgesOf, instancesOf } from '../../compiler/build/instantiate.ts';
import { labelsInput } from '../../compiler/format/types.ts';
import { type Program, inputsOf } from '../../compiler/ir/program.ts';
import { isSymbolic, sizeOf, type Shape, type TensorType } from '../../compiler/ir/types.ts';
import { patchIndexer, type PatchTables } from '../../compiler/patches/tables.ts';
import { outerInputs, partOfInput, patchValues } from '../../compiler/passes/deduplicate-patches/inputs.ts';

/** The names of inputs that belong to label maps, besides their ids. */
export const edgesInput = edgesOf(labelsInput);
export const instancesInput = instancesOf(labelsInput);

/** The names of all inputs that change with the label map. */
export const mapInputs: readonly string[] = [labelsInput, edgesInput, instancesInput];

export type Values = Float32Array | Int32Array;

/** A value that stays on an engine: an output of a call, which can be fed to another call. */
export interface DeviceValue {
  readonly shape: Shape;
  readonly dtype: 'f32' | 'i32';
  /** Frees the value; calls that it was fed to must have settled. Repeated calls have no effect. */
  dispose(): void;
}

export type Feeds = Readonly<Record<string, Values | DeviceValue>>;

/** Makes the error for the use of a disposed value. */
export const disposedValue = (): SpadeworkError =>
  brokenInvariant('a value was used after it was disposed of');

/** Tells arrays from values on an engine. */
export const isArray = (value: Values | DeviceValue): value is Values => ArrayBuffer.isView(value);

/** Gives a feed as the array that is searched for patches or compared; undefined if it is not fed. */
export function arrayOf(feeds: Feeds, name: string): Values | undefined {
  const value = feeds[name];
  if (value && !isArray(value))
    throw brokenInvariant(`input '${name}' is a label map, which is fed as an array`);
  return value;
}

/** A value for an input, in its shape in this call. */
export interface Fed {
  readonly values: Values | DeviceValue;
  readonly shape: Shape;
  readonly dtype: TensorType['dtype'];
}

interface MethodInputs {
  /** The inputs of the engine, and those of callers. */
  readonly inner: ReadonlyMap<string, TensorType>;
  readonly outer: ReadonlyMap<string, TensorType>;
}

/** Finds the patches of the label maps among checked feeds. */
export type PatchFinder = (feeds: Feeds) => PatchTables;

/** Makes the finder of a program's patches; undefined if its methods take none. */
export function patchFinder({ patches }: Program): PatchFinder | undefined {
  if (!patches) return undefined;
  const { plan, maps } = patches;
  const indexer = patchIndexer(plan);
  return (feeds) => {
    const labels = must(arrayOf(feeds, maps.labels), 'feeds were checked') as Int32Array;
    return indexer.index(labels, plan.edges ? (arrayOf(feeds, maps.edges) as Float32Array) : undefined);
  };
}

/** Makes the inputs of a program's methods from feeds. */
export class MethodFeeds {
  private readonly methods: ReadonlyMap<string, MethodInputs>;
  private readonly patchesOf: PatchFinder | undefined;

  constructor(program: Program) {
    this.methods = new Map(
      program.methods.map((method) => [
        method.name,
        { inner: inputsOf(method), outer: outerInputs(program, method) },
      ]),
    );
    this.patchesOf = patchFinder(program);
  }

  /**
   * Gives a value for every input of a method. `patches` are those of the label maps, if they are known already. Throws
   * if there is no such method, or if feeds do not fit.
   */
  of(method: string, feeds: Feeds, patches?: PatchTables): ReadonlyMap<string, Fed> {
    const inputs = this.methods.get(method);
    if (!inputs) throw brokenInvariant(`there is no method '${method}'`);
    checkFeeds(method, inputs.outer, feeds);
    let tables = patches;
    const valuesOf = (name: string): Values | DeviceValue => {
      const part = partOfInput(name);
      if (!part) return must(feeds[name], 'feeds were checked');
      tables ??= must(this.patchesOf, 'a program with patches has a plan of them')(feeds);
      return patchValues(tables, part.level, part.part);
    };
    return new Map(
      [...inputs.inner].map(([name, { dtype, shape }]) => {
        const values = valuesOf(name);
        return [
          name,
          { values, shape: isArray(values) ? shapeIn(shape, values.length) : values.shape, dtype },
        ];
      }),
    );
  }
}

/** Gives the shape of `length` entries, if a size is open. */
function shapeIn(shape: Shape, length: number): Shape {
  const others = sizeOf(shape.filter((size) => !isSymbolic(size)));
  return shape.map((size) => (isSymbolic(size) ? length / others : size));
}

/** Rejects unknown, missing and wrongly sized feeds. */
function checkFeeds(method: string, inputs: ReadonlyMap<string, TensorType>, feeds: Feeds): void {
  for (const [name, type] of inputs) {
    const values = feeds[name];
    if (!values) throw brokenInvariant(`method ${method} needs input '${name}' ([${type.shape}])`);
    if (Array.isArray(values))
      throw brokenInvariant(`input '${name}' of ${method} is fed a list; it takes ${type.dtype}`);
    if (!isArray(values)) checkDeviceValue(method, name, type, values);
    else if (values.length !== sizeOf(type.shape))
      throw brokenInvariant(
        `input '${name}' of ${method} has ${values.length} entries; [${type.shape}] needs ${sizeOf(type.shape)}`,
      );
    else if (values.constructor !== (type.dtype === 'i32' ? Int32Array : Float32Array))
      throw brokenInvariant(
        `input '${name}' of ${method} is fed a ${values.constructor.name}; it takes ${type.dtype}`,
      );
  }
  for (const name of Object.keys(feeds))
    if (!inputs.has(name))
      throw brokenInvariant(
        `method ${method} has no input '${name}'; it has ${[...inputs.keys()].join(', ')}`,
      );
}

function checkDeviceValue(
  method: string,
  name: string,
  { dtype, shape }: TensorType,
  value: DeviceValue,
): void {
  if (value.dtype !== dtype || value.shape.join() !== shape.join())
    throw brokenInvariant(
      `input '${name}' of ${method} is fed ${value.dtype}[${value.shape}]; it takes ${dtype}[${shape}]`,
    );
}
