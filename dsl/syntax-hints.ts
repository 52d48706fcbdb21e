/** Gives hints after a syntax mistake: for characters and words of other languages, and for missing characters. */
import type { IToken } from 'chevrotain';
import { inserting, removing, replacing, together, type Hint } from './fix.ts';
import { hintOfHabit, isInCountingLoop } from './habits.ts';
import { hints } from './messages.ts';
import type { Stumble } from './grammar.ts';
import { lineEndOf, span, startOf, textOf, type Source, type Span } from './source.ts';
import {
  closeOf,
  endOf,
  endsBody,
  expects,
  is,
  isReserved,
  place,
  sameLine,
  useOf,
  write,
} from './stumbles.ts';
import * as t from './tokens.ts';

/** Characters of other languages and keyboards, with the ones to write instead. */
const characters: ReadonlyMap<string, string> = new Map([
  ['&', 'and'],
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not '],
  ['^', '**'],
  ['“', '"'],
  ['”', '"'],
  ['„', '"'],
  ['«', '"'],
  ['»', '"'],
  ['‘', '"'],
  ['’', '"'],
  ['−', '-'],
  ['–', '-'],
  ['—', '-'],
  ['×', '*'],
  ['·', '*'],
  ['÷', '/'],
  ['→', '->'],
  ['≤', '<='],
  ['≥', '>='],
  ['≠', '!='],
  ['、', ','],
  ['。', '.'],
]);

/**
 * Letters of other alphabets that look like Latin ones: the Latin letters, and those of each alphabet in the same
 * order.
 */
const lookalikes: readonly { readonly alphabet: string; readonly latin: string; readonly letters: string }[] =
  [
    { alphabet: 'Cyrillic', latin: 'aeopcyxijshABEKMHOPCTXIJS', letters: 'аеорсухіјѕһАВЕКМНОРСТХІЈЅ' },
    { alphabet: 'Greek', latin: 'ovABEZHIKMNOPTYX', letters: 'ονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ' },
  ];

/** Gives the Latin letter that a letter of another alphabet looks like. */
function latinOf(letter: string): { readonly latin: string; readonly alphabet: string } | undefined {
  for (const { alphabet, latin, letters } of lookalikes) {
    const at = letters.indexOf(letter);
    if (at >= 0) return { latin: latin[at] ?? '', alphabet };
  }
  return undefined;
}

/** Replaces lookalike letters in the word around a place by Latin ones. */
function hintOfLookalikes({ source, start }: Span): Hint | undefined {
  const letter = source.text[start] ?? '';
  const found = latinOf(letter);
  if (!found) return undefined;
  const isPart = (at: number): boolean =>
    /\w/.test(source.text[at] ?? '') || latinOf(source.text[at] ?? '') !== undefined;
  let [first, end] = [start, start + 1];
  while (isPart(first - 1)) first -= 1;
  while (isPart(end)) end += 1;
  const word = [...source.text.slice(first, end)].map((one) => latinOf(one)?.latin ?? one).join('');
  const code = letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return replacing(
    span(source, first, end),
    word,
    (text) =>
      `the ${found.alphabet} letter U+${code} only looks like the Latin '${found.latin}': write ${text}`,
  );
}

/** `int | None`: an optional type is written with a question mark. */
function hintOfOptional({ source, start }: Span): Hint | undefined {
  const before = source.text.slice(0, start).trimEnd();
  const none = /^\|\s*none\b/i.exec(source.text.slice(start));
  if (!none) return undefined;
  return replacing(
    span(source, before.length, start + none[0].length),
    '?',
    (text) => `what may be none has a '${text}' behind its type`,
  );
}

/** `import { a } from 'm'`. */
function hintOfQuotedImport({ source, start }: Span): Hint | undefined {
  const from = source.text.lastIndexOf('\n', start) + 1;
  const line = /^import\s*\{([^}]*)\}\s*from\s*'([\w./-]+)'\s*;?/.exec(source.text.slice(from));
  if (!line) return undefined;
  const [all, names = '', module = ''] = line;
  return replacing(span(source, from, from + all.length), useOf(module, names.trim()), write);
}

