/**
 * Answers for what a network or a summand of a loss was given, as the language writes it with expressions evaluated: this is how
 * differences are named.
 */
import type { Expression } from '../../dsl/ast.ts';
import { printExpression, printNumber, printText } from '../../dsl/index.ts';
import type { ArgumentSpec, CallSpec } from '../format/types.ts';
import { holds, type BlockValue, type Value } from './values/values.ts';

/** Writes a call of a block, with its settings in the order of its parameters; what the data give is none. */
export function writtenCall({ block, bound }: BlockValue): Required<CallSpec> {
  const list = block.parameters.flatMap((parameter): ArgumentSpec[] => {
    const name = parameter.name.text;
    const given = bound.get(name);
    if (given) return holds(given, 'tensor', 'labels') ? [] : [{ name, value: writeValue(given) }];
    return parameter.default ? [{ name, value: writeDefault(parameter.default), default: true }] : [];
  });
  return { definition: block.name.text, arguments: list };
}

/** Writes a block that needs no arguments as its name, however its author did. */
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
    // Nothing of these has a form in the language.
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
