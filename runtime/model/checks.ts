/**
 * Checks values from callers, who may not have a type checker: describes a value in words, and throws a SpadeworkError
 * if it is invalid.
 */
import { wrongArgument, wrongOption } from './messages.ts';

/** Throws a SpadeworkError if the value of an option is invalid. */
export type Check = (name: string, value: unknown) => void;

/** Checks by the names of options; every option must have one. */
export type Checks<Options> = Readonly<Record<keyof Options, Check>>;

const longestShown = 60;

/** Describes a value in a few words. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const isLong = value.length > longestShown;
      return JSON.stringify(isLong ? `${value.slice(0, longestShown)}...` : value);
    }
    case 'bigint':
      return `the BigInt ${value}n`;
    case 'symbol':
    case 'function':
      return `a ${typeof value}`;
    case 'object':
      return value === null ? 'null' : describeObject(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return Object.is(value, -0) ? '0' : String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  const { constructor } = value as { readonly constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  if (name === 'Promise') return 'a promise (await is missing)';
  return name === '' || name === 'Object' ? 'an object' : `an object of ${name}`;
}

/** Tells whether a value is a plain object, from any realm, not an instance of a class, a list or a Map. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.hasOwn(prototype as object, 'isPrototypeOf');
}

/** Copies the entries of an argument, each read once. Throws a SpadeworkError if it is not a plain object. */
export function entriesOf(name: string, value: unknown, expected: string): [string, unknown][] {
  if (!isPlainObject(value))
    throw wrongArgument(name, describe(value), expected, 'give an object literal: { name: value }');
  return Object.entries(value);
}

/** Gives an argument that must be a text. Throws a SpadeworkError otherwise. */
export function textArgument(name: string, value: unknown, expected: string): string {
  if (typeof value !== 'string') throw wrongArgument(name, describe(value), expected, 'give a string');
  return value;
}

/** Gives an argument that must be a path. Throws a SpadeworkError if it is not a text, or not a valid path. */
export function pathArgument(name: string, value: unknown, expected: string): string {
  const path = textArgument(name, value, expected);
  if (path === '' || path.includes('\0'))
    throw wrongArgument(
      name,
      describe(path),
      expected,
      'give a path, which is not empty and holds no NUL character',
    );
  return path;
}

/** Makes a check of a simple type. */
/** Gives an argument that is the path of a run's folder. Throws a SpadeworkError where it is none. */
export const runArgument = (name: string, value: unknown): string =>
  pathArgument(name, value, "the path of a run's folder");

function ofType(type: 'boolean' | 'function', expected: string, hint: string): Check {
  return (name, value) => {
    if (typeof value !== type) throw wrongOption(name, describe(value), expected, hint);
  };
}

export const boolean = ofType('boolean', 'true or false', 'leave it out to take the default');
export const callback = ofType('function', 'a function', 'leave it out to hear nothing');

/** Checks for a text that names something. */
export const text: Check = (name, value) => {
  if (typeof value !== 'string' || value === '')
    throw wrongOption(name, describe(value), 'a text that is not empty', 'leave it out to take the default');
};

/** Checks for any text. */
export const anyText: Check = (name, value) => {
  if (typeof value !== 'string')
    throw wrongOption(name, describe(value), 'a text', 'leave it out to take the default');
};

/** Checks for a list of texts. */
export const texts: Check = (name, value) => {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
    throw wrongOption(name, describe(value), 'a list of texts', 'write it in brackets: ["..."]');
};

/** Tells whether a value is an integer in a range. */
export const isWhole = (value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

/** Makes a check for integers from `least` to `most`. */
export function whole(least: number, most: number, hint = 'leave it out to take the default'): Check {
  return (name, value) => {
    if (!isWhole(value, least, most))
      throw wrongOption(name, describe(value), `a whole number from ${least} to ${most}`, hint);
  };
}

/** Checks for an object with values by name; the values are checked later, when the names are known. */
export const byName: Check = (name, value) => {
  if (!isPlainObject(value))
    throw wrongOption(name, describe(value), 'an object, by name', 'give an object literal: { name: value }');
};
