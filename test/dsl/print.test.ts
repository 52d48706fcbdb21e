/** Tests the printer: its text parses to the same tree, and matches the goldens. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { File } from '../../dsl/ast.ts';
import { parse, print, printExpression } from '../../dsl/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function parsed(name: string, text: string): File {
  const { file, diagnostics } = parse({ name, text });
  expect(diagnostics).toEqual([]);
  if (file === undefined) throw new Error('a text without mistakes has a tree');
  return file;
}

/** Removes what printing may change. */
function withoutPlaces(file: File): unknown {
  return JSON.parse(
    JSON.stringify(file, (key, value: unknown) => (key === 'span' || key === 'source' ? undefined : value)),
  );
}

function expectRoundTrip(name: string, text: string): string {
  const file = parsed(name, text);
  const printed = print(file);
  const again = parsed(name, printed);
  expect(withoutPlaces(again)).toEqual(withoutPlaces(file));
  expect(print(again)).toBe(printed);
  return printed;
}

function specsIn(folder: string): string[] {
  if (!existsSync(root + folder)) return [];
  const files = readdirSync(root + folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.spade')).map((name) => `${folder}/${name}`);
}

/** Prints the value of `x = text`. */
function canonical(text: string): string {
  const [block] = parsed('expression', `block b() { x = ${text} }`).declarations;
  const [statement] = block?.kind === 'block' ? block.body : [];
  if (statement?.kind !== 'assignment') throw new Error('the block holds one assignment');
  return printExpression(statement.value);
}

describe('the printer', () => {
  it.each(['kitchen-sink', 'sampler'])('writes %s.spade in canonical form', async (name) => {
    const path = `${root}test/samples/language/${name}`;
    const printed = expectRoundTrip(name, readFileSync(`${path}.spade`, 'utf8'));
    await expect(printed).toMatchFileSnapshot(`${path}.printed.spade`);
  });

  const library = [...specsIn('specs'), ...specsIn('examples')];
  it.each(library)('keeps the meaning of %s', (path) => {
    expectRoundTrip(path, readFileSync(root + path, 'utf8'));
  });

  it('keeps every comment', () => {
    const text = readFileSync(`${root}test/samples/language/kitchen-sink.spade`, 'utf8');
    const comments = (source: string): string[] => (source.match(/#.*/g) ?? []).sort();
    expect(comments(print(parsed('kitchen-sink', text)))).toEqual(comments(text));
  });

  it.each([
    ['(a + b) * c', '(a + b) * c'],
    ['(a * b) + c', 'a * b + c'],
    ['a - (b - c)', 'a - (b - c)'],
    ['(a - b) - c', 'a - b - c'],
    ['(-a) ** b', '(-a) ** b'],
    ['-(a ** b)', '-a ** b'],
    ['(a ** b) ** c', '(a ** b) ** c'],
    ['a ** (b ** c)', 'a ** b ** c'],
    ['not (a == b)', 'not a == b'],
    ['(not a) == b', '(not a) == b'],
    ['(a or b) and c', '(a or b) and c'],
    ['(a |> f) + b', '(a |> f) + b'],
    ['(a + b) |> f()', 'a + b |> f'],
    ['(a |> f) |> g', '(a |> f) |> g'],
    ['(if a then b else c) |> f', '(if a then b else c) |> f'],
    ['(f(a) as l).size', '(f(a) as l).size'],
    ['[1,2,]', '[1, 2]'],
    ['[2.50, 1e-4, 0.0001, 1E3, 2.0]', '[2.5, 1e-4, 1e-4, 1000.0, 2.0]'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });
});
