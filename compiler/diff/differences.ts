/** Answers for differences as such: how two lists are paired, and how values are written. */

/** One thing that differs; `undefined` where one of the specs lacks it. */
export interface Difference {
  readonly what: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Whether `what` is the path that changes it in the language, which says by itself where it belongs. */
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
  /** Those with differences; none where both specs mean the same. */
  readonly sections: readonly DiffSection[];
}

/** Pairs what two lists have under the same name, in the order of the first list, then the second. */
export function pairUp<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (one: T) => string,
): (readonly [name: string, before: T | undefined, after: T | undefined])[] {
  const names = new Set([...before, ...after].map(nameOf));
  const find = (list: readonly T[], name: string): T | undefined => list.find((one) => nameOf(one) === name);
  return [...names].map((name) => [name, find(before, name), find(after, name)]);
}

/** Gives a difference where two texts are not the same. */
export function compared(what: string, before: string | undefined, after: string | undefined): Difference[] {
  return before === after ? [] : [{ what, before, after }];
}

/** Writes a setting as the language would. */
export function formatSetting(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'width' in value && 'height' in value)
    return `${String(value.width)}x${String(value.height)}`;
  if (Array.isArray(value)) return `[${value.map(formatSetting).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
