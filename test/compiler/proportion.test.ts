/** Tests that parsing and checking take work proportional to the text, and that imports and expansion are bounded. */
import { describe, expect, it } from 'vitest';
import { importLimits, limits, specsOfFile } from '../../compiler/language/values/budget.ts';
import { expandOpened } from '../../compiler/expand/index.ts';
import { openSource } from '../../compiler/expand/open.ts';
import { check, checkAblation, checkJson, read, type SourceProvider } from '../../compiler/index.ts';
import { renderDiagnostics, type Diagnostic } from '../../dsl/index.ts';
import { tokenLimit } from '../../dsl/tokens.ts';
import { provider } from '../support/specs.ts';
import { countWork } from '../support/work.ts';

const repeat = (count: number, write: (index: number) => string, between = '\n'): string =>
  Array.from({ length: count }, (_, index) => write(index)).join(between);
const block = (body: string): string => `block B(x) { ${body}\nreturn x }`;
const source = (text: string) => ({ name: 'input.spade', text });
const said = (diagnostics: readonly Diagnostic[]): string => renderDiagnostics(diagnostics, { color: false });

/** A generator of `rounds` layers, and an experiment with extra lines before it. */
const experiment = (lines: string): string => `network P(seg: LabelMap, rounds: int) -> Image {
  x = conv(seg, 3)
  for i in range(rounds) { x = x + 1 }
  return x
}
experiment e {
  data d { path: "a", images: "b", labels: "c", classes: 3, size: 16x16, batch: 1 }
${lines}
  let G = P(rounds: 1)
  loss G = mean(abs(fake() - real()))
  train { steps: 1, optimize G with adam(1e-3) }
}
`;

/** Provides imported files by the numbers in their names, and counts reads. */
function numbered(text: (index: number) => string): SourceProvider & { reads: number } {
  const files = {
    ...provider(),
    reads: 0,
    file: (path: string) => {
      files.reads += 1;
      return { name: path, text: text(Number(/\d+/.exec(path)?.[0] ?? 0)) };
    },
  };
  return files;
}

describe('work', () => {
  const few = 300;
  const times = 4;
  it.each<readonly [string, (count: number) => void]>([
    ['statements', (n) => check(source(block(repeat(n, (i) => `a${i} = ${i}`))), provider())],
    [
      'comprehensions beside many names',
      (n) => check(source(block(repeat(n, (i) => `a${i} = [j for j in [1]]`))), provider()),
    ],
    [
      'names that a module lacks',
      (n) =>
        check(source(`use norms { ${repeat(n, (i) => `lacking${i}`, ', ')} }\n${block('')}`), provider()),
    ],
    [
      'unknown characters of a line',
      (n) => check(source(block(repeat(n, (i) => String.fromCharCode(0x4e00 + i), ' '))), provider()),
    ],
    [
      'mistakes in a file of many blocks',
      (n) => check(source(repeat(n, (i) => `block b${i}(x) { return x }\n$`)), provider()),
    ],
    [
      'names that a variant adds, each of which needs the next one',
      (n) =>
        check(
          source(
            `${experiment('')}experiment v = e with { ${repeat(n, (i) => `a${i} = a${i + 1}`)}\na${n} = 1 }`,
          ),
          provider(),
          { name: 'v' },
        ),
    ],
    [
      'values of an axis that call the same',
      (n) =>
        checkAblation(
          source(
            `${experiment('')}ablation a of e { seeds: 1000 G in [${repeat(n + 1, (i) => `P(rounds: ${i})`, ', ')}] }`,
          ),
          provider(),
        ),
    ],
    ['unknown keys of JSON', (n) => checkJson(source(`{${repeat(n, (i) => `"key ${i}": 1`, ',')}}`))],
  ])('is in proportion to the number of %s', (_, work) => {
    // Work done once, such as compiling the schema's validator, is excluded.
    work(1);
    const [least, less, more] = [1, few, times * few].map((count) => countWork(() => work(count)));
    expect((more! - least!) / (less! - least!)).toBeLessThan(1.5 * times);
  });

  it('is done once for a file that many lines import, and for all experiments of a text', () => {
    const files = numbered(() => repeat(50, (i) => `block b${i}(x) { return x }`));
    const uses = repeat(2, (i) => `use "f0.spade" { b${i} }`);
    const varied = repeat(50, (i) => `experiment v${i} = e with { G.rounds = ${i} }`);
    const reading = read(source(`${uses}\n${experiment('')}${varied}`), files);
    expect(reading.experiments).toHaveLength(51);
    for (const name of reading.experiments) expect(said(reading.check({ name }).diagnostics)).toBe('');
    expect(files.reads).toBe(2);
  });
});

