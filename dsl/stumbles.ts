/** Answers for questions about tokens, and about what the parser stumbled over. */
import { tokenMatcher, type IToken, type TokenType } from 'chevrotain';
import type { Hint } from './fix.ts';
import type { Stumble } from './grammar.ts';
import { span, type Source, type Span } from './source.ts';
import * as t from './tokens.ts';

/** Says whether a token is of a type or category. */
export function is(token: IToken | undefined, type: TokenType): boolean {
  return token !== undefined && tokenMatcher(token, type);
}

/** Says whether a token is a word of the language, which is no name anywhere. */
export function isReserved(token: IToken): boolean {
  return /^[a-z]+$/.test(token.image) && !is(token, t.Identifier);
}

/** Says whether a type alone would have fitted. */
export function expects(stumble: Stumble, type: TokenType): boolean {
  return stumble.expected === type.LABEL;
}

/** Says whether the parser stood between the children of a pair of braces. */
export function endsBody(stumble: Stumble): boolean {
  return expects(stumble, t.RightBrace) && stumble.rule !== 'use';
}

/** Gives the offset behind a token. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** Gives the place of a token. */
export function place(source: Source, token: IToken): Span {
  return span(source, token.startOffset, endOf(token));
}

/** Gives the place of two tokens with all that is between them. */
export function between(source: Source, first: IToken, last: IToken): Span {
  return span(source, first.startOffset, endOf(last));
}

/** Says what to write; a hint's words. */
export const write = (text: string): string => `write '${text}'`;

/** Writes the import of names from a module of the library, or from a file, as paths and endings tell it. */
export function useOf(module: string, names: string): string {
  return `use ${/[./]/.test(module) ? `"${module}"` : module} { ${names} }`;
}

/** Puts what stands between two brackets into square ones, or into others. */
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

/** Says whether a token begins on the line on which another ends. */
export function sameLine(before: IToken | undefined, after: IToken | undefined): boolean {
  return before !== undefined && after !== undefined && before.endLine === after.startLine;
}

/** Says whether nothing stands between two tokens. */
export function touches(before: IToken, after: IToken | undefined): boolean {
  return after !== undefined && endOf(before) === after.startOffset;
}

/** Finds the bracket that closes the one at `start`; undefined where none does. */
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

/** Says whether a token closes a bracket. */
export function isCloser(token: IToken): boolean {
  return closers.has(token.tokenType);
}
