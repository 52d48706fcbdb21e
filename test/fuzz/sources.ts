/**
 * Makes invalid texts of the language, a pure function of seed and number. Each must give a spec, or messages with
 * places.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check } from '../../compiler/index.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';

export interface FuzzedSource {
  readonly text: string;
  /** The applied change. */
  readonly what: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

let bases: readonly string[] | undefined;

/** Reads the base texts: the standard library, the examples, and texts with mistakes of every kind. */
function baseTexts(): readonly string[] {
  bases ??= ['specs', 'examples', 'test/samples/errors'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.spade'))
      .sort()
      .map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8'))
      .filter((text) => text.length < 6000),
  );
  return bases;
}

const oddTexts: readonly string[] = [
  ...['0', '-1', '1.5', '1e999', '1000000007', '"x"', 'none', 'true', '[]', '()', '{}', '256x256'],
  ...['seg', 'G', 'D', 'conv', 'noise(3)', 'x.channels', 'fake()', 'real()', 'range(1000000000)', '2 ** 99'],
  ...['\u202e', '\u0000', '\u001b[31m', '\ufeff', '\ud800', '“', '；', '//', '/*', '#', '\r', '\t'],
  ...['|>', '=', ':', '==', 'use', 'block', 'network', 'experiment', 'if', 'else', 'for', 'return', 'as'],
];

type Change = (text: string, random: RandomStream) => string;

/** Splits a text into words, numbers, strings, white space and single characters. */
const piecesOf = (text: string): string[] => text.match(/\w+|"[^"\n]*"|\s+|[^\w\s]/gu) ?? [];

const pick = <T>(from: readonly T[], random: RandomStream): T | undefined => from[random.below(from.length)];

/** Changes a few of the pieces. */
const atPieces =
  (change: (pieces: string[], at: number, random: RandomStream) => void): Change =>
  (text, random) => {
    const pieces = piecesOf(text);
    for (let count = 1 + random.below(3); count > 0 && pieces.length > 0; count--)
      change(pieces, random.below(pieces.length), random);
    return pieces.join('');
  };

const changes: Readonly<Record<string, Change>> = {
  'pieces gone': atPieces((pieces, at) => pieces.splice(at, 1)),
  'pieces twice': atPieces((pieces, at) => pieces.splice(at, 0, pieces[at] ?? '')),
  'pieces swapped': atPieces((pieces, at, random) => {
    const other = random.below(pieces.length);
    [pieces[at], pieces[other]] = [pieces[other] ?? '', pieces[at] ?? ''];
  }),
  'odd pieces': atPieces((pieces, at, random) =>
    pieces.splice(at, random.below(2), pick(oddTexts, random) ?? ''),
  ),
  'a piece of another text': atPieces((pieces, at, random) => {
    const others = piecesOf(pick(baseTexts(), random) ?? '');
    const start = random.below(others.length);
    pieces.splice(at, 1, ...others.slice(start, start + 1 + random.below(20)));
  }),
  'cut off': (text, random) => text.slice(0, random.below(text.length + 1)),
  'lines in another order': (text, random) =>
    text
      .split('\n')
      .map((line) => ({ line, at: random.uniform() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ line }) => line)
      .join('\n'),
  'deep nesting': (text, random) => {
    const [open, close] =
      pick(
        [
          ['(', ')'],
          ['[', ']'],
          ['{', '}'],
          ['if true {', '}'],
          ['f(', ')'],
        ],
        random,
      ) ?? [];
    const depth = 1 + random.below(3000);
    const at = random.below(text.length + 1);
    return (
      text.slice(0, at) + open?.repeat(depth) + (random.below(2) ? close?.repeat(depth) : '') + text.slice(at)
    );
  },
  'many lines': (text, random) => {
    const lines = text.split('\n');
    const line = pick(lines, random) ?? '';
    return [...lines, ...Array.from({ length: random.below(2000) }, () => line)].join('\n');
  },
  'a long name': (text, random) => {
    const name = pick(text.match(/[a-z]\w*/g) ?? [], random);
    return name === undefined ? text : text.replaceAll(name, 'n'.repeat(1 + random.below(50_000)));
  },
};

/** Makes the text of a seed and an index. */
export function fuzzedSource(seed: number, index: number): FuzzedSource {
  const random = new RandomStream(seed, `source ${index}`);
  const base = pick(baseTexts(), random) ?? '';
  const [what, change] = pick(Object.entries(changes), random) ?? ['nothing', (text: string) => text];
  return { text: change(base, random), what };
}

/** Words that no message may contain: names of internals, and values that should not be visible. */
const slips = /broken invariant|\bundefined\b|\[object |\bNaN\b.*expected|\n\s+at .*:\d+:\d+/;

/** Checks a text. Throws if it gives neither a spec nor an error, or a message with such words. */
export function checkFuzzedSource({ text }: FuzzedSource): {
  readonly kind: 'fine' | 'refused';
  readonly said: string;
} {
  const { spec, diagnostics } = check({ name: 'fuzzed.spade', text }, fileProvider());
  const said = renderDiagnostics(diagnostics, { color: false });
  const isRefused = diagnostics.some(({ severity }) => severity === 'error');
  if (isRefused !== (spec === undefined))
    throw new Error(`there is a spec beside errors, or neither: ${said}`);
  const slip = slips.exec(withoutFrames(said));
  if (slip) throw new Error(`a message says '${slip[0]}': ${said}`);
  return { kind: isRefused ? 'refused' : 'fine', said };
}

/** Removes the lines of the source, which may have any words. */
function withoutFrames(said: string): string {
  return said
    .split('\n')
    .filter((line) => !/^\s*\d*\s*\|/.test(line) && !line.includes("'"))
    .join('\n');
}
