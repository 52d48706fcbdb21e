/**
 * Defines the parameter types of the language (`int`, `Image`, `Norm`): which values each accepts, with hints for
 * others.
 */
import type { TypeName } from '../../../dsl/ast.ts';
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { replacing, type Hint } from '../../../dsl/fix.ts';
import { textOf, type Span } from '../../../dsl/source.ts';
import * as messages from './messages.ts';
import { describe, innerShape, type Value } from './values.ts';

/** Tells whether a value is a tensor with this many axes per picture, or will be one as a network's input. */
const hasRank = (value: Value, rank: number): boolean =>
  (value.kind === 'tensor' && innerShape(value).length === rank) ||
  (value.kind === 'encoded' && value.shape.length === rank);

interface TypeRule {
  readonly phrase: string;
  readonly accepts: (value: Value) => boolean;
  /** Gives a hint for a value of another type. */
  readonly hintFor?: (value: Value) => string | undefined;
}

const callable = (value: Value): boolean => value.kind === 'block' || value.kind === 'builtin';
const rule = (phrase: string, accepts: TypeRule['accepts'], hint?: string): TypeRule => ({
  phrase,
  accepts,
  ...(hint && { hintFor: () => hint }),
});

/** The usual cause of a float where an integer is required: a quotient is a float even if it is whole. */
export function integerHint(value: Value): string | undefined {
  return value.kind === 'number'
    ? "'//' divides to an integer, round(x) rounds to one; 2.0 is no integer, 2 is"
    : undefined;
}

/** The types of the language, by name. */
export const typeRules: ReadonlyMap<string, TypeRule> = new Map([
  [
    'int',
    {
      phrase: 'an integer',
      accepts: (value) => value.kind === 'number' && value.integer,
      hintFor: integerHint,
    },
  ],
  ['float', rule('a number', (value) => value.kind === 'number')],
  ['bool', rule('true or false', (value) => value.kind === 'boolean')],
  ['string', rule('a string', (value) => value.kind === 'string')],
  ['size', rule('a size such as 256x256', (value) => value.kind === 'size')],
  ['list', rule('a list', (value) => value.kind === 'list')],
  [
    'Tensor',
    rule(
      'a tensor',
      (value) => value.kind === 'tensor' || value.kind === 'labels' || value.kind === 'encoded',
    ),
  ],
  ['Image', rule('a picture', (value) => hasRank(value, 3))],
  [
    'Latent',
    rule(
      'a vector',
      (value) => value.kind === 'noise' || hasRank(value, 1),
      'noise(256) makes one, encoded(E) has network E make one of the photograph',
    ),
  ],
  [
    'LabelMap',
    rule(
      'a label map',
      (value) => value.kind === 'labels' || (value.kind === 'tensor' && innerShape(value).length === 3),
    ),
  ],
  ['Block', rule('a block', callable)],
  ['Norm', rule('a normalization', callable, 'a norm is a block (x, seg), such as spade() or batch()')],
  ['Weight', rule('a weight parametrization', callable, 'spectral is one; plain leaves the weight alone')],
  [
    'Network',
    rule('a network of the experiment', (value) => value.kind === 'network', 'bind it first: let D = ...'),
  ],
  [
    'Initializer',
    rule('an initializer', (value) => value.kind === 'initializer', 'xavier_normal(gain: 0.02) is one'),
  ],
]);

/** Checks a value against `type`; undefined if it fits. `hintFor` overrides the type's own hint. */
export function checkType(
  value: Value,
  type: TypeName,
  what: string,
  span: Span,
  hintFor?: () => Hint | undefined,
): Diagnostic | undefined {
  const known = typeRules.get(type.name);
  if (!known) return messages.unknownType(type.name, type.span, typeRules.keys());
  if (value.kind === 'unknown' || (type.optional && value.kind === 'none') || known.accepts(value))
    return undefined;
  return messages.wrongType(
    what,
    type.optional ? `${known.phrase} or none` : known.phrase,
    describe(value),
    span,
    hintFor?.() ??
      hintOfText(value, type.name, span) ??
      hintOfWhole(value, type.name, span) ??
      known.hintFor?.(value),
  );
}

/** Types whose values are written as names. */
const namedTypes: ReadonlySet<string> = new Set(['Block', 'Norm', 'Weight', 'Network', 'Initializer']);

/** Gives a hint for a value in quotes that is written without them. */
export function hintOfText(value: Value, type: string, span: Span): Hint | string | undefined {
  if (value.kind !== 'string') return undefined;
  const text = value.value.trim();
  if (namedTypes.has(type) && /^[A-Za-z_]\w*$/.test(text))
    return `it goes by its name, without quotes: ${text}; what a module of the library has is imported with 'use'`;
  const literal = literalOf(text);
  const isWritten = textOf(span) === `"${value.value}"`;
  return literal && typeRules.get(type)?.accepts(literal) && isWritten
    ? replacing(span, text.toLowerCase(), (written) => `write it without quotes: ${written}`)
    : undefined;
}

/** Gives the integer that a literal likely means: `[3, 3]`, `3x3` and `3.0` are 3. */
function hintOfWhole(value: Value, type: string, span: Span): Hint | undefined {
  const text = textOf(span);
  if (type !== 'int') return undefined;
  const pair = /^\[\s*(\d+)\s*,\s*(\d+)\s*\]$|^(\d+)x(\d+)$/.exec(text);
  if (pair && (value.kind === 'list' || value.kind === 'size')) {
    const [first, second] = [pair[1] ?? pair[3], pair[2] ?? pair[4]];
    return first !== undefined && first === second
      ? replacing(span, first, (one) => `one number counts for both sides: ${one}`)
      : undefined;
  }
  const whole = value.kind === 'number' ? /^(\d+)\.0+$/.exec(text)?.[1] : undefined;
  return whole === undefined ? undefined : replacing(span, whole, (one) => `an integer has no point: ${one}`);
}

/** Reads a text as the literal that it would be without quotes. */
function literalOf(text: string): Value | undefined {
  if (/^\d+$/.test(text)) return { kind: 'number', value: Number(text), integer: true };
  if (/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text))
    return { kind: 'number', value: Number(text), integer: false };
  if (/^(?:true|false)$/i.test(text)) return { kind: 'boolean', value: text.toLowerCase() === 'true' };
  const size = /^(\d+)x(\d+)$/.exec(text);
  return size ? { kind: 'size', width: Number(size[1]), height: Number(size[2]) } : undefined;
}