/** Gives a hint for characters that belong to no token. */
export function hintOfCharacters(text: string, where: Span): Hint | string | undefined {
  if (text.startsWith(';') && isInCountingLoop(where)) return hints.loop;
  if (text.startsWith(';')) return removing(where, 'statements need no semicolon: leave it out');
  if (text.startsWith('\\')) return removing(where, 'lines need no sign to go on: leave it out');
  if (text.startsWith("'")) return hintOfQuotedImport(where) ?? hintOfQuotes(where);
  if (text === '|') return hintOfOptional(where) ?? "a pipeline stage is written '|>', disjunction 'or'";
  if (text.startsWith('@')) return 'the product of a tensor and a weight is linear(x, w)';
  if (text === '^' && where.source.text.slice(0, where.start).trimEnd().endsWith(')'))
    return 'numbers have powers, n ** 2; tensors have square(x)';
  if (/^[!-~]+$/.test(text)) {
    const own = characters.get(text);
    return own === undefined ? undefined : replacing(where, own, (written) => `write '${written}'`);
  }
  return hintOfLookalikes(where) ?? hintOfKeyboard(where);
}

/** Replaces all typographic characters of a line at once, as quotes and brackets come in pairs. */
function hintOfKeyboard({ source, start }: Span): Hint | undefined {
  // On a long line, a character without a plain form may be one of many.
  const first = String.fromCodePoint(source.text.codePointAt(start) ?? 0);
  if (plainOf(first) === undefined) return undefined;
  const end = source.text.indexOf('\n', start);
  const line = source.text.slice(start, end < 0 ? undefined : end);
  const fix = [...line.matchAll(/[^\u0020-\u007E\t\r]/gu)].flatMap((match) => {
    const plain = plainOf(match[0]);
    const at = start + match.index;
    return plain === undefined ? [] : [{ span: span(source, at, at + match[0].length), text: plain }];
  });
  if (fix[0]?.span.start !== start) return undefined;
  const written = [...new Set(fix.map(({ text }) => text.trim()))].filter((text) => text !== '');
  const isNothing = fix.every(({ text }) => text === '');
  return {
    words: isNothing
      ? 'it cannot be seen: leave it out'
      : written.length === 0
        ? 'write a plain blank'
        : `write it plainly: ${written.join(' ')}`,
    fix,
  };
}

/** Gives the replacement of a character; undefined if there is none. */
const plainOf = (text: string): string | undefined => characters.get(text) ?? plainForm(text);

/** Gives the ASCII form of full-width characters and special blanks; undefined if there is none. */
function plainForm(text: string): string | undefined {
  const plain = text.replaceAll(/[\u200B-\u200D\u2060\u00AD]/g, '').normalize('NFKC');
  return /^[\u0020-\u007E]*$/.test(plain) && plain !== text ? plain : undefined;
}

/** Turns `'text'` into `"text"`. */
function hintOfQuotes({ source, start }: Span): Hint | string {
  const words = 'strings are written in double quotes: "text"';
  const end = source.text.indexOf("'", start + 1);
  const inner = source.text.slice(start + 1, end);
  if (end < 0 || /["\n]/.test(inner)) return words;
  return replacing(
    span(source, start, end + 1),
    `"${inner}"`,
    (text) => `strings are written in double quotes: ${text}`,
  );
}

/** Closes a string that is unterminated on its line, before the brackets and commas at the end of the line. */
export function hintOfOpenString(place: Span): Hint {
  const { source, start } = place;
  const text = textOf(place);
  let end = text.length;
  while (end > 1 && /[)\]}\s,]/.test(text[end - 1] ?? '')) end -= 1;
  return inserting(
    source,
    start + end,
    '"',
    (quote) => `add a closing '${quote}', and write line breaks as \\n`,
  );
}

/** Moves a late `use` to the top of the file. */
export function hintOfLateUse(source: Source, tokens: readonly IToken[], at: number): Hint | string {
  const words = 'move it to the top of the file';
  const first = tokens[at];
  const brace = tokens.slice(at).find((token) => is(token, t.RightBrace));
  if (!first || !brace) return words;
  const text = source.text.slice(first.startOffset, endOf(brace));
  return together([
    inserting(source, startOf(source), `${text}${lineEndOf(source)}`, (written) => `${words}: ${written}`),
    removing(span(source, first.startOffset, endOf(brace)), 'leave it out here'),
  ]);
}

