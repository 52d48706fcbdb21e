/** Tests the driver of passes: its reports, and that a graph broken by a pass names the pass and the node. */
import { add, mul } from '../../compiler/ops/primitive/pointwise.ts';
import { is } from '../../compiler/ir/op.ts';
import { describe, expect, it } from 'vitest';
import { compile, passes } from '../../compiler/index.ts';
import { countNew } from '../../compiler/explain/hits.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import { f32 } from '../../compiler/ir/types.ts';
import type { MethodPass, ProgramPass } from '../../compiler/passes/pass.ts';
import { runPasses, type StageReport } from '../../compiler/passes/pipeline.ts';
import { rewriteMethod } from '../../compiler/passes/rewrite.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { specOf } from '../support/specs.ts';
import { tinySpec } from '../support/tiny-experiment.ts';

const context = { target: cpu };

/** A method that gives tanh(w x). */
function programOf(): Program {
  const b = new GraphBuilder();
  const y = b.tanh(b.mul(b.input({ name: 'x', ...f32(2) }), b.read({ name: 'w', ...f32(2) })));
  const method: Method = { name: 'm', outputs: new Map([['y', y]]), writes: new Map() };
  return {
    variables: [
      {
        name: 'w',
        type: f32(2),
        role: 'parameter',
        network: 'G',
        initializer: { kind: 'constant', value: 0 },
      },
    ],
    methods: [method],
  };
}

const methodPass = (run: (method: Method) => Method): MethodPass => ({
  name: 'faulty',
  level: 'method',
  run,
});

/** A pass that replaces the output by another value. */
const withOutput = (change: (y: Node) => Node): MethodPass =>
  methodPass((method) => ({ ...method, outputs: new Map([['y', change(method.outputs.get('y')!)]]) }));

describe('a pass that breaks a graph is named, with the node', () => {
  const run = (pass: MethodPass | ProgramPass): Program => runPasses([pass], programOf(), context);

  it.each([
    [
      'a type that its op does not give',
      withOutput((y) => ({ ...y, results: [f32(3)] })),
      'method m after faulty: %3 = tanh %2: has type f32[3], infers f32[2]',
    ],
    [
      'an op of other operands',
      withOutput((y) => ({ ...y, op: add })),
      '%3 = add %2: add: it has the operands a, b (found 1)',
    ],
    [
      'a node of another builder',
      withOutput((y) => ({ ...y, id: 2 })),
      'method m after faulty: %2 = tanh %2: an operand comes after it',
    ],
    [
      'an output of another shape',
      withOutput(() => new GraphBuilder().constant({ value: 0 })),
      'method m after faulty: output y is f32[], was f32[2]',
    ],
    [
      'an output that is gone',
      methodPass((method) => ({ ...method, outputs: new Map() })),
      'method m after faulty: output y is gone',
    ],
    [
      'a read of another type than the variable',
      withOutput(() => new GraphBuilder().read({ name: 'w', ...f32(2, 1) })),
      'after faulty: read of w as f32[2,1], declared f32[2]',
    ],
    [
      'an op that cannot be made',
      methodPass((method) =>
        rewriteMethod(
          method,
          (b) => (node, operands) => b.make(node.op, [...operands, b.constant({ value: 0, shape: [3] })]),
        ),
      ),
      'pass faulty: %0 (input): input: it has the operands none (found 1)',
    ],
  ])('%s', (_what, pass, message) => {
    expect(() => run(pass)).toThrow(message);
  });

  it('unless nobody wants to know', () => {
    const pass = withOutput((y) => ({ ...y, results: [f32(3)] }));
    expect(() => runPasses([pass], programOf(), context, { verify: false })).not.toThrow();
  });
});

describe('reports', () => {
  const spec = specOf(tinySpec());
  const reports: StageReport[] = [];
  compile(spec, { target: cpu, batch: 2, methods: ['step'], observe: (report) => reports.push(report) });

  it('come after each stage of each objective, in their order', () => {
    const ofOne = ['build', ...passes.forward.map(({ name }) => name), 'differentiate'];
    const found = reports.map(({ stage, after }) => `${stage} ${after[0]!.name}`);
    expect(found).toEqual([
      ...['step/G', 'step/D'].flatMap((method) => ofOne.map((stage) => `${stage} ${method}`)),
      'update step',
    ]);
  });

  it('count what is new, and nothing where nothing is', () => {
    const [method] = programOf().methods as [Method];
    const copied = rewriteMethod(method, (b) => (node, operands) => b.make(node.op, operands, node.attrs));
    expect(countNew({ stage: 's', before: [method], after: [copied] })).toEqual({
      before: 4,
      after: 4,
      made: 0,
    });
    const squared = rewriteMethod(method, (b) => (node, operands) => {
      const made = b.make(node.op, operands, node.attrs);
      return is(mul, node) ? b.square(made) : made;
    });
    expect(countNew({ stage: 's', before: [method], after: [squared] }).made).toBe(2);
  });
});
