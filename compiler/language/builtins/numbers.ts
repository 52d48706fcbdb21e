/** Defines the functions of numbers, with which a spec computes its settings. */
import { add } from '../../ops/composite/pointwise.ts';
import { must } from '../../../dsl/errors.ts';
import type { Span } from '../../../dsl/source.ts';
import type { Evaluation } from '../values/evaluation.ts';
import * as messages from '../values/messages.ts';
import {
  boolean,
  describe,
  integer,
  listOf,
  real,
  unknown,
  type NumberValue,
  type Value,
} from '../values/values.ts';
import { bind, placeOfArgument } from './arguments.ts';
import { defineBuiltin, type Builtin } from './define.ts';
import { anything, fullList } from './parameters.ts';

/** The longest list that `range` gives; a longer one is a mistake, and unrolling it could exhaust memory. */
const rangeLimit = 100_000;

interface Numeric {
  readonly name: string;
  readonly doc: string;
  /** The least count of numbers. */
  readonly least?: number;
  readonly most?: number;
  readonly integers?: boolean;
  readonly compute: (values: readonly number[], call: NumericCall) => Value;
}

interface NumericCall {
  readonly evaluator: Evaluation;
  readonly span: Span;
  /** Makes a number: an integer if all arguments of the call are integers. */
  readonly alike: (value: number) => Value;
}

/** Defines a variadic function of numbers; a list counts as its items. */
function numeric({ name, doc, least = 1, most = Infinity, integers = false, compute }: Numeric): Builtin {
  const isRight = (value: Value): value is NumberValue =>
    value.kind === 'number' && (!integers || value.integer);
  const itemsOf = (value: Value): readonly Value[] => (value.kind === 'list' ? value.items : [value]);
  return {
    name,
    role: 'number',
    doc,
    names: [],
    apply: (evaluator, given) => {
      const { positional, span } = given;
      if (!bind(evaluator, name, { ...given, positional: [] }, [])) return unknown;
      const values = positional.flatMap(itemsOf);
      if (values.some((value) => value.kind === 'unknown')) return unknown;
      const wrong = (expected: string, found: string, place: Span): Value =>
        evaluator.fail(messages.wrongType(`arguments of ${name}`, expected, found, place));
      const index = positional.findIndex((value) => !itemsOf(value).every(isRight));
      const odd = positional[index];
      if (odd)
        return wrong(integers ? 'integers' : 'numbers', describe(odd), placeOfArgument(given, '', index));
      if (values.length < least) return wrong(least === 1 ? 'a number' : `${least} numbers`, 'none', span);
      if (values.length > most)
        return evaluator.fail(
          messages.tooManyArguments(name, values.length, most, placeOfArgument(given, '', most)),
        );
      const numbers = values.filter(isRight);
      const areIntegers = numbers.every((one) => one.integer);
      const result = compute(
        numbers.map(({ value }) => value),
        { evaluator, span, alike: areIntegers ? integer : real },
      );
      return isExact(result) ? result : evaluator.fail(tooLarge(result, span));
    },
  };
}

/** Tells whether a 64-bit float holds a number exactly; values other than numbers pass. */
function isExact(value: Value): boolean {
  if (value.kind !== 'number') return true;
  return value.integer ? Number.isSafeInteger(value.value) : Number.isFinite(value.value);
}

const tooLarge = (value: Value, span: Span) =>
  messages.tooLargeNumber(value.kind === 'number' && value.integer ? 'integer' : 'float', span);

/** Rounds halves to even, as Python does: 2.5 gives 2, 3.5 gives 4. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}

interface Rounding {
  readonly name: string;
  readonly doc: string;
  readonly round: (value: number) => number;
}

const rounding = ({ name, doc, round }: Rounding): Builtin =>
  numeric({ name, doc, most: 1, compute: ([x]) => integer(round(must(x, 'one number is given'))) });

const range = numeric({
  name: 'range',
  doc: 'range(n) is 0 .. n-1; range(a, b) is a .. b-1.',
  most: 2,
  integers: true,
  compute: ([first = 0, second], { evaluator, span }) => {
    const [start, end] = second === undefined ? [0, first] : [first, second];
    const length = Math.max(0, end - start);
    if (length > rangeLimit) return evaluator.fail(messages.rangeTooLong(length, rangeLimit, span));
    evaluator.budget.spend('entries', length);
    return listOf(Array.from({ length }, (_, index) => integer(start + index)));
  },
});

const total = defineBuiltin({
  name: 'total',
  role: 'number',
  doc: 'Adds up a list of numbers or tensors.',
  parameters: { list: fullList },
  apply: ({ list: { items } }, { evaluator, span }) =>
    items.reduce((sum, item) => {
      if (sum.kind === 'unknown' || item.kind === 'unknown') return unknown;
      if (sum.kind === 'number' && item.kind === 'number') {
        const both = (sum.integer && item.integer ? integer : real)(sum.value + item.value);
        return isExact(both) ? both : evaluator.fail(tooLarge(both, span));
      }
      const [a, b] = [evaluator.asTensor(sum, span), evaluator.asTensor(item, span)];
      return a && b
        ? evaluator.record(add, [a, b], {}, span)
        : evaluator.fail(messages.wrongType('item of total', 'a number or tensor', describe(item), span));
    }),
});

const isList = defineBuiltin({
  name: 'is_list',
  role: 'number',
  doc: 'Whether a value is a list.',
  parameters: { value: anything },
  apply: ({ value }) => boolean(value.kind === 'list'),
});

export const numberBuiltins: readonly Builtin[] = [
  numeric({
    name: 'min',
    doc: 'The smallest of numbers.',
    compute: (values, { alike }) => alike(Math.min(...values)),
  }),
  numeric({
    name: 'max',
    doc: 'The largest of numbers.',
    compute: (values, { alike }) => alike(Math.max(...values)),
  }),
  rounding({ name: 'floor', doc: 'The next integer below.', round: Math.floor }),
  rounding({ name: 'ceil', doc: 'The next integer above.', round: Math.ceil }),
  rounding({ name: 'round', doc: 'The nearest integer, halves to even.', round: roundHalfEven }),
  range,
  numeric({
    name: 'product',
    doc: 'The product of numbers.',
    least: 0,
    compute: (values, { alike }) => alike(values.reduce((result, one) => result * one, 1)),
  }),
  total,
  isList,
];
