/** Defines differences, pairs two lists by name, and formats values. */

/** One difference; a side is `undefined` if that spec lacks the thing. */
export interface Difference {
  readonly what: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Whether `what` is a full path of the language, which needs no section to be understood. */
  readonly isPath?: true;
}

export interface DiffSection {
  /** `data`, `network G`, `loss G`, `train`, `optimizer G`. */
  readonly title: string;
  readonly differences: readonly Difference[];
}

export interface SpecDiff {
  readonly before: string;
  readonly after: string;
  /** The sections with differences; empty if both specs mean the same. */
  readonly sections: readonly DiffSection[];
}

/** Pairs the items of two lists by name, in the order of the first list, then the second. */
export function pairUp<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (one: T) => string,
): (readonly [name: string, before: T | undefined, after: T | undefined])[] {
  const names = new Set([...before, ...after].map(nameOf));
  const find = (list: readonly T[], name: string): T | undefined => list.find((one) => nameOf(one) === name);
  return [...names].map((name) => [name, find(before, name), find(after, name)]);
}

/** Gives a difference if two texts are not equal. */
export function compared(what: string, before: string | undefined, after: string | undefined): Difference[] {
  return before === after ? [] : [{ what, before, after }];
}

/** Writes a setting as the language does. */
export function formatSetting(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'width' in value && 'height' in value)
    return `${String(value.width)}x${String(value.height)}`;
  if (Array.isArray(value)) return `[${value.map(formatSetting).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
