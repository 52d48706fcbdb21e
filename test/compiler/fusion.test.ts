/**
 * Tests fusion in float64 without an engine: fused graphs equal the original ones, with as few passes over memory as
 * possible.
 */
import { fused as fusedOp } from '../../compiler/ops/index.ts';
import { input, item } from '../../compiler/ir/sources.ts';
import { is } from '../../compiler/ir/op.ts';
import type { Fused } from '../../compiler/ir/kernel.ts';
import { fullAfterFirst } from '../support/engines.ts';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { parseProgramText, printProgramText } from '../../compiler/ops/fused/program.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { deriveOp } from '../../compiler/ops/primitive/derive.ts';
import { sum } from '../../compiler/ops/primitive/reductions.ts';
import { shapeOf, typeOf, type Node, type Op } from '../../compiler/ir/node.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { verifyProgram } from '../../compiler/ops/verify.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { normalizeOver } from '../../compiler/ops/composite/composites.ts';
import { fused as fuse } from '../support/passes.ts';
import { drawInputs, expectNear, randomMethod } from '../support/random-graph.ts';
import { buildSample, sampleCases } from '../support/samples.ts';
import { evaluateStep, expectAgree, stepOf, tableCases, tableSpec } from '../support/table-tests.ts';

const sizes = [
  { pictures: 1, height: 4, width: 6, channels: 3 },
  { pictures: 3, height: 5, width: 3, channels: 4 },
  { pictures: 2, height: 2, width: 2, channels: 1 },
  { pictures: 1, height: 1, width: 1, channels: 5 },
  { pictures: 2, height: 1, width: 7, channels: 2 },
];

const outputsOf = (method: Method, inputs: ReadonlyMap<string, RefTensor>): RefTensor[] =>
  evaluate([...method.outputs.values()], { inputs, variables: new Map() });

const methodOf = (...outputs: Node[]): Method => ({
  name: 'm',
  outputs: new Map(outputs.map((node, index) => [`y${index}`, node])),
  writes: new Map(),
});

const countOf = (method: Method, op: string): number =>
  nodesOf(method).filter((node) => node.op.name === op).length;

/** The kernel programs of a method that run over pictures of a height. */
const passesOver = (method: Method, height: number): string[] =>
  nodesOf(method).flatMap(({ op, attrs }) => {
    const text = String(attrs['program']);
    return op === fusedOp && parseProgramText(text).domain[1] === height ? [text] : [];
  });

/** Fuses a method and requires equal outputs. */
function fusedAlike(method: Method, seed: string): Method {
  const fused = fuse(method);
  verifyProgram({ variables: [], methods: [fused] });
  const inputs = drawInputs(new RandomStream(1, seed), method);
  const expected = outputsOf(method, inputs);
  outputsOf(fused, inputs).forEach(({ shape, data }, at) => {
    expect(shape).toEqual(expected[at]!.shape);
    expectNear(data, expected[at]!.data, 1e-9, `y${at}`);
  });
  return fused;
}

