/**
 * Continues parsing after a syntax mistake. The parser stops at the first one; here the smallest unit that contains it
 * (an entry, a statement, a declaration) is cut out of the tokens, or a missing bracket is inserted, and the rest is
 * parsed again. So each mistake is reported once and none hides another.
 */
import { createTokenInstance, type ILexingError, type IToken, type TokenType } from 'chevrotain';
import type { FileCstNode, OverrideCstNode } from './cst.ts';
import { mostMistakes, type Diagnostic } from './diagnostic.ts';
import { replacing } from './fix.ts';
import * as messages from './messages.ts';
import type { Stumble, Unit, UnitKind } from './grammar.ts';
import { SpadeParser } from './parser.ts';
import { span, textOf, type Source, type Span } from './source.ts';
import { endOf, endsBody, expects, is, isCloser, place, sameLine } from './stumbles.ts';
import { hintOfExpression, hintOfPieces } from './expressions-of-others.ts';
import { hintOfStatement, hintOfTypeOrder } from './statements-of-others.ts';
import { hintFor, hintOfCharacters, hintOfLateUse, hintOfOpenString } from './syntax-hints.ts';
import * as t from './tokens.ts';

/** The most syntax mistakes reported for one text. */
const mistakeLimit = 100;
/** Each mistake costs another parse; reparsing stops when all parses together have read this many tokens. */
const tokenLimit = 400_000;

// One parser is shared, as the analysis of the grammar is slow.
const parser = new SpadeParser({ validate: false });

/** Parses a file's tokens; the tree lacks the parts with mistakes, which `diagnostics` reports. */
export function parseTokens(
  source: Source,
  lexed: t.LexedText,
): { file: FileCstNode | undefined; diagnostics: Diagnostic[] } {
  const lexical = lexicalMistakes(source, lexed);
  const recovery = new Recovery(source, lexical);
  const file = recovery.parse(lexed.tokens, 'file');
  return { file, diagnostics: [...lexical, ...recovery.diagnostics] };
}

/** Parses a change by path given as a separate text, such as `G.norm = batch()`. */
export function parseOverrideTokens(
  source: Source,
  lexed: t.LexedText,
): { override: OverrideCstNode | undefined; diagnostics: Diagnostic[] } {
  const lexical = lexicalMistakes(source, lexed);
  if (lexical.length > 0) return { override: undefined, diagnostics: lexical };
  return new Recovery(source, lexical).parseOverride(lexed.tokens);
}

/**
 * An edit reaches at most to the end of its line, so only this many earlier mistakes are tested for an edit that
 * covers a place.
 */
const nearby = 100;

function lexicalMistakes(source: Source, lexed: t.LexedText): Diagnostic[] {
  const image = ({ offset, length }: ILexingError): string => source.text.slice(offset, offset + length);
  // Quotation marks come in pairs: one message per line and character is enough.
  const seen = new Set<string>();
  const unknown = lexed.errors.filter((error) => {
    const key = `${error.line} ${image(error)}`;
    const isFirst = !seen.has(key) && seen.size <= mostMistakes;
    if (isFirst) seen.add(key);
    return isFirst;
  });
  const found = unknown.map((error) => {
    const where = span(source, error.offset, error.offset + error.length);
    return messages.unknownCharacter(image(error), where, hintOfCharacters(image(error), where));
  });
  return [
    // A mistake inside the text that an earlier hint replaces is not reported again.
    ...found.filter(
      (one, position) =>
        !found.slice(Math.max(0, position - nearby), position).some((earlier) => covers(earlier, one.span)),
    ),
    ...lexed.tokens
      .filter((token) => is(token, t.UnterminatedString))
      .slice(0, mostMistakes + 1)
      .map((token) =>
        messages.unterminatedString(place(source, token), hintOfOpenString(place(source, token))),
      ),
  ];
}

function covers({ fix }: Diagnostic, place: Span | undefined): boolean {
  return fix.some((edit) => place && edit.span.start <= place.start && place.end <= edit.span.end);
}

/** A repair: tokens `start` to `end` are replaced by `insert`. */
interface Mend {
  readonly start: number;
  readonly end: number;
  readonly insert: readonly IToken[];
}

