/**
 * Gives hints for expressions in the syntax of other languages: tuples, slices, chained comparisons, `in`, `a if c
 * else b`, split numbers and sizes.
 */
import type { IToken, TokenType } from 'chevrotain';
import { inserting, replacing, type Hint } from './fix.ts';
import { hints } from './messages.ts';
import type { Stumble } from './grammar.ts';
import type { Source, Span } from './source.ts';
import {
  between,
  closeOf,
  endOf,
  endsBody,
  expects,
  is,
  isCloser,
  place,
  sameLine,
  squared,
  touches,
} from './stumbles.ts';
import * as t from './tokens.ts';

/** Gives a hint for foreign syntax at the token `at`, where the parser failed; `open` is the enclosing bracket. */
export function hintOfExpression(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
  open: IToken | undefined,
): Hint | string | undefined {
  return (
    hintOfTuple(source, tokens, at, stumble, open) ??
    hintOfSlice(source, tokens, at, stumble, open) ??
    hintOfComparison(source, tokens, at) ??
    hintOfMembership(source, tokens, at, stumble) ??
    hintOfConditional(source, tokens, at, stumble)
  );
}

/**
 * Gives a hint for a literal split into several tokens, such as `256 x 256`; the parser fails at one of its tokens or
 * after it.
 */
export function hintOfPieces(
  source: Source,
  tokens: readonly IToken[],
  at: number,
): { readonly what: string; readonly place: Span; readonly hint: Hint } | undefined {
  const size = hintOfSize(source, tokens, at) ?? hintOfSize(source, tokens, at - 1);
  const number =
    hintOfDigits(source, tokens, at) ??
    hintOfDigits(source, tokens, at - 1) ??
    hintOfBareFraction(source, tokens, at);
  const hint = size ?? number;
  const place = hint?.fix[0]?.span;
  return hint && place && { what: size ? 'a size' : 'a number', place, hint };
}

const write = (text: string): string => `write ${text}`;

const sizeInOne = (text: string): string => `a size is written in one: ${text}`;

/** Joins `256 x 256`, `256X256` and `256.0x256.0` to a size. */
function hintOfSize(source: Source, tokens: readonly IToken[], at: number): Hint | undefined {
  const [previous, actual, next, after] = tokens.slice(Math.max(0, at - 1), at + 3);
  if (at < 1 || !is(previous, t.NumberText) || !previous || !actual || !sameLine(previous, actual))
    return undefined;
  const width = wholeOf(previous.image);
  const joined = /^[xX](\d*)$/.exec(actual.image);
  if (!joined || width === undefined) return undefined;
  const isSplit = joined[1] === '' && is(next, t.NumberText) && next !== undefined;
  if (joined[1] === '' && !isSplit) return undefined;
  const height = isSplit ? wholeOf(next.image) : joined[1];
  // The rest of `64.0`, which the lexer reads as a member.
  const hasPoint = !isSplit && is(next, t.Dot) && touches(actual, next) && after?.image === '0';
  if (height === undefined) return undefined;
  const last = isSplit ? next : hasPoint ? after : actual;
  return replacing(between(source, previous, last), `${width}x${height}`, sizeInOne);
}

/** Reads an integer that may be written as a float. */
const wholeOf = (image: string): string | undefined => /^(\d+)(?:\.0+)?$/.exec(image)?.[1];

/** `1_000`. */
function hintOfDigits(source: Source, tokens: readonly IToken[], at: number): Hint | undefined {
  const [number, rest] = [tokens[at - 1], tokens[at]];
  if (!is(number, t.NumberText) || !number || !rest || !touches(number, rest)) return undefined;
  if (!/^_\d[\d_]*$/.test(rest.image)) return undefined;
  const text = `${number.image}${rest.image}`.replaceAll('_', '');
  return replacing(between(source, number, rest), text, (digits) => `digits are written in one: ${digits}`);
}

