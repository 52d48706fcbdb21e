/**
 * Tests the budget of expansion: legitimate specs stay far below it, and endless ones are stopped at the right place.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { depthLimits, limits, type Counted } from '../../compiler/language/values/budget.ts';
import { expand, type Expanded } from '../../compiler/expand/index.ts';
import { check, listDeclared } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { provider } from '../support/specs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How many times the largest legitimate spec must fit into the budget. */
const room = 20;

function expandText(text: string): Expanded {
  return expand({ name: 'input.spade', text }, provider());
}

/** Checks a text and gives its messages. */
function messagesOf(text: string): string {
  return renderDiagnostics(check({ name: 'input.spade', text }, provider()).diagnostics, { color: false });
}

const lines = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => write(index)).join('\n');

describe('the budget', () => {
  const files = ['examples', 'examples/systems', 'specs'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.spade'))
      .map((name) => join(root, folder, name)),
  );

  it(`has room for ${room} times what any example or network of the library takes`, () => {
    const most: Record<string, number> = {};
    for (const file of files) {
      const source = { name: file, text: readFileSync(file, 'utf8') };
      const { experiments } = listDeclared(source);
      for (const name of experiments.length > 0 ? experiments : [undefined]) {
        const { used, deepest } = expand(source, provider(dirname(file)), { name }).budget;
        for (const [key, value] of Object.entries({ ...used, ...deepest }))
          most[key] = Math.max(most[key] ?? 0, value);
      }
    }
    const { mistakes: _, ...counted } = limits;
    const allowed: Record<string, number> = { ...counted, ...depthLimits };
    for (const key of [...Object.keys(counted), 'calls', 'levels'])
      expect(allowed[key]! / most[key]!, `${key}: ${most[key]} of ${allowed[key]}`).toBeGreaterThan(room);
  });
});

/** Blocks that each call the next one twice. */
const doubling = (count: number, last: string): string =>
  `${lines(count, (i) => `block b${i}(x) { return b${i + 1}(b${i + 1}(x)) }`)}
block b${count}(x) { return ${last} }
network N(x: Image) { return b0(x) }`;

const network = (body: string): string => `network N(x: Image) { ${body}\nreturn x }`;
const loss = (value: string): string => `network G(seg: LabelMap) -> Image { x = conv(seg, 3)
  for i in range(300) { x = conv(x, 3) }
  return x }
experiment e {
  data d { path: "a", images: "b", labels: "c", classes: 3, size: 16x16, batch: 1 }
  let G = G()
  loss G = ${value}
  train { steps: 1, optimize G with adam(1e-3) }
}`;

describe('expansion without end', () => {
  it.each<[string, string, Counted | 'calls' | 'levels' | 'values', RegExp]>([
    ['blocks that double', doubling(40, 'x + 1'), 'steps', /while expanding N > b0 > b1/],
    ['blocks that double and do nothing', doubling(40, 'x'), 'steps', /while expanding N > b0 > b1/],
    [
      'loops in loops',
      network('for i in range(100000) { for j in range(100000) { a = 1 } }'),
      'steps',
      /in this loop/,
    ],
    [
      'comprehensions in comprehensions',
      network('a = [[i + j for i in range(10000)] for j in range(10000)]'),
      'steps',
      /in this loop/,
    ],
    [
      'ranges in loops',
      network('for i in range(100000) { a = range(100000) }'),
      'entries',
      /range\(100000\)/,
    ],
    ['a list that doubles', network(`a = [1]\n${lines(60, () => 'a = a + a')}`), 'values', /a \+ a/],
    ['a list in itself', network(`a = [1]\n${lines(60, () => 'a = [a, a]')}`), 'values', /\[a, a\]/],
    ['lists in lists', network('a = [1] for i in range(10000) { a = [a] }'), 'values', /\[a\]/],
    [
      'settings that hold each other',
      `block f(x, l = none, r = none) { return x }\n${network(`a = f\n${lines(60, () => 'a = f(l: a, r: a)')}`)}`,
      'values',
      /f\(l: a, r: a\)/,
    ],
    [
      'names of any length',
      network(`for i in range(1000) { x = conv(x, 3) as ${'m'.repeat(100_000)}[i] }`),
      'characters',
      /conv/,
    ],
    [
      'a default that calls its block',
      `block a(x, p = a(x)) { return p }\n${network('y = a(x)')}`,
      'calls',
      /a -> a/,
    ],
    [
      'long expressions in blocks that call themselves',
      `block a(x) { return ${'[(1 + '.repeat(30)}a(x)${')]'.repeat(30)} }\n${network('y = a(x)')}`,
      'levels',
      /a calls itself without end/,
    ],
    [
      'calls of a network in a loss',
      loss('total([mean(G(labels())) for i in range(10000)])'),
      'nodes',
      /loss G = total/,
    ],
    [
      'mistakes in a loop',
      network('for i in range(100000) { a = 1 / 0 }'),
      'mistakes',
      /stopped after 1000 mistakes/,
    ],
  ])('is stopped: %s', (_name, text, counted, shown) => {
    const { budget, diagnostics } = expandText(text);
    // Each counter exceeds its limit by at most one step.
    for (const [key, limit] of Object.entries(limits))
      expect(budget.used[key as Counted]).toBeLessThanOrEqual(
        key === 'nodes' || key === 'entries' ? 2 * limit : limit + 200_000,
      );
    if (counted in limits)
      expect(budget.used[counted as Counted]).toBeGreaterThan(limits[counted as Counted]);
    const said = renderDiagnostics(diagnostics, { color: false });
    expect(said).toMatch(shown);
    expect(said).toMatch(/input\.spade:\d+:\d+/);
  });

  it('names the block of the user, not the one of the library that came last', () => {
    const shown = messagesOf(`block Deep(x, n: int) { return x |> conv(8) |> Deep(n - 1) }
network Mine(seg: LabelMap) -> Image { return seg |> Deep(3) |> conv(3) |> tanh }`);
    expect(shown).toContain('Deep calls itself without end');
    expect(shown).toContain('the calls go round: Deep -> Deep');
    expect(shown).not.toContain('plain');
  });

  it('is told from honest depth: a chain of a hundred blocks, a loop of a thousand rounds', () => {
    const chain = `${lines(100, (i) => `block b${i}(x) { return b${i + 1}(x) }`)}
block b100(x) { return x + 1 }
network N(x: Image) { for i in range(1000) { x = x + 1 }
return b0(x) }`;
    expect(messagesOf(chain)).toBe('');
  });
});

describe('mistakes', () => {
  it.each([
    ['names that are declared twice', 'block b(x) { return x }\n'.repeat(3000)],
    ['imports of a name', 'use norms { spade }\n'.repeat(3000)],
    [
      'unknown settings',
      `network P(seg: LabelMap) -> Image { return seg |> conv(3) }
experiment e {
  data d {\n path: "d", images: "a", labels: "b", classes: 3, size: 8x8, batch: 1\n${lines(3000, (i) => `foo_${i}: 1`)}\n}
  let G = P()
  loss G = mean(fake())
  train { steps: 1, optimize G with adam(rate: 1e-4) }
}`,
    ],
    ['unknown imports', lines(3000, (i) => `use norms { spade_${i} }`)],
  ])('are listed up to a limit: %s', (_, text) => {
    const { diagnostics } = check({ name: 'input.spade', text }, provider());
    expect(diagnostics).toHaveLength(1001);
    expect(diagnostics.filter(({ code }) => code === 'too-many-mistakes')).toHaveLength(1);
  });
});
