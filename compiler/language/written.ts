/**
 * Writes the arguments of a network or summand as the language would, with expressions evaluated; the diff of two
 * specs compares these texts.
 */
import type { Expression } from '../../dsl/ast.ts';
import { printExpression, printNumber, printText } from '../../dsl/index.ts';
import type { ArgumentSpec, CallSpec } from '../format/types.ts';
import { holds, type BlockValue, type Value } from './values/values.ts';

/** Writes a call of a block with its settings in the order of its parameters; inputs from the data are left out. */
export function writtenCall({ block, bound }: BlockValue): Required<CallSpec> {
  const list = block.parameters.flatMap((parameter): ArgumentSpec[] => {
    const name = parameter.name.text;
    const given = bound.get(name);
    if (given) return holds(given, 'tensor', 'labels') ? [] : [{ name, value: writeValue(given) }];
    return parameter.default ? [{ name, value: writeDefault(parameter.default), default: true }] : [];
  });
  return { definition: block.name.text, arguments: list };
}

/** Normalizes an expression: a call without arguments becomes the block's name. */
function writeDefault(expression: Expression): string {
  const isBare = expression.kind === 'call' && expression.arguments.length === 0;
  return printExpression(isBare ? expression.callee : expression);
}

function writeValue(value: Value): string {
  switch (value.kind) {
    case 'number':
      return printNumber(value.value, value.integer);
    case 'string':
      return printText(value.value);
    case 'boolean':
      return String(value.value);
    case 'size':
      return `${value.width}x${value.height}`;
    case 'list':
      return `[${value.items.map(writeValue).join(', ')}]`;
    case 'block':
      return writeCall(value.name, value.bound);
    case 'builtin':
      return writeCall(value.name, value.bound);
    case 'network':
      return value.name;
    case 'noise':
      return `noise(${value.size})`;
    case 'encoded':
      return `encoded(${value.network})`;
    case 'initializer': {
      const { kind, ...settings } = value.initializer;
      return writeSettings(kind, settings);
    }
    case 'optimizer': {
      const { kind, ...settings } = value.settings;
      return writeSettings(kind, settings);
    }
    // These have no literal form in the language.
    case 'record':
    case 'tensor':
    case 'labels':
    case 'unknown':
    case 'none':
      return value.kind;
  }
}

function writeCall(name: string, bound: ReadonlyMap<string, Value>): string {
  const list = [...bound].map(([key, value]) => `${key}: ${writeValue(value)}`);
  return list.length === 0 ? name : `${name}(${list.join(', ')})`;
}

function writeSettings(name: string, settings: object): string {
  return `${name}(${Object.entries(settings)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')})`;
}