/** Gives a hint for the token `at`, where the parser failed. */
export function hintFor(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const actual = tokens[at];
  if (actual === undefined) return undefined;
  const where = place(source, actual);
  return (
    hintOfForeignWord(source, tokens, at, stumble) ??
    hintOfHabit(source, tokens, at, stumble) ??
    hintOfSign(source, tokens, at, stumble) ??
    hintOfRule(tokens, at, stumble) ??
    hintOfMissing(source, tokens[at - 1], actual, where, stumble)
  );
}

/** Keywords of other languages, with the keyword here. */
const wordsOfOthers: ReadonlyMap<string, string> = new Map([
  ['def', 'block'],
  ['function', 'block'],
  ['func', 'block'],
  ['fn', 'block'],
  ['class', 'network'],
  ['model', 'network'],
  ['import', 'use'],
  ['elif', 'else if'],
  ['elsif', 'else if'],
  ['elseif', 'else if'],
]);
const emptyWords: ReadonlySet<string> = new Set(['var', 'const', 'val', 'auto']);

function hintOfForeignWord(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [previous, actual] = [tokens[at - 1], tokens[at]];
  const isBranch = actual && wordsOfOthers.get(actual.image) === 'else if';
  if (endsBody(stumble) && isBranch && is(previous, t.RightBrace))
    return replacing(place(source, actual), 'else if', (text) => `write '${text}'`);
  // At the top level of a file the word itself does not fit; in a block it is read as the name of an assignment.
  const word = stumble.rule === 'file' ? actual : previous;
  if (!word || (stumble.rule !== 'file' && stumble.rule !== 'assignment')) return undefined;
  const own = wordsOfOthers.get(word.image);
  if (own === 'use' && !is(tokens[at + 2], t.LeftBrace)) return undefined;
  if (own !== undefined) return replacing(place(source, word), own, (text) => `write '${text}'`);
  if (emptyWords.has(word.image) && is(actual, t.Identifier) && actual && word !== actual)
    return removing(span(source, word.startOffset, actual.startOffset), `leave '${word.image}' out`);
  return undefined;
}

/** A sign of another language, or one with another meaning here. */
function hintOfSign(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [before, previous, actual, next] = [tokens[at - 2], tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!actual) return undefined;
  const where = place(source, actual);
  const joined = (text: string, say: (text: string) => string): Hint =>
    replacing(span(source, where.start, next ? endOf(next) : where.end), text, say);
  if (endsBody(stumble) && (is(actual, t.RightParenthesis) || is(actual, t.RightBracket)))
    return removing(where, `nothing opens this '${actual.image}': leave it out`);
  const isLast = next === undefined || t.declarationKeywords.some((type) => is(next, type));
  if (stumble.rule === 'file' && is(actual, t.RightBrace) && isLast)
    return removing(where, `nothing opens this '${actual.image}': leave it out`);
  const comment = commentSign(tokens, at);
  if (comment) return replacing(place(source, comment), '#', () => hints.commentSign);
  const opens = is(actual, t.LeftParenthesis) || is(actual, t.LeftBracket);
  if (opens && endsBody(stumble) && !sameLine(previous, actual)) {
    const close = closeOf(tokens, at);
    const isBound = close !== undefined && is(tokens[tokens.indexOf(close) + 1], t.Equal);
    return isBound ? hints.unpacking : hints.bracketOnNewLine(actual.image);
  }
  if (is(actual, t.Comma) && (is(previous, t.Comma) || endsBody(stumble)))
    return removing(where, 'leave the comma out');
  if (stumble.rule === 'assignment' && expects(stumble, t.Equal) && previous) {
    if (is(actual, t.Colon)) {
      const isBoth = is(next, t.Equal) && next?.startOffset === where.end;
      return isBoth ? joined('=', () => hints.statements) : replacing(where, ' =', () => hints.statements);
    }
    const isUpdate = is(actual, t.AdditiveOperator) || is(actual, t.MultiplicativeOperator);
    if (isUpdate && is(next, t.Equal) && next?.startOffset === where.end)
      return joined(`= ${previous.image} ${actual.image}`, (text) => `write ${previous.image} ${text} ...`);
  }
  if (expects(stumble, t.Identifier) && stumble.rule === 'type' && is(previous, t.Colon) && previous)
    if (is(actual, t.NumberText) || is(actual, t.StringText) || is(actual, t.True) || is(actual, t.False))
      return replacing(
        span(source, previous.startOffset, endOf(previous)),
        ' =',
        () => "a default stands behind '='",
      );
  if (expects(stumble, t.Identifier) && isReserved(actual)) return hints.reservedWord(actual.image);
  if (is(actual, t.EqualEqual) && expects(stumble, t.Equal))
    return replacing(where, '=', () => hints.comparisonForAssignment);
  if (is(actual, t.Equal) && (expects(stumble, t.LeftBrace) || expects(stumble, t.Then)))
    return replacing(where, '==', () => hints.assignmentForComparison);
  if (is(actual, t.ComparisonOperator) && (endsBody(stumble) || expects(stumble, t.LeftBrace)))
    return hints.chainedComparison;
  if (is(actual, t.Dot) && is(next, t.NumberText))
    return joined(`0.${next?.image}`, () => `numbers below one are written with a zero: 0.${next?.image}`);
  if (is(actual, t.Colon) && (expects(stumble, t.LeftBrace) || stumble.rule === 'ifStatement'))
    return hints.braces;
  if (is(actual, t.Question) || (is(actual, t.Else) && expects(stumble, t.LeftBrace)))
    return hints.conditional;
  if (stumble.rule === 'override' && expects(stumble, t.Equal) && is(actual, t.Colon))
    return replacing(where, ' =', () => hints.changes);
  const isNamed = is(previous, t.Identifier) && (is(before, t.Comma) || is(before, t.LeftParenthesis));
  if (is(actual, t.Equal) && (expects(stumble, t.Colon) || (stumble.rule === 'arguments' && isNamed)))
    return replacing(where, ':', () => hints.namedWithColon);
  return undefined;
}

