/**
 * Corrects settings of the wrong type with a clear meaning: a number in quotes, one length for a size, one item for a
 * list.
 */
import type { Schema } from '../json/schema.ts';

/** Gives the intended value if `value` does not fit a schema; undefined if the intention is not clear. */
export function corrected(value: unknown, schema: Schema): unknown {
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return numberIn(value, schema);
    case 'boolean':
      return typeof value === 'string' ? truths.get(value.toLowerCase()) : undefined;
    case 'array':
      return listOf(value, schema);
    case 'object':
      return isSize(schema) ? sizeIn(value) : undefined;
    default:
      return undefined;
  }
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
]);

/** Reads a number in quotes that the schema accepts. */
function numberIn(value: unknown, schema: Schema): number | undefined {
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value.trim())) return undefined;
  const number = Number(value);
  const bound = (key: string, otherwise: number): number => Number(schema[key] ?? otherwise);
  const fits =
    (schema['type'] !== 'integer' || Number.isSafeInteger(number)) &&
    number >= bound('minimum', -Infinity) &&
    number <= bound('maximum', Infinity) &&
    number > bound('exclusiveMinimum', -Infinity) &&
    number < bound('exclusiveMaximum', Infinity);
  return fits ? number : undefined;
}

/** Puts one item into a list if the schema is of lists of such items. */
function listOf(value: unknown, schema: Schema): readonly unknown[] | undefined {
  if (Number(schema['minItems'] ?? 0) > 1) return undefined;
  const item = schema['items'] as Schema | undefined;
  if (typeof value === 'string' && (item?.['type'] === 'integer' || item?.['type'] === 'number')) {
    const numbers = value.split(',').map((part) => numberIn(part, item));
    return numbers.includes(undefined) ? undefined : numbers;
  }
  const choices = item?.['enum'];
  const isItem = Array.isArray(choices) ? choices.includes(value) : item?.['type'] === typeof value;
  return isItem && (typeof value === 'string' || typeof value === 'number') ? [value] : undefined;
}

/** Tells whether a list of two lengths is given for a size. */
export function isPairForSize(value: unknown, schema: Schema): boolean {
  return isSize(schema) && Array.isArray(value) && value.length === 2 && value.every(isLength);
}

/** Tells whether a schema is of sizes. */
export const isSize = (schema: Schema): boolean =>
  Object.keys(schema['properties'] ?? {})
    .toSorted()
    .join() === 'height,width';

/**
 * Reads `256`, `[256, 256]` and `"256x192"`; two lengths in a list must be equal, since other programs put the height
 * first.
 */
function sizeIn(value: unknown): { readonly width: number; readonly height: number } | undefined {
  const numbers =
    typeof value === 'string'
      ? (/^\s*(\d+)\s*[x×*]\s*(\d+)\s*$/i.exec(value) ?? []).slice(1).map(Number)
      : Array.isArray(value)
        ? value
        : [value, value];
  const [width, height] = numbers as readonly unknown[];
  if (numbers.length !== 2 || !isLength(width) || !isLength(height)) return undefined;
  return typeof value === 'string' || width === height ? { width, height } : undefined;
}

const isLength = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 2 ** 31;