/** `(64, 64)`. */
function hintOfTuple(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
  open: IToken | undefined,
): Hint | string | undefined {
  const isTuple = stumble.rule === 'primary' && expects(stumble, t.RightParenthesis);
  if (!isTuple || !open || !is(open, t.LeftParenthesis) || !is(tokens[at], t.Comma)) return undefined;
  const start = tokens.indexOf(open);
  const close = closeOf(tokens, start);
  if (!close) return undefined;
  const [first, , second, end] = tokens.slice(start + 1, start + 5);
  const [name, colon] = [tokens[start - 2], tokens[start - 1]];
  const isPair = end === close && is(first, t.NumberText) && is(second, t.NumberText) && is(colon, t.Colon);
  if (isPair && first && second && sizes.has(name?.image ?? '')) {
    const isSquare = first.image === second.image;
    return isSquare
      ? replacing(between(source, open, close), `${first.image}x${second.image}`, sizeInOne)
      : hints.order;
  }
  const isOne = isPair && first?.image === second?.image && /^\d+$/.test(first?.image ?? '');
  if (isOne && first)
    return replacing(
      between(source, open, close),
      first.image,
      (text) => `one number counts for both sides: ${text}`,
    );
  if (is(colon, t.Equal) && is(tokens[start - 3], t.Loss)) {
    const commas = tokens.slice(start, tokens.indexOf(close)).filter((token, index, all) => {
      const before = all.slice(1, index);
      const isOuter =
        before.filter((one) => t.brackets.has(one.tokenType)).length === before.filter(isCloser).length;
      return is(token, t.Comma) && isOuter;
    });
    return { words: hints.loss, fix: commas.map((comma) => ({ span: place(source, comma), text: ' +' })) };
  }
  return squared(source, open, close, 'several values are a list: [ ... ]');
}

/** Settings whose values are sizes. */
const sizes: ReadonlySet<string> = new Set(['size', 'crop_from']);

/** `w[1:]`, `w[:-1]`, `w[1:3]`. */
function hintOfSlice(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
  open: IToken | undefined,
): Hint | string | undefined {
  const isAxis = is(tokens[at], t.Comma) && stumble.rule === 'index';
  const isNamed = is(tokens[at], t.Equal) && stumble.rule === 'values';
  const isDots = is(tokens[at], t.Dot) && is(tokens[at + 1], t.Dot) && tokens[at - 1] === open;
  if (!(is(tokens[at], t.Colon) || isAxis || isNamed || isDots) || !open || !is(open, t.LeftBracket))
    return undefined;
  const start = tokens.indexOf(open);
  const [before, list] = [tokens[start - 2], tokens[start - 1]];
  const close = closeOf(tokens, start);
  if (!list || !close || !sameLine(list, open)) return undefined;
  if (is(list, t.In)) {
    const words = 'values of an axis that have names stand in braces: { ... }';
    const braces = squared(source, open, close, words, ['{', '}']);
    const signs = tokens.slice(start, tokens.indexOf(close)).filter((token) => is(token, t.Equal));
    return {
      words,
      fix: [...braces.fix, ...signs.map((sign) => ({ span: place(source, sign), text: ':' }))],
    };
  }
  if (isDots || tokens.slice(start, tokens.indexOf(close)).some((token) => is(token, t.Comma)))
    return hints.axesOfTensors;
  const text = (from: number, to: number): string =>
    tokens
      .slice(from, to)
      .map(({ image }) => image)
      .join('');
  const end = tokens.indexOf(close);
  const [first, last] = [text(start + 1, at), text(at + 1, end)];
  const isPlain = is(list, t.Identifier) && !is(before, t.Dot) && /^\w*$/.test(first) && /^-?\w*$/.test(last);
  const length = `${list.image}.length`;
  const stop = last === '' ? length : last.startsWith('-') ? `${length} - ${last.slice(1)}` : last;
  if (!isPlain) return 'a part of a list is [list[i] for i in range(1, list.length)]';
  const range = first === '' ? `range(${stop})` : `range(${first}, ${stop})`;
  return replacing(
    between(source, list, close),
    `[${list.image}[i] for i in ${range}]`,
    (part) => `a part of a list is ${part}`,
  );
}

