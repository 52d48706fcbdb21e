/** Answers for what two networks or summands were given differently, in the words of those who wrote them: `G.width: 32 -> 16`. */
import type { ArgumentSpec, CallSpec } from '../format/types.ts';
import { pairUp, type Difference } from './differences.ts';

/**
 * Lists arguments that differ, or the calls where something else was called; undefined where a spec does not know its arguments.
 * `path` is what the language calls it by.
 */
export function diffArguments(path: string, before: CallSpec, after: CallSpec): Difference[] | undefined {
  if (!before.arguments || !after.arguments) return undefined;
  if (before.definition !== after.definition)
    return [{ what: path, before: callOf(before), after: callOf(after), isPath: true }];
  return pairUp<ArgumentSpec>(before.arguments, after.arguments, ({ name }) => name).flatMap(
    ([name, one, other]) =>
      one?.value === other?.value
        ? []
        : [{ what: `${path}.${name}`, before: one?.value, after: other?.value, isPath: true }],
  );
}

function callOf({ definition = '', arguments: list = [] }: CallSpec): string {
  const given = list.filter((one) => !one.default).map(({ name, value }) => `${name}: ${value}`);
  return `${definition}(${given.join(', ')})`;
}