describe('a fused graph computes what the graph did', () => {
  it.each(Array.from({ length: 60 }, (_, index) => index))('random graph %d', (index) => {
    const random = new RandomStream(index, 'fusion');
    const method = randomMethod(random, sizes[index % sizes.length]!, 12 + random.below(30));
    fusedAlike(method, `fusion/${index}`);
  });

  tableCases
    .filter(({ name }) => /^SPADE$|CLADE|U-Net|penalty/.test(name))
    .forEach((one, index) =>
      it(`the step of ${one.name}`, fullAfterFirst(index), () => {
        const spec = tableSpec(one);
        const program = stepOf(spec, true);
        const before = evaluateStep(spec, program, 'two regions');
        const after = evaluateStep(spec, program, 'two regions', (method) => ({ method: fuse(method) }));
        expectAgree(after, before, 1e-7);
      }),
    );

  it('and takes most nodes in', () => {
    const methods = Array.from({ length: 20 }, (_, index) =>
      randomMethod(new RandomStream(index, 'fusion/count'), sizes[0]!, 40),
    );
    const count = (all: readonly Method[]): number =>
      all.reduce((sum, method) => sum + nodesOf(method).filter(({ op }) => op !== item).length, 0);
    expect(count(methods.map(fuse))).toBeLessThan(0.5 * count(methods));
  });

  const instructions = sampleCases.filter(({ op, isExpanded }) => op.instruction && !isExpanded);

  it.each(instructions)('and takes $name in, as an instruction', (each) => {
    const b = new GraphBuilder();
    const { results, operands } = buildSample(b, each);
    const node = results[0]!;
    const made = typeOf(node).dtype === 'bool' ? b.cast(node, { to: 'f32' }) : node;
    const isFloat = operands.every((operand) => typeOf(operand).dtype === 'f32');
    const fused = fuse(methodOf(b.tanh(b.square(made))));
    expect(countOf(fused, each.op.name)).toBe(isFloat ? 0 : 1);
    expect(countOf(fused, 'fused')).toBe(1);
  });

  it('in programs whose text reads back as it was', () => {
    const method = fuse(randomMethod(new RandomStream(3, 'fusion/text'), sizes[0]!, 40));
    const programs = nodesOf(method).filter(({ op }) => op === fusedOp);
    expect(programs.length).toBeGreaterThan(0);
    for (const { attrs } of programs) {
      const text = String(attrs['program']);
      expect(printProgramText(parseProgramText(text))).toBe(text);
    }
  });
});

describe('an op that fusion has never seen', () => {
  const total = (name: string, fuse?: Fused): Op =>
    deriveOp({
      name,
      doc: 'The sum of x over all pixels.',
      operands: ['x'],
      of: [sum],
      expand: ({ x }, b): Node => b.sum(x, { axes: [0, 1, 2], keep: false }),
      ...(fuse && { fuse: () => fuse }),
      samples: [{ operands: [f32(2, 3, 4, 3)] }],
    });

  it.each([
    { op: total('total_in_kernels', { kind: 'sum', axes: [0, 1, 2] }), left: 0 },
    { op: total('total_by_itself'), left: 1 },
  ])('is taken in by what its entry says: $op.name', ({ op, left }) => {
    const b = new GraphBuilder();
    const x = b.tanh(b.input({ name: 'x', ...f32(2, 3, 4, 3) }));
    const fused = fusedAlike(methodOf(b.make(op, [x]), b.mul(x, 2)), op.name);
    expect(countOf(fused, op.name)).toBe(left);
    expect(passesOver(fused, 3)).toHaveLength(1);
  });
});

describe('a norm that is modulated by rows of tables, with its gradients', () => {
  const b = new GraphBuilder();
  const x = b.input({ name: 'x', ...f32(2, 6, 8, 3) });
  const pixels = b.input({ name: 'pixels', ...i32(2, 6, 8) });
  const [gamma, beta] = ['gamma', 'beta'].map((name) => b.input({ name, ...f32(5, 3) }));
  const modulated = b.add(
    b.mul(normalizeOver(b, x, [0, 1, 2], 1e-5), b.expandRows(gamma!, pixels)),
    b.expandRows(beta!, pixels),
  );
  const y = b.leakyRelu(modulated, { slope: 0.2 });
  const dy = b.input({ name: 'dy', ...f32(...shapeOf(y)) });
  const method = methodOf(y, ...gradients(b, y, [x, gamma!, beta!], dy));

  it('takes a pass for statistics, one for values and the sums of gradients, and one for the gradient of x', () => {
    const fused = fusedAlike(method, 'norm');
    expect(passesOver(fused, 6)).toHaveLength(3);
    expect(countOf(fused, 'fused')).toBe(3);
  });

  it('takes its statistics from the small picture where x is an upsampled one', () => {
    const small = b.input({ name: 'small', ...f32(2, 3, 4, 3) });
    const normed = normalizeOver(b, b.upsampleNearest(small, { factor: 2 }), [0, 1, 2], 1e-5);
    const fused = fusedAlike(methodOf(b.tanh(normed)), 'upsampled');
    expect(passesOver(fused, 3).join()).toContain('squares');
    expect(passesOver(fused, 6)).toHaveLength(1);
  });

  it('puts together what upsampling repeated while its gradient is computed', () => {
    const small = b.input({ name: 'small', ...f32(2, 3, 4, 3) });
    const up = b.tanh(b.mul(b.upsampleNearest(small, { factor: 2 }), 2));
    const [gradient] = gradients(b, up, [small], dy);
    const fused = fusedAlike(methodOf(gradient!), 'pooled');
    expect(passesOver(fused, 6)).toHaveLength(1);
    expect(countOf(fused, 'avg_pool2d')).toBe(0);
  });
});