describe('what is too much', () => {
  it.each([
    ['a chain of imports', (i: number) => `use "f${i + 1}.spade" { a }\nblock b(x) { return x }`, 'depth'],
    [
      'imports that double',
      (i: number) => `use "f${2 * i + 1}.spade" { a }\nuse "f${2 * i + 2}.spade" { a }`,
      'depth',
    ],
  ] as const)('is said where it is imported: %s', (_, text, counted) => {
    const files = numbered(text);
    const { diagnostics } = check(source('use "f0.spade" { a }'), files);
    expect(said(diagnostics)).toContain(
      `the imports amount to more than ${importLimits[counted]} files inside one another`,
    );
    expect(files.reads).toBeLessThan(2 * importLimits.files);
  });

  it('is said where it is imported: many files', () => {
    const uses = repeat(importLimits.files + 100, (i) => `use "f${i}.spade" { b${i} }`);
    const { diagnostics } = check(
      source(uses),
      numbered((i) => `block b${i}(x) { return x }`),
    );
    expect(said(diagnostics)).toMatch(/^error\[too-large\]: .* 1000 files\n +input\.spade:1000:1\n/);
    expect(diagnostics).toHaveLength(1);
  });

  it('is said where a text goes beyond what is read, which comments and strings do not', () => {
    const long = check(source('+'.repeat(tokenLimit + 1)), provider()).diagnostics;
    expect(said(long)).toMatch(/more than 600000 words and signs\n +input\.spade:1:600001\n/);
    expect(long).toHaveLength(1);
    const comments = `${repeat(1000, () => `# ${'word '.repeat(700)}`)}\n${block(`a = "${'b '.repeat(700_000)}"`)}`;
    expect(said(check(source(comments), provider()).diagnostics)).toBe('');
  });

  it('is said of JSON that is too deep or too long to be a spec', () => {
    const deep = checkJson(source(`${'{"a":['.repeat(100_000)}`)).diagnostics;
    expect(said(deep)).toMatch(/more than 100 times inside one another\n +input\.spade:1:301\n/);
    const long = checkJson(source(`[${'0,'.repeat(2_000_000)}0]`)).diagnostics;
    expect(said(long)).toMatch(/more than 2000000 values/);
    expect(said(checkJson(source(`{"name": "${'[,'.repeat(2_000_000)}"}`)).diagnostics)).not.toContain(
      'values',
    );
  });

  it('is what all experiments of a file take together', () => {
    const opened = openSource(
      source(`${experiment('').replace('x = x + 1', 'y = 1')}experiment v = e with { G.rounds = 90000 }`),
      provider(),
    );
    const expandAgain = (): string => said(expandOpened(opened, { name: 'v' }).diagnostics);
    const { used } = expandOpened(opened, { name: 'v' }).budget;
    expect(used.steps).toBeLessThan(limits.steps);
    const fitting = Math.floor((specsOfFile * limits.steps) / used.steps);
    for (let count = 1; count < fitting; count++) expect(expandAgain()).toBe('');
    expect(expandAgain()).toMatch(/all that is expanded here takes more than 12000000 expressions/);
  });
});
