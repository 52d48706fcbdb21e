/** Answers for what the values of an axis and the runs of an ablation are called. */
import type { Argument, Expression } from '../../dsl/ast.ts';
import { printExpression } from '../../dsl/index.ts';

/** Writes values as short as tells them apart: `spade(base: instance)`, and `batch` where no other value calls it. */
export function labelsOf(values: readonly Expression[]): string[] {
  const calls = values.map(calledBy);
  return values.map((value, index) => {
    const name = calls[index];
    if (value.kind !== 'call' || name === undefined) return printExpression(value);
    const alike = values.filter((_, other) => calls[other] === name);
    const isSaid = (argument: Argument): boolean =>
      !alike.every((other) => argumentTexts(other).includes(textOf(argument)));
    const said = value.arguments.filter(isSaid);
    return said.length === 0 ? name : `${name}(${said.map(textOf).join(', ')})`;
  });
}

/** Names what a value calls, or stands for. */
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

/** One part of a run's name comes from each axis. */
export interface NamedPoint {
  readonly axis: string;
  readonly label: string;
}

/** Names are parts of paths, which some systems keep short. */
const longestName = 80;

/** Names a run's folder after its labels: letters, digits, `-`, `_` and `.`; `taken` are those given before, in small letters. */
export function nameRun(point: readonly NamedPoint[], seed: number, taken: ReadonlySet<string>): string {
  const parts = point.map(({ axis, label }) => {
    const text = slug(label);
    // A bare number or word says nothing without what it is a value of.
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
  return text.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'empty';
}