class Recovery {
  readonly diagnostics: Diagnostic[] = [];
  private readonly source: Source;
  private readonly lexical: readonly Diagnostic[];
  private readonly reported = new Set<number>();
  /** How many tokens all parses together have read. */
  private parsed = 0;

  constructor(source: Source, lexical: readonly Diagnostic[]) {
    this.source = source;
    this.lexical = lexical;
  }

  /** Parses a file, or the braces of a block or experiment with a broken header (only to find their mistakes). */
  parse(given: readonly IToken[], kind: 'file'): FileCstNode | undefined;
  parse(given: readonly IToken[], kind: UnitKind): undefined;
  parse(given: readonly IToken[], kind: UnitKind): FileCstNode | undefined {
    let tokens = given;
    while (this.diagnostics.length < mistakeLimit && (this.parsed < tokenLimit || tokens === given)) {
      parser.load(tokens, kind);
      let file: FileCstNode | undefined;
      if (kind === 'file') file = parser.file() as FileCstNode;
      else if (kind === 'item') parser.changes();
      else if (kind === 'part') parser.ablationBody();
      else parser.body();
      const { stumble, unit } = parser;
      if (stumble === undefined || unit === undefined) return file;
      this.parsed += tokens.length;
      tokens = this.mend(tokens, stumble, unit);
    }
    const last = tokens.at(-1);
    const end = this.source.text.length;
    this.diagnostics.push(
      messages.tooManyMistakes(
        this.diagnostics.length,
        last ? place(this.source, last) : span(this.source, end, end),
      ),
    );
    return undefined;
  }

  /** Parses a change by path; gives no tree after a mistake. */
  parseOverride(tokens: readonly IToken[]): {
    override: OverrideCstNode | undefined;
    diagnostics: Diagnostic[];
  } {
    parser.load(tokens, 'item');
    const override = parser.override() as OverrideCstNode;
    const { stumble, unit } = parser;
    if (stumble === undefined || unit === undefined) return { override, diagnostics: [] };
    const found = tokens.indexOf(stumble.actual);
    const at = found < 0 ? tokens.length : found;
    const open = openBrackets(tokens.slice(0, at)).at(-1);
    const described = this.describe(tokens, at, stumble, unit, open);
    const isAsked = described.hint === undefined || described.hint === messages.hints.axis;
    const hint = isAsked && stumble.rule === 'path' ? messages.hints.change : described.hint;
    return { override: undefined, diagnostics: [{ ...described, hint }] };
  }

  /** Reports a mistake and gives the tokens to continue with. */
  private mend(tokens: readonly IToken[], stumble: Stumble, unit: Unit): readonly IToken[] {
    const found = tokens.indexOf(stumble.actual);
    const at = found < 0 ? tokens.length : found;
    const mend = this.findMend(tokens, at, stumble, unit);
    this.report(tokens, at, stumble, unit, mend);
    if (tokens[mend.start] === unit.first && !stumble.isTooDeep) this.checkBraces(tokens, at, mend, unit);
    return [...tokens.slice(0, mend.start), ...mend.insert, ...tokens.slice(mend.end)];
  }

  // ----------------------------------------------------------------------------------------------- going on

  private findMend(tokens: readonly IToken[], at: number, stumble: Stumble, unit: Unit): Mend {
    const actual = tokens[at];
    const previous = tokens[at - 1];
    const open = openBrackets(tokens.slice(0, at));
    const unitStart = unit.first === undefined ? 0 : Math.max(0, tokens.indexOf(unit.first));

    if (actual && isNetworkOfExperiment(tokens, at, stumble))
      return { start: at, end: at + 1, insert: [inPlaceOf(actual, t.Let)] };
    // The next token belongs to an outer unit: insert the missing braces.
    if (endsBody(stumble) && leavesBraces(tokens, at)) {
      const ends = actual === undefined || isDeclarationKeyword(actual);
      const braces = open.filter((token) => is(token, t.LeftBrace)).slice(ends ? 0 : -1);
      return { start: at, end: at, insert: braces.map(() => inserted(t.RightBrace, previous)) };
    }
    // An `else` here shows that the branch before it lacks its closing brace.
    if (lacksBraceBeforeElse(actual, stumble, unit)) {
      return { start: at, end: at, insert: [inserted(t.RightBrace, previous)] };
    }
    // Insert a missing '{', unless the line has one further on.
    if (expectsOpeningBrace(stumble) && actual !== undefined && !isDeclarationKeyword(actual)) {
      const line = restOfLine(tokens, at);
      const brace = line.findIndex((token) => is(token, t.LeftBrace));
      if (!sameLine(previous, actual) || closesMoreThanOpens(line)) {
        return { start: at, end: at, insert: [inserted(t.LeftBrace, previous)] };
      }
      if (brace >= 0) return { start: at, end: at + brace, insert: [] };
    }
    // An opening brace written twice.
    if (endsBody(stumble) && is(actual, t.LeftBrace) && is(previous, t.LeftBrace)) {
      return { start: at, end: at + 1, insert: [] };
    }
    return { ...this.findCut(tokens, at, stumble, unit, unitStart), insert: [] };
  }

