/** Binds the arguments of a call to the names of parameters, and finds the place of each argument. */
import { must } from '../../../dsl/errors.ts';
import type { Hint } from '../../../dsl/fix.ts';
import type { Span } from '../../../dsl/source.ts';
import { composites } from '../../ops/composite/index.ts';
import type { Argumented, Evaluation } from '../values/evaluation.ts';
import * as messages from '../values/messages.ts';
import { describe, holdsUnknown, type Value } from '../values/values.ts';
import type { Parameter } from './parameters.ts';

/** Binds arguments to `names`; reports extra, unknown and missing ones. Gives undefined after a mistake. */
export function bind(
  evaluator: Evaluation,
  callee: string,
  given: Argumented,
  names: readonly string[],
  optional: readonly string[] = [],
): Map<string, Value> | undefined {
  const all = [...names, ...optional];
  if (given.positional.length > all.length) {
    const surplus = given.spans.get(all.length) ?? given.span;
    evaluator.fail(
      messages.tooManyArguments(callee, given.positional.length, all.length, surplus, given.written?.piped),
    );
    return undefined;
  }
  const bound = new Map<string, Value>();
  given.positional.forEach((value, index) =>
    bound.set(must(all[index], 'arguments were counted before they are bound'), value),
  );
  let sound = true;
  for (const [name, value] of given.named) {
    const span = given.nameSpans.get(name) ?? given.span;
    if (!all.includes(name)) evaluator.fail(messages.unknownArgument(callee, name, span, all));
    else if (bound.has(name)) evaluator.fail(messages.argumentGivenTwice(callee, name, span));
    else {
      bound.set(name, value);
      continue;
    }
    sound = false;
  }
  const missing = names.find((name) => !bound.has(name));
  if (missing !== undefined) {
    // Other frameworks wrap layers in weight normalizations; here a layer takes one as the argument for its weight.
    const isParametrized = composites.get(callee)?.traits.normalizes === 'weights';
    evaluator.fail(
      messages.missingArgument(callee, missing, given.span, isParametrized ? parametrizedWeight : undefined),
    );
    sound = false;
  }
  return sound && ![...bound.values()].some(holdsUnknown) ? bound : undefined;
}

const parametrizedWeight =
  'a layer is given what normalizes its weight: conv(8, weight: spectral), with use norms { spectral }';

/** A call of a function that the compiler provides. */
export interface BuiltinUse {
  readonly evaluator: Evaluation;
  readonly callee: string;
  readonly given: Argumented;
}

/** An argument of a call, under its parameter's name; `index` is its position. */
export interface Given {
  readonly name: string;
  readonly index: number;
  readonly value: Value;
}

/** Reports an argument whose value is not what is expected. */
export function failArgument(
  { evaluator, callee, given }: BuiltinUse,
  { name, index, value }: Given,
  expected: string,
  hint?: Hint | string,
): Value {
  const place = placeOfArgument(given, name, index);
  return evaluator.fail(messages.wrongType(`'${name}' of ${callee}`, expected, describe(value), place, hint));
}

/** Reads an argument as its parameter says; undefined, and reported, if it accepts no such value. */
export function readArgument<T>(
  use: BuiltinUse,
  argument: Given,
  { read, expected, hintFor }: Parameter<T>,
): T | undefined {
  const { name, index, value } = argument;
  const found = read(value);
  if (found === undefined) {
    const hint = hintFor?.(value, placeOfArgument(use.given, name, index));
    failArgument(use, argument, expected, hint);
  }
  return found;
}

/** Gives the place of an argument, for messages about its value. */
export function placeOfArgument(given: Argumented, name: string, index: number): Span {
  return placeOfInput(given, name, index) ?? given.span;
}

/** Gives the place of an argument; undefined if the argument was not written in the call itself. */
export function placeOfInput(given: Argumented, name: string, index: number): Span | undefined {
  return given.spans.get(name) ?? given.spans.get(index);
}
