/**
 * Checks options with a structure of their own: inputs and settings of a lone network, rules of names, providers of
 * texts.
 */
import { mostClasses } from '../../compiler/format/types.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { byName, describe, isPlainObject, isWhole, type Check } from './checks.ts';
import { unknownOption, wrongOption } from './messages.ts';
import type { Source, TextProvider } from './types.ts';

/** The most entries of an array that engines accept. */
const mostEntries = 2 ** 31 - 1;

/** Tells whether a value is a shape that engines accept. */
function isShape(value: unknown, rank?: number): value is number[] {
  return (
    Array.isArray(value) &&
    (rank === undefined || value.length === rank) &&
    Array.from(value as unknown[]).every((size) => isWhole(size, 1, mostEntries)) &&
    sizeOf(value as number[]) <= mostEntries
  );
}

const keysOf = {
  labels: ['kind', 'width', 'height', 'classes', 'edges'],
  tensor: ['kind', 'shape'],
  noise: ['kind', 'shape'],
} as const;
const kindHint = "declare { kind: 'tensor', shape }, { kind: 'noise', shape }, or labels by their sizes";

/** Checks declarations of inputs. */
export const declarations: Check = (name, value) => {
  byName(name, value);
  for (const [input, declared] of Object.entries(value as object))
    checkDeclaration(`${name}.${input}`, declared);
};

function checkDeclaration(name: string, declared: unknown): void {
  if (!isPlainObject(declared)) throw wrongOption(name, describe(declared), 'a declaration', kindHint);
  const { kind, shape, width, height, classes, edges } = declared as Readonly<Record<string, unknown>>;
  if (kind !== 'labels' && kind !== 'tensor' && kind !== 'noise')
    throw wrongOption(`${name}.kind`, describe(kind), "'labels', 'tensor' or 'noise'", kindHint);
  const known = keysOf[kind];
  for (const key of Object.keys(declared))
    if (!known.some((one) => one === key)) throw unknownOption(`${name}.${key}`, known);
  if (kind !== 'labels') {
    if (!isShape(shape))
      throw wrongOption(
        `${name}.shape`,
        Array.isArray(shape) ? `[${Array.from(shape, describe).join(',')}]` : describe(shape),
        `a list of whole numbers from 1, at most ${mostEntries} entries`,
        'leave the batch out: [height, width, channels]',
      );
    return;
  }
  for (const [key, size] of Object.entries({ width, height }))
    if (!isShape([size]))
      throw wrongOption(`${name}.${key}`, describe(size), 'a whole number from 1', kindHint);
  if (!isWhole(classes, 1, mostClasses))
    throw wrongOption(
      `${name}.classes`,
      describe(classes),
      `a whole number from 1 to ${mostClasses}`,
      kindHint,
    );
  if (!isShape([width, height, classes]))
    throw wrongOption(name, 'sizes of too many entries', `at most ${mostEntries}`, 'give smaller sizes');
  if (edges !== undefined && typeof edges !== 'boolean')
    throw wrongOption(`${name}.edges`, describe(edges), 'true or false', 'leave it out where there are none');
}

/** Checks arguments for a lone network's parameters. */
export const settings: Check = (name, value) => {
  byName(name, value);
  for (const [key, setting] of Object.entries(value as object)) {
    if (Number.isFinite(setting) || typeof setting === 'boolean' || typeof setting === 'string') continue;
    throw wrongOption(
      `${name}.${key}`,
      describe(setting),
      'a finite number, true, false or a text',
      'name blocks, such as norms, in a text of your own, and open that',
    );
  }
};

/** Checks for the name of a mapping, or a list of rules. */
export const rules: Check = (name, value) => {
  if (typeof value === 'string' && value !== '') return;
  if (!Array.isArray(value))
    throw wrongOption(
      name,
      describe(value),
      "the name of a mapping, a JSON file's path, or a list of rules",
      'leave it out where names are the same on both sides',
    );
  Array.from(value as unknown[]).forEach((rule, index) => checkRule(`${name}[${index}]`, rule));
};

const ruleKeys = ['ours', 'official', 'without'];

function checkRule(name: string, rule: unknown): void {
  const hint = "write { ours: 'c.{p}', official: 'conv.{p}' }";
  if (!isPlainObject(rule)) throw wrongOption(name, describe(rule), 'a rule', hint);
  const given = rule as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given))
    if (!ruleKeys.includes(key)) throw unknownOption(`${name}.${key}`, ruleKeys);
  for (const key of ruleKeys) {
    const isMissing = given[key] === undefined && key === 'without';
    if (!isMissing && typeof given[key] !== 'string')
      throw wrongOption(`${name}.${key}`, describe(given[key]), 'a text', hint);
  }
}

const providerHint = 'give { libraryModules, library(module), file(path, from) }, none of them async';

/** Checks for a provider of texts. */
export const provider: Check = (name, value) => {
  if (typeof value !== 'object' || value === null)
    throw wrongOption(name, describe(value), 'a provider of texts', providerHint);
  const { libraryModules, library, file } = value as Partial<Record<string, unknown>>;
  if (!Array.isArray(libraryModules) || libraryModules.some((one) => typeof one !== 'string'))
    throw wrongOption(`${name}.libraryModules`, describe(libraryModules), 'a list of names', providerHint);
  for (const [key, reader] of Object.entries({ library, file }))
    if (typeof reader !== 'function')
      throw wrongOption(`${name}.${key}`, describe(reader), 'a function', providerHint);
};

/** Wraps a provider: rejects anything that is not a text. */
export function checkedProvider<Provider extends TextProvider>(inner: Provider): Provider {
  const refuse = (method: string, found: unknown): never => {
    const expected = '{ name, text }, or what says that there is none';
    throw wrongOption(`provider.${method}`, `${describe(found)} as its result`, expected, providerHint);
  };
  return {
    ...inner,
    libraryModules: [...inner.libraryModules],
    library(module) {
      const found: unknown = inner.library(module);
      return found === undefined || isSource(found) ? found : refuse('library', found);
    },
    file(path, from) {
      const found: unknown = inner.file(path, from);
      return isSource(found) || isReason(found) ? found : refuse('file', found);
    },
  };
}

function isSource(value: unknown): value is Source {
  const { name, text } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof name === 'string' && typeof text === 'string';
}

function isReason(value: unknown): value is { readonly why: string } {
  return typeof ((value ?? {}) as Partial<Record<string, unknown>>)['why'] === 'string';
}