  /** Finds the tokens from the start of the broken unit to the start of the next one. */
  private findCut(
    tokens: readonly IToken[],
    at: number,
    stumble: Stumble,
    unit: Unit,
    unitStart: number,
  ): { start: number; end: number } {
    const betweenChildren = endsBody(stumble) || unit.kind === 'file';
    let start = unitStart;
    let kind = unit.kind;
    if (betweenChildren) {
      const child = unit.lastChild;
      kind = unit.kind === 'file' ? 'file' : childKind(stumble.rule);
      // Tokens on the line of the previous unit, in the same braces, count as the end of that unit.
      const childStart = child?.first === undefined ? -1 : tokens.indexOf(child.first);
      const brace = openBrackets(tokens.slice(0, at)).at(-1);
      const isInside = brace !== undefined && childStart > tokens.indexOf(brace);
      start = isInside && sameLine(tokens[at - 1], tokens[at]) ? childStart : at;
    }
    const from = Math.max(at, start + 1);
    if (kind === 'file' || kind === 'declaration') {
      let end = from;
      while (end < tokens.length && !isDeclarationKeyword(tokens[end])) end += 1;
      return { start, end };
    }
    const open = openBrackets(tokens.slice(start, from));
    let outerBrace = open.findIndex((bracket) => is(bracket, t.LeftBrace));
    let end = from;
    for (; end < tokens.length; end += 1) {
      const token = tokens[end];
      if (token === undefined || isDeclarationKeyword(token)) break;
      const inBraces = outerBrace >= 0;
      if (is(token, t.RightBrace) && !inBraces) break;
      if (kind === 'entry' && open.length === 0 && is(token, t.Comma)) return { start, end: end + 1 };
      const begins = beginsUnit(tokens, end, kind, open.length > 0);
      if (begins && !inBraces) break;
      follow(open, token);
      if (outerBrace >= open.length) outerBrace = -1;
      if (outerBrace < 0 && is(open.at(-1), t.LeftBrace)) outerBrace = open.length - 1;
    }
    return { start, end };
  }

  /** Looks for further mistakes between the braces of a unit that was cut out because of its header. */
  private checkBraces(tokens: readonly IToken[], at: number, cut: Mend, unit: Unit): void {
    const keyword = tokens[cut.start];
    const inDeclaration = unit.kind === 'declaration' && !is(keyword, t.Use);
    if (!inDeclaration && unit.kind !== 'statement') return;
    if (openBrackets(tokens.slice(cut.start, at)).some((token) => is(token, t.LeftBrace))) return;
    let start = at;
    while (start < cut.end) {
      if (!is(tokens[start], t.LeftBrace)) {
        start += 1;
        continue;
      }
      const open: IToken[] = [];
      let end = start;
      do {
        const token = tokens[end];
        if (token !== undefined) follow(open, token);
        end += 1;
      } while (open.length > 0 && end < cut.end);
      if (open.length > 0) return;
      // A record of another language is not a body.
      const isRecord = start === at && unit.kind === 'statement' && !is(keyword, t.If) && !is(keyword, t.For);
      if (!isRecord) this.parse(tokens.slice(start, end), contentOf(keyword));
      start = end;
    }
  }

  // --------------------------------------------------------------------------------------------- reporting