/** `a < b < c`, `a === b`, `a <> b`. */
function hintOfComparison(source: Source, tokens: readonly IToken[], at: number): Hint | string | undefined {
  const [left, before, previous, actual, next] = Array.from(
    { length: 5 },
    (_, index) => tokens[at - 3 + index],
  );
  if (!actual || !previous) return undefined;
  if (
    is(actual, t.Equal) &&
    touches(previous, actual) &&
    (is(previous, t.EqualEqual) || is(previous, t.NotEqual))
  )
    return replacing(between(source, previous, actual), previous.image, (text) => `write '${text}'`);
  if (is(previous, t.Less) && is(actual, t.Greater) && touches(previous, actual))
    return replacing(between(source, previous, actual), '!=', (text) => `write '${text}'`);
  if (!is(actual, t.ComparisonOperator)) return undefined;
  if (!is(before, t.ComparisonOperator) || !left || !before || !next) {
    const start = tokens.slice(0, at).findLastIndex((token) => ends.some((type) => is(token, type)));
    const isChain = tokens.slice(start + 1, at).some((token) => is(token, t.ComparisonOperator));
    return isChain ? hints.chainedComparison : undefined;
  }
  return inserting(
    source,
    actual.startOffset,
    `and ${previous.image} `,
    (text) =>
      `comparisons do not chain: write '${left.image} ${before.image} ${previous.image} ${text} ${actual.image} ${next.image}'`,
  );
}

/** Tokens that end the operand of a comparison. */
const ends = [t.If, t.Then, t.Else, t.And, t.Or, t.Not, t.Equal, t.Colon, t.Comma, t.LeftBrace, t.Return];

/** `x in [a, b]`, `x not in [a, b]`, `x is none`, `x is not none`. */
function hintOfMembership(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [before, value, actual, next, after] = Array.from(
    { length: 5 },
    (_, index) => tokens[at - 2 + index],
  );
  if (!value || !actual || !next || !sameLine(value, actual)) return undefined;
  if (actual.image === 'is') {
    const isNot = is(next, t.Not);
    const what = isNot ? after : next;
    if (!what) return undefined;
    const text = `${isNot ? '!=' : '=='} ${/^none$/i.test(what.image) ? 'none' : what.image}`;
    return replacing(between(source, actual, what), text, write);
  }
  const isNot = is(actual, t.Not) && is(next, t.In);
  const isOpen = endsBody(stumble) || expects(stumble, t.Then) || expects(stumble, t.LeftBrace);
  if (!isNot && !(is(actual, t.In) && isOpen)) return undefined;
  const way = `there is no 'in' that asks: ${isNot ? 'x != 1 and x != 2' : 'x == 1 or x == 2'}`;
  const opening = at + (isNot ? 2 : 1);
  const opens = [t.LeftBracket, t.LeftParenthesis].some((type) => is(tokens[opening], type));
  const close = opens ? closeOf(tokens, opening) : undefined;
  const items = tokens.slice(opening + 1, close ? tokens.indexOf(close) : opening + 1);
  const isList = items.length > 0 && items.every((item, index) => is(item, t.Comma) === (index % 2 === 1));
  if (!close || !isList || is(before, t.Dot) || is(before, t.Not)) return way;
  const text = items
    .filter((item) => !is(item, t.Comma))
    .map((item) => `${value.image} ${isNot ? '!=' : '=='} ${item.image}`)
    .join(isNot ? ' and ' : ' or ');
  const isAlone =
    is(before, t.If) &&
    (is(tokens[tokens.indexOf(close) + 1], t.Then) || is(tokens[tokens.indexOf(close) + 1], t.LeftBrace));
  return replacing(
    between(source, value, close),
    isAlone || items.length === 1 ? text : `(${text})`,
    (all) => `there is no 'in' that asks: ${all}`,
  );
}

/** `a if c else b`. */
function hintOfConditional(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const actual = tokens[at];
  if (is(actual, t.If) && sameLine(tokens[at - 1], actual)) return hintOfInnerConditional(source, tokens, at);
  if (!actual || !is(actual, t.Else) || !expects(stumble, t.LeftBrace)) return undefined;
  const middle = tokens.slice(0, at).findLastIndex((token) => is(token, t.If));
  const start = tokens.slice(0, middle).findLastIndex((token) => is(token, t.Equal) || is(token, t.Return));
  const line = tokens.slice(at + 1).filter((token) => sameLine(actual, token));
  const [first, word, last] = [tokens[start + 1], tokens[middle], line.at(-1)];
  if (start < 0 || !first || !word || !last || !sameLine(tokens[start], actual)) return undefined;
  if (line.some((token) => is(token, t.RightBrace))) return undefined;
  const text = (from: number, to: number): string => source.text.slice(from, to).trim();
  const value = text(first.startOffset, word.startOffset);
  const condition = text(endOf(word), actual.startOffset);
  return replacing(
    between(source, first, last),
    `if ${condition} then ${value} else ${text(endOf(actual), endOf(last))}`,
    (all) => `a conditional is written '${all}'`,
  );
}

