/** Queries on tokens and on the parser's failure: types, brackets, distances, expected tokens. */
import { tokenMatcher, type IToken, type TokenType } from 'chevrotain';
import type { Hint } from './fix.ts';
import type { Stumble } from './grammar.ts';
import { span, type Source, type Span } from './source.ts';
import * as t from './tokens.ts';

/** Tells whether a token has a type or category. */
export function is(token: IToken | undefined, type: TokenType): boolean {
  return token !== undefined && tokenMatcher(token, type);
}

/** Tells whether a token is a reserved word, which is never a name. */
export function isReserved(token: IToken): boolean {
  return /^[a-z]+$/.test(token.image) && !is(token, t.Identifier);
}

/** Tells whether exactly this token type was expected. */
export function expects(stumble: Stumble, type: TokenType): boolean {
  return stumble.expected === type.LABEL;
}

/** Tells whether the parser failed between the children of a pair of braces. */
export function endsBody(stumble: Stumble): boolean {
  return expects(stumble, t.RightBrace) && stumble.rule !== 'use';
}

/** Gives the offset after a token. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** Gives the place of a token. */
export function place(source: Source, token: IToken): Span {
  return span(source, token.startOffset, endOf(token));
}

/** Gives the span from one token to another. */
export function between(source: Source, first: IToken, last: IToken): Span {
  return span(source, first.startOffset, endOf(last));
}

/** Renders the words of a hint to write a text. */
export const write = (text: string): string => `write '${text}'`;

/** Writes an import of names from a library module, or from a file if the name is a path or has a file ending. */
export function useOf(module: string, names: string): string {
  return `use ${/[./]/.test(module) ? `"${module}"` : module} { ${names} }`;
}

/** Replaces the brackets around tokens by square ones, or by others. */
export function squared(
  source: Source,
  open: IToken,
  close: IToken,
  words: string,
  [opening, closing]: readonly [string, string] = ['[', ']'],
): Hint {
  const fix = [
    { span: place(source, open), text: opening },
    { span: place(source, close), text: closing },
  ];
  return { words, fix };
}

/** Tells whether a token begins on the line on which another ends. */
export function sameLine(before: IToken | undefined, after: IToken | undefined): boolean {
  return before !== undefined && after !== undefined && before.endLine === after.startLine;
}

/** Tells whether two tokens are adjacent. */
export function touches(before: IToken, after: IToken | undefined): boolean {
  return after !== undefined && endOf(before) === after.startOffset;
}

/** Finds the bracket that closes the one at `start`; undefined if there is none. */
export function closeOf(tokens: readonly IToken[], start: number): IToken | undefined {
  let depth = 0;
  for (const token of tokens.slice(start)) {
    if (t.brackets.has(token.tokenType)) depth += 1;
    else if (closers.has(token.tokenType)) depth -= 1;
    if (depth === 0) return token;
  }
  return undefined;
}

const closers: ReadonlySet<TokenType> = new Set(t.brackets.values());

/** Tells whether a token closes a bracket. */
export function isCloser(token: IToken): boolean {
  return closers.has(token.tokenType);
}