  private report(tokens: readonly IToken[], at: number, stumble: Stumble, unit: Unit, mend: Mend): void {
    const offset = tokens[at]?.startOffset ?? this.source.text.length;
    // A second mistake at the same token follows from the first.
    if (this.reported.has(offset)) return;
    this.reported.add(offset);
    const open = openBrackets(tokens.slice(0, at)).at(-1);
    if (!this.followsFromLexical(tokens, mend, endsBody(stumble) ? undefined : unit.first, open)) {
      this.diagnostics.push(this.describe(tokens, at, stumble, unit, open));
    }
  }

  /** Tells whether a mistake follows from an unreadable stretch of text that was already reported. */
  private followsFromLexical(
    tokens: readonly IToken[],
    mend: Mend,
    unitFirst: IToken | undefined,
    open: IToken | undefined,
  ): boolean {
    const before = tokens[mend.start - 1];
    const from = unitFirst ?? tokens[mend.start];
    // Unreadable text directly before a token belongs to that token's unit.
    const first = unitFirst || !before ? (from?.startOffset ?? this.source.text.length) : endOf(before);
    const last = tokens[mend.end]?.startOffset ?? this.source.text.length;
    return this.lexical.some(({ code, span: unread }) => {
      if (unread === undefined) return false;
      if (first <= unread.start && unread.start <= last) return true;
      // An unterminated string may have swallowed the missing bracket.
      const swallowed = this.source.text.slice(unread.start, unread.end);
      const closer = open === undefined ? '' : closerOf(open);
      return (
        code === 'unterminated-string' &&
        open !== undefined &&
        open.startOffset < unread.start &&
        swallowed.includes(closer)
      );
    });
  }

  private describe(
    tokens: readonly IToken[],
    at: number,
    stumble: Stumble,
    unit: Unit,
    open: IToken | undefined,
  ): Diagnostic {
    const { source } = this;
    const actual = tokens[at];
    const previous = tokens[at - 1];
    const found = actual === undefined ? 'the end of the file' : describeToken(actual);
    if (stumble.isTooDeep) return messages.nestedTooDeep(this.at(actual), stumble.rule === 'statement');
    const pieces = hintOfPieces(source, tokens, at);
    if (pieces)
      return messages.unexpectedToken(pieces.what, `'${textOf(pieces.place)}'`, pieces.place, pieces.hint);
    const foreign =
      hintOfExpression(source, tokens, at, stumble, open) ?? hintOfStatement(source, tokens, at, stumble);
    if (foreign !== undefined)
      return messages.unexpectedToken(phrase(tokens, at, stumble), found, this.at(actual), foreign);
    if (actual && isNetworkOfExperiment(tokens, at, stumble)) {
      const words = messages.hints.networkByLet(tokens[at + 1]?.image ?? '');
      return messages.unexpectedToken(
        messages.itemPhrase,
        found,
        this.at(actual),
        replacing(this.at(actual), 'let', () => words),
      );
    }
    // A keyword used as a name: a declaration has no '=' after its keyword.
    if (actual && isDeclarationKeyword(actual) && is(tokens[at + 1], t.Equal))
      return messages.unexpectedToken(
        'a name',
        found,
        this.at(actual),
        messages.hints.reservedWord(actual.image),
      );
    if (open === undefined && actual !== undefined) {
      if (is(actual, t.Use) && stumble.rule === 'file')
        return messages.lateUse(place(source, actual), hintOfLateUse(source, tokens, at));
    }
    // A token missing at the end of a line is reported there, not at the start of the next line.
    const missing =
      previous !== undefined && !sameLine(previous, actual) ? this.behind(previous) : this.at(actual);
    if (open !== undefined && expects(stumble, closingType(open))) {
      if (
        leavesBraces(tokens, at) ||
        closesOuter(tokens, at) ||
        lacksBraceBeforeElse(actual, stumble, unit)
      ) {
        const unclosed = suspect(tokens, at, open);
        if (unclosed.before === undefined) {
          return messages.unclosedBracket(closerOf(open), found, missing, place(source, open));
        }
        const next = "a '}' at the indentation of another line";
        return messages.unclosedBracket(
          '}',
          next,
          this.behind(unclosed.before),
          place(source, unclosed.open),
        );
      }
      if (actual && isCloser(actual) && !is(open, t.LeftBrace))
        return messages.wrongBracket(
          closerOf(open),
          place(source, actual),
          place(source, open),
          closesLater(tokens, at + 1, open),
        );
      if (is(actual, t.Question))
        return messages.unexpectedToken(
          `an operator or '${closerOf(open)}'`,
          found,
          missing,
          messages.hints.conditional,
        );
      const isList = ['parameters', 'arguments', 'list', 'values', 'use'].includes(stumble.rule);
      if (
        stumble.rule === 'parameters' &&
        previous &&
        is(previous, t.Identifier) &&
        actual &&
        is(actual, t.Identifier)
      ) {
        const order = hintOfTypeOrder(source, previous, actual);
        return messages.unexpectedToken("':', ',' or ')'", found, missing, order);
      }
      if (isList && !is(previous, t.Comma) && previous !== open && !is(actual, t.Equal)) {
        const isNext = is(tokens[at + 1], t.Colon) && closesLater(tokens, at, open);
        return (sameLine(previous, actual) || isNext) && !is(actual, t.LeftBrace)
          ? messages.missingComma(
              closerOf(open),
              found,
              missing,
              place(source, open),
              endOf(previous ?? open),
            )
          : messages.unclosedBracket(closerOf(open), found, missing, place(source, open));
      }
      if (!isList && !endsBody(stumble)) {
        return messages.unclosedBracket(closerOf(open), found, missing, place(source, open));
      }
    }
    const isStray = endsBody(stumble) || stumble.rule === 'file';
    const where = isStray ? this.at(actual) : missing;
    const hint = isInAlias(tokens, at, stumble, unit)
      ? aliasHint(unit)
      : hintFor(source, tokens, at, stumble);
    return messages.unexpectedToken(phrase(tokens, at, stumble), found, where, hint);
  }

