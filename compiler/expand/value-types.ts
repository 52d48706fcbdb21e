/** Answers for the types that parameters may have: which values each accepts. */
import type { TypeName } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import * as messages from './messages.ts';
import { describe, innerShape, type Value } from './values.ts';

/** Tells whether a value is, or a network's input will be, a tensor with so many axes for each picture. */
const hasRank = (value: Value, rank: number): boolean =>
  (value.kind === 'tensor' && innerShape(value).length === rank) ||
  (value.kind === 'encoded' && value.shape.length === rank);

interface TypeRule {
  readonly phrase: string;
  readonly accepts: (value: Value) => boolean;
  /** What to try in place of a value of another type. */
  readonly hintFor?: (value: Value) => string | undefined;
}

const callable = (value: Value): boolean => value.kind === 'block' || value.kind === 'builtin';
const rule = (phrase: string, accepts: TypeRule['accepts'], hint?: string): TypeRule => ({
  phrase,
  accepts,
  ...(hint && { hintFor: () => hint }),
});

/** A quotient is a float even where it is whole: the usual reason for one where an integer is asked for. */
export function integerHint(value: Value): string | undefined {
  return value.kind === 'number'
    ? "'//' divides to an integer, round(x) rounds to one; 2.0 is no integer, 2 is"
    : undefined;
}

/** The types of the language by name. */
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

/** Says what is wrong with a value where `type` is asked for; undefined where it fits. */
export function checkType(value: Value, type: TypeName, what: string, span: Span): Diagnostic | undefined {
  const known = typeRules.get(type.name);
  if (!known) return messages.unknownType(type.name, type.span, typeRules.keys());
  if (value.kind === 'unknown' || (type.optional && value.kind === 'none') || known.accepts(value))
    return undefined;
  return messages.wrongType(
    what,
    type.optional ? `${known.phrase} or none` : known.phrase,
    describe(value),
    span,
    known.hintFor?.(value),
  );
}
