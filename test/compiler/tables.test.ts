/** Tests patch tables in float64: a step in tables is the same function as the step pixel by pixel. */
import { describe, expect, it } from 'vitest';
import { bindSymbols } from '../../compiler/ir/bind.ts';
import { nodesOf, type Method, type Program } from '../../compiler/ir/program.ts';
import { must } from '../../compiler/ir/types.ts';
import { verifyProgram } from '../../compiler/ir/verify.ts';
import { evaluate } from '../../compiler/reference.ts';
import type { Spec } from '../../compiler/spec/types.ts';
import { stepMethods } from '../../compiler/step.ts';
import { rowsOfLevel } from '../../compiler/tables/index.ts';
import { patchIndexer } from '../../compiler/patches/index.ts';
import { MethodFeeds } from '../../runtime/session/feeds.ts';
import {
  bindings,
  drawFeeds,
  drawVariables,
  expectAgree,
  mapKinds,
  stepOf,
  tableCases,
  tableSpec,
} from '../support/table-tests.ts';

const tolerance = 1e-7;

/** Cases that differ in what is held in rows; the engines' tests have all of them. */
const cases = tableCases.filter(({ name }) => /edges|every layer|pix2pixHD|penalty/.test(name));

/** Evaluates the first method of a step in float64: outputs, and what is written. */
function evaluateStep(spec: Spec, program: Program, kind: string): Map<string, Float64Array> {
  const name = stepMethods(spec)[0]!.name;
  const method = must(
    program.methods.find((one) => one.name === name),
    'the step is there',
  );
  const given = drawFeeds(spec, program, method, kind);
  const fed = new MethodFeeds(program).of(name, given);
  const sizes = new Map<number, number>();
  if (program.patches) {
    const { plan, maps } = program.patches;
    const { tables } = patchIndexer(plan).index(
      given[maps.labels] as Int32Array,
      plan.edges ? (given[maps.edges] as Float32Array) : undefined,
    );
    tables.forEach(({ count }, level) => sizes.set(rowsOfLevel(level), count));
  }
  const bound: Method = bindSymbols(method, (symbol) => must(sizes.get(symbol), 'every level has rows'));
  const inputs = bindings(bound, new Map([...fed].map(([input, { values }]) => [input, values])));
  const types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
  const variables = new Map(
    [...drawVariables(program)].map(([variable, values]) => [
      variable,
      { shape: types.get(variable)!.shape, data: Float64Array.from(values) },
    ]),
  );
  const results = [
    ...bound.outputs,
    ...[...bound.writes].map(([to, node]) => [`write ${to}`, node] as const),
  ];
  const values = evaluate(
    results.map(([, node]) => node),
    { inputs, variables },
  );
  return new Map(results.map(([result], index) => [result, values[index]!.data]));
}

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

  it.each(Object.keys(mapKinds))('is that of pixels on maps of %s', (kind) => {
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
      new Set(nodesOf(program.methods[0]!).map(({ op }) => op));
    expect(ops(stepOf(spec, false))).toContain('one_hot');
    expect(ops(stepOf(spec, true))).not.toContain('one_hot');
  });
});