  private at(token: IToken | undefined): Span {
    const end = this.source.text.length;
    return token === undefined ? span(this.source, end, end) : place(this.source, token);
  }

  private behind(token: IToken): Span {
    return span(this.source, endOf(token), endOf(token));
  }
}

/** Names what is expected at a token, in the terms of the language. */
function phrase(tokens: readonly IToken[], at: number, stumble: Stumble): string {
  const previous = tokens[at - 1];
  if (isBehindAlias(tokens, at, stumble)) return 'the end of the declaration';
  if (stumble.rule === 'body' && expects(stumble, t.LeftBrace) && is(previous, t.Else)) return "'{' or 'if'";
  if (stumble.rule === 'file') return "'use', 'block', 'network', 'experiment' or 'ablation'";
  if (stumble.rule === 'arguments' && expects(stumble, t.RightParenthesis)) return "an argument, ',' or ')'";
  if (stumble.rule === 'parameters' && expects(stumble, t.RightParenthesis)) return "a parameter, ',' or ')'";
  if ((stumble.rule === 'list' || stumble.rule === 'values') && expects(stumble, t.RightBracket))
    return "an expression, ',' or ']'";
  if (!endsBody(stumble)) return stumble.expected;
  const isBehindCode =
    sameLine(previous, tokens[at]) && !is(previous, t.LeftBrace) && !is(previous, t.RightBrace);
  if (stumble.rule === 'body') {
    return isBehindCode ? 'an operator or the end of the statement' : "a statement or a closing '}'";
  }
  if (stumble.rule === 'experimentBody' || stumble.rule === 'changes') {
    return isBehindCode ? 'an operator or the end of the line' : messages.itemPhrase;
  }
  if (stumble.rule === 'ablationBody') return messages.partPhrase;
  const optimize = stumble.rule === 'train' ? ", 'optimize'" : '';
  return `a setting 'name: value'${optimize} or a closing '}'`;
}

function aliasHint({ first }: Unit): string {
  return is(first, t.Network) ? messages.hints.networkAlias : messages.hints.alias;
}

/**
 * Tells whether a network is declared among the items of an experiment, `network G = SpadeGenerator()`, instead of
 * bound by `let`.
 */
