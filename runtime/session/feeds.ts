/**
 * What a call of a method is fed: checks what callers give, and where a method takes the patches of label maps in place of the
 * maps, finds these.
 */
import { brokenInvariant, must, type SpadeworkError } from '../../dsl/errors.ts';
import { edgesOf, instancesOf } from '../../compiler/build/instantiate.ts';
import { labelsInput } from '../../compiler/format/types.ts';
import { type Program, inputsOf } from '../../compiler/ir/program.ts';
import { isSymbolic, sizeOf, type Shape, type TensorType } from '../../compiler/ir/types.ts';
import { patchIndexer, type PatchTables } from '../../compiler/patches/tables.ts';
import { outerInputs, partOfInput, patchValues } from '../../compiler/passes/deduplicate-patches/inputs.ts';

/** Names the inputs by which methods take what belongs to label maps beside their ids. */
export const edgesInput = edgesOf(labelsInput);
export const instancesInput = instancesOf(labelsInput);

/** Names all inputs that change with the label map. */
export const mapInputs: readonly string[] = [labelsInput, edgesInput, instancesInput];

export type Values = Float32Array | Int32Array;

/** A value that stays on an engine: an output of a call, which another call can be fed with. */
export interface DeviceValue {
  readonly shape: Shape;
  readonly dtype: 'f32' | 'i32';
  /** Frees it; calls that were fed with it must have settled. It may be called again. */
  dispose(): void;
}

export type Feeds = Readonly<Record<string, Values | DeviceValue>>;

/** Says that a value is used after it was disposed of. */
export const disposedValue = (): SpadeworkError =>
  brokenInvariant('a value was used after it was disposed of');

/** Tells arrays from values on an engine. */
export const isArray = (value: Values | DeviceValue): value is Values => ArrayBuffer.isView(value);

/** Gives the array among feeds that is searched for patches, or compared; undefined where it is not fed. */
export function arrayOf(feeds: Feeds, name: string): Values | undefined {
  const value = feeds[name];
  if (value && !isArray(value))
    throw brokenInvariant(`input '${name}' is a label map, which is fed as an array`);
  return value;
}

/** A value for an input, in the shape that it has in this call. */
export interface Fed {
  readonly values: Values | DeviceValue;
  readonly shape: Shape;
  readonly dtype: TensorType['dtype'];
}

interface MethodInputs {
  /** What the engine takes, and what callers give. */
  readonly inner: ReadonlyMap<string, TensorType>;
  readonly outer: ReadonlyMap<string, TensorType>;
}

/** Finds the patches of the label maps among feeds that were checked. */
export type PatchFinder = (feeds: Feeds) => PatchTables;

/** Makes the finder of a program's patches; undefined where its methods take none. */
export function patchFinder({ patches }: Program): PatchFinder | undefined {
  if (!patches) return undefined;
  const { plan, maps } = patches;
  const indexer = patchIndexer(plan);
  return (feeds) => {
    const labels = must(arrayOf(feeds, maps.labels), 'feeds were checked') as Int32Array;
    return indexer.index(labels, plan.edges ? (arrayOf(feeds, maps.edges) as Float32Array) : undefined);
  };
}

/** Makes what the methods of a program are fed. */
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
   * Gives a value for every input of a method. `patches` are those of the label maps, if they are known already. Throws where
   * there is no such method, or feeds do not fit.
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

/** Gives the shape that `length` entries have where a size is open. */
function shapeIn(shape: Shape, length: number): Shape {
  const others = sizeOf(shape.filter((size) => !isSymbolic(size)));
  return shape.map((size) => (isSymbolic(size) ? length / others : size));
}

/** Refuses feeds that a method does not take, lacks, or that have another size. */
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
