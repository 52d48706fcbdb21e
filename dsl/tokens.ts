/** Defines every token type of the language, and the lexer. */
import { createToken, Lexer, type ILexingError, type IToken, type TokenType } from 'chevrotain';

/** Any name. Soft keywords (`data`, `loss`, ...) belong to this category too. */
export const Identifier = createToken({
  name: 'Identifier',
  label: 'a name',
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
});

function keyword(word: string): TokenType {
  const name = word.charAt(0).toUpperCase() + word.slice(1);
  return createToken({ name, label: `'${word}'`, pattern: word, longer_alt: Identifier });
}

/** A soft keyword: a keyword where the grammar expects it, a name everywhere else. */
function softKeyword(word: string): TokenType {
  const name = word.charAt(0).toUpperCase() + word.slice(1);
  return createToken({
    name,
    label: `'${word}'`,
    pattern: word,
    longer_alt: Identifier,
    categories: [Identifier],
  });
}

function symbol(name: string, text: string, categories: TokenType[] = []): TokenType {
  return createToken({ name, label: `'${text}'`, pattern: text, categories });
}

function category(name: string, label: string): TokenType {
  return createToken({ name, label, pattern: Lexer.NA });
}

const plainText = /[^"\\\r\n]*/y;
const escapedSign = /\\[^\r\n]/y;

/**
 * Matches a string at an offset in a loop: a regular expression with a repeated alternative uses stack for each
 * character.
 */
function matchString(text: string, offset: number): [string] | null {
  if (text[offset] !== '"') return null;
  let at = offset + 1;
  for (;;) {
    plainText.lastIndex = at;
    plainText.test(text);
    at = plainText.lastIndex;
    escapedSign.lastIndex = at;
    if (!escapedSign.test(text)) return text[at] === '"' ? [text.slice(offset, at + 1)] : null;
    at = escapedSign.lastIndex;
  }
}

export const Use = keyword('use');
export const Block = keyword('block');
export const Network = keyword('network');
export const Experiment = keyword('experiment');
export const Ablation = keyword('ablation');
export const Let = keyword('let');
export const Return = keyword('return');
export const If = keyword('if');
export const Then = keyword('then');
export const Else = keyword('else');
export const For = keyword('for');
export const In = keyword('in');
export const As = keyword('as');
export const And = keyword('and');
export const Or = keyword('or');
export const Not = keyword('not');
export const True = keyword('true');
export const False = keyword('false');
export const None = keyword('none');

export const Data = softKeyword('data');
export const Loss = softKeyword('loss');
export const Load = softKeyword('load');
export const From = softKeyword('from');
export const Naming = softKeyword('naming');
export const Train = softKeyword('train');
export const Optimize = softKeyword('optimize');
export const With = softKeyword('with');
export const Of = softKeyword('of');
export const Case = softKeyword('case');
export const Except = softKeyword('except');
export const Seeds = softKeyword('seeds');

export const ComparisonOperator = category('ComparisonOperator', 'a comparison');
export const AdditiveOperator = category('AdditiveOperator', "'+' or '-'");
export const MultiplicativeOperator = category('MultiplicativeOperator', "'*', '/', '//' or '%'");

export const Arrow = symbol('Arrow', '->');
export const Pipe = symbol('Pipe', '|>');
export const EqualEqual = symbol('EqualEqual', '==', [ComparisonOperator]);
export const NotEqual = symbol('NotEqual', '!=', [ComparisonOperator]);
export const LessEqual = symbol('LessEqual', '<=', [ComparisonOperator]);
export const GreaterEqual = symbol('GreaterEqual', '>=', [ComparisonOperator]);
export const Less = symbol('Less', '<', [ComparisonOperator]);
export const Greater = symbol('Greater', '>', [ComparisonOperator]);
export const Power = symbol('Power', '**');
export const FloorDivide = symbol('FloorDivide', '//', [MultiplicativeOperator]);
export const Star = symbol('Star', '*', [MultiplicativeOperator]);
export const Slash = symbol('Slash', '/', [MultiplicativeOperator]);
export const Percent = symbol('Percent', '%', [MultiplicativeOperator]);
export const Plus = symbol('Plus', '+', [AdditiveOperator]);
export const Minus = symbol('Minus', '-', [AdditiveOperator]);
export const Equal = symbol('Equal', '=');
export const Colon = symbol('Colon', ':');
export const Comma = symbol('Comma', ',');
export const Dot = symbol('Dot', '.');
export const Question = symbol('Question', '?');
export const LeftParenthesis = symbol('LeftParenthesis', '(');
export const RightParenthesis = symbol('RightParenthesis', ')');
export const LeftBracket = symbol('LeftBracket', '[');
export const RightBracket = symbol('RightBracket', ']');
export const LeftBrace = symbol('LeftBrace', '{');
export const RightBrace = symbol('RightBrace', '}');

/** `256x192`; it is listed before numbers, which would match its first half. */
export const SizeText = createToken({
  name: 'SizeText',
  label: 'a size',
  pattern: /\d+x\d+(?![A-Za-z0-9_])/,
});
export const NumberText = createToken({
  name: 'NumberText',
  label: 'a number',
  pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/,
});
export const StringText = createToken({
  name: 'StringText',
  label: 'a string',
  pattern: { exec: matchString },
  line_breaks: false,
  start_chars_hint: ['"'],
});
/** An unterminated string; it parses as a string so that only one mistake is reported. */
export const UnterminatedString = createToken({
  name: 'UnterminatedString',
  label: 'a string',
  pattern: /"[^\r\n]*/,
  categories: [StringText],
});

const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /[ \t\r\n\uFEFF]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
const Comment = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: 'comments' });

