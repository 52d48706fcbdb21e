/** Compares the arguments of two networks or summands, as the language writes them: `G.width: 32 -> 16`. */
import type { ArgumentSpec, CallSpec } from '../format/types.ts';
import { pairUp, type Difference } from './differences.ts';

/**
 * Lists differing arguments, or the two calls if the callees differ; undefined if a spec does not record its
 * arguments. `path` is the path of the call in the language.
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
