/**
 * Gives hints for statements, types and items in the syntax of other languages: annotations, `+=`, `append`, arrow
 * functions.
 */
import type { IToken } from 'chevrotain';
import { replacing, type Hint } from './fix.ts';
import { hints } from './messages.ts';
import type { Stumble } from './grammar.ts';
import { span, textOf, type Source } from './source.ts';
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
  write,
} from './stumbles.ts';
import * as t from './tokens.ts';

/** Gives a hint for a foreign statement, type or item at the token `at`, where the parser failed. */
export function hintOfStatement(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  return (
    hintOfComment(source, tokens, at) ??
    hintOfType(source, tokens, at, stumble) ??
    hintOfRenamedImport(source, tokens, at, stumble) ??
    hintOfBareImport(source, tokens, at, stumble) ??
    hintOfAxis(source, tokens, at, stumble) ??
    hintOfFunction(source, tokens, at, stumble) ??
    hintOfLoss(source, tokens, at, stumble) ??
    hintOfNetwork(source, tokens, at, stumble) ??
    hintOfGrowingList(source, tokens, at, stumble) ??
    hintOfStep(source, tokens, at, stumble) ??
    hintOfReturn(source, tokens, at, stumble) ??
    hintOfSummands(source, tokens, at, stumble) ??
    hintOfRecord(tokens, at, stumble) ??
    hintOfQuotedLabel(source, tokens, at, stumble)
  );
}

/** A comment of C, or a Python string used as a comment. */
function hintOfComment(source: Source, tokens: readonly IToken[], at: number): Hint | string | undefined {
  const [previous, actual, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!actual) return undefined;
  if (is(actual, t.StringText) && actual.image === '""' && next && touches(actual, next))
    return hints.commentSign;
  const isStar = (token: IToken | undefined): boolean => is(token, t.Star) || is(token, t.Power);
  const first = is(actual, t.Slash) ? actual : isStar(actual) && is(previous, t.Slash) ? previous : undefined;
  const star = first === actual ? next : actual;
  if (!first || !star || !isStar(star) || !touches(first, star)) return undefined;
  const end = source.text.indexOf('*/', endOf(star));
  const inner = source.text.slice(endOf(star), end);
  const rest = source.text.slice(end + 2).split('\n', 1)[0] ?? '';
  // The text that follows on the line would become part of the comment.
  if (end < 0 || inner.includes('\n') || rest.trim() !== '') return hints.commentSign;
  const where = span(source, first.startOffset, end + 2);
  return replacing(where, `# ${inner.trim()}`, (text) => `comments begin with '#': ${text}`);
}

/** `list[int]`, `Optional[int]`, `torch.Tensor`. */
function hintOfType(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [before, first, actual, next] = [tokens[at - 2], tokens[at - 1], tokens[at], tokens[at + 1]];
  const isType =
    (stumble.rule === 'parameters' && is(before, t.Colon)) ||
    (is(before, t.Arrow) && expects(stumble, t.LeftBrace));
  if (!isType || !first || !actual || !next) return undefined;
  if (is(actual, t.Dot) && is(next, t.Identifier))
    return replacing(between(source, first, next), next.image, write);
  const close = is(actual, t.LeftBracket) ? closeOf(tokens, at) : undefined;
  if (!close) return undefined;
  const isOptional = /^optional$/i.test(first.image) && tokens[at + 2] === close;
  const text = isOptional ? `${next.image}?` : first.image.toLowerCase();
  return isOptional || text === 'list' ? replacing(between(source, first, close), text, write) : undefined;
}

/** `use norms { spade as s }`. */
function hintOfRenamedImport(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [own, actual, other] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (stumble.rule !== 'use' || !is(actual, t.As) || !own || !other || !is(other, t.Identifier))
    return undefined;
  const uses = tokens.filter(
    (token, index) =>
      index > at + 1 &&
      token.image === other.image &&
      !is(tokens[index - 1], t.Dot) &&
      !is(tokens[index + 1], t.Colon),
  );
  return {
    words: `what is imported keeps its name: write '${own.image}' wherever it is used`,
    fix: [
      { span: span(source, endOf(own), endOf(other)), text: '' },
      ...uses.map((token) => ({ span: place(source, token), text: own.image })),
    ],
  };
}

