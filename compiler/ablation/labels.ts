/** Makes the labels of an axis's values, and the names of an ablation's runs. */
import type { Argument, Expression } from '../../dsl/ast.ts';
import { printExpression } from '../../dsl/index.ts';

/** Writes values as short as distinguishes them: `spade(base: instance)`, but `batch` if no other value calls it. */
export function labelsOf(values: readonly Expression[]): string[] {
  const alike = new Map<string, Alike>();
  for (const value of values) {
    const name = calledBy(value);
    if (name === undefined) continue;
    const group = alike.get(name) ?? { count: 0, having: new Map<string, number>() };
    alike.set(name, group);
    group.count += 1;
    for (const text of new Set(argumentTexts(value)))
      group.having.set(text, (group.having.get(text) ?? 0) + 1);
  }
  return values.map((value) => {
    const name = calledBy(value);
    const group = name === undefined ? undefined : alike.get(name);
    if (value.kind !== 'call' || !group) return printExpression(value);
    const said = argumentTexts(value).filter((text) => group.having.get(text) !== group.count);
    return said.length === 0 ? `${name}` : `${name}(${said.join(', ')})`;
  });
}

/** Values of one axis with the same callee. */
interface Alike {
  count: number;
  /** How many of them have each argument, by its text. */
  readonly having: Map<string, number>;
}

/** Names the callee of a value, or the name that it is. */
function calledBy(value: Expression): string | undefined {
  const callee = value.kind === 'call' ? value.callee : value;
  return callee.kind === 'reference' ? callee.name : undefined;
}

function argumentTexts(value: Expression): string[] {
  return value.kind === 'call' ? value.arguments.map(textOf) : [];
}

function textOf({ name, value }: Argument): string {
  return `${name ? `${name.text}: ` : ''}${printExpression(value)}`;
}

/** The value of one axis, which gives one part of a run's name. */
export interface NamedPoint {
  readonly axis: string;
  readonly label: string;
}

/** The longest run name: names are parts of paths, which some systems limit. */
const longestName = 80;

/**
 * Makes a run's folder name from its labels: letters, digits, `-`, `_` and `.`; `taken` are the lower-case names in
 * use.
 */
export function nameRun(point: readonly NamedPoint[], seed: number, taken: ReadonlySet<string>): string {
  const parts = point.map(({ axis, label }) => {
    const text = slug(label);
    // A bare number or word needs the name of its axis.
    const isBare = !/^[A-Za-z]/.test(text) || ['none', 'true', 'false'].includes(text);
    return isBare ? `${slug(axis.split('.').at(-1) ?? axis)}-${text}` : text;
  });
  const stem = parts.join('_').slice(0, longestName);
  const ending = `s${seed}`;
  let name = [stem, ending].filter((part) => part !== '').join('_');
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${stem}.${count}_${ending}`;
  return name;
}

function slug(text: string): string {
  return text.match(/[A-Za-z0-9.]+/g)?.join('-') ?? 'empty';
}
