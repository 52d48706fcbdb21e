/** The parameters that functions of the language have: what each accepts, in words and as a value of TypeScript. */
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

/** What a parameter accepts, read as a `T`. */
export interface Parameter<T> {
  /** What is expected, for messages: `an integer`. */
  readonly expected: string;
  /** Reads a value; undefined where it is something else. */
  readonly read: (value: Value) => T | undefined;
  /** Says what to write in place of another value. */
  readonly hintFor?: (value: Value, place: Span) => Hint | string | undefined;
  /** Whether a call may leave it out. */
  readonly isOptional?: true;
}

/** Makes a parameter that a call may leave out. */
export const optional = <T>(parameter: Parameter<T>): Parameter<T | undefined> => ({
  ...parameter,
  isOptional: true,
});

type Kind = Value['kind'];
type OfKind<K extends Kind> = Extract<Value, { kind: K }>;

/** Makes a parameter that takes values of some kinds, as they are. */
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

/** Makes a parameter that takes a list whose every item fits another parameter. */
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

/** What settings of composites accept, by the type that their rule names. */
export const settings: Readonly<Record<SettingRule['type'], Parameter<SpecAttr>>> = {
  int: integer,
  float: real,
  bool: boolean,
  string: text,
  ints: listOf('a list of integers', integer),
  floats: listOf('a list of numbers', real),
};
