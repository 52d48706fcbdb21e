/**
 * Tests every pass on its samples: its result for `before.ir` is `after.ir`, both are valid, and both compute the same
 * on random numbers in float64, with gradients if they have none yet. `npx vitest run
 * test/compiler/pass-samples.test.ts -u` writes `after.ir`.
 */
import { must } from '../../dsl/errors.ts';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printMethod } from '../../compiler/ir/print.ts';
import { parseMethods } from '../../compiler/ops/parse.ts';
import { verifyProgram } from '../../compiler/ops/verify.ts';
import {
  allPasses,
  casesOf,
  drawFor,
  evaluateProgram,
  readAfter,
  readBefore,
  runSample,
  samplesFolder,
} from '../support/pass-samples.ts';
import { distance } from '../support/samples.ts';

/** Passes change only the order of sums; the tolerance is relative to the largest entry. */
const tolerance = 1e-9;

const textOf = (methods: Parameters<typeof printMethod>[0][]): string =>
  `${methods.map(printMethod).join('\n\n')}\n`;

describe.each(allPasses.map((pass) => [pass.name, pass] as const))('%s', (name, pass) => {
  it.each(casesOf(name))('%s', async (one) => {
    const text = readBefore(name, one);
    expect(textOf(parseMethods(text)), 'before.ir is in the form that is printed').toBe(text);

    const { before, after, shown } = runSample(pass, one);
    await expect(textOf([...shown])).toMatchFileSnapshot(`${samplesFolder}${name}/${one}/after.ir`);
    expect(textOf(parseMethods(textOf([...shown]))), 'after.ir reads back').toBe(textOf([...shown]));
    verifyProgram(before);
    verifyProgram(after);

    const drawn = drawFor(before);
    const found = evaluateProgram(after, drawn);
    for (const [value, expected] of evaluateProgram(before, drawn)) {
      const { shape, data } = must(found.get(value), `there is ${value}`);
      expect(shape, value).toEqual(expected.shape);
      expect(distance(data, expected.data), value).toBeLessThan(tolerance);
    }
  });
});

// Runs after the tests that may write after.ir.
it('every pass has samples, one at least in which it acts, and every sample has a pass', () => {
  const names = allPasses.map(({ name }) => name);
  expect(names.filter((name) => casesOf(name).length === 0)).toEqual([]);
  const isChanged = (pass: string, one: string): boolean => readBefore(pass, one) !== readAfter(pass, one);
  expect(names.filter((name) => !casesOf(name).some((one) => isChanged(name, one)))).toEqual([]);
  expect(readdirSync(samplesFolder).filter((name) => !names.includes(name))).toEqual([]);
});

it.each(allPasses.map(({ name }) => name))(
  'the file of %s opens with a picture of what it rewrites',
  (name) => {
    const text = readFileSync(new URL(`../../compiler/passes/${name}.ts`, import.meta.url), 'utf8');
    expect(text.slice(0, text.indexOf('*/'))).toMatch(/^\/\*\*[^]*\n \* {5}.*->/);
  },
);
