/**
 * Defines functions of the language: an entry names its parameters once, and `apply` takes their values by these names, with their types.
 *
 *     defineBuiltin({
 *       name: 'noise', role: 'input', doc: 'A noise input …',
 *       parameters: { size: count },
 *       apply: ({ size }) => ({ kind: 'noise', size }),
 *     })
 *
 * A call with arguments that do not fit is reported, and `apply` does not run.
 */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Hint } from '../../../dsl/fix.ts';
import type { Span } from '../../../dsl/source.ts';
import type { Argumented, Evaluation } from '../values/evaluation.ts';
import { unknown, type Value } from '../values/values.ts';
import { bind, failArgument, placeOfInput, readArgument } from './arguments.ts';
import type { Parameter } from './parameters.ts';

/** What a function is for; this decides where it may be called. */
export type BuiltinRole = 'number' | 'tensor' | 'variable' | 'initializer' | 'input' | 'loss' | 'optimizer';

/** A function that the compiler provides. */
export interface Builtin {
  readonly name: string;
  readonly role: BuiltinRole;
  readonly doc: string;
  /** The names that named arguments may use. */
  readonly names: readonly string[];
  /** The data parameter without which a call gives the function with its options bound. */
  readonly partial?: string;
  readonly apply: (evaluator: Evaluation, given: Argumented, label: string | undefined) => Value;
}

type Parameters = Readonly<Record<string, Parameter<unknown>>>;
type Read<P extends Parameters> = { readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };

/** What `apply` gets beside the arguments. */
export interface BuiltinCall<Name extends string = string> {
  readonly evaluator: Evaluation;
  /** The label of the call, from `as`. */
  readonly label: string | undefined;
  /** The place of the whole call. */
  readonly span: Span;
  /** The place of the function's name. */
  readonly callee: Span;
  /** Reports an argument of the right kind but with a wrong value. */
  readonly wrong: (name: Name, expected: string, found: Value, hint?: Hint | string) => Value;
  /** Gives the place of an argument; undefined if it was not written in the call itself. */
  readonly placeOf: (name: Name) => Span | undefined;
}

/** Gives the context of a call, such as a loss, or reports why the function cannot be called here. */
export type Within<Context> = (
  evaluator: Evaluation,
  callee: string,
  span: Span,
) => { readonly context: Context } | { readonly refused: Diagnostic };

interface BuiltinEntry<P extends Parameters, Context> extends Pick<
  Builtin,
  'name' | 'role' | 'doc' | 'partial'
> {
  /** The parameters; required ones come first. */
  readonly parameters: P;
  readonly apply: (args: Read<P>, call: BuiltinCall<keyof P & string>, context: Context) => Value;
}

/** Defines a function that may be called anywhere. */
export const defineBuiltin = <P extends Parameters>(entry: BuiltinEntry<P, undefined>): Builtin =>
  defineBuiltinWithin(() => ({ context: undefined }), entry);

/** Defines a function that may be called only in a context, such as a loss. */
export function defineBuiltinWithin<P extends Parameters, Context>(
  within: Within<Context>,
  entry: BuiltinEntry<P, Context>,
): Builtin {
  const { name: callee, role, doc, partial, parameters } = entry;
  const rules = Object.entries<Parameter<unknown>>(parameters);
  const names = rules.map(([name]) => name);
  const needed = rules.flatMap(([name, { isOptional }]) => (isOptional ? [] : [name]));
  const left = rules.flatMap(([name, { isOptional }]) => (isOptional ? [name] : []));
  return {
    name: callee,
    role,
    doc,
    names,
    ...(partial !== undefined && { partial }),
    apply: (evaluator, given, label) => {
      const bound = bind(evaluator, callee, given, needed, left);
      const surrounding = within(evaluator, callee, given.span);
      if ('refused' in surrounding) return evaluator.fail(surrounding.refused);
      if (!bound) return unknown;
      const use = { evaluator, callee, given };
      const args: Record<string, unknown> = {};
      for (const [index, [name, parameter]] of rules.entries()) {
        const value = bound.get(name);
        if (!value) continue;
        args[name] = readArgument(use, { name, index, value }, parameter);
        if (args[name] === undefined) return unknown;
      }
      const call: BuiltinCall = {
        evaluator,
        label,
        span: given.span,
        callee: given.callee,
        wrong: (name, expected, value, hint) =>
          failArgument(use, { name, index: names.indexOf(name), value }, expected, hint),
        placeOf: (name) => placeOfInput(given, name, names.indexOf(name)),
      };
      // Every argument was read by the parameter of its name.
      return entry.apply(args as Read<P>, call, surrounding.context);
    },
  };
}
