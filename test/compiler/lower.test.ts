/** Tests the engine plans: values are freed after their last use, and methods have separate names. */
import { add, neg } from '../../compiler/ops/primitive/pointwise.ts';
import { input } from '../../compiler/ir/sources.ts';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/index.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Node } from '../../compiler/ir/node.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { lowerToPortable } from '../../compiler/lower/portable.ts';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { sampleCases, sampleProgram } from '../support/samples.ts';
import { withoutKernels } from '../../compiler/lower/targets.ts';

/** A chain with a value used late, an output that is also used, and a written value. */
function exampleMethod(): { method: Method; x: Node; early: Node; output: Node } {
  const b = new GraphBuilder();
  const x = b.input({ name: 'x', ...f32(2) });
  const early = b.exp(x);
  const output = b.neg(early);
  const written = b.tanh(b.square(output));
  const last = b.add(written, x);
  return {
    x,
    early,
    output,
    method: { name: 'm', outputs: new Map([['y', output], ['z', last]]), writes: new Map([['w', written]]) }, // prettier-ignore
  };
}

describe('the portable plan', () => {
  it('frees each value after its last use, and outputs and writes never', () => {
    const { method, x, early } = exampleMethod();
    const plan = lowerToPortable(method);
    const deaths = new Map(plan.flatMap(({ node, dead }) => dead.map((gone) => [gone, node] as const)));
    expect(deaths.get(early)?.op).toBe(neg);
    expect(deaths.get(x)?.op).toBe(add);
    expect([...deaths.keys()].map(({ op }) => op.name).sort()).toEqual(['exp', 'input', 'square']);
  });

  it.each(
    sampleProgram(sampleCases).methods.map((method, index) => [sampleCases[index]!.name, method] as const),
  )('uses no dead value and forgets none: %s', (_name, method) => {
    const alive = new Set<Node>();
    for (const { node, dead } of lowerToPortable(method)) {
      for (const operand of node.operands) expect(alive).toContain(operand);
      alive.add(node);
      for (const gone of dead) expect(alive.delete(gone), 'dies once').toBe(true);
    }
    expect(alive).toEqual(new Set(method.outputs.values()));
  });
});

describe('the TensorFlow plan', () => {
  it('binds every input and output of every method, under names of its own', () => {
    const program = sampleProgram(sampleCases);
    const plan = lower(program, { target: withoutKernels });
    const names: string[] = [];
    for (const method of program.methods) {
      const binding = plan.methods.get(method.name)!;
      expect([...binding.outputs.keys()]).toEqual([...method.outputs.keys()]);
      const inputs = nodesOf(method).filter(({ op }) => op === input);
      expect([...binding.inputs.keys()].sort()).toEqual(
        inputs.map(({ attrs }) => String(attrs['name'])).sort(),
      );
      expect(binding.done, 'nothing is written').toBeUndefined();
      names.push(...binding.inputs.values(), ...binding.outputs.values());
    }
    expect(new Set(names).size).toBe(names.length);
  });

  it('is the same bytes for the same program', () => {
    const encoded = () =>
      encodeSavedModel(lower(sampleProgram(sampleCases), { target: withoutKernels }).nodes);
    expect(encoded()).toEqual(encoded());
  });

  it('refuses writes of variables that are not declared', () => {
    expect(() =>
      lower({ variables: [], methods: [exampleMethod().method] }, { target: withoutKernels, verify: false }),
    ).toThrow('expected that variable w is declared');
  });
});
