/** What a setting of a composite is: its kind, its range, and its value where none is given. */
import type { OpError } from '../../ir/node.ts';
import type { SpecAttr } from '../../format/types.ts';

/** Makes the error of a constraint that does not hold, which is to be thrown; `found` says what was there instead. */
export type Refuse = (constraint: string, found: string) => OpError;

export type SpecAttrs = Readonly<Record<string, SpecAttr>>;

/** The rule of a setting whose values are `T`; undefined is among them where it may be left out and has no preset. */
export interface SettingRule<T extends SpecAttr | undefined = SpecAttr | undefined> extends Range {
  readonly type: 'int' | 'float' | 'bool' | 'string' | 'ints' | 'floats';
  readonly doc: string;
  /** The value where none is given. */
  readonly preset?: T;
  /** Whether it may be left out although it has no preset. */
  readonly mayLack?: true;
  /** The words that it may be; any where there are none. */
  readonly choices?: readonly string[];
}

/** What numbers may be. */
interface Range {
  /** What an integer is at least. The schema does not tell: the op does, in its own words. */
  readonly least?: number;
  /** What a number is above, or from and to. */
  readonly above?: number;
  readonly from?: number;
  readonly to?: number;
}

/** An integer. */
export function int(
  doc: string,
  options: { readonly preset?: number } & Pick<Range, 'least'> = {},
): SettingRule<number> {
  return { type: 'int', doc, ...options };
}

/** A number. */
export function float(
  doc: string,
  options: { readonly preset?: number } & Omit<Range, 'least'> = {},
): SettingRule<number> {
  return { type: 'float', doc, ...options };
}

/** A switch that is off unless it is set. */
export function flag(doc: string): SettingRule<boolean> {
  return { type: 'bool', doc, preset: false };
}

/** A text that may be left out. */
export function optionalText(doc: string): SettingRule<string | undefined> {
  return { type: 'string', doc, mayLack: true };
}

/** A list of integers, such as a shape. */
export function ints(doc: string): SettingRule<readonly number[]> {
  return { type: 'ints', doc };
}

/** A list of numbers. */
export function floats(doc: string): SettingRule<readonly number[]> {
  return { type: 'floats', doc };
}

/** One of given words. */
export function oneOf<const T extends string>(
  choices: readonly T[],
  doc: string,
  options: { readonly preset?: NoInfer<T> } = {},
): SettingRule<T> {
  return { type: 'string', doc, choices, ...options };
}

/** Tells whether a setting must be given. */
export function isRequired(rule: SettingRule): boolean {
  return rule.preset === undefined && !rule.mayLack;
}

/** Requires settings that are what their rules say: JSON gives any number and any text. */
export function requireSettings(
  rules: Readonly<Record<string, SettingRule>>,
  attrs: SpecAttrs,
  refuse: Refuse,
): void {
  for (const [name, rule] of Object.entries(rules)) {
    const value = attrs[name];
    if (value !== undefined) requireSetting(name, rule, value, refuse);
  }
}

function requireSetting(name: string, rule: SettingRule, value: SpecAttr, refuse: Refuse): void {
  const { type, least, choices } = rule;
  if (choices && !choices.some((choice) => choice === value))
    throw refuse(
      `${name} is one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
      JSON.stringify(value),
    );
  if (least !== undefined && !(Number.isInteger(value) && Number(value) >= least))
    throw refuse(`${name} is an integer of at least ${least}`, String(value));
  if (type === 'float' || type === 'floats')
    for (const one of typeof value === 'object' ? value : [Number(value)])
      requireNumber(name, rule, one, refuse);
}

/** The smallest float32 that engines tell from 0: they may take what is below for 0. */
const smallest = 2 ** -126;

/** Requires a number that float32 has, in the range of its rule. */
function requireNumber(name: string, { above, from, to }: Range, value: number, refuse: Refuse): void {
  const found = String(value);
  if (!Number.isFinite(Math.fround(value)) || (value !== 0 && Math.abs(value) < smallest))
    throw refuse(`${name} is 0, or between 1.2e-38 and 3.4e38 in size, as numbers of float32 are`, found);
  if (above !== undefined && !(value > above)) throw refuse(`${name} is above ${above}`, found);
  if ((from !== undefined && value < from) || (to !== undefined && value > to))
    throw refuse(
      `${name} is ${[from !== undefined && `from ${from}`, to !== undefined && `up to ${to}`].filter(Boolean).join(' ')}`,
      found,
    );
}
