/**
 * Gives hints where the parser fails on a whole form of another language: loops, imports, inheritance, experiment
 * items, pipelines.
 */
import type { IToken } from 'chevrotain';
import { replacing, together, type Hint } from './fix.ts';
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
  isReserved,
  place,
  sameLine,
  useOf,
  write,
} from './stumbles.ts';
import { suggest } from './suggest.ts';
import * as t from './tokens.ts';

/** Gives a hint if the tokens at the failure are a known form of another language. */
export function hintOfHabit(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  return (
    hintOfImport(source, tokens, at, stumble) ??
    hintOfVariant(source, tokens, at, stumble) ??
    hintOfItem(source, tokens, at, stumble) ??
    hintOfStage(source, tokens, at, stumble) ??
    hintOfReserved(tokens, at, stumble)
  );
}

/** `from module import a, b`, `import { a } from "module"`, `import module`. */
function hintOfImport(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  if (stumble.rule === 'file' && tokens[at]?.image === 'import') {
    const brace = is(tokens[at + 1], t.LeftBrace) ? closeOf(tokens, at + 1) : undefined;
    const end = brace ? tokens.indexOf(brace) : 0;
    const [first, open, from, path] = [tokens[at], tokens[at + 1], tokens[end + 1], tokens[end + 2]];
    if (!first || !open || !brace || !is(from, t.From) || !path || !is(path, t.StringText))
      return hints.usage;
    const names = source.text.slice(endOf(open), brace.startOffset).trim();
    return replacing(between(source, first, path), useOf(path.image.slice(1, -1), names), write);
  }
  const [actual, module, word] = tokens.slice(at, at + 3);
  if (stumble.rule !== 'file' || !is(actual, t.From) || word?.image !== 'import' || !actual) return undefined;
  const rest = tokens.slice(at + 3);
  const end = rest.findIndex((token) => !sameLine(actual, token));
  const line = end < 0 ? rest : rest.slice(0, end);
  const last = line.at(-1);
  const names = line.filter((token) => is(token, t.Identifier)).map(({ image }) => image);
  if (!module || !last || names.length === 0) return undefined;
  return replacing(between(source, actual, last), `use ${module.image} { ${names.join(', ')} }`, write);
}

const wordsOfVariants: ReadonlySet<string> = new Set(['extends', 'inherits', 'from', 'of', ':', '(', '<']);

/** `experiment b extends a {`, `experiment b(a) {`. */
function hintOfVariant(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [actual, base, next, after] = tokens.slice(at, at + 4);
  if (stumble.rule !== 'experiment' || !expects(stumble, t.LeftBrace)) return undefined;
  if (!actual || !wordsOfVariants.has(actual.image) || !base || !is(base, t.Identifier)) return undefined;
  const isClosed = is(actual, t.LeftParenthesis) && is(next, t.RightParenthesis);
  const brace = isClosed ? after : next;
  if (!is(brace, t.LeftBrace) || !brace) return undefined;
  return replacing(between(source, actual, brace), `= ${base.image} with {`, (text) => `write ${text} ... }`);
}

/** Words of other frameworks for experiment items, with the keyword of each. */
const wordsOfItems: ReadonlyMap<string, string> = new Map([
  ['optimizer', 'optimize'],
  ['optimiser', 'optimize'],
  ['dataset', 'data'],
  ['training', 'train'],
  ['criterion', 'loss'],
  ['objective', 'loss'],
  ['pretrained', 'load'],
]);
const items = ['data', 'let', 'load', 'loss', 'train', 'optimize'];

/** `optimizer G with`, `dataset d {`: two words in a row, the first of which is a near miss of a keyword. */
function hintOfItem(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | undefined {
  const [previous, actual] = [tokens[at - 1], tokens[at]];
  const isEntry = stumble.rule === 'entry' && expects(stumble, t.Colon);
  const isBinding = stumble.rule === 'assignment' && expects(stumble, t.Equal);
  if (!(isEntry || isBinding) || !previous || !sameLine(previous, actual)) return undefined;
  if (!is(actual, t.Identifier) && !is(actual, t.LeftBrace)) return undefined;
  const meant = wordsOfItems.get(previous.image.toLowerCase()) ?? suggest(previous.image, items);
  if (meant === undefined || isEntry !== (meant === 'optimize')) return undefined;
  const written = replacing(place(source, previous), meant, write);
  const sign = tokens[at + 1];
  if (meant !== 'optimize' || !is(sign, t.Equal) || !sign) return written;
  return together([written, replacing(place(source, sign), 'with', (text) => `'${text}' in place of '='`)]);
}

/** `x -> f`, and a pipeline whose result is not bound. */
function hintOfStage(
  source: Source,
  tokens: readonly IToken[],
  at: number,
  stumble: Stumble,
): Hint | string | undefined {
  const [previous, actual] = [tokens[at - 1], tokens[at]];
  if (!actual) return undefined;
  const isBehindCode = sameLine(previous, actual) || is(tokens[at + 1], t.Identifier);
  if (is(actual, t.Arrow) && endsBody(stumble) && isBehindCode)
    return {
      words: "a pipeline stage is written '|>'",
      fix: tokens
        .slice(at)
        .filter((token) => is(token, t.Arrow) && sameLine(actual, token))
        .map((token) => ({ span: place(source, token), text: '|>' })),
    };
  if (is(actual, t.Dot) && is(previous, t.Dot)) return hints.range;
  const isOpen = stumble.rule === 'assignment' && expects(stumble, t.Equal);
  return isOpen && (is(actual, t.Pipe) || is(actual, t.LeftParenthesis)) ? hints.unusedValue : undefined;
}

/** Reserved words used as names. */
function hintOfReserved(tokens: readonly IToken[], at: number, stumble: Stumble): string | undefined {
  const [previous, actual, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!actual || !isReserved(actual)) return undefined;
  const isBound = is(next, t.Equal) && endsBody(stumble);
  const isRead = stumble.expected === 'an expression' && nouns.some((type) => is(actual, type));
  return isBound || (isRead && sameLine(previous, actual)) ? hints.reservedWord(actual.image) : undefined;
}

/**
 * Reserved words that are likely meant as names where an expression is expected; other reserved words cannot occur in
 * one.
 */
const nouns = [t.In, t.As, t.Block, t.Network, t.Experiment, t.Ablation, t.Use];

/** Tells whether a place is inside a counting loop: `for (i = 0; i < 3; i++)`. */
export function isInCountingLoop({ source, start }: Span): boolean {
  const line = source.text.slice(source.text.lastIndexOf('\n', start - 1) + 1, start);
  return /^\s*for\b/.test(line);
}
