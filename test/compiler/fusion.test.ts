/** Answers for fusion without an engine: fused graphs mean what they were made of, in float64 and for all kinds of graphs. */
import { describe, expect, it } from 'vitest';
import { fuseMethod } from '../../compiler/fusion/index.ts';
import { parseProgramText, printProgramText } from '../../compiler/fusion/program.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { verifyProgram } from '../../compiler/ir/verify.ts';
import { RandomStream } from '../../compiler/random.ts';
import { evaluate } from '../../compiler/reference.ts';
import type { RefTensor } from '../../compiler/ops/define.ts';
import { drawInputs, expectNear, randomMethod } from '../support/random-graph.ts';

const sizes = [
  { pictures: 1, height: 4, width: 6, channels: 3 },
  { pictures: 3, height: 5, width: 3, channels: 4 },
  { pictures: 2, height: 2, width: 2, channels: 1 },
  { pictures: 1, height: 1, width: 1, channels: 5 },
  { pictures: 2, height: 1, width: 7, channels: 2 },
];

const outputsOf = (method: Method, inputs: ReadonlyMap<string, RefTensor>): RefTensor[] =>
  evaluate([...method.outputs.values()], { inputs, variables: new Map() });

describe('a fused graph computes what the graph did', () => {
  it.each(Array.from({ length: 60 }, (_, index) => index))('random graph %d', (index) => {
    const random = new RandomStream(index, 'fusion');
    const method = randomMethod(random, sizes[index % sizes.length]!, 12 + random.below(30));
    const fused = fuseMethod(method);
    verifyProgram({ variables: [], methods: [fused] });
    const inputs = drawInputs(random, method);
    const expected = outputsOf(method, inputs);
    outputsOf(fused, inputs).forEach(({ shape, data }, at) => {
      expect(shape).toEqual(expected[at]!.shape);
      expectNear(data, expected[at]!.data, 1e-9, `y${at}`);
    });
  });

  it('and takes most nodes in', () => {
    const methods = Array.from({ length: 20 }, (_, index) =>
      randomMethod(new RandomStream(index, 'fusion/count'), sizes[0]!, 40),
    );
    const count = (all: readonly Method[]): number =>
      all.reduce((sum, method) => sum + nodesOf(method).filter(({ op }) => op !== 'item').length, 0);
    expect(count(methods.map(fuseMethod))).toBeLessThan(0.5 * count(methods));
  });

  it('in programs whose text reads back as it was', () => {
    const method = fuseMethod(randomMethod(new RandomStream(3, 'fusion/text'), sizes[0]!, 40));
    const programs = nodesOf(method).filter(({ op }) => op === 'fused');
    expect(programs.length).toBeGreaterThan(0);
    for (const { attrs } of programs) {
      const text = String(attrs['program']);
      expect(printProgramText(parseProgramText(text))).toBe(text);
    }
  });
});