/** Finds the `//` of a comment before a token of its line: several words in a row follow it. */
function commentSign(tokens: readonly IToken[], at: number): IToken | undefined {
  const actual = tokens[at];
  if (is(actual, t.FloorDivide) && !sameLine(tokens[at - 1], actual)) return actual;
  for (let index = at - 1; index >= 0 && sameLine(tokens[index], actual); index -= 1)
    if (is(tokens[index], t.FloorDivide))
      return areWords(tokens.slice(index + 1, at + 1)) ? tokens[index] : undefined;
  return undefined;
}

const areWords = (tokens: readonly IToken[]): boolean =>
  tokens.length > 1 && tokens.every(({ image }) => /^[A-Za-z_]\w*$/.test(image));

/** Gives the full form of the construct being written. */
function hintOfRule(tokens: readonly IToken[], at: number, stumble: Stumble): string | undefined {
  const actual = tokens[at];
  if (stumble.rule === 'conditional') return hints.conditional;
  if (stumble.rule === 'use') return hints.usage;
  if (stumble.rule === 'loadItem') return hints.loading;
  if (stumble.rule === 'assignment' && is(actual, t.Dot)) return hints.override;
  if (stumble.rule === 'assignment' && expects(stumble, t.Equal)) return hints.statements;
  if (stumble.rule === 'experiment' && (expects(stumble, t.With) || is(tokens[at - 1], t.Equal)))
    return hints.variant;
  if (stumble.rule === 'ablation') return hints.ablation;
  if (stumble.rule === 'axis' || stumble.rule === 'path' || stumble.rule === 'part') return hints.axis;
  return undefined;
}

/** A missing token that would make the next token fit. */
function hintOfMissing(
  source: Source,
  previous: IToken | undefined,
  actual: IToken,
  where: Span,
  stumble: Stumble,
): Hint | string | undefined {
  const sign = [t.Equal, t.Colon, t.With, t.In].find((type) => expects(stumble, type));
  const isStart = [t.Identifier, t.NumberText, t.StringText, t.SizeText, t.True, t.False, t.None].some(
    (type) => is(actual, type),
  );
  const begins = isStart || is(actual, t.LeftBracket) || is(actual, t.If);
  if (!sign || !previous || !sameLine(previous, actual) || !begins)
    return sign === t.Colon ? hints.namedWithColon : undefined;
  const text = typeof sign.PATTERN === 'string' ? sign.PATTERN : '';
  if (sign === t.Colon) return inserting(source, endOf(previous), text, () => hints.namedWithColon);
  return inserting(source, where.start, `${text} `, (written) => `add '${written}'`);
}
