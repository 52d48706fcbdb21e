/** Tests the graph verifier: it accepts graphs of the builder, and rejects every broken invariant. */
import { add, exp } from '../../compiler/ops/primitive/pointwise.ts';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { verifyInterface, verifyMethod, verifyProgram } from '../../compiler/ops/verify.ts';
import { sampleCases, sampleProgram } from '../support/samples.ts';

const methodOf = (...roots: Node[]): Method => ({
  name: 'm',
  outputs: new Map(roots.map((root, index) => [`y${index}`, root])),
  writes: new Map(),
});

const variable = (name: string, ...shape: number[]): Variable => ({
  name,
  type: f32(...shape),
  role: 'parameter',
  network: 'G',
  initializer: { kind: 'constant', value: 0 },
});

describe('a verified method', () => {
  it('may use every op', () => {
    expect(() => verifyProgram(sampleProgram(sampleCases))).not.toThrow();
  });

  it('may hold gradients', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2, 3) });
    const loss = b.sum(b.tanh(x), { axes: [0, 1], keep: false });
    expect(() => verifyMethod(methodOf(loss, ...gradients(b, loss, [x])))).not.toThrow();
  });

  const b = new GraphBuilder();
  const x = b.input({ name: 'x', ...f32(2, 3) });
  const y = b.neg(x);
  const split = b.split(x, { axis: 1, sizes: [1, 2] });
  it.each<[string, Node, string]>([
    ['a wrong result type', { ...y, results: [f32(2, 4)] }, 'has type f32[2,4], infers f32[2,3]'],
    ['a missing result', { ...split, results: [f32(2, 1)] }, 'has type f32[2,1], infers f32[2,1], f32[2,2]'],
    ['operands of another op', { ...y, op: add, id: 99 }, 'it has the operands a, b (found 1)'],
    [
      'attributes of another op',
      { ...y, attrs: { slope: 1 }, id: 99 },
      'it has the attributes none (found slope)',
    ],
    [
      'a violated constraint',
      { ...y, operands: [b.input({ name: 'i', ...i32(2) })], id: 99 },
      'operands are floating-point (found',
    ],
    [
      'an operand with several results',
      { ...y, operands: [split], id: 99 },
      'an operand has several results',
    ],
    ['an item that is not there', { ...b.item(split, 1), attrs: { index: 2 } }, 'there is no such result'],
    [
      'two nodes with one number',
      { ...b.add(x, y), operands: [y, { ...y, op: exp }] },
      'another node has its number',
    ],
    ['an operand that comes later', { ...y, operands: [b.exp(x)] }, 'an operand comes after it'],
    ['an output with several results', split, 'y0 is a node with 2 results'],
  ])('must not have %s', (_name, node, message) => {
    expect(() => verifyMethod(methodOf(node))).toThrow(message);
  });

  it('must not use one name with two types', () => {
    const both = methodOf(y, b.input({ name: 'x', ...f32(7) }));
    expect(() => verifyMethod(both)).toThrow('is also used as f32[2,3]');
  });
});

describe('what a method gives and writes', () => {
  const b = new GraphBuilder();
  const [two, three] = [b.read({ name: 'w', ...f32(2) }), b.read({ name: 'v', ...f32(3) })];
  const of = (output: Node, write: Node): Method => ({
    name: 'm',
    outputs: new Map([['y', output]]),
    writes: new Map([['w', write]]),
  });

  it.each([
    ['another output', of(three, two), 'output y is f32[3], was f32[2]'],
    ['another write', of(two, three), 'write w is f32[3], was f32[2]'],
    ['none', { ...of(two, two), writes: new Map<string, Node>() }, 'write w is gone'],
  ])('stays: a pass that leaves %s is named', (_name, after, message) => {
    const check = () => verifyInterface(of(two, two), [after], 'fold', { writes: true });
    expect(check).toThrow(message);
    expect(check).toThrow('after fold');
  });
});

describe('a verified program', () => {
  const b = new GraphBuilder();
  const read = b.read({ name: 'w', ...f32(2) });
  const program = (change: Partial<Program>): Program => ({
    variables: [variable('w', 2)],
    methods: [{ ...methodOf(read), writes: new Map([['w', b.neg(read)]]) }],
    ...change,
  });

  it('reads and writes variables in their types', () => {
    expect(() => verifyProgram(program({}))).not.toThrow();
  });

  it.each<[string, Partial<Program>, string]>([
    [
      'declare a variable twice',
      { variables: [variable('w', 2), variable('w', 2)] },
      "two variables are called 'w'",
    ],
    [
      'have two methods of one name',
      { methods: [methodOf(read), methodOf(read)] },
      "two methods are called 'm'",
    ],
    ['read what is not declared', { variables: [] }, 'read of w as f32[2], declared nowhere'],
    ['read in another type', { variables: [variable('w', 3)] }, 'read of w as f32[2], declared f32[3]'],
    [
      'write in another type',
      {
        methods: [
          { name: 'm', outputs: new Map(), writes: new Map([['w', b.constant({ value: 1, shape: [3] })]]) },
        ],
      },
      'write of w as f32[3], declared f32[2]',
    ],
  ])('must not %s', (_name, change, message) => {
    expect(() => verifyProgram(program(change))).toThrow(message);
  });
});
