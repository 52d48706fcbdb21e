/** Answers for what two networks were given differently, in the words of those who wrote them: `G.width: 32 -> 16`. */
import type { ArgumentSpec, NetworkSpec } from '../spec/types.ts';
import { pairUp, type Difference } from './differences.ts';

/** Lists arguments that differ, or the calls where another network was made; undefined where a spec does not know its arguments. */
export function diffArguments(before: NetworkSpec, after: NetworkSpec): Difference[] | undefined {
  if (!before.arguments || !after.arguments) return undefined;
  if (before.definition !== after.definition)
    return [{ what: before.name, before: callOf(before), after: callOf(after), isPath: true }];
  return pairUp<ArgumentSpec>(before.arguments, after.arguments, ({ name }) => name).flatMap(
    ([name, one, other]) =>
      one?.value === other?.value
        ? []
        : [{ what: `${before.name}.${name}`, before: one?.value, after: other?.value, isPath: true }],
  );
}

/** Writes the call that made a network. */
function callOf({ definition, arguments: list = [] }: NetworkSpec): string {
  const given = list.filter((one) => !one.default).map(({ name, value }) => `${name}: ${value}`);
  return `${definition}(${given.join(', ')})`;
}
