/**
 * Defines the parameter types of language functions: what each accepts, in words for messages and as a TypeScript
 * type.
 */
import type { Hint } from '../../../dsl/fix.ts';
import type { Span } from '../../../dsl/source.ts';
import { isSize } from '../../ir/types.ts';
import type { SpecAttr } from '../../format/types.ts';
import type { SettingRule } from '../../ops/composite/index.ts';
import { hintOfText, integerHint } from '../values/value-types.ts';
import type {
  BlockValue,
  BuiltinValue,
  InitializerValue,
  LabelsValue,
  ListValue,
  NetworkValue,
  TensorValue,
  Value,
} from '../values/values.ts';

/** What a parameter accepts; it is read as a `T`. */
export interface Parameter<T> {
  /** The expected value, for messages: `an integer`. */
  readonly expected: string;
  /** Reads a value; undefined if the value does not fit. */
  readonly read: (value: Value) => T | undefined;
  /** Gives a hint for a value that does not fit. */
  readonly hintFor?: (value: Value, place: Span) => Hint | string | undefined;
  /** Whether a call may leave it out. */
  readonly isOptional?: true;
}

/** Makes a parameter optional. */
export const optional = <T>(parameter: Parameter<T>): Parameter<T | undefined> => ({
  ...parameter,
  isOptional: true,
});

type Kind = Value['kind'];
type OfKind<K extends Kind> = Extract<Value, { kind: K }>;

/** Makes a parameter that accepts values of these kinds unchanged. */
function ofKinds<K extends Kind>(expected: string, ...kinds: readonly K[]): Parameter<OfKind<K>> {
  const isOne = (value: Value): value is OfKind<K> => kinds.some((kind) => kind === value.kind);
  return { expected, read: (value) => (isOne(value) ? value : undefined) };
}

export const anything: Parameter<Value> = { expected: 'a value', read: (value) => value };
export const network: Parameter<NetworkValue> = ofKinds('a network of the experiment', 'network');
export const pictures: Parameter<TensorValue> = ofKinds('pictures', 'tensor');
export const labelsOrTensor: Parameter<LabelsValue | TensorValue> = ofKinds(
  'a label map or tensor',
  'labels',
  'tensor',
);
export const block: Parameter<BlockValue | BuiltinValue> = ofKinds('a block', 'block', 'builtin');
export const initial: Parameter<InitializerValue> = ofKinds('an initializer', 'initializer');

export const fullList: Parameter<ListValue> = {
  expected: 'a list that is not empty',
  read: (value) => (value.kind === 'list' && value.items.length > 0 ? value : undefined),
};

export const real: Parameter<number> = {
  expected: 'a number',
  read: (value) => (value.kind === 'number' ? value.value : undefined),
  hintFor: (value, place) => hintOfText(value, 'float', place),
};

export const integer: Parameter<number> = {
  expected: 'an integer',
  read: (value) => (value.kind === 'number' && value.integer ? value.value : undefined),
  hintFor: (value, place) => hintOfText(value, 'int', place) ?? integerHint(value),
};

export const count: Parameter<number> = {
  expected: 'a positive integer below 2^31',
  read: (value) => {
    const read = integer.read(value);
    return read !== undefined && isSize(read) ? read : undefined;
  },
};

export const boolean: Parameter<boolean> = {
  expected: 'true or false',
  read: (value) => (value.kind === 'boolean' ? value.value : undefined),
  hintFor: (value, place) => hintOfText(value, 'bool', place),
};

export const text: Parameter<string> = {
  expected: 'a string',
  read: (value) => (value.kind === 'string' ? value.value : undefined),
};

/** Makes a parameter that accepts a list whose items all fit another parameter. */
function listOf<T>(expected: string, { read }: Parameter<T>): Parameter<readonly T[]> {
  return {
    expected,
    read: (value) => {
      if (value.kind !== 'list') return undefined;
      const items = value.items.flatMap((item) => read(item) ?? []);
      return items.length === value.items.length ? items : undefined;
    },
  };
}

export const shape: Parameter<readonly number[]> = listOf('a list of positive integers below 2^31', count);

/** The parameters for the setting types of composites. */
export const settings: Readonly<Record<SettingRule['type'], Parameter<SpecAttr>>> = {
  int: integer,
  float: real,
  bool: boolean,
  string: text,
  ints: listOf('a list of integers', integer),
  floats: listOf('a list of numbers', real),
};
