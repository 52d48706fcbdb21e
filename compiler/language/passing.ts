/** Makes hints that add a missing argument to a call, from a value in scope that fits. */
import type { WrittenCall, Scope } from './values/evaluation.ts';
import type { Block, Call, Parameter } from '../../dsl/ast.ts';
import { inserting, type Hint } from '../../dsl/fix.ts';
import { typeRules } from './values/value-types.ts';
import type { Value } from './values/values.ts';

/** Makes the hint that passes a fitting value in scope for a parameter of `block`; undefined if there is none. */
export function passing(
  parameter: Parameter,
  block: Block,
  { call, scope, piped }: WrittenCall,
): Hint | undefined {
  const found = atHand(parameter, scope);
  return found === undefined ? undefined : writing(parameter.name.text, found, block, call, piped);
}

/** Makes the hint that writes an argument into a call: by position if it is next, otherwise by name. */
export function writing(name: string, value: string, block: Block, call: Call, piped: boolean): Hint {
  const given = call.arguments.filter((argument) => !argument.name).length + (piped ? 1 : 0);
  const isNext = block.parameters[given]?.name.text === name;
  const text = isNext ? value : `${name}: ${value}`;
  const { source } = call.span;
  const say = (): string => `pass it: ${text}`;
  const { end } = call.callee.span;
  const [first] = call.arguments;
  const last = isNext ? call.arguments.filter((argument) => !argument.name).at(-1) : call.arguments.at(-1);
  if (last) return inserting(source, last.span.end, `, ${text}`, say);
  if (first) return inserting(source, first.span.start, `${text}, `, say);
  const open = /^\s*\(/.exec(source.text.slice(end, call.span.end));
  return open ? inserting(source, end + open[0].length, text, say) : inserting(source, end, `(${text})`, say);
}

/** Finds a variable that fits a parameter: one of the same name, or the only label map. */
function atHand({ name, type }: Parameter, scope: Scope): string | undefined {
  const rule = type && typeRules.get(type.name);
  const fits = (value: Value): boolean => value.kind !== 'unknown' && rule?.accepts(value) === true;
  const own = scope.bindings.get(name.text);
  if (own && fits(own)) return name.text;
  if (type?.name !== 'LabelMap') return undefined;
  const [only, ...others] = [...scope.bindings].filter(([, value]) => value.kind === 'labels');
  return others.length === 0 ? only?.[0] : undefined;
}
