/** Defines the values of the language at compile time, and describes them for messages. */
import type { Block } from '../../../dsl/ast.ts';
import { type Node, shapeOf, typeOf } from '../../ir/node.ts';
import type { Initializer } from '../../ir/variables.ts';
import type { Ref } from '../../format/types.ts';
import type { OptimizerSpec } from '../../optimizers/index.ts';
import type { Module } from './module.ts';

export interface NumberValue {
  readonly kind: 'number';
  readonly value: number;
  readonly integer: boolean;
}
export interface SizeValue {
  readonly kind: 'size';
  readonly width: number;
  readonly height: number;
}
export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
}
export interface RecordValue {
  readonly kind: 'record';
  readonly fields: ReadonlyMap<string, Value>;
}
/** A tensor of the network: its reference in the spec, and its node in the scratch graph, which has the shape. */
export interface TensorValue {
  readonly kind: 'tensor';
  readonly ref: Ref;
  readonly node: Node;
  /** Whether axis 0 is the batch; false for weights and values computed from weights alone. */
  readonly batched: boolean;
}
/** A label map: its ids and, if the data has instances, their edges and ids. */
export interface LabelsValue {
  readonly kind: 'labels';
  readonly ids: TensorValue;
  readonly edges: TensorValue | undefined;
  readonly instances: TensorValue | undefined;
  readonly classes: number;
}
/**
 * A block with some arguments bound. `name` is the name it was called by, which may be an alias. `path` is set if
 * `let` made it an instance, which shares its parameters; the path of a network is empty.
 */
export interface BlockValue {
  readonly kind: 'block';
  readonly name: string;
  readonly block: Block;
  readonly module: Module;
  readonly bound: ReadonlyMap<string, Value>;
  readonly path: string | undefined;
}
/** A function of the compiler, with some arguments bound. */
export interface BuiltinValue {
  readonly kind: 'builtin';
  readonly name: string;
  readonly bound: ReadonlyMap<string, Value>;
}
/** A network of an experiment, which losses call. */
export interface NetworkValue {
  readonly kind: 'network';
  readonly name: string;
}
export interface NoiseValue {
  readonly kind: 'noise';
  readonly size: number;
}
/**
 * A code: what a network of the experiment makes of the photograph, as an input of another network; [mean, log
 * variance] if sampled.
 */
export interface EncodedValue {
  readonly kind: 'encoded';
  readonly network: string;
  readonly shape: readonly number[];
  readonly sampled: boolean;
}
export interface InitializerValue {
  readonly kind: 'initializer';
  readonly initializer: Initializer;
  /** How many lengths it takes, if it takes lengths of a parameter. */
  readonly lengths?: number;
}
type WithoutNetwork<T> = T extends unknown ? Omit<T, 'network'> : never;
export interface OptimizerValue {
  readonly kind: 'optimizer';
  readonly settings: WithoutNetwork<OptimizerSpec>;
}

export type Value =
  | NumberValue
  | SizeValue
  | ListValue
  | RecordValue
  | TensorValue
  | LabelsValue
  | BlockValue
  | BuiltinValue
  | NetworkValue
  | NoiseValue
  | EncodedValue
  | InitializerValue
  | OptimizerValue
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'none' }
  /** The value of an expression with a reported mistake; nothing more is reported about it. */
  | { readonly kind: 'unknown' };

export const none: Value = { kind: 'none' };
export const unknown: Value = { kind: 'unknown' };
export const integer = (value: number): NumberValue => ({ kind: 'number', value, integer: true });
export const real = (value: number): NumberValue => ({ kind: 'number', value, integer: false });
export const boolean = (value: boolean): Value => ({ kind: 'boolean', value });
export const listOf = (items: readonly Value[]): ListValue => ({ kind: 'list', items });

/** Gives a tensor's shape without the batch. */
export function innerShape(tensor: TensorValue): readonly number[] {
  return tensor.batched ? shapeOf(tensor.node).slice(1) : shapeOf(tensor.node);
}

/** Tells whether a tensor holds an integer for every pixel. */
export function isIdMap(tensor: TensorValue): boolean {
  return tensor.batched && typeOf(tensor.node).dtype === 'i32' && innerShape(tensor).length === 2;
}

/** Tells whether a value is or contains `unknown`. */
export function holdsUnknown(value: Value): boolean {
  return holds(value, 'unknown');
}

/** Tells whether a value is of one of these kinds, or a list that contains one. */
export function holds(value: Value, ...kinds: readonly Value['kind'][]): boolean {
  return (
    kinds.includes(value.kind) || (value.kind === 'list' && value.items.some((item) => holds(item, ...kinds)))
  );
}

/** Describes a value for messages: `an integer`, `a picture 64x64 of 3 channels`. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'number':
      return value.integer
        ? `the integer ${value.value}`
        : `the number ${Number.isInteger(value.value) ? value.value.toFixed(1) : value.value}`;
    case 'string':
      return `the string ${JSON.stringify(value.value)}`;
    case 'boolean':
      return String(value.value);
    case 'none':
      return 'none';
    case 'size':
      return `the size ${value.width}x${value.height}`;
    case 'list': {
      const isShort = value.items.length <= 8 && value.items.every((item) => item.kind === 'number');
      return isShort
        ? `the list [${value.items.map((item) => describe(item).split(' ').at(-1)).join(', ')}]`
        : `a list of ${value.items.length}`;
    }
    case 'record':
      return `a record of ${[...value.fields.keys()].join(', ')}`;
    case 'tensor':
      return describeTensor(value);
    case 'labels': {
      const [, height, width] = shapeOf(value.ids.node);
      return `a label map ${width}x${height} of ${value.classes} classes`;
    }
    case 'block':
      return `the ${value.block.keyword} ${value.name}`;
    case 'builtin':
      return `the function ${value.name}`;
    case 'network':
      return `the network ${value.name}`;
    case 'noise':
      return `noise of ${value.size} numbers`;
    case 'encoded':
      return `what ${value.network} encodes, of shape [${value.shape.join(', ')}]`;
    case 'initializer':
      return 'an initializer';
    case 'optimizer':
      return 'an optimizer';
    case 'unknown':
      return 'an unknown value';
  }
}

function describeTensor(tensor: TensorValue): string {
  const shape = innerShape(tensor);
  if (shape.length === 0) return 'a scalar tensor';
  if (isIdMap(tensor)) return `a map of ids ${shape[1]}x${shape[0]}`;
  if (tensor.batched && shape.length === 3)
    return `a tensor of height ${shape[0]}, width ${shape[1]}, ${shape[2]} channels`;
  return `a ${tensor.batched ? 'tensor' : 'weight'} of shape [${shape.join(', ')}]`;
}