function isNetworkOfExperiment(tokens: readonly IToken[], at: number, stumble: Stumble): boolean {
  const inExperiment = stumble.rule === 'experimentBody' || stumble.rule === 'changes';
  const isBlock = is(tokens[at], t.Block) && /^[A-Z]/.test(tokens[at + 3]?.image ?? '');
  const isKeyword = is(tokens[at], t.Network) || isBlock;
  const binds = isKeyword && is(tokens[at + 1], t.Identifier) && is(tokens[at + 2], t.Equal);
  return inExperiment && endsBody(stumble) && binds;
}

/** Tells whether extra tokens follow `block name = other` on its line. */
function isBehindAlias(tokens: readonly IToken[], at: number, { rule }: Stumble): boolean {
  return rule === 'file' && is(tokens[at - 2], t.Equal) && sameLine(tokens[at - 1], tokens[at]);
}

/** Tells whether a mistake is in `block name = other`, or in an attempt to write it. */
function isInAlias(tokens: readonly IToken[], at: number, stumble: Stumble, { kind, first }: Unit): boolean {
  if (tokens[at] === undefined) return false;
  if (isBehindAlias(tokens, at, stumble)) return true;
  if (kind !== 'declaration' || !(is(first, t.Block) || is(first, t.Network))) return false;
  if (stumble.rule === 'block') return is(tokens[at], t.Equal) || is(tokens[at - 1], t.Equal);
  return is(tokens[at], t.Equal) && expects(stumble, t.LeftBrace);
}

function describeToken(token: IToken): string {
  if (is(token, t.StringText)) return token.image.length <= 30 ? token.image : 'a string';
  return `'${token.image}'`;
}

// ------------------------------------------------------------------------------------------------- tokens

function isDeclarationKeyword(token: IToken | undefined): boolean {
  return t.declarationKeywords.some((type) => is(token, type));
}

function expectsOpeningBrace(stumble: Stumble): boolean {
  return expects(stumble, t.LeftBrace) || stumble.rule === 'ifStatement';
}

function lacksBraceBeforeElse(actual: IToken | undefined, stumble: Stumble, unit: Unit): boolean {
  return is(actual, t.Else) && endsBody(stumble) && unit.kind === 'statement' && is(unit.first, t.If);
}

function restOfLine(tokens: readonly IToken[], at: number): readonly IToken[] {
  const length = tokens.slice(at).findIndex((token) => !sameLine(tokens[at], token));
  return tokens.slice(at, length < 0 ? undefined : at + length);
}

function closesMoreThanOpens(tokens: readonly IToken[]): boolean {
  const count = (type: TokenType): number => tokens.filter((token) => is(token, type)).length;
  return count(t.RightBrace) > count(t.LeftBrace);
}

function childKind(rule: string): UnitKind {
  if (rule === 'body') return 'statement';
  if (rule === 'ablationBody') return 'part';
  return rule === 'experimentBody' || rule === 'changes' ? 'item' : 'entry';
}

/** Gives the kind of unit between the braces of a declaration that begins with this keyword. */
function contentOf(keyword: IToken | undefined): UnitKind {
  if (is(keyword, t.Ablation)) return 'part';
  return is(keyword, t.Experiment) ? 'item' : 'statement';
}

function closingType(open: IToken): TokenType {
  return t.brackets.get(open.tokenType) ?? open.tokenType;
}

function closerOf(open: IToken): string {
  const pattern = closingType(open).PATTERN;
  return typeof pattern === 'string' ? pattern : open.image;
}

/** Tells whether a token closes a bracket other than the innermost open one. */
function closesOuter(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  return openBrackets(tokens.slice(0, at)).some((open) => closingType(open) === token?.tokenType);
}

/** Tells whether a bracket is closed later, before any bracket around it is. */
function closesLater(tokens: readonly IToken[], at: number, open: IToken): boolean {
  const inner: IToken[] = [];
  for (const token of tokens.slice(at)) {
    if (isCloser(token) && inner.length === 0) return closingType(open) === token.tokenType;
    follow(inner, token);
  }
  return false;
}

/** Tells whether a token can only be outside the innermost braces: a declaration, or an item after settings. */
function leavesBraces(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || isDeclarationKeyword(token)) return true;
  const inner = openBrackets(tokens.slice(0, at)).at(-1);
  const before = inner === undefined ? -1 : tokens.indexOf(inner) - 1;
  const inSettings = is(tokens[before], t.Train) || is(tokens[before - 1], t.Data);
  return inSettings && beginsUnit(tokens, at, 'item', false) && !is(token, t.Optimize);
}