/** `use norms spade, batch`, `use norms.spade`. */
function hintOfBareImport(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [module, actual] = [tokens[at - 1], tokens[at]];
  if (stumble.rule !== 'use' || !expects(stumble, t.LeftBrace) || !module || !actual) return undefined;
  const names = tokens.slice(is(actual, t.Dot) ? at + 1 : at).filter((token) => sameLine(module, token));
  const isList = names.every((name, index) => is(name, index % 2 === 0 ? t.Identifier : t.Comma));
  const last = names.at(-1);
  if (!isList || !last || !sameLine(module, actual)) return undefined;
  const text = names.filter((name) => !is(name, t.Comma)).map(({ image }) => image);
  return replacing(
    span(source, endOf(module), endOf(last)),
    ` { ${text.join(', ')} }`,
    (braces) => `what is imported stands in braces: ${braces}`,
  );
}

/** `G.width in (3, 4)`, `G.width = [3, 4]`. */
function hintOfAxis(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [previous, actual, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (stumble.rule !== 'axis' || !actual) return undefined;
  const close = is(actual, t.LeftParenthesis) ? closeOf(tokens, at) : undefined;
  if (close) return squared(source, actual, close, 'values of an axis stand in brackets: [ ... ]');
  const isSign = (is(actual, t.Equal) || is(actual, t.Colon)) && expects(stumble, t.In);
  const isList = is(next, t.LeftBracket) || is(next, t.LeftBrace);
  if (!isSign || !isList || !previous) return undefined;
  const [before, behind] = [touches(previous, actual), touches(actual, next)].map((one) => (one ? ' ' : ''));
  return replacing(place(source, actual), `${before}in${behind}`, write);
}

/** `const f = (x) => g(x)`. */
function hintOfFunction(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const actual = tokens[at];
  if (stumble.rule !== 'file' || !actual || !bindingWords.has(actual.image)) return undefined;
  const [written = ''] = source.text.slice(actual.startOffset).split(/\r?\n/, 1);
  const line = written.trimEnd();
  const arrow = /^\w+\s+(\w+)\s*=\s*\(([^()]*)\)\s*=>\s*([^\s{};][^{};]*)$/.exec(line);
  if (!arrow) return hints.declarations;
  const [, name, parameters, value] = arrow;
  return replacing(
    span(source, actual.startOffset, actual.startOffset + line.length),
    `block ${name}(${parameters}) { return ${value} }`,
    write,
  );
}

const bindingWords: ReadonlySet<string> = new Set(['const', 'let', 'var', 'val', 'auto']);

/** `loss(G) = …`, `loss G: …`, `loss G += …`. */
function hintOfLoss(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [keyword, actual, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!actual) return undefined;
  if (is(keyword, t.Loss) && is(actual, t.LeftParenthesis) && stumble.rule === 'names') {
    const close = closeOf(tokens, at);
    if (!close || !keyword) return undefined;
    const names = source.text.slice(endOf(actual), close.startOffset).trim();
    return replacing(between(source, keyword, close), `loss ${names}`, write);
  }
  if (stumble.rule !== 'loss' || !expects(stumble, t.Equal)) return undefined;
  if (is(actual, t.Colon)) return replacing(place(source, actual), ' =', () => hints.loss);
  return is(actual, t.AdditiveOperator) && is(next, t.Equal) ? hints.loss : undefined;
}

/** `const G = SpadeGenerator()`, `G: SpadeGenerator()` in an experiment, where networks are bound by `let`. */
function hintOfNetwork(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [name, actual, next, after] = [tokens[at - 1], tokens[at], tokens[at + 1], tokens[at + 2]];
  if (stumble.rule !== 'assignment' || !expects(stumble, t.Equal) || !name || !actual) return undefined;
  const isInExperiment = is(
    tokens.slice(0, at).findLast((token) => t.declarationKeywords.some((type) => is(token, type))),
    t.Experiment,
  );
  const isNetwork = (token: IToken | undefined): boolean => /^[A-Z]\w*[a-z]/.test(token?.image ?? '');
  if (!isInExperiment) return undefined;
  const words = (own: IToken): string => hints.networkByLet(own.image);
  if (is(actual, t.Colon) && isNetwork(next))
    return replacing(between(source, name, actual), `let ${name.image} =`, () => words(name));
  return bindingWords.has(name.image) && is(next, t.Equal) && isNetwork(after)
    ? replacing(place(source, name), 'let', () => words(actual))
    : undefined;
}

/** `w.append(8)`. */
function hintOfGrowingList(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [list, actual, method, open] = [tokens[at - 1], tokens[at], tokens[at + 1], tokens[at + 2]];
  if (stumble.rule !== 'assignment' || !is(actual, t.Dot) || !list || !method) return undefined;
  const close =
    is(open, t.LeftParenthesis) && open && touches(method, open) ? closeOf(tokens, at + 2) : undefined;
  if (!close || !open) return undefined;
  const given = source.text.slice(endOf(open), close.startOffset).trim();
  const isItem = ['append', 'push', 'add'].includes(method.image);
  if (!isItem && !['extend', 'concat'].includes(method.image)) return hints.unusedValue;
  return replacing(
    between(source, list, close),
    `${list.image} = ${list.image} + ${isItem ? `[${given}]` : given}`,
    (text) => `a list grows by another: ${text}`,
  );
}

/** `i++`, several names bound at once (`a, b = …`), and statements of other languages. */
function hintOfStep(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [name, actual, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (stumble.rule !== 'assignment' || !expects(stumble, t.Equal) || !name || !actual) return undefined;
  if (name.image === 'while') return hints.loop;
  if (['raise', 'throw', 'assert'].includes(name.image)) return hints.refusal;
  if (is(actual, t.Comma) && is(next, t.Identifier)) return hints.unpacking;
  const isStep = is(actual, t.AdditiveOperator) && next?.image === actual.image && touches(actual, next);
  if (!isStep || !next) return undefined;
  return replacing(between(source, name, next), `${name.image} = ${name.image} ${actual.image} 1`, write);
}

/** `return a, b`. */
function hintOfReturn(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const actual = tokens[at];
  if (!endsBody(stumble) || !is(actual, t.Comma) || !actual || !sameLine(tokens[at - 1], actual))
    return undefined;
  const start = tokens.slice(0, at).findLastIndex((token) => is(token, t.Return));
  const keyword = tokens[start];
  if (!keyword || tokens.slice(start, at).some((token) => is(token, t.LeftBrace) || is(token, t.RightBrace)))
    return undefined;
  const line = tokens.slice(at + 1).filter((token) => sameLine(actual, token));
  const brace = line.findIndex((token) => is(token, t.RightBrace));
  const last = (brace < 0 ? line : line.slice(0, brace)).at(-1);
  const value = { source, start: endOf(keyword), end: last ? endOf(last) : 0 };
  if (!last || !sameLine(keyword, last)) return hints.severalValues;
  return replacing(value, ` [${textOf(value).trim()}]`, (text) => `${hints.severalValues}: ${text}`);
}

/** `loss G = a, b`. */
function hintOfSummands(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  if (!endsBody(stumble) || !is(tokens[at], t.Comma)) return undefined;
  const start = tokens.slice(0, at).findLastIndex((token) => is(token, t.Loss));
  const isBraced = tokens.slice(start, at).some((token) => is(token, t.LeftBrace) || is(token, t.RightBrace));
  if (start < 0 || isBraced) return undefined;
  const commas: IToken[] = [];
  let depth = 0;
  for (const [index, token] of tokens.slice(start).entries()) {
    const previous = tokens[start + index - 1];
    const isNewLine = index > 0 && !sameLine(previous, token) && !is(previous, t.Comma);
    if (depth === 0 && (is(token, t.RightBrace) || (isNewLine && start + index > at))) break;
    if (t.brackets.has(token.tokenType)) depth += 1;
    else if (isCloser(token)) depth -= 1;
    else if (depth === 0 && start + index >= at && is(token, t.Comma)) commas.push(token);
  }
  return { words: hints.loss, fix: commas.map((comma) => ({ span: place(source, comma), text: ' +' })) };
}

/** `o = { out: 8 }`. */
function hintOfRecord(tokens: readonly IToken[], at: number, stumble: Stumble): string | undefined {
  const isRecord = is(tokens[at], t.LeftBrace) && stumble.expected === 'an expression';
  return isRecord && is(tokens[at + 2], t.Colon) ? hints.record : undefined;
}

/** `as "head"`. */
function hintOfQuotedLabel(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const actual = tokens[at];
  const name = /^"([A-Za-z_]\w*)"$/.exec(actual?.image ?? '')?.[1];
  if (stumble.rule !== 'label' || !actual || name === undefined) return undefined;
  return replacing(place(source, actual), name, (text) => `a label is a name: as ${text}`);
}

/** `LabelMap seg`: the type first, as in C; or a type without the colon before it. */
export function hintOfTypeOrder(source: Source, first: IToken, second: IToken): Hint {
  const isType = /^[A-Z]/.test(first.image) || typeWords.has(first.image);
  return isType
    ? replacing(
        between(source, first, second),
        `${second.image}: ${first.image}`,
        (text) => `a parameter's type stands behind a colon: '${text}'`,
      )
    : replacing(span(source, endOf(first), endOf(first)), ':', () => hints.typeWithColon);
}

/** The types with a lowercase initial. */
const typeWords: ReadonlySet<string> = new Set(['int', 'float', 'bool', 'string', 'size', 'list']);