/** `conv(8 if c else 4)`: a conditional inside a list of values, whose `if` is at `middle`. */
function hintOfInnerConditional(
  source: Source,
  tokens: readonly IToken[],
  middle: number,
): Hint | string | undefined {
  const start = edgeOf(tokens, middle, -1, [...ends, t.Let]);
  const end = edgeOf(tokens, middle, 1, [t.Comma, t.Equal]);
  const [first, last] = [tokens[start], tokens[end]];
  if (!first || !last || start >= middle) return undefined;
  const text = conditionalOf(source, tokens, start, end);
  if (text === undefined) return openBracketsOf(tokens, middle) ? hints.conditional : undefined;
  return replacing(between(source, first, last), text, (all) => `a conditional is written '${all}'`);
}

/** Rewrites `a if c else b`, where `b` may be another conditional; undefined if an operand has no tokens. */
function conditionalOf(
  source: Source,
  tokens: readonly IToken[],
  start: number,
  end: number,
): string | undefined {
  const text = (from: number, to: number): string =>
    source.text.slice(tokens[from]?.startOffset, endOf(tokens[to] ?? tokens[from]!)).trim();
  const middle = edgeOf(tokens, start, 1, [t.If]) + 1;
  const turn = edgeOf(tokens, middle, 1, [t.Else]) + 1;
  if (!is(tokens[middle], t.If) || !is(tokens[turn], t.Else) || turn >= end || turn === middle + 1)
    return undefined;
  const other = conditionalOf(source, tokens, turn + 1, end) ?? text(turn + 1, end);
  return `if ${text(middle + 1, turn - 1)} then ${text(start, middle - 1)} else ${other}`;
}

/** Tells whether a token is inside parentheses or square brackets, where no statement can be. */
function openBracketsOf(tokens: readonly IToken[], at: number): boolean {
  let depth = 0;
  for (const token of tokens.slice(0, at).toReversed()) {
    if (isCloser(token)) depth += 1;
    else if (t.brackets.has(token.tokenType) && depth === 0) return !is(token, t.LeftBrace);
    else if (t.brackets.has(token.tokenType)) depth -= 1;
  }
  return false;
}

/**
 * Gives the last token of the expression around `at` in one direction: it ends at the enclosing bracket, at one of
 * `ends`, or at a line end outside of brackets.
 */
function edgeOf(tokens: readonly IToken[], at: number, step: 1 | -1, ends: readonly TokenType[]): number {
  let depth = 0;
  let index = at;
  for (;;) {
    const next = tokens[index + step];
    if (!next || depth < 0) return index;
    const opens = step > 0 ? t.brackets.has(next.tokenType) : isCloser(next);
    const closes = step > 0 ? isCloser(next) : t.brackets.has(next.tokenType);
    const isLine = step > 0 ? sameLine(tokens[index], next) : sameLine(next, tokens[index]);
    if (depth === 0 && (closes || !isLine || ends.some((type) => is(next, type)))) return index;
    depth += opens ? 1 : closes ? -1 : 0;
    index += step;
  }
}

/** `1.`, a valid number in other languages. */
function hintOfBareFraction(source: Source, tokens: readonly IToken[], at: number): Hint | undefined {
  const [number, dot, actual] = [tokens[at - 2], tokens[at - 1], tokens[at]];
  if (!is(number, t.NumberText) || !is(dot, t.Dot) || !number || !dot || !touches(number, dot))
    return undefined;
  if (actual && touches(dot, actual) && (is(actual, t.Identifier) || is(actual, t.Dot))) return undefined;
  return replacing(
    between(source, number, dot),
    `${number.image}.0`,
    (text) => `digits follow a point: ${text}`,
  );
}