describe('GELU, x / 2 (1 + erf(x / sqrt(2)))', () => {
  it('is one pass, with both of its derivatives', () => {
    const b = new GraphBuilder();
    const [x, dy, ddx] = ['x', 'dy', 'ddx'].map((name) => b.input({ name, ...f32(2, 6, 8, 3) })) as [
      Node,
      Node,
      Node,
    ];
    const y = b.mul(b.mul(x, 0.5), b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1));
    const [first] = gradients(b, y, [x], dy);
    const [second] = gradients(b, first!, [x], ddx);
    const fused = fusedAlike(methodOf(y, first!, second!), 'gelu');
    expect(countOf(fused, 'erf')).toBe(0);
    expect(passesOver(fused, 6)).toHaveLength(1);
  });
});

describe('an outer product', () => {
  const b = new GraphBuilder();
  const [column, row] = [
    b.input({ name: 'column', ...f32(18, 1) }),
    b.input({ name: 'row', ...f32(4, 1) }),
  ] as const;
  const product = b.matmul(column, row, { transpose_a: false, transpose_b: true });
  const filter = b.input({ name: 'filter', ...f32(3, 3, 2, 4) });

  it('is computed where a filter is, which it has the shape of', () => {
    const fused = fusedAlike(methodOf(b.sub(filter, b.reshape(product, { shape: [3, 3, 2, 4] }))), 'outer');
    expect(countOf(fused, 'matmul')).toBe(0);
    expect(countOf(fused, 'fused')).toBe(1);
  });

  it('stays a matrix product where rows would be broken', () => {
    const fused = fusedAlike(methodOf(b.tanh(b.reshape(product, { shape: [9, 8] }))), 'broken');
    expect(countOf(fused, 'matmul')).toBe(1);
  });
});

it('what gradients were not to go through is one with what it is', () => {
  const b = new GraphBuilder();
  const [m, v] = [b.input({ name: 'm', ...f32(5, 4) }), b.input({ name: 'v', ...f32(4, 1) })] as const;
  const times = (x: Node): Node => b.matmul(x, v, { transpose_a: false, transpose_b: false });
  const fused = fusedAlike(methodOf(b.add(times(m), times(b.stopGradient(m)))), 'barrier');
  expect(countOf(fused, 'matmul')).toBe(1);
});

describe('a filter that is divided by one number', () => {
  const b = new GraphBuilder();
  const filter = b.input({ name: 'filter', ...f32(3, 3, 3, 4) });
  const scale = b.add(b.abs(b.input({ name: 'scale', ...f32() })), b.constant({ value: 1 }));

  it.each([
    ['is left as it is where the result is not much larger', 4, 0],
    ['is divided where the result is', 40, 1],
  ])('%s', (_name, size, divided) => {
    const x = b.input({ name: `x${size}`, ...f32(1, size, size, 3) });
    const y = b.conv2d(x, b.div(filter, scale), { stride: 1, padding: 'same' });
    const fused = fusedAlike(methodOf(b.tanh(y)), 'scale');
    const divides = nodesOf(fused).filter((node) => String(shapeOf(node)) === '3,3,3,4' && !is(input, node));
    expect(divides).toHaveLength(divided);
  });
});