/** Every token type; the lexer takes the first match, so longer symbols come before their prefixes. */
export const allTokens: TokenType[] = [
  WhiteSpace,
  Comment,
  ...[Use, Block, Network, Experiment, Ablation, Let, Return, If, Then, Else, For, In, As, And, Or, Not],
  ...[True, False, None, Data, Loss, Load, From, Naming, Train, Optimize, With, Of, Case, Except, Seeds],
  Identifier,
  ...[SizeText, NumberText, StringText, UnterminatedString],
  ...[Arrow, Pipe, EqualEqual, NotEqual, LessEqual, GreaterEqual, Less, Greater],
  ...[Power, FloorDivide, Star, Slash, Percent, Plus, Minus, Equal, Colon, Comma, Dot, Question],
  ...[LeftParenthesis, RightParenthesis, LeftBracket, RightBracket, LeftBrace, RightBrace],
  ...[ComparisonOperator, AdditiveOperator, MultiplicativeOperator],
];

/** The words that begin a declaration; they are reserved, so recovery can rely on them. */
export const declarationKeywords: readonly TokenType[] = [Use, Block, Network, Experiment, Ablation];

/** Each opening bracket with its closing bracket. */
export const brackets: ReadonlyMap<TokenType, TokenType> = new Map([
  [LeftParenthesis, RightParenthesis],
  [LeftBracket, RightBracket],
  [LeftBrace, RightBrace],
]);

/** The tokens and comments of a text, and the stretches of characters that belong to no token. */
export interface LexedText {
  readonly tokens: readonly IToken[];
  readonly comments: readonly IToken[];
  readonly errors: readonly ILexingError[];
}

// Validating the token table costs start-up time, so only a test makes a validated lexer.
const lexer = new Lexer(allTokens, { positionTracking: 'full', skipValidations: true });

/** The most tokens of a text: each takes about half a kilobyte during parsing. */
export const tokenLimit = 600_000;
/** Matches comments, strings, words and signs; faster than the lexer, and it stores none. */
const pieces = /#[^\r\n]*|"[^"\r\n]*"?|[\w.]+|[^\w\s.]/g;

/** Counts the tokens of a text, at most one more than the limit, and gives the place of the last one. */
export function countPieces(text: string): { readonly count: number; readonly last: number } {
  let [count, last] = [0, 0];
  for (const piece of text.matchAll(pieces)) {
    count += 1;
    last = piece.index;
    if (count > tokenLimit) break;
  }
  return { count, last };
}

/** Splits a text into tokens. */
export function tokenize(text: string): LexedText {
  const { tokens, groups, errors } = lexer.tokenize(text);
  return { tokens, comments: groups['comments'] ?? [], errors };
}
