/** Tests patch tables in float64: a step with tables equals the step computed per pixel. */
import { describe, expect, it } from 'vitest';
import { memoryOfStep } from '../../compiler/explain/explain.ts';
import { nodesOf, type Program } from '../../compiler/ir/program.ts';
import { verifyProgram } from '../../compiler/ops/verify.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { chooseTables } from '../../runtime/train/tables.ts';
import { full } from '../support/engines.ts';
import {
  evaluateStep,
  expectAgree,
  mapKinds,
  stepOf,
  tableCases,
  tableSpec,
} from '../support/table-tests.ts';

const tolerance = 1e-7;

/** Cases that differ in what tables hold; the engines' tests run all of them. */
const cases = tableCases.filter(({ name }) => /edges|every layer|pix2pixHD|penalty/.test(name));

describe('a step in patch tables', () => {
  it.each(cases.map((one) => [one.name, one] as const))('is that of pixels: %s', (_name, one) => {
    const spec = tableSpec(one);
    const [dense, tables] = [stepOf(spec, false), stepOf(spec, true)];
    verifyProgram(tables);
    expectAgree(
      evaluateStep(spec, tables, 'two regions'),
      evaluateStep(spec, dense, 'two regions'),
      tolerance,
    );
  });

  it('is the step as it is written, whatever instances a resize leaves', () => {
    const spec = tableSpec(tableCases.find(({ name }) => name.startsWith('styles'))!);
    const [tables, written] = [stepOf(spec, true), stepOf(spec, false, true)];
    expectAgree(
      evaluateStep(spec, tables, 'regions of one pixel'),
      evaluateStep(spec, written, 'regions of one pixel'),
      tolerance,
    );
  });

  for (const kind of Object.keys(mapKinds))
    it(`is that of pixels on maps of ${kind}`, kind === 'noise' ? {} : full, () => {
      const spec = tableSpec(tableCases[0]!);
      expectAgree(
        evaluateStep(spec, stepOf(spec, true), kind),
        evaluateStep(spec, stepOf(spec, false), kind),
        tolerance,
      );
    });

  it('has no one-hot map where only convolutions look at it', () => {
    const spec = tableSpec({
      name: '',
      discriminator: 'MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)',
    });
    const ops = (program: Program): ReadonlySet<string> =>
      new Set(nodesOf(program.methods[0]!).map(({ op }) => op.name));
    expect(ops(stepOf(spec, false))).toContain('one_hot');
    expect(ops(stepOf(spec, true))).not.toContain('one_hot');
  });
});

describe('the memory of a step in patch tables', () => {
  const spec = tableSpec(tableCases[0]!);
  const step = stepOf(spec, true);
  /** Two maps of squares of different sizes. */
  const squares = (size: number) => ({
    labels: Int32Array.from({ length: 2 * 32 * 32 }, (_, i) => {
      const [x, y] = [Math.floor((i % 32) / size), Math.floor(i / 32 / size)];
      return (x * x + 3 * y + x * y * y) % 4;
    }),
    edges: undefined,
  });
  const [few, many] = [squares(32), squares(3)];
  const levelsOf = (...maps: (typeof few)[]) => chooseTables(spec, { batch: 2 }, maps);
  const bytesOf = (...maps: (typeof few)[]): number =>
    memoryOfStep(spec, step, levelsOf(...maps), cpu).memoryBytes;

  it('is estimated by the largest maps, and what pays by the mean', () => {
    expect(bytesOf(few, many)).toBe(bytesOf(many));
    expect(bytesOf(many)).toBeGreaterThan(bytesOf(few));
    const [mean, one, other] = [levelsOf(few, many), levelsOf(few), levelsOf(many)];
    expect(mean.map(({ rows }) => rows)).toEqual(
      one.map(({ rows }, level) => (rows + other[level]!.rows) / 2),
    );
  });
});