/**
 * Finds the bracket that was most likely left open. For braces, this is the first one whose closing brace is indented
 * like another line: that brace closes an outer one, so one is missing before it.
 */
function suspect(
  tokens: readonly IToken[],
  at: number,
  open: IToken,
): { open: IToken; before: IToken | undefined } {
  const start = tokens.indexOf(open);
  const indentation = (token: IToken): number =>
    tokens.find((other) => other.startLine === token.startLine)?.startColumn ?? 0;
  const stack: IToken[] = [];
  for (let index = start; index < at; index += 1) {
    const token = tokens[index];
    if (token === undefined || !is(open, t.LeftBrace)) break;
    const last = stack.at(-1);
    const startsLine = !sameLine(tokens[index - 1], token);
    if (is(token, t.RightBrace) && is(last, t.LeftBrace) && last !== undefined && startsLine) {
      if (last.startLine !== token.startLine && indentation(last) !== indentation(token)) {
        return { open: last, before: tokens[index - 1] };
      }
    }
    follow(stack, token);
  }
  return { open, before: undefined };
}

/** Makes a token of zero width after another one. */
function inserted(type: TokenType, previous: IToken | undefined): IToken {
  const offset = previous === undefined ? 0 : endOf(previous);
  const line = previous?.endLine ?? 1;
  return createTokenInstance(type, '', offset, offset - 1, line, line, 1, 1);
}

/** Makes a token of another type at the place of a token. */
function inPlaceOf({ startOffset, image, startLine = 1, startColumn = 1 }: IToken, type: TokenType): IToken {
  const end = startOffset + image.length - 1;
  return createTokenInstance(type, image, startOffset, end, startLine, startLine, startColumn, startColumn);
}

/** Updates the stack of open brackets for a token; a closer also closes unclosed brackets inside it. */
function follow(open: IToken[], token: IToken): void {
  if (t.brackets.has(token.tokenType)) {
    open.push(token);
  } else if (isCloser(token)) {
    const opener = open.findLastIndex((bracket) => t.brackets.get(bracket.tokenType) === token.tokenType);
    if (opener >= 0) open.length = opener;
  }
}

function openBrackets(tokens: readonly IToken[]): IToken[] {
  const open: IToken[] = [];
  for (const token of tokens) follow(open, token);
  return open;
}

/** Tells whether an expression can end with a token. */
function endsOperand(token: IToken | undefined): boolean {
  const types = [t.Identifier, t.NumberText, t.SizeText, t.StringText, t.True, t.False, t.None];
  const closers = [t.RightParenthesis, t.RightBracket, t.RightBrace];
  return [...types, ...closers].some((type) => is(token, type));
}

/** Tells whether a token starts a line and a unit; inside open brackets only unambiguous tokens count. */
function beginsUnit(tokens: readonly IToken[], at: number, kind: UnitKind, inBrackets: boolean): boolean {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (sameLine(tokens[at - 1], token)) return false;
  if (is(token, t.Let) || is(token, t.Return)) return true;
  // A line of an ablation begins with a path, a name with a colon, or a keyword.
  if (kind === 'part' && is(token, t.Identifier) && !inBrackets)
    return [t.Dot, t.In, t.Colon, t.Identifier, t.LeftBrace].some((type) => is(next, type));
  if (is(token, t.Identifier) && is(next, kind === 'entry' ? t.Colon : t.Equal))
    return !inBrackets || kind !== 'entry';
  const isWord = is(token, t.Identifier) && (is(next, t.LeftParenthesis) || is(next, t.Identifier));
  if (isWord && endsOperand(tokens[at - 1]) && !inBrackets) return true;
  if (is(token, t.If) || is(token, t.For)) return kind === 'statement' && !inBrackets;
  const opensItem =
    [t.Data, t.Load, t.Loss, t.Optimize].some((type) => is(token, type)) && is(next, t.Identifier);
  return opensItem || (is(token, t.Train) && is(next, t.LeftBrace));
}
