/**
 * Checks what the schema cannot: lengths refer to an earlier parameter of the same network with as many columns,
 * ranges are ordered, an axis order fits the rank, and variables fit the engine's arrays.
 */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { storedOrders, type VariableSpec } from '../../format/types.ts';
import { largestSize, sizeOf } from '../../ir/types.ts';
import * as messages from './messages.ts';
import type { Rule, Locate } from './rule.ts';

export const variablesFit: Rule = {
  name: 'variables-fit',
  check: ({ networks }, locate) =>
    networks.flatMap(({ variables }, network) =>
      variables.flatMap((variable, index) => {
        const pointer = `/networks/${network}/variables/${index}`;
        return [
          ...checkStart(variable, variables, index, pointer, locate),
          ...checkOrder(variable, pointer, locate),
          ...checkLength(variable, pointer, locate),
        ];
      }),
    ),
};

function checkStart(
  { shape, initializer }: VariableSpec,
  variables: readonly VariableSpec[],
  index: number,
  pointer: string,
  locate: Locate,
): Diagnostic[] {
  if (initializer.kind === 'uniform') {
    const { low, high } = initializer;
    const span = locate(`${pointer}/initializer/high`, 'value');
    return low <= high ? [] : [messages.wrongSetting('high', `at least low, ${low}`, String(high), span)];
  }
  if (initializer.kind !== 'lengths_of') return [];
  const parameters = variables.filter(({ role }) => role === 'parameter');
  const isSource = ({ name }: VariableSpec): boolean => name === initializer.variable;
  const source = parameters.find(isSource);
  if (!source || variables.findIndex(isSource) >= index) {
    const span = locate(`${pointer}/initializer/variable`, 'value');
    const names = parameters.map(({ name }) => name);
    return [messages.unknownReference(initializer.variable, span, names, source !== undefined)];
  }
  const expected = source.shape.slice(-1);
  if (String(shape) === String(expected)) return [];
  return [
    messages.wrongSetting(
      'shape',
      `[${expected.join(', ')}], the lengths of ${source.name}`,
      `[${shape.join(', ')}]`,
      locate(`${pointer}/shape`, 'value'),
    ),
  ];
}

function checkLength({ shape }: VariableSpec, pointer: string, locate: Locate): Diagnostic[] {
  if (sizeOf(shape) <= largestSize) return [];
  const expected = `at most ${largestSize} entries`;
  return [
    messages.wrongSetting('shape', expected, `[${shape.join(', ')}]`, locate(`${pointer}/shape`, 'value')),
  ];
}

function checkOrder({ shape, stored }: VariableSpec, pointer: string, locate: Locate): Diagnostic[] {
  if (stored === undefined || storedOrders[stored] === shape.length) return [];
  return [
    messages.wrongSetting(
      'stored',
      `an order of ${shape.length} axes, as shape has`,
      `"${stored}"`,
      locate(`${pointer}/stored`, 'value'),
    ),
  ];
}
