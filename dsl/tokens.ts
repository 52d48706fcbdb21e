/** Answers for the words of the language: every token type, and the lexer that finds them in a text. */
import { createToken, Lexer, type ILexingError, type IToken, type TokenType } from 'chevrotain';

/** Any name. Words that are keywords only in their place (`data`, `loss`, ...) belong to this category too. */
export const Identifier = createToken({
  name: 'Identifier',
  label: 'a name',
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
});

function keyword(word: string): TokenType {
  const name = word.charAt(0).toUpperCase() + word.slice(1);
  return createToken({ name, label: `'${word}'`, pattern: word, longer_alt: Identifier });
}

/** A word that is a keyword where the grammar asks for it and a name everywhere else. */
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

/** Matches a string at an offset, piece by piece: a pattern that repeats an alternative takes the stack for each sign. */
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

/** `256x192`; it comes before numbers, which would take the first half. */
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
/** A string whose line ends before its closing quote; it parses as a string so that only one mistake is reported. */
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

/** Every token type; the lexer takes the first that matches, so longer symbols stand before their beginnings. */
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

/** The words that begin a declaration; they are never names, so recovery can rely on them. */
export const declarationKeywords: readonly TokenType[] = [Use, Block, Network, Experiment, Ablation];

/** Each opening bracket with the one that closes it. */
export const brackets: ReadonlyMap<TokenType, TokenType> = new Map([
  [LeftParenthesis, RightParenthesis],
  [LeftBracket, RightBracket],
  [LeftBrace, RightBrace],
]);

/** The tokens of a text, its comments aside, and the stretches of characters that belong to no token. */
export interface LexedText {
  readonly tokens: readonly IToken[];
  readonly comments: readonly IToken[];
  readonly errors: readonly ILexingError[];
}

// Validation of the token table costs start-up time; a test makes a validated lexer of the same table.
const lexer = new Lexer(allTokens, { positionTracking: 'full', skipValidations: true });

/** A text of more words and signs than these is no spec: each takes about half a kilobyte until it is read. */
export const tokenLimit = 600_000;
/** Finds comments, strings, words with numbers, and signs; faster than the lexer, and without keeping any. */
const pieces = /#[^\r\n]*|"[^"\r\n]*"?|[\w.]+|[^\w\s.]/g;

/** Counts the words and signs of a text, at most one more than the limit, and gives the place of the last one. */
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
